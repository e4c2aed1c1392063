import { describe, expect, it } from 'vitest';
import { Latency } from '../../../../src/facade/compare/latency.ts';
import {
  differenceOfShares,
  fewestProving,
  fisherGreater,
  mcnemar,
  ranksOfQuantile,
  ratioOf,
  wilson,
} from '../../../../src/facade/compare/statistics.ts';
import { seededRandom } from '../../../../src/c2s/sandbox/random.ts';

it.each([0, 0.5, 0.9, 0.99, 0.999, 0.9999])('the fewest that prove %d prove it, and one less does not', (share) => {
  const fewest = fewestProving(share);
  expect(wilson(fewest, fewest).low).toBeGreaterThanOrEqual(share);
  if (fewest > 1) expect(wilson(fewest - 1, fewest - 1).low).toBeLessThan(share);
});

it('nothing proves that all are good', () => {
  expect(fewestProving(1)).toBe(Infinity);
});

describe('Wilson', () => {
  // Newcombe 1998 ("Two-sided confidence intervals for the single proportion"), table I, method 3.
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('%i of %i', (count, of, low, high) => {
    const interval = wilson(count, of);
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
  });

  it('needs 381 without a mismatch for 0.99, and 3,838 for 0.999', () => {
    expect(wilson(381, 381).low).toBeGreaterThanOrEqual(0.99);
    expect(wilson(380, 380).low).toBeLessThan(0.99);
    expect(wilson(3_838, 3_838).low).toBeGreaterThanOrEqual(0.999);
    expect(wilson(3_837, 3_837).low).toBeLessThan(0.999);
  });

  it('of nothing says nothing', () => {
    expect(wilson(0, 0)).toEqual({ value: Number.NaN, low: 0, high: 1 });
    expect(differenceOfShares(wilson(0, 0), wilson(1, 2))).toEqual({ value: Number.NaN, low: -1, high: 1 });
  });
});

describe('Newcombe', () => {
  // Newcombe 1998 ("Interval estimation for the difference between independent proportions"), table II, method 10.
  it.each([
    [56, 70, 48, 80, 0.0524, 0.3339],
    [9, 10, 3, 10, 0.1705, 0.809],
    [10, 10, 0, 20, 0.6791, 1],
  ])('%i of %i less %i of %i', (a, ofA, b, ofB, low, high) => {
    const interval = differenceOfShares(wilson(b, ofB), wilson(a, ofA));
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
  });
});

describe('exact tests', () => {
  it("Fisher's, one-sided: the lady who tasted tea", () => {
    expect(fisherGreater(3, 4, 1, 4)).toBeCloseTo(17 / 70, 10);
    expect(fisherGreater(4, 4, 0, 4)).toBeCloseTo(1 / 70, 10);
    expect(fisherGreater(0, 10, 5, 10)).toBeCloseTo(1, 10);
    expect(fisherGreater(0, 0, 0, 0)).toBe(1);
    expect(fisherGreater(20_000, 20_000, 0, 4_000)).toBeLessThan(1e-300);
  });

  it("McNemar's: only the pairs that disagree count", () => {
    expect(mcnemar(0, 5)).toBeCloseTo(2 / 32, 10);
    expect(mcnemar(3, 3)).toBe(1);
    expect(mcnemar(0, 0)).toBe(1);
    expect(mcnemar(2, 8)).toBeCloseTo((2 * (1 + 10 + 45)) / 1024, 10);
    expect(mcnemar(0, 3_000)).toBe(0);
  });
});

describe('durations', () => {
  it('have quantiles within two per cent, and intervals that hold the truth', () => {
    const random = seededRandom(3);
    const latency = new Latency();
    const values = Array.from({ length: 5_000 }, () => Math.exp(3 + random() * 3));
    for (const value of values) latency.add(value);
    const sorted = values.toSorted((a, b) => a - b);
    for (const q of [0.5, 0.95, 0.99]) {
      const found = latency.quantile(q);
      const truth = sorted[Math.ceil(q * sorted.length) - 1] as number;
      expect((found?.value ?? 0) / truth).toBeGreaterThan(0.98);
      expect((found?.value ?? 0) / truth).toBeLessThan(1.02);
      expect(found?.low).toBeLessThanOrEqual(Math.exp(3 + q * 3) * 1.02);
      expect(found?.high).toBeGreaterThanOrEqual(Math.exp(3 + q * 3) * 0.98);
    }
  });

  it('add up, and are kept as JSON', () => {
    const [a, b, both] = [new Latency(), new Latency(), new Latency()];
    for (const ms of [0, 1, 10]) [a, both].forEach((one) => one.add(ms));
    for (const ms of [100, 1_000]) [b, both].forEach((one) => one.add(ms));
    a.merge(Latency.fromJSON(JSON.parse(JSON.stringify(b)) as never));
    expect(a.quantile(0.5)).toEqual(both.quantile(0.5));
    expect(a.total).toBe(5);
    expect(new Latency().quantile(0.5)).toBeUndefined();
  });

  it('have a ratio whose interval widens with those of both', () => {
    const [a, b] = [
      { value: 100, low: 90, high: 110 },
      { value: 200, low: 150, high: 300 },
    ];
    const ratio = ratioOf(a, b);
    expect(ratio.value).toBe(2);
    expect(ratio.low).toBeGreaterThan(150 / 110);
    expect(ratio.low).toBeLessThan(1.5);
    expect(ratio.high).toBeGreaterThan(3);
    expect(ratio.high).toBeLessThan(300 / 90);
    expect(ratioOf({ value: 0, low: 0, high: 0 }, b).value).toBeNaN();
    expect(ranksOfQuantile(0.5, 1)).toEqual({ low: 1, high: 1 });
  });
});
