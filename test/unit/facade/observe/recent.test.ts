import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RecentMinute } from '../../../../src/facade/observe/recent.ts';

test('nothing happened: no requests, and no percentile is invented', () => {
  expect(new RecentMinute().read(123_456)).toEqual({ requests: 0, failures: 0, p50: null, p95: null, p99: null });
});

test('counts requests and failures of the last minute, and forgets them in slots of five seconds', () => {
  const recent = new RecentMinute();
  recent.record(1_000, 5, true);
  recent.record(31_000, 5, false);
  expect(recent.read(59_999)).toMatchObject({ requests: 2, failures: 1 });
  expect(recent.read(60_000)).toMatchObject({ requests: 1, failures: 0 });
  expect(recent.read(89_999)).toMatchObject({ requests: 1 });
  expect(recent.read(90_000)).toMatchObject({ requests: 0, p50: null });
});

test('a pause of hours leaves nothing behind', () => {
  const recent = new RecentMinute();
  for (let now = 0; now < 120_000; now += 100) recent.record(now, 3, true);
  expect(recent.read(10_000_000)).toMatchObject({ requests: 0, failures: 0 });
  recent.record(10_000_001, 3, false);
  expect(recent.read(10_000_001)).toMatchObject({ requests: 1, failures: 0 });
});

test('a percentile is off by 12 % at most', () => {
  const durations = fc.array(fc.double({ min: 0.1, max: 30_000, noNaN: true }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(durations, (all) => {
      const recent = new RecentMinute();
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
  const recent = new RecentMinute();
  recent.record(0, duration, false);
  const { requests, p50 } = recent.read(0);
  expect(requests).toBe(1);
  expect(p50).toBeGreaterThan(0);
});
