import type { ParityBook } from '../compare/book.ts';
import type { Drift } from '../compare/drift/start.ts';

/** What the shadows showed of a route, in one line of the board. */
export interface ParitySummary {
  readonly verdict: string;
  /** 0..1; undefined while nothing was compared. */
  readonly ratio: number | undefined;
  /** Answers of the one path that were held against the other's. */
  readonly compared: number;
  /** Places at which direct drifts, with a warning; undefined: none. */
  readonly drift?: number | undefined;
}

/** Milliseconds: a report is made of all the evidence, and whoever looks every second sees no more than every five. */
const FRESH = 5_000;

/** @param now milliseconds since 1970 */
export function paritySummaries(
  book: ParityBook,
  drift: Pick<Drift, 'report'>,
  now: () => number,
): (route: string) => ParitySummary | undefined {
  let madeAt = -Infinity;
  let summaries: ReadonlyMap<string, ParitySummary> = new Map();
  return (route) => {
    if (now() - madeAt >= FRESH) {
      madeAt = now();
      summaries = new Map(
        book
          .reports(madeAt)
          .map((report) => [report.route, { ...summaryOf(report), drift: warningsOf(drift, report.route) }]),
      );
    }
    return summaries.get(route);
  };
}

function warningsOf(drift: Pick<Drift, 'report'>, route: string): number | undefined {
  const count = drift.report(route)?.findings.filter(({ level }) => level === 'warning').length;
  return count === 0 ? undefined : count;
}

function summaryOf({ counts, parity, verdict, window }: ReturnType<ParityBook['reports']>[number]): ParitySummary {
  const compared = window.shadows === 0 ? 0 : counts.match + counts.ignored + counts.mismatch;
  return { verdict: verdict.kind, ratio: compared === 0 ? undefined : parity.value, compared };
}
