import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RecentTraffic } from '../../../../src/facade/observe/recent.ts';

test('nothing happened: no requests, and no percentile is invented', () => {
  const counts = { requests: 0, failures: 0, attempts: 0, failedAttempts: 0, failovers: 0 };
  expect(new RecentTraffic().read(123_456)).toEqual({ ...counts, p50: null, p95: null, p99: null });
  expect(new RecentTraffic().readHour(123_456)).toEqual(counts);
});

test('counts requests and failures of the last minute, and forgets them in slots of five seconds', () => {
  const recent = new RecentTraffic();
  recent.record(1_000, 5, true);
  recent.record(31_000, 5, false);
  expect(recent.read(59_999)).toMatchObject({ requests: 2, failures: 1 });
  expect(recent.read(60_000)).toMatchObject({ requests: 1, failures: 0 });
  expect(recent.read(89_999)).toMatchObject({ requests: 1 });
  expect(recent.read(90_000)).toMatchObject({ requests: 0, p50: null });
});

test('a pause of hours leaves nothing behind', () => {
  const recent = new RecentTraffic();
  for (let now = 0; now < 120_000; now += 100) recent.record(now, 3, true);
  expect(recent.read(10_000_000)).toMatchObject({ requests: 0, failures: 0 });
  recent.record(10_000_001, 3, false);
  expect(recent.read(10_000_001)).toMatchObject({ requests: 1, failures: 0 });
});

test('a percentile is off by 12 % at most', () => {
  const durations = fc.array(fc.double({ min: 0.1, max: 30_000, noNaN: true }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(durations, (all) => {
      const recent = new RecentTraffic();
      for (const duration of all) recent.record(1_000, duration, false);
      const { p50, p95, p99 } = recent.read(1_000);
      const sorted = all.toSorted((a, b) => a - b);
      for (const [share, measured] of [
        [0.5, p50],
        [0.95, p95],
        [0.99, p99],
      ] as const) {
        const exact = sorted[Math.ceil(share * sorted.length) - 1] as number;
        // A hair more for the three digits that are shown.
        expect(Math.abs((measured as number) / exact - 1)).toBeLessThan(0.1225);
      }
    }),
  );
});

test.each([0, -1, 0.05, 1e9, Infinity])('a duration of %d ms finds a place', (duration) => {
  const recent = new RecentTraffic();
  recent.record(0, duration, false);
  const { requests, p50 } = recent.read(0);
  expect(requests).toBe(1);
  expect(p50).toBeGreaterThan(0);
});

test('attempts are counted apart from the requests that came of them', () => {
  const recent = new RecentTraffic();
  for (let i = 0; i < 8; i++) {
    recent.attempt(1_000, true);
    recent.failover(1_000);
  }
  recent.attempt(2_000, false);
  recent.record(2_000, 5, false);
  const counts = { requests: 1, failures: 0, attempts: 9, failedAttempts: 8, failovers: 8 };
  expect(recent.read(3_000)).toMatchObject(counts);
  expect(recent.readHour(3_000)).toEqual(counts);
});

test('the hour holds sixty minutes, whoever looks at it and when', () => {
  const MINUTE = 60_000;
  const recent = new RecentTraffic();
  const watched = new RecentTraffic();
  for (let i = 0; i < 90; i++) {
    for (const one of [recent, watched]) {
      one.attempt(i * MINUTE, true);
      one.attempt(i * MINUTE + 59_999, false);
    }
    watched.readHour(i * MINUTE + 30_000);
    watched.read(i * MINUTE + 59_999);
  }
  for (const one of [recent, watched]) {
    expect(one.readHour(90 * MINUTE - 1)).toMatchObject({ attempts: 120, failedAttempts: 60 });
    expect(one.readHour(90 * MINUTE + 30_000)).toMatchObject({ attempts: 118, failedAttempts: 59 });
    expect(one.readHour(140 * MINUTE)).toMatchObject({ attempts: 18 });
    expect(one.readHour(149 * MINUTE)).toMatchObject({ attempts: 0 });
    one.attempt(500 * MINUTE, true);
    expect(one.readHour(500 * MINUTE)).toMatchObject({ attempts: 1, failedAttempts: 1 });
  }
});
