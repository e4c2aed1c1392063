import { expect, test } from 'vitest';
import { retryDelay, WORK_API_RETRY } from '../../../src/enrichment/retry-policy.ts';

test('5, 10, 20 seconds, then no more', () => {
  expect([1, 2, 3, 4, 5].map((n) => retryDelay(WORK_API_RETRY, n))).toEqual([
    5_000,
    10_000,
    20_000,
    undefined,
    undefined,
  ]);
});

test('a wait that the service asks for lengthens ours, to our longest, and never shortens it', () => {
  expect([1_000, 7_000, 3_600_000].map((ms) => retryDelay(WORK_API_RETRY, 1, ms))).toEqual([5_000, 7_000, 20_000]);
  expect(retryDelay(WORK_API_RETRY, 4, 1_000)).toBeUndefined();
});
