import { describe, expect, test } from 'vitest';
import {
  agoText,
  attemptsText,
  daysOf,
  errorShare,
  interval,
  isFailing,
  milliseconds,
  percent,
  perSecond,
  timeOf,
} from '../../../../../src/facade/admin/console/format.ts';

const minute = (attempts: number, failedAttempts = 0) => {
  // All of it failed over, so that the path answered with no failure.
  const counts = {
    requests: attempts - failedAttempts,
    failures: 0,
    attempts,
    failedAttempts,
    failovers: failedAttempts,
  };
  return { ...counts, p50: null, p95: null, p99: null };
};

describe('numbers on the board', () => {
  test.each([
    [0, '–'],
    [3, '3/min'],
    [6, '0.1/s'],
    [90, '1.5/s'],
    [600, '10/s'],
    [60_000, '1,000/s'],
  ])('%i requests a minute are %s', (requests, shown) => {
    expect(perSecond(minute(requests))).toBe(shown);
  });

  test('of a path that does not serve nothing is said', () => {
    expect([perSecond(undefined), errorShare(undefined), errorShare(minute(0)), milliseconds(null)]).toEqual(
      Array.from({ length: 4 }, () => '–'),
    );
  });

  test.each([
    [0, '0 %'],
    [1, '100 %'],
    [0.999_999, '99.99 %'],
    [0.9951, '99.51 %'],
    [0.5, '50.0 %'],
    [0.001, '0.10 %'],
  ])('a share of %f is %s: all of it only when it is all of it', (share, shown) => {
    expect(percent(share)).toBe(shown);
  });

  test('a share is never shown as none of it when it is some', () => {
    expect(percent(1e-9)).toBe('0.01 %');
    expect(errorShare(minute(1_000_000, 1))).toBe('0.01 %');
  });

  test.each([
    [0.25, '0.3 ms'],
    [12.4, '12 ms'],
    [1_500, '1.5 s'],
  ])('%f milliseconds are %s', (value, shown) => {
    expect(milliseconds(value)).toBe(shown);
  });

  test('attempts that failed are counted, with those that direct was asked for instead', () => {
    expect(attemptsText(minute(1_400, 1_200))).toBe('1,200 of 1,400 attempts failed, 1,200 went to direct');
    expect(attemptsText(minute(8))).toBe('0 of 8 attempts failed');
    expect([attemptsText(minute(0)), attemptsText(undefined)]).toEqual(['–', '–']);
  });

  test('an interval has its bounds, as far as they are known', () => {
    expect(interval({ value: 0.9, low: 0.8, high: 0.95 })).toBe('90.0 % (80.0 % to 95.0 %)');
    expect(interval({ value: 0.9, low: null, high: null })).toBe('90.0 %');
    expect(interval({ value: null, low: null, high: null })).toBe('–');
  });

  test('days are rounded as they grow', () => {
    expect([0, 0.9, 3.25, 41.6].map(daysOf)).toEqual(['today', 'today', '3.3 days', '42 days']);
  });

  test('what is no time is shown as it is', () => {
    expect(timeOf('never')).toBe('never');
    expect(timeOf('2026-01-02T03:04:05Z')).toContain('2026');
  });

  test('a path fails when its breaker is not closed, or something failed in the last minute', () => {
    expect(isFailing({ endpoints: [], breaker: 'half-open' })).toBe(true);
    expect(isFailing({ endpoints: [], breaker: 'closed', lastMinute: minute(5, 1) })).toBe(true);
    expect(isFailing({ endpoints: [], breaker: 'closed', fault: 'upstream_credentials' })).toBe(true);
    expect(isFailing({ endpoints: [], breaker: 'closed', lastMinute: minute(5) })).toBe(false);
  });
});

describe('times as one speaks of them', () => {
  const now = Date.parse('2026-03-10T12:00:00Z');
  test.each([
    ['2026-03-10T11:59:30Z', 'just now'],
    ['2026-03-10T11:57:01Z', '2 min. ago'],
    ['2026-03-10T09:00:00Z', '3 hr. ago'],
    ['2026-03-09T11:00:00Z', 'yesterday'],
    ['2026-03-12T13:00:00Z', 'in 2 days'],
    ['never', 'never'],
  ])('%s is %s', (at, text) => {
    expect(agoText(at, now)).toBe(text);
  });
});
