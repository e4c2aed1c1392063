import { describe, expect, it } from 'vitest';
import { neverReaches, type Pace } from '../../../../src/facade/compare/pace.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const pace = (spanMs: number, changed: Partial<Pace> = {}): Pace => ({
  spanMs,
  windowMs: DAY,
  most: 16_000,
  ...changed,
});

describe('what a quiet route waits for', () => {
  it('never comes: the pace that would do is said, and the window', () => {
    expect(neverReaches(1_440, 3_838, 'comparisons', pace(DAY))).toBe(
      'at 60 comparisons an hour compare.window (24h) never holds the 3,838 that are needed: 160 an hour would do, or a window of 3d',
    );
    expect(neverReaches(12, 20, 'writes read back', pace(DAY))).toBeUndefined();
    expect(neverReaches(2, 20, 'writes read back', pace(DAY))).toBe(
      'at 0.083 writes read back an hour compare.window (24h) never holds the 20 that are needed: 0.83 an hour would do, or a window of 10d',
    );
  });

  it('never comes in any window: only the pace is said', () => {
    expect(neverReaches(1, 3_838, 'comparisons', pace(DAY))).toBe(
      'at 0.042 comparisons an hour compare.window (24h) never holds the 3,838 that are needed: 160 an hour would do',
    );
    expect(neverReaches(10, 3_838, 'comparisons', pace(DAY, { windowMs: 90 * DAY }))).toMatch(/1.8 an hour would do$/);
  });

  it.each<[string, number, number, Pace]>([
    ['there already', 381, 381, pace(DAY)],
    ['fast enough', 200, 3_838, pace(HOUR)],
    ['perhaps fast enough: a slow hour proves nothing', 140, 3_838, pace(HOUR)],
    ['not yet to be foretold', 1, 3_838, pace(HOUR - 1)],
    ['not yet seen', 0, 3_838, pace(0)],
    ['fast enough for a longer window', 60, 3_838, pace(HOUR, { windowMs: 7 * DAY })],
  ])('may come: %s', (_, have, needed, at) => {
    expect(neverReaches(have, needed, 'comparisons', at)).toBeUndefined();
  });

  it('never comes where fewer are counted than are needed, or none prove it', () => {
    expect(neverReaches(80, 3_838, 'comparisons', pace(0, { most: 80 }))).toBe(
      'compare.shadows counts 80 comparisons at most, and 3,838 are needed: raise compare.shadows',
    );
    expect(neverReaches(80, Infinity, 'comparisons', pace(0))).toBe('no number of comparisons proves it: ask for less');
  });

  it('is foretold of a short window from its half on', () => {
    const short = { windowMs: HOUR };
    expect(neverReaches(10, 381, 'comparisons', pace(HOUR / 2 - 1, short))).toBeUndefined();
    expect(neverReaches(10, 381, 'comparisons', pace(HOUR / 2, short))).toMatch(
      /381 an hour would do, or a window of 1d$/,
    );
  });
});
