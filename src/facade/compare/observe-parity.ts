import type { Metrics } from '../observe/metrics.ts';
import type { ParityBook } from './book.ts';
import { VERDICTS } from './verdict.ts';

/** Serves the gauges of parity from the book, at scrape time. @param now milliseconds since the epoch */
export function observeParity(metrics: Metrics, book: ParityBook, now: () => number): void {
  metrics.observeParity(() =>
    book.reports(now()).map(({ route, parity, verdict }) => ({
      route,
      ratio: parity.value,
      lowerBound: parity.low,
      verdicts: VERDICTS.map((kind) => [kind.replaceAll(' ', '_'), kind === verdict.kind] as const),
    })),
  );
}
