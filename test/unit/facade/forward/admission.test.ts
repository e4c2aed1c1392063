import { describe, expect, test } from 'vitest';
import { Admission } from '../../../../src/facade/forward/admission.ts';

const EVERY = 25;
const MAX_LAG = 200;

function watching() {
  let now = 0;
  const admission = new Admission(MAX_LAG, now);
  /** Looks that come so many milliseconds late. */
  const looks = (lag: number, count: number): void => {
    for (let i = 0; i < count; i++) admission.tick((now += EVERY + lag), EVERY);
  };
  return { admission, looks, at: () => now };
}

describe('the share that is let in', () => {
  test('stays whole while the loop comes in time, and over one pause, however long', () => {
    const { admission, looks } = watching();
    looks(0, 100);
    looks(5_000, 1);
    looks(0, 1);
    expect(admission.share).toBe(1);
  });

  test('falls by a third at every late look but the first two, and never to nothing', () => {
    const { admission, looks } = watching();
    looks(MAX_LAG + 1, 3);
    expect(admission.share).toBeCloseTo(0.67);
    looks(MAX_LAG + 1, 1);
    expect(admission.share).toBeCloseTo(0.67 ** 2);
    looks(MAX_LAG + 1, 100);
    expect(admission.share).toBe(0.05);
  });

  test('stays where it is between the limit and half of it: what just fits is neither more nor less', () => {
    const { admission, looks } = watching();
    looks(MAX_LAG + 1, 4);
    const before = admission.share;
    expect(before).toBeLessThan(1);
    looks(MAX_LAG * 0.75, 100);
    expect(admission.share).toBe(before);
    expect(admission.isUnderPressure).toBe(true);
  });

  test('is whole again within two seconds of the end, from the least', () => {
    const { admission, looks, at } = watching();
    looks(MAX_LAG + 1, 100);
    const ended = at();
    while (admission.share < 1) looks(0, 1);
    expect(at() - ended).toBeLessThan(2_000);
    expect(at() - ended).toBeGreaterThan(1_000);
  });

  test.each([0.05, 0.25, 0.5, 0.67])('of %d it is exactly that part, evenly spread', (share) => {
    const { admission } = watching();
    admission.share = share;
    const taken = Array.from({ length: 1_000 }, () => admission.admits('known'));
    expect(taken.filter(Boolean).length / 1_000).toBeCloseTo(share, 2);
    const longestRun = Math.max(
      ...taken
        .join('')
        .split('true')
        .map((run) => run.length / 'false'.length),
    );
    expect(longestRun).toBeLessThanOrEqual(Math.ceil(1 / share));
  });

  test('is of known callers: strangers go first, all of them, and come back last', () => {
    const { admission, looks } = watching();
    const strangers = (): number =>
      Array.from({ length: 100 }, () => admission.admits('stranger')).filter(Boolean).length;
    looks(MAX_LAG + 1, 1);
    expect([admission.share, strangers()]).toEqual([1, 100]);
    looks(MAX_LAG + 1, 1);
    expect([admission.share, strangers()]).toEqual([1, 0]);
    looks(MAX_LAG + 1, 1);
    expect([admission.share, strangers()]).toEqual([0.67, 0]);
    while (admission.share < 1) {
      looks(0, 1);
      expect([admission.isOpenToAll, strangers()]).toEqual([false, 0]);
    }
    looks(0, 30);
    expect(strangers()).toBeGreaterThan(40);
    looks(0, 60);
    expect([admission.isOpenToAll, admission.isUnderPressure, strangers()]).toEqual([true, false, 100]);
  });
});
