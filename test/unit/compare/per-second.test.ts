import { expect, test } from 'vitest';
import { PerSecond } from '../../../src/compare/per-second.ts';

test('so many a second for each route, and anew in the next', () => {
  const limit = new PerSecond(2);
  const taken = (route: string, now: number): boolean[] => [1, 2, 3].map(() => limit.take(route, now));
  expect(taken('leads.get', 10_000)).toEqual([true, true, false]);
  expect(taken('leads.list', 10_999)).toEqual([true, true, false]);
  expect(limit.take('leads.get', 10_999)).toBe(false);
  expect(taken('leads.get', 11_000)).toEqual([true, true, false]);
});
