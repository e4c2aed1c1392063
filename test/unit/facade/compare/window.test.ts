import { describe, expect, it } from 'vitest';
import { stretchOf, Window } from '../../../../src/facade/compare/window.ts';

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;
/** Some beginning of a day, in milliseconds. */
const START = 20_000 * DAY;

it.each([
  ['1m', MINUTE, 1],
  ['24h', DAY, 1],
  ['25h', DAY + 60 * MINUTE, 2],
  ['7d', 7 * DAY, 7],
  ['90d', 90 * DAY, 90],
])('a window of %s is kept in stretches of whole minutes, never more than those of a day', (_, window, minutes) => {
  expect(stretchOf(window)).toBe(minutes * MINUTE);
});

describe.each([1, 90])('a window of %d days', (days) => {
  const length = days * DAY;
  const stretch = stretchOf(length);

  function filled(): Window {
    const window = new Window();
    for (let now = START; now < START + length; now += stretch) {
      window.entry(now, 'one').data++;
      window.fold(now, length);
    }
    return window;
  }

  it('counts what is in it and says since when', () => {
    const end = START + length;
    const { evidence, since } = filled().gather(end, length, 1e9);
    expect([evidence.data, since]).toEqual([1_440, START]);
  });

  it('loses a fold at a time, and in the end all of it', () => {
    const window = filled();
    const at = (now: number): number => {
      window.fold(now, length);
      return window.gather(now, length, 1e9).evidence.data;
    };
    const half = at(START + length + length / 2);
    expect([half > 720 - 60, half <= 720]).toEqual([true, true]);
    expect(at(START + 2 * length + 60 * stretch)).toBe(0);
  });

  it.each([
    ['a year', 365 * DAY, 1],
    ['two folds', 2 * 60 * stretch, 1],
    ['no more than clocks differ', 5 * stretch, 2],
  ])('does not count what a clock gathered that was ahead by %s', (_, aheadMs, expected) => {
    const window = new Window();
    window.entry(START, 'one').data++;
    window.entry(START + aheadMs, 'two').data++;
    window.fold(START, length);
    const { evidence } = window.gather(START, length, 1e9);
    expect(evidence.data).toBe(expected);
    // Nor when that time has come.
    if (expected === 1)
      expect(window.gather(START + aheadMs, length, 1e9).evidence.data).toBe(aheadMs < length ? 1 : 0);
  });

  it('forgets the folds of a clock that went back', () => {
    const window = filled();
    window.fold(START + length, length);
    const before = START - 30 * DAY;
    window.fold(before, length);
    expect(window.gather(before, length, 1e9).evidence.data).toBe(0);
  });

  it('says since when its oldest evidence was gathered, though it was folded', () => {
    const window = new Window();
    const late = START + 59 * stretch;
    window.entry(late, 'one').data++;
    const now = late + 100 * stretch;
    window.fold(now, length);
    expect(window.gather(now, length, 1e9).since).toBe(late);
  });
});
