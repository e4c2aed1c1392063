import { describe, expect, it } from 'vitest';
import { isSlow, nextTry } from '../../../../src/c2s/enrichment/schedule.ts';

const SCHEDULE = { quickMs: [5_000, 10_000, 20_000], slowMs: 3_600_000, giveUpMs: 2 * 3_600_000 };

describe('nextTry', () => {
  it('is soon at first, then rare, then never', () => {
    const pauses = [1, 2, 3, 4, 5, 6].map((failures) => nextTry(SCHEDULE, failures));
    expect(pauses).toEqual([5_000, 10_000, 20_000, 3_600_000, 3_600_000, undefined]);
  });

  it('waits as long as the other side asks, and not less than we would', () => {
    expect(nextTry(SCHEDULE, 1, 60_000)).toBe(60_000);
    expect(nextTry(SCHEDULE, 2, 1_000)).toBe(10_000);
  });
});

describe('isSlow', () => {
  it('holds when the quick tries are spent', () => {
    expect([0, 3, 4].map((failures) => isSlow(SCHEDULE, failures))).toEqual([false, false, true]);
  });
});
