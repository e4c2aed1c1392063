import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { POINTS, SAMPLE_INTERVAL_MS, Timeline, type TimedRoute } from '../../../../src/facade/admin/timeline.ts';

const minute = (requests: number, failures = 0, p95: number | null = 12.5) => ({
  requests,
  failures,
  attempts: requests + 2,
  failedAttempts: failures + 1,
  failovers: 1,
  p50: 1,
  p95,
  p99: 99,
});
const route = (id: string, requests: number, gateway = 0): TimedRoute => ({
  id,
  gateway,
  recent: (path) => (path === 'direct' ? minute(requests, 1) : undefined),
  breaker: () => 'closed',
});

let routes: TimedRoute[];
let timeline: Timeline;
beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  routes = [route('a', 60, 25)];
  timeline = new Timeline({ routes: () => routes, now: Date.now });
});
afterEach(() => {
  timeline.close();
  vi.useRealTimers();
});

describe('the timeline', () => {
  test('takes the last minute of each route every five seconds, as columns, oldest first', () => {
    vi.advanceTimersByTime(SAMPLE_INTERVAL_MS);
    routes = [route('a', 120, 50)];
    vi.advanceTimersByTime(SAMPLE_INTERVAL_MS);
    expect(timeline.read('a', '15m')).toEqual({
      step: 5,
      at: [1_005, 1_010],
      gateway: [25, 50],
      paths: {
        direct: {
          requests: [60, 120],
          failures: [1, 1],
          attempts: [62, 122],
          failedAttempts: [2, 2],
          failovers: [1, 1],
          p50: [1, 1],
          p95: [12.5, 12.5],
          p99: [99, 99],
          breaker: [0, 0],
        },
        gateway: {
          requests: [null, null],
          failures: [null, null],
          attempts: [null, null],
          failedAttempts: [null, null],
          failovers: [null, null],
          p50: [null, null],
          p95: [null, null],
          p99: [null, null],
          breaker: [null, null],
        },
      },
    });
  });

  test('a route whose every attempt fails over has a line, though its gateway answered nothing', () => {
    routes = [
      {
        ...route('a', 0, 100),
        recent: () => ({ ...minute(0), attempts: 8, failedAttempts: 8, failovers: 8 }),
      },
    ];
    timeline.sample();
    expect(timeline.read('a', '15m').paths.gateway).toMatchObject({
      requests: [0],
      attempts: [8],
      failedAttempts: [8],
    });
  });

  test('holds 180 points of each range and no more', () => {
    for (let i = 1; i <= POINTS + 3; i++) {
      routes = [route('a', i)];
      timeline.sample();
    }
    const { at, paths } = timeline.read('a', '15m');
    expect(POINTS * SAMPLE_INTERVAL_MS).toBe(15 * 60_000);
    expect(at).toHaveLength(POINTS);
    expect(paths.direct.requests.at(0)).toBe(4);
    expect(paths.direct.requests.at(-1)).toBe(POINTS + 3);
  });

  test.each([
    ['15m', 5, 15 * 60],
    ['1h', 20, 3_600],
    ['24h', 480, 24 * 3_600],
    ['7d', 3_360, 7 * 24 * 3_600],
  ] as const)('a range of %s has a point every %i seconds, %i in all, and wraps', (range, step, seconds) => {
    expect(step * POINTS).toBe(seconds);
    const samples = (step * 1_000) / SAMPLE_INTERVAL_MS;
    for (let i = 0; i < samples * (POINTS + 2); i++) vi.advanceTimersByTime(SAMPLE_INTERVAL_MS);
    const series = timeline.read('a', range);
    expect([series.step, series.at.length]).toEqual([step, POINTS]);
    const gaps = series.at.slice(1).map((at, i) => at - (series.at[i] as number));
    expect(new Set(gaps)).toEqual(new Set([step]));
    expect(new Set(series.paths.direct.attempts)).toEqual(new Set([62]));
  });

  test('of a longer range a point has the mean of the counts and the worst of latency and breaker', () => {
    const samples: readonly (readonly [number, number, string])[] = [
      [10, 20, 'closed'],
      [20, 90, 'open'],
      [30, 30, 'half-open'],
      [40, 10, 'closed'],
    ];
    for (const [requests, p95, breaker] of samples) {
      routes = [{ ...route('a', 0, requests), recent: () => minute(requests, 0, p95), breaker: () => breaker }];
      timeline.sample();
    }
    const { gateway, paths } = timeline.read('a', '1h');
    expect(gateway).toEqual([40]);
    expect(paths.gateway).toMatchObject({ requests: [25], attempts: [27], p95: [90], breaker: [2] });
    expect(timeline.read('a', '15m').paths.gateway.breaker).toEqual([0, 2, 1, 0]);
  });

  test('a route that begins to serve within a point had nothing before', () => {
    routes = [{ ...route('a', 0), recent: () => ({ ...minute(0), attempts: 0 }) }];
    timeline.sample();
    timeline.sample();
    routes = [route('a', 30)];
    timeline.sample();
    timeline.sample();
    expect(timeline.read('a', '1h').paths.direct.requests).toEqual([15]);
  });

  test('for the board it has a bar every 30 seconds, the same ones at every read, of the routes that were asked', () => {
    routes = [route('a', 1), { ...route('b', 0), recent: () => ({ ...minute(0), attempts: 0 }) }];
    for (let i = 0; i < 200; i++) vi.advanceTimersByTime(SAMPLE_INTERVAL_MS);
    const first = timeline.sparklines();
    expect(Object.keys(first.routes)).toEqual(['a']);
    expect(first.at).toHaveLength(30);
    expect(first.routes['a']?.direct.attempts).toEqual(Array(30).fill(3));
    vi.advanceTimersByTime(SAMPLE_INTERVAL_MS);
    const next = timeline.sparklines().at;
    expect(first.at.slice(1).every((at) => next.includes(at))).toBe(true);
  });

  test('of a route that begins to serve, the time before is empty', () => {
    routes = [{ ...route('a', 0), recent: () => ({ ...minute(0), attempts: 0 }) }];
    timeline.sample();
    routes = [route('a', 7)];
    timeline.sample();
    expect(timeline.read('a', '15m').paths.direct.requests).toEqual([null, 7]);
  });

  test('forgets a route that left the table, also when it comes back', () => {
    timeline.sample();
    routes = [];
    timeline.sample();
    expect(timeline.read('a', '15m').paths.direct.requests).toEqual([null, null]);
    routes = [route('a', 5)];
    timeline.sample();
    expect(timeline.read('a', '15m').paths.direct.requests).toEqual([null, null, 5]);
  });

  test('a minute without requests has no percentile', () => {
    routes = [{ ...route('a', 0), recent: () => minute(3) }];
    timeline.sample();
    routes = [{ ...route('a', 0), recent: () => minute(0, 0, null) }];
    timeline.sample();
    expect(timeline.read('a', '15m').paths.gateway.p95).toEqual([12.5, null]);
  });

  test('closed, it takes no more', () => {
    timeline.close();
    vi.advanceTimersByTime(10 * SAMPLE_INTERVAL_MS);
    expect(timeline.read('a', '15m').at).toEqual([]);
  });
});
