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

  it('says since when its oldest evidence was gathered, though it was folded', () => {
    const window = new Window();
    const late = START + 59 * stretch;
    window.entry(late, 'one').data++;
    const now = late + 100 * stretch;
    window.fold(now, length);
    expect(window.gather(now, length, 1e9).since).toBe(late);
  });
});
