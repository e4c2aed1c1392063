import { describe, expect, it } from 'vitest';
import { quantile, surelyAbove } from '../../../../../src/facade/compare/autopilot/evidence.ts';
import { NONE } from '../../../../../src/facade/compare/autopilot/tally.ts';
import { tally } from './facts.ts';

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
