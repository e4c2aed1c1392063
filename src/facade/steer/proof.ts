import type { ParityBook } from '../compare/book.ts';
import type { RouteProof } from './migration.ts';

/** What the shadows proved, for the burn-down. @param now milliseconds since 1970 */
export function proofsOf(book: ParityBook, now: number): ReadonlyMap<string, RouteProof> {
  return new Map(
    book.reports(now).map(({ route, counts, parity, coverage, verdict }) => {
      const judged = counts.match + counts.ignored + counts.mismatch;
      const seen = Object.keys(coverage.compared).length;
      const known = seen + coverage.unseen.length;
      const proof = {
        parity: judged === 0 ? null : parity.value,
        coverage: known === 0 ? null : seen / known,
        verdict: verdict.kind,
      };
      return [route, proof];
    }),
  );
}
