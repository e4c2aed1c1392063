import { Counter, Gauge, type Registry } from 'prom-client';
import { CellCounter } from '../observe/cells.ts';
import type { RouteModel } from '../rollout/route.ts';
import type { ParityBook } from './book.ts';
import { VERDICTS } from './verdict.ts';
import { VERIFY_RESULTS } from './verify.ts';

/** Counters of the comparison, and the gauges of parity. */
export class ComparisonMetrics {
  readonly shadows: CellCounter<'route' | 'result'>;
  readonly verifications: Counter<'route' | 'result'>;

  /** @param now milliseconds since the epoch */
  constructor(registry: Registry, book: Reports, now: () => number) {
    this.shadows = new CellCounter({
      name: 'facade_shadow_total',
      help: 'Shadows, by what came of them. mismatch: the two paths differed in something, which may differ by itself (facade_parity_ratio has that subtracted); noise: direct was compared with itself; error: not run, or not to be judged.',
      labelNames: ['route', 'result'],
      registers: [registry],
    });
    this.verifications = new Counter({
      name: 'facade_verify_total',
      help: 'Writes that the gateway served and that were read back through direct, by what was found.',
      labelNames: ['route', 'result'],
      registers: [registry],
    });
    observeParity(registry, book, now);
  }

  /** Routes whose writes are read back have every result at 0, so that the first one is a rise. */
  use(models: readonly Pick<RouteModel, 'id' | 'verify'>[]): void {
    for (const { id: route, verify } of models) {
      if (verify) for (const result of VERIFY_RESULTS) this.verifications.inc({ route, result }, 0);
    }
  }
}

type Reports = Pick<ParityBook, 'reports'>;

/** Serves the gauges of parity from the evidence itself, at scrape time. A ratio of nothing is left out. */
function observeParity(registry: Registry, book: Reports, now: () => number): void {
  const gauge = <T extends string>(name: string, help: string, labelNames: readonly T[], collect?: () => void) =>
    new Gauge({
      ...{ name, help, labelNames, registers: [registry] },
      aggregator: 'first',
      ...(collect ? { collect } : {}),
    });
  const help = 'Share of the shadows in which no caller would have noticed a difference, noise subtracted, 0 to 1.';
  // The first is asked first, and fills in the others.
  const ratio = gauge('facade_parity_ratio', help, ['route'], () => {
    for (const one of [ratio, lowerBound, verdict]) one.reset();
    for (const { route, parity, verdict: judged } of book.reports(now())) {
      if (!Number.isNaN(parity.value)) {
        ratio.set({ route }, parity.value);
        lowerBound.set({ route }, parity.low);
      }
      for (const kind of VERDICTS) {
        verdict.set({ route, verdict: kind.replaceAll(' ', '_') }, kind === judged.kind ? 1 : 0);
      }
    }
  });
  const lowerBound = gauge(
    'facade_parity_lower_bound',
    'Parity that is proved, 0 to 1: the lower end of an interval that holds at every scrape.',
    ['route'],
  );
  const verdict = gauge('facade_parity_verdict', '1 for the verdict that holds, 0 for the others.', [
    'route',
    'verdict',
  ]);
}
