import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { SAMPLE_INTERVAL_MS, SAMPLES, Timeline, type TimedRoute } from '../../../../src/facade/admin/timeline.ts';

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
    expect(timeline.read('a')).toEqual({
      at: [1_005, 1_010],
      gateway: [25, 50],
      paths: {
        direct: {
          requests: [60, 120],
          failures: [1, 1],
          attempts: [62, 122],
          failedAttempts: [2, 2],
          failovers: [1, 1],
          p95: [12.5, 12.5],
        },
        gateway: {
          requests: [null, null],
          failures: [null, null],
          attempts: [null, null],
          failedAttempts: [null, null],
          failovers: [null, null],
          p95: [null, null],
        },
      },
    });
  });

  test('a route whose every attempt fails over has a line, though its gateway answered nothing', () => {
    routes = [
      { id: 'a', gateway: 100, recent: () => ({ ...minute(0), attempts: 8, failedAttempts: 8, failovers: 8 }) },
    ];
    timeline.sample();
    expect(timeline.read('a').paths.gateway).toMatchObject({ requests: [0], attempts: [8], failedAttempts: [8] });
  });

  test('holds one hour and no more', () => {
    for (let i = 1; i <= SAMPLES + 3; i++) {
      routes = [route('a', i)];
      timeline.sample();
    }
    const { at, paths } = timeline.read('a');
    expect(SAMPLES * SAMPLE_INTERVAL_MS).toBe(3_600_000);
    expect(at).toHaveLength(SAMPLES);
    expect(paths.direct.requests.at(0)).toBe(4);
    expect(paths.direct.requests.at(-1)).toBe(SAMPLES + 3);
  });

  test('of a route that begins to serve, the time before is empty', () => {
    routes = [{ id: 'a', gateway: 0, recent: () => ({ ...minute(0), attempts: 0 }) }];
    timeline.sample();
    routes = [route('a', 7)];
    timeline.sample();
    expect(timeline.read('a').paths.direct.requests).toEqual([null, 7]);
  });

  test('forgets a route that left the table, also when it comes back', () => {
    timeline.sample();
    routes = [];
    timeline.sample();
    expect(timeline.read('a').paths.direct.requests).toEqual([null, null]);
    routes = [route('a', 5)];
    timeline.sample();
    expect(timeline.read('a').paths.direct.requests).toEqual([null, null, 5]);
  });

  test('a minute without requests has no percentile', () => {
    routes = [{ id: 'a', gateway: 0, recent: () => minute(3) }];
    timeline.sample();
    routes = [{ id: 'a', gateway: 0, recent: () => minute(0, 0, null) }];
    timeline.sample();
    expect(timeline.read('a').paths.gateway.p95).toEqual([12.5, null]);
  });

  test('closed, it takes no more', () => {
    timeline.close();
    vi.advanceTimersByTime(10 * SAMPLE_INTERVAL_MS);
    expect(timeline.read('a').at).toEqual([]);
  });
});
