import { expect, test } from 'vitest';
import type { RecentCounts } from '../../../../src/facade/observe/recent.ts';
import { troubleOf } from '../../../../src/facade/observe/trouble.ts';

const counts = (attempts: number, failedAttempts = 0, failovers = 0): RecentCounts => {
  return {
    requests: attempts - failedAttempts,
    failures: failedAttempts - failovers,
    attempts,
    failedAttempts,
    failovers,
  };
};
const path = (minute: RecentCounts, hour = minute) => ({ minute, hour });
const NONE = { minute: undefined, hour: undefined };

test.each([
  [
    'a dead gateway',
    path(counts(8)),
    path(counts(8, 8, 8)),
    'gateway: 8 of 8 attempts failed, direct answered all',
    true,
  ],
  [
    'a few failures',
    path(counts(80)),
    path(counts(80, 3, 3)),
    'gateway: 3 of 80 attempts failed, direct answered all',
    false,
  ],
  ['no failover', path(counts(5)), path(counts(4, 4)), 'gateway: 4 of 4 attempts failed, none went to direct', true],
  [
    'a part failed over',
    path(counts(9)),
    path(counts(9, 5, 2)),
    'gateway: 5 of 9 attempts failed, 2 went to direct',
    true,
  ],
  ['half', path(counts(9)), path(counts(10, 5, 5)), 'gateway: 5 of 10 attempts failed, direct answered all', true],
  ['direct', path(counts(9, 4)), NONE, 'direct: 4 of 9 attempts failed', false],
  [
    'both',
    path(counts(8, 8)),
    path(counts(8, 8, 8)),
    'gateway: 8 of 8 attempts failed, all went to direct; direct: 8 of 8 attempts failed',
    true,
  ],
  ['the gateway alone', NONE, path(counts(3, 3)), 'gateway: 3 of 3 attempts failed, none went to direct', true],
  [
    'a quiet minute after failures',
    path(counts(0), counts(8)),
    path(counts(0), counts(8, 8, 8)),
    'last hour: gateway: 8 of 8 attempts failed, direct answered all',
    false,
  ],
])('%s is said in a sentence', (_, direct, gateway, text, isDown) => {
  expect(troubleOf(direct, gateway)).toEqual({ text, isDown });
});

test('nothing failed, or it did before the last minute that had attempts: nothing is said', () => {
  expect(troubleOf(path(counts(5)), path(counts(5)))).toBeUndefined();
  expect(troubleOf(NONE, NONE)).toBeUndefined();
  expect(troubleOf(path(counts(5)), path(counts(5), counts(80, 8, 8)))).toBeUndefined();
});
