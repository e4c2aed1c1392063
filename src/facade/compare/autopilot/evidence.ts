import { gammaln } from 'simple-statistics';
import { UPSTREAM_BUCKETS } from '../../observe/metrics.ts';

/**
 * When do a few bad requests prove anything? A gate counts as broken only when a gateway that is just good enough would
 * look this bad less than once in a thousand times. The test is the exact binomial one, because at the first step there
 * are ten requests, not a thousand, and what is approximated there is wrong: Wilson's lower bound of one failure in one
 * is 10 %.
 */

/** Chance of a false alarm that is accepted at one look. Looks overlap, so it stands for a hold rather than for a tick. */
const ALPHA = 0.001;

/** Would `count` or more of `of` surprise, if the true share were `share`? Nothing seen proves nothing. */
export function isProvenAbove(count: number, of: number, share: number): boolean {
  if (of === 0 || share >= 1 || count / of <= share) return false;
  return upperTail(count, of, share) < ALPHA;
}

/** P(X ≥ count) of a binomial distribution. */
export function upperTail(count: number, of: number, share: number): number {
  if (count <= 0) return 1;
  if (share <= 0) return 0;
  if (share >= 1) return 1;
  const logOdds = Math.log(share / (1 - share));
  let log =
    gammaln(of + 1) -
    gammaln(count + 1) -
    gammaln(of - count + 1) +
    count * Math.log(share) +
    (of - count) * Math.log1p(-share);
  let total = 0;
  for (let k = count; k <= of; k++) {
    const term = Math.exp(log);
    total += term;
    // Above the mean the terms only fall: what is left is too little to matter.
    if (k > of * share && term < total * 1e-12) break;
    log += Math.log((of - k) / (k + 1)) + logOdds;
  }
  return Math.min(1, total);
}

/** Upper end of Wilson's interval, 99.9 % one-sided: the most that direct's own error rate may really be. */
export function mostLikelyShare(count: number, of: number): number {
  if (of === 0) return 1;
  const z = 3.09;
  const p = count / of;
  const spread = z * Math.sqrt((p * (1 - p)) / of + (z * z) / (4 * of * of));
  return Math.min(1, (p + (z * z) / (2 * of) + spread) / (1 + (z * z) / of));
}

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
