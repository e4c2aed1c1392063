import { gammaln } from 'simple-statistics';

/**
 * The statistics of the report, each with its source. Chosen for small counts and shares near 1, where the textbook's
 * normal approximation says "100 % ± 0": that is where a migration is judged.
 */

export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Two-sided 95 %. A constant: simple-statistics' probit is off in the third digit. */
const Z = 1.959_963_985;

/**
 * A share with Wilson's score interval (Wilson 1927; recommended by Brown, Cai & DasGupta 2001). Of nothing: 0 to 1.
 */
export function wilson(count: number, of: number): Interval {
  if (of === 0) return { value: Number.NaN, low: 0, high: 1 };
  const share = count / of;
  const z2 = Z * Z;
  const centre = (share + z2 / (2 * of)) / (1 + z2 / of);
  const half = (Z / (1 + z2 / of)) * Math.sqrt((share * (1 - share)) / of + z2 / (4 * of * of));
  // At the ends rounding would say 0.9999999999999999 of a perfect share.
  return { value: share, low: count === 0 ? 0 : centre - half, high: count === of ? 1 : centre + half };
}

/** Beyond this many nobody waits. */
const MAX_COUNT = 1e9;

/** The fewest that prove a share when not one of them is against it: lower end of the interval. Infinity: none do. */
export function fewestProving(share: number): number {
  const proves = (n: number) => wilson(n, n).low >= share;
  let high = 1;
  while (!proves(high)) if ((high *= 2) > MAX_COUNT) return Infinity;
  for (let low = Math.floor(high / 2); high - low > 1;) {
    const middle = Math.floor((low + high) / 2);
    if (proves(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/**
 * `b − a`, two shares, with Newcombe's hybrid score interval (Newcombe 1998, method 10). The shares here are paired
 * and mostly fail together, which makes the true interval narrower: this one errs on the wide side.
 */
export function differenceOfShares(a: Interval, b: Interval): Interval {
  if (Number.isNaN(a.value) || Number.isNaN(b.value)) return { value: Number.NaN, low: -1, high: 1 };
  const value = b.value - a.value;
  return {
    value,
    low: value - Math.hypot(b.value - b.low, a.high - a.value),
    high: value + Math.hypot(b.high - b.value, a.value - a.low),
  };
}

/**
 * McNemar's exact test of paired yes-and-no data (McNemar 1947): is one side's failing alone more frequent than the
 * other's? The two-sided p, from the binomial of the pairs that disagree.
 */
export function mcnemar(onlyA: number, onlyB: number): number {
  const n = onlyA + onlyB;
  let tail = 0;
  for (let k = 0; k <= Math.min(onlyA, onlyB); k++) tail += Math.exp(logChoose(n, k) - n * Math.LN2);
  return Math.min(1, 2 * tail);
}

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
