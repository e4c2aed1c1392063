import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DeadlineWatch, TICK_MS, type Bounded } from '../../../src/http/deadlines.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const endConnection = (): void => undefined;
const watching = () => new DeadlineWatch(() => Date.now());

test('everything watched is asked every tick, with the time of the clock', () => {
  const watch = watching();
  const asked: number[] = [];
  watch.add({ endConnection, checkDeadlines: (now) => void asked.push(now) });
  const start = Date.now();
  vi.advanceTimersByTime(TICK_MS * 3);
  expect(asked).toEqual([start + TICK_MS, start + 2 * TICK_MS, start + 3 * TICK_MS]);
  watch.close();
});

test('a thousand of them cost one timer', () => {
  const watch = watching();
  for (let i = 0; i < 1_000; i++) watch.add({ endConnection, checkDeadlines: () => undefined });
  expect([watch.size, vi.getTimerCount()]).toEqual([1_000, 1]);
  watch.close();
  expect(vi.getTimerCount()).toBe(0);
});

test('what ended is not asked again, not even when it ends in the middle of a tick', () => {
  const watch = watching();
  const asked: string[] = [];
  const second: Bounded = { endConnection, checkDeadlines: () => void asked.push('second') };
  const first: Bounded = {
    endConnection,
    checkDeadlines: () => {
      asked.push('first');
      watch.delete(first);
      watch.delete(second);
    },
  };
  watch.add(first);
  watch.add(second);
  watch.tick();
  watch.tick();
  expect([asked, watch.size]).toEqual([['first'], 0]);
  watch.close();
});

test('a deadline is late by one tick at most', () => {
  const watch = watching();
  const deadline = Date.now() + 1_010;
  let endedAt = 0;
  const bounded: Bounded = {
    endConnection,
    checkDeadlines: (now) => {
      if (now < deadline) return;
      endedAt = now;
      watch.delete(bounded);
    },
  };
  watch.add(bounded);
  vi.advanceTimersByTime(2_000);
  expect(endedAt - deadline).toBeGreaterThanOrEqual(0);
  expect(endedAt - deadline).toBeLessThanOrEqual(TICK_MS);
  watch.close();
});

test('everything watched is told when the listener closes', () => {
  const watch = watching();
  let told = 0;
  for (let i = 0; i < 3; i++) watch.add({ endConnection: () => void told++, checkDeadlines: () => undefined });
  watch.endConnections();
  expect(told).toBe(3);
  watch.close();
});
