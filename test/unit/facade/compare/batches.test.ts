import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Batches } from '../../../../src/facade/compare/batches.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** @param costs milliseconds of a piece. */
function setUp(costs = 0) {
  let now = 0;
  const done: number[] = [];
  const batches = new Batches<number>(
    (piece) => {
      now += costs;
      done.push(piece);
    },
    () => now,
  );
  const add = (count: number): void => {
    for (let i = 1; i <= count; i++) batches.add(i);
  };
  return { batches, done, add };
}

describe('pieces wait for each other', () => {
  test('no longer than ten milliseconds, and are done in their order', () => {
    const { batches, done, add } = setUp();
    add(3);
    vi.advanceTimersByTime(9);
    expect([done, batches.size]).toEqual([[], 3]);
    vi.advanceTimersByTime(1);
    expect([done, batches.size]).toEqual([[1, 2, 3], 0]);
    add(1);
    vi.advanceTimersByTime(10);
    expect(done).toEqual([1, 2, 3, 1]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('not at all when there are many', () => {
    const { done, add } = setUp();
    add(16);
    expect(done).toEqual([]);
    vi.advanceTimersByTime(0);
    expect(done).toHaveLength(16);
    expect(vi.getTimerCount()).toBe(0);
  });
});

test('a batch that takes long lets others have their turn every few pieces', () => {
  const { batches, done, add } = setUp(1);
  add(5);
  vi.advanceTimersToNextTimer();
  expect(done).toEqual([1, 2]);
  batches.add(6);
  vi.advanceTimersToNextTimer();
  expect(done).toEqual([1, 2, 3, 4]);
  vi.advanceTimersToNextTimer();
  expect([done, batches.size, vi.getTimerCount()]).toEqual([[1, 2, 3, 4, 5, 6], 0, 0]);
});

test('what waits at the end is dropped', () => {
  const { batches, done, add } = setUp();
  add(20);
  batches.close();
  vi.advanceTimersByTime(20);
  expect([done, batches.size]).toEqual([[], 0]);
});
