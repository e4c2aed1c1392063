import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { pino } from 'pino';
import { SYSTEM_CALENDAR } from '../../../../src/http/calendar.ts';
import { Metrics } from '../../../../src/facade/observe/metrics.ts';
import { RouteRecorder } from '../../../../src/facade/observe/recorder.ts';
import { MemoryTraffic } from '../../../../src/facade/steer/memory-traffic.ts';
import { TrafficMeter } from '../../../../src/facade/steer/traffic-meter.ts';

const EPOCH = new Date(0);
let metrics: Metrics;
let recorder: RouteRecorder;
let traffic: MemoryTraffic;
let meter: TrafficMeter;
const flushed = vi.fn(async () => undefined);
beforeEach(() => {
  metrics = new Metrics();
  recorder = new RouteRecorder(metrics, 'leads.get', ['direct', 'gateway'], 'GET');
  traffic = new MemoryTraffic();
  meter = new TrafficMeter({
    metrics,
    calendar: { ...SYSTEM_CALENDAR, now: () => 0 },
    log: pino({ level: 'silent' }),
  });
  meter.subscribe(flushed);
});
afterEach(() => meter.close());
const counted = async () =>
  (await traffic.sums('minute', EPOCH)).map(
    ({ route, path, ...counts }) => `${route} ${path} ${Object.values(counts).join(' ')}`,
  );

it('writes down what was served since the last time, by path, with what failed by no fault of the caller', async () => {
  meter.attach(traffic);
  recorder.request('direct', 'GET', 200, 'ok', 0, 1);
  recorder.request('gateway', 'GET', 502, 'upstream_respond', 0, 1);
  recorder.request('gateway', 'GET', 503, 'facade_bulkhead_full', 0, 1);
  recorder.request('gateway', 'GET', 499, 'client_body', 0, 1);
  await meter.flush();
  expect(await counted()).toEqual(['leads.get direct 1 0 0 0', 'leads.get gateway 3 2 0 0']);
  recorder.request('direct', 'GET', 200, 'ok', 0, 1);
  await meter.flush();
  await meter.flush();
  expect(await counted()).toEqual(['leads.get direct 2 0 0 0', 'leads.get gateway 3 2 0 0']);
  expect(flushed).toHaveBeenCalledTimes(3);
});

it('counts failovers, and requests that the gateway path cannot carry, at the gateway path', async () => {
  meter.attach(traffic);
  recorder.notTried('gateway', 'untranslatable', 0);
  recorder.failover('untranslatable', 0);
  recorder.failover('upstream_connect', 0);
  await meter.flush();
  expect(await counted()).toEqual(['leads.get gateway 0 0 2 1']);
});

it('loses nothing while there is no place to write to, or none that works', async () => {
  recorder.request('direct', 'GET', 200, 'ok', 0, 1);
  await meter.flush();
  meter.attach(traffic);
  const broken = vi.spyOn(traffic, 'add').mockRejectedValueOnce(new Error('away'));
  await meter.flush();
  expect(await counted()).toEqual([]);
  recorder.request('direct', 'GET', 200, 'ok', 0, 1);
  await meter.close();
  expect(broken).toHaveBeenCalledTimes(2);
  expect(await counted()).toEqual(['leads.get direct 2 0 0 0']);
});

it('what a clock that was ahead has dated by ten years too late counts as of now, once, and nothing is lost', async () => {
  const now = Date.parse('2026-03-20T12:00:00Z');
  const calendar = { ...SYSTEM_CALENDAR, now: () => now };
  const late = new TrafficMeter({ metrics, calendar, log: pino({ level: 'silent' }) });
  const row = { route: 'leads.get', path: 'direct', requests: 3, failures: 0, failovers: 0, untranslatable: 0 };
  await traffic.add(new Date('2036-03-20T12:00:00Z'), [row]);
  late.attach(traffic);
  await late.flush();
  await late.flush();
  expect((await traffic.lastUse())[0]?.requested).toEqual(new Date('2026-03-20T12:01:00Z'));
  for (const grain of ['minute', 'hour', 'day'] as const) {
    expect(await traffic.sums(grain, EPOCH)).toEqual([row]);
  }
  await late.close();
});
