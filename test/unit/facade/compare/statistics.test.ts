import { describe, expect, it } from 'vitest';
import { Latency } from '../../../../src/facade/compare/latency.ts';
import { fisherGreater, ranksOfQuantile, ratioOf } from '../../../../src/facade/compare/statistics.ts';
import { seededRandom } from '../../../../src/c2s/sandbox/random.ts';

describe('exact tests', () => {
  it("Fisher's, one-sided: the lady who tasted tea", () => {
    expect(fisherGreater(3, 4, 1, 4)).toBeCloseTo(17 / 70, 10);
    expect(fisherGreater(4, 4, 0, 4)).toBeCloseTo(1 / 70, 10);
    expect(fisherGreater(0, 10, 5, 10)).toBeCloseTo(1, 10);
    expect(fisherGreater(0, 0, 0, 0)).toBe(1);
    expect(fisherGreater(20_000, 20_000, 0, 4_000)).toBeLessThan(1e-300);
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
