import { gammaln } from 'simple-statistics';

/**
 * Statistics of the report that hold for one look, each with its source: noise against fault, and durations. Shares and
 * differences of shares, on which a verdict rests, are in any-time.ts.
 */

export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Two-sided 95 %. A constant: simple-statistics' probit is off in the third digit. */
const Z = 1.959_963_985;

/**
 * Fisher's exact test, one-sided (Fisher 1922): how likely are `a` of `ofA` or more, when the true share is that of
 * `b` of `ofB`? Exact where chi-squared is not: few noise samples, counts of 0.
 */
export function fisherGreater(a: number, ofA: number, b: number, ofB: number): number {
  const hits = a + b;
  const logAll = logChoose(ofA + ofB, hits);
  let tail = 0;
  for (let k = a; k <= Math.min(ofA, hits); k++) {
    tail += Math.exp(logChoose(ofA, k) + logChoose(ofB, hits - k) - logAll);
  }
  return Math.min(1, tail);
}

function logChoose(n: number, k: number): number {
  return k < 0 || k > n ? -Infinity : gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1);
}

/** Ranks (from 1) between which the true `q`-quantile of `n` values lies, by order statistics (Conover 1999, 3.2). */
export function ranksOfQuantile(q: number, n: number): { readonly low: number; readonly high: number } {
  const half = Z * Math.sqrt(n * q * (1 - q));
  return { low: Math.max(1, Math.floor(n * q - half)), high: Math.min(n, Math.ceil(n * q + half) + 1) };
}

/**
 * `b / a`, two positive quantities with intervals of their own, by the method of variance estimates recovery on the
 * logarithms (Zou & Donner 2008).
 */
export function ratioOf(a: Interval, b: Interval): Interval {
  if (!(a.low > 0) || !(b.low > 0)) return { value: Number.NaN, low: 0, high: Infinity };
  const log = Math.log(b.value / a.value);
  return {
    value: b.value / a.value,
    low: Math.exp(log - Math.hypot(Math.log(b.value / b.low), Math.log(a.high / a.value))),
    high: Math.exp(log + Math.hypot(Math.log(b.high / b.value), Math.log(a.value / a.low))),
  };
}
