import { UPSTREAM_BUCKETS } from '../../observe/metrics.ts';

/**
 * When do a few bad requests prove anything? A gate counts as broken only when a gateway that is just good enough would
 * hardly ever look this bad, at any tick: the tests of any-time.ts, exact from the first request on, for at the first step
 * there are ten requests, not a thousand. One failure alone proves nothing.
 */

/** Chances that a step whose gateway is just good enough is ever taken back; with DIRECT they add up to WRONG_ALARM. */
export const STEP = 0.04;
export const DIRECT = 0.01;
/**
 * Of the newest tenth of a hold. It begins anew with every slot, so each beginning gets less: this is as strict as one in
 * a thousand at each look was, over the few hundred attempts that it sees.
 */
export const RECENT = 0.015;

const total = (latencies: readonly number[]) => latencies.reduce((n, count) => n + count, 0);

interface Quantile {
  /** Milliseconds, interpolated inside its bucket: off by the bucket's width at most (half to two thirds of it). */
  readonly value: number;
  /** Milliseconds: the bucket's end, so surely not less than the quantile. */
  readonly atMost: number;
}

/** Undefined when nothing was measured. */
export function quantile(latencies: readonly number[], share: number): Quantile | undefined {
  const rank = share * total(latencies);
  if (rank === 0) return undefined;
  let seen = 0;
  for (const [i, count] of latencies.entries()) {
    if (seen + count >= rank && count > 0) {
      const [from, to] = edges(i);
      return { value: from + ((to - from) * (rank - seen)) / count, atMost: to };
    }
    seen += count;
  }
  return undefined;
}

/** How many surely took longer than this: those in buckets that begin there or later. @param limit milliseconds. */
export function surelyAbove(
  latencies: readonly number[],
  limit: number,
): { readonly count: number; readonly of: number } {
  const count = latencies.reduce((n, inBucket, i) => (edges(i)[0] >= limit ? n + inBucket : n), 0);
  return { count, of: total(latencies) };
}

/** Milliseconds. What is beyond the last bound is taken to stand at it: it is past every deadline. */
function edges(bucket: number): [from: number, to: number] {
  const last = UPSTREAM_BUCKETS.at(-1) ?? 0;
  return [(UPSTREAM_BUCKETS[bucket - 1] ?? 0) * 1_000, (UPSTREAM_BUCKETS[bucket] ?? last) * 1_000];
}
