import { metricIn, MIB, timed, type Verdict } from '../load/scenario.ts';
import { slope } from '../kit/stats.ts';
import type { Failure, Tally } from './callers.ts';
import type { PlannedFault } from './plan.ts';
import type { SoakUpstream } from './upstream.ts';

/** What must hold after a soak. */

/** Milliseconds that a breaker stays open after the fault, its probe, and what a busy machine is late. */
const AFTERMATH = 5_000 + 2_500;
const SHED = '503 facade_overload';
/** Of the resident memory; a heap breathes. */
const MOST_GROWTH = 0.1;

/**
 * Every failure must have a planned fault that it fell into; and none may be the facade's own. A process that waits for
 * its core sheds, as it should: that it did is then no fault of its own either, and said.
 * @param waited share of the time that the facade waited for its core.
 */
export function failures({ failures, answered }: Tally, faults: readonly PlannedFault[], waited: number): Verdict {
  const planned = ({ began, ended, what }: Failure): boolean =>
    /^5/.test(what) && faults.some((fault) => ended >= fault.began && began <= fault.ended + AFTERMATH);
  const unexplained = failures.filter((failure) => !planned(failure));
  const kinds = Object.entries(counted(unexplained)).map(([what, count]) => `${count} × ${what}`);
  const verdict = {
    promise: 'no failure but those of the planned faults',
    measured: `${failures.length} of ${answered} failed, ${unexplained.length} unexplained${kinds.length > 0 ? `: ${kinds.join(', ')}` : ''}`,
    kept: unexplained.length === 0,
  };
  return unexplained.every(({ what }) => what === SHED) ? timed(verdict, waited) : verdict;
}

export const counted = (failures: readonly Failure[]): Record<string, number> =>
  failures.reduce<Record<string, number>>((counts, { what }) => {
    counts[what] = (counts[what] ?? 0) + 1;
    return counts;
  }, {});

/** A write that was answered arrived once, and none ever twice. */
export function writes({ written }: Tally, upstreams: readonly SoakUpstream[]): Verdict[] {
  const arrived = (number: string) => upstreams.reduce((sum, { writes }) => sum + (writes.get(number) ?? 0), 0);
  const numbers = new Set(upstreams.flatMap(({ writes }) => [...writes.keys()]));
  const twice = [...numbers].filter((number) => arrived(number) > 1).length;
  const lost = written.filter((number) => arrived(number) === 0).length;
  return [
    { promise: 'no write arrived twice', measured: `${twice} of ${numbers.size}`, kept: twice === 0 },
    {
      promise: 'every write that was confirmed arrived',
      measured: `${lost} of ${written.length} lost`,
      kept: lost === 0,
    },
  ];
}

/** @param samples milliseconds of the run, bytes. */
export function memory(samples: readonly (readonly [at: number, bytes: number])[]): Verdict {
  const ms = (samples.at(-1)?.[0] ?? 0) - (samples[0]?.[0] ?? 0);
  const growth = slope(samples) * ms;
  const level = samples.reduce((sum, [, bytes]) => sum + bytes, 0) / Math.max(samples.length, 1);
  return {
    promise: `memory is flat: less than ${MOST_GROWTH * 100} % over the run (Theil–Sen)`,
    measured: `${(growth / MIB).toFixed(1)} MiB on ${(level / MIB).toFixed(0)} MiB, ${samples.length} samples`,
    kept: growth < level * MOST_GROWTH,
  };
}

/** What the facade holds when all is quiet again, against what it held before. */
export function handles(before: string, after: string): Verdict[] {
  const inflight = metricIn(after, 'facade_inflight');
  const resources = (page: string) => metricIn(page, 'nodejs_active_resources_total');
  const [then, now] = [resources(before), resources(after)];
  return [
    { promise: 'no place is lost: facade_inflight is 0', measured: `${inflight}`, kept: inflight === 0 },
    // A timer of opossum for each breaker that was ever needed, and the like, stay; what is left behind every second would be many.
    { promise: 'no handle is left behind', measured: `${then} before, ${now} after`, kept: now <= then + 8 },
    {
      promise: 'the last config was good',
      measured: '',
      kept: metricIn(after, 'facade_config_last_reload_success') === 1,
    },
  ];
}
