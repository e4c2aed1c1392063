import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LastKnown } from '../../../src/http/last-known.ts';
import { TimeOver, within } from '../../../src/http/within.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
const never = new Promise<never>(() => undefined);

test('what comes in time is what it came to', async () => {
  expect(await within(10, Promise.resolve(1))).toBe(1);
  await expect(within(10, Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(vi.getTimerCount()).toBe(0);
});

test('what does not come in time is given up, and what it comes to later harms nobody', async () => {
  const late = Promise.withResolvers<number>();
  const waited = within(10, late.promise);
  const given = expect(waited).rejects.toThrow(TimeOver);
  await vi.advanceTimersByTimeAsync(10);
  await given;
  late.reject(new Error('too late'));
  await vi.advanceTimersByTimeAsync(10);
});

test('a figure is asked for at each look, and without an answer it is the last one, with its age', async () => {
  let now = 0;
  const answers: Promise<number | undefined>[] = [Promise.resolve(5), Promise.reject(new Error('away')), never];
  const figure = new LastKnown(
    () => answers.shift() ?? Promise.resolve(6),
    500,
    () => now,
  );
  expect(await figure.read()).toEqual({ value: 5, ageMs: 0 });
  now = 1_000;
  expect(await figure.read()).toEqual({ value: 5, ageMs: 1_000 });
  for (now = 2_000; now <= 3_000; now += 1_000) {
    const read = figure.read();
    await vi.advanceTimersByTimeAsync(500);
    expect(await read).toEqual({ value: 5, ageMs: now });
  }
  // The question that is still open was asked once.
  expect(answers).toEqual([]);
});

test('a figure that is gone, or was never there, is none', async () => {
  const answers: (number | undefined)[] = [undefined, 1, undefined];
  const figure = new LastKnown(() => Promise.resolve(answers.shift()), 500);
  expect(await figure.read()).toBeUndefined();
  expect(await figure.read()).toMatchObject({ value: 1 });
  expect(await figure.read()).toBeUndefined();
});
