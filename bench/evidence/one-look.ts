import { gammaln } from 'simple-statistics';

/**
 * The rules that the verdict and the gates went by before: right for one look at the data. Kept to compare with, so that the
 * figures of docs/parity.md can be had again.
 */

interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const Z_95 = 1.959_963_985;
const Z_999 = 3.09;

/** Wilson's score interval of a share (Wilson 1927), 95 % on both sides unless told. */
export function wilson(count: number, of: number, z = Z_95): Interval {
  const value = count / of;
  const z2 = z * z;
  const centre = (value + z2 / (2 * of)) / (1 + z2 / of);
  const half = (z / (1 + z2 / of)) * Math.sqrt((value * (1 - value)) / of + z2 / (4 * of * of));
  return { value, low: count === 0 ? 0 : centre - half, high: count === of ? 1 : centre + half };
}

/** Newcombe's interval of `b − a` (Newcombe 1998, method 10), as if the two were not paired. */
export function newcombe(a: Interval, b: Interval): Interval {
  const value = b.value - a.value;
  return {
    value,
    low: value - Math.hypot(b.value - b.low, a.high - a.value),
    high: value + Math.hypot(b.high - b.value, a.value - a.low),
  };
}

/** The exact binomial test, one in a thousand. */
export function isUnlikelyAt(count: number, of: number, share: number): boolean {
  if (of === 0 || share >= 1 || count / of <= share) return false;
  return upperTail(count, of, share) < 0.001;
}

/** The most that direct's own share of failures may really be, by Wilson, 99.9 % on one side. */
export const mostLikely = (count: number, of: number): number => (of === 0 ? 1 : wilson(count, of, Z_999).high);

/** P(X ≥ count) of a binomial distribution. */
export function upperTail(count: number, of: number, share: number): number {
  let total = 0;
  for (let k = count; k <= of; k++) {
    const log = gammaln(of + 1) - gammaln(k + 1) - gammaln(of - k + 1);
    const term = Math.exp(log + k * Math.log(share) + (of - k) * Math.log1p(-share));
    total += term;
    if (k > of * share && term < total * 1e-12) break;
  }
  return total;
}
