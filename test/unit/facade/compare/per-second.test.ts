import { expect, test } from 'vitest';
import { PerSecond } from '../../../../src/facade/compare/per-second.ts';

test('so many a second, and anew in the next', () => {
  const limit = new PerSecond(2);
  const taken = (now: number): boolean[] => [1, 2, 3].map(() => limit.take(now));
  expect(taken(10_000)).toEqual([true, true, false]);
  expect(limit.take(10_999)).toBe(false);
  expect(taken(11_000)).toEqual([true, true, false]);
});
