import { describe, expect, it } from 'vitest';
import {
  isProvenAbove,
  mostLikelyShare,
  quantile,
  surelyAbove,
  upperTail,
} from '../../../../../src/facade/compare/autopilot/evidence.ts';
import { NONE } from '../../../../../src/facade/compare/autopilot/tally.ts';
import { tally } from './facts.ts';

describe('a few bad requests', () => {
  it.each([
    // Worked by hand: P(X >= 1) = 1 - 0.995, P(2 of 2) = 0.005², P(X >= 1 of 10) = 1 - 0.995^10.
    [1, 1, 0.005, 0.005],
    [2, 2, 0.005, 0.000025],
    [1, 10, 0.005, 1 - 0.995 ** 10],
    [3, 3, 0.5, 0.125],
    [0, 10, 0.5, 1],
  ])('%d of %d at a share of %d have the exact probability', (count, of, share, expected) => {
    expect(upperTail(count, of, share)).toBeCloseTo(expected, 12);
  });

  it('sums to one minus what is below, also where the terms still rise', () => {
    const below = Array.from({ length: 4 }, (_, k) => upperTail(k, 40, 0.3) - upperTail(k + 1, 40, 0.3));
    expect(1 - below.reduce((a, b) => a + b)).toBeCloseTo(upperTail(4, 40, 0.3), 12);
  });

  it('stays a probability for a million attempts', () => {
    expect(upperTail(5_000, 1_000_000, 0.005)).toBeCloseTo(0.5, 1);
    expect(upperTail(5_300, 1_000_000, 0.005)).toBeLessThan(0.001);
  });

  it('one failure proves nothing, two in two do, nothing seen never does', () => {
    expect(isProvenAbove(1, 1, 0.005)).toBe(false);
    expect(isProvenAbove(2, 2, 0.005)).toBe(true);
    expect(isProvenAbove(0, 0, 0)).toBe(false);
  });

  it('a thousand failures in a hundred thousand are within one percent', () => {
    expect(isProvenAbove(1_000, 100_000, 0.01)).toBe(false);
    expect(isProvenAbove(1_100, 100_000, 0.01)).toBe(true);
  });
});

describe("direct's own failures", () => {
  it('are bounded from above, wide where little was seen', () => {
    expect(mostLikelyShare(0, 0)).toBe(1);
    expect(mostLikelyShare(0, 10)).toBeGreaterThan(0.4);
    expect(mostLikelyShare(100, 10_000)).toBeGreaterThan(0.01);
    expect(mostLikelyShare(100, 10_000)).toBeLessThan(0.014);
  });
});

describe('percentiles of a histogram', () => {
  it('lie inside the bucket that holds them, and surely not beyond its end', () => {
    const slow = tally(100, 0, 80).latencies; // in the bucket from 70 to 100 ms
    expect(quantile(slow, 0.95)).toEqual({ value: 70 + 30 * 0.95, atMost: 100 });
  });

  it('are not known when nothing was measured', () => {
    expect(quantile(NONE.direct.latencies, 0.95)).toBeUndefined();
  });

  it('beyond the last bound stand at it', () => {
    expect(quantile(tally(10, 0, 60_000).latencies, 0.95)?.value).toBe(25_000);
  });

  it('count as over a limit only in buckets wholly beyond it', () => {
    const latencies = tally(100, 0, 80).latencies;
    expect(surelyAbove(latencies, 71)).toEqual({ count: 0, of: 100 });
    expect(surelyAbove(latencies, 70)).toEqual({ count: 100, of: 100 });
  });
});
