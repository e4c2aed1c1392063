import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { measuredOf, MetricsPage } from '../../../../src/facade/cluster/metrics-page.ts';
import { Metrics } from '../../../../src/facade/observe/metrics.ts';
import { RouteRecorder } from '../../../../src/facade/observe/recorder.ts';
import { readMetric } from '../../../e2e/kit/facade.ts';

/** What a worker would send, counted so often. */
async function worker(requests: number, more: (registry: Registry) => void = () => undefined) {
  const registry = new Registry();
  const registers = [registry];
  new Counter({ name: 'c_total', help: 'c', labelNames: ['a'], registers }).inc({ a: 'x' }, requests);
  const histogram = new Histogram({ name: 'h_seconds', help: 'h', buckets: [1, 2], registers });
  for (let i = 0; i < requests; i++) histogram.observe(1.5);
  more(registry);
  return measuredOf(registry);
}
const NOTHING = new Registry();

describe('a page', () => {
  test('sums counters and histograms', async () => {
    const page = new MetricsPage();
    page.take(0, await worker(3));
    page.take(1, await worker(4));
    const text = await page.text(NOTHING);
    expect(readMetric(text, 'c_total{a="x"}')).toBe(7);
    expect(readMetric(text, 'h_seconds_bucket{le="1"}')).toBe(0);
    expect(readMetric(text, 'h_seconds_bucket{le="2"}')).toBe(7);
    expect(readMetric(text, 'h_seconds_count')).toBe(7);
  });

  test('takes of a gauge what it says itself, and the worst of the lateness', async () => {
    const page = new MetricsPage();
    const gauges = (value: number) => (registry: Registry) => {
      const registers = [registry];
      new Gauge({ name: 'g', help: 'g', registers }).set(value);
      new Gauge({ name: 'worst', help: 'g', aggregator: 'max', registers }).set(value);
      new Gauge({ name: 'nodejs_eventloop_lag_p99_seconds', help: 'g', aggregator: 'average', registers }).set(value);
    };
    page.take(1, await worker(1, gauges(5)));
    page.take(0, await worker(1, gauges(2)));
    const text = await page.text(NOTHING);
    expect(readMetric(text, 'g')).toBe(7);
    expect(readMetric(text, 'worst')).toBe(5);
    expect(readMetric(text, 'nodejs_eventloop_lag_p99_seconds')).toBe(5);
  });

  test('keeps what the dead had counted, and none of their gauges', async () => {
    const page = new MetricsPage();
    const gauge = (registry: Registry) => new Gauge({ name: 'g', help: 'g', registers: [registry] }).set(1);
    page.take(0, await worker(3, gauge));
    page.take(1, await worker(4, gauge));
    page.left(0);
    page.left(1);
    expect(readMetric(await page.text(NOTHING), 'c_total{a="x"}')).toBe(7);
    page.take(0, await worker(1, gauge));
    const text = await page.text(NOTHING);
    expect(readMetric(text, 'c_total{a="x"}')).toBe(8);
    expect(readMetric(text, 'h_seconds_count')).toBe(8);
    expect(readMetric(text, 'g')).toBe(1);
  });

  test('of a worker that left without a word is not changed', async () => {
    const page = new MetricsPage();
    page.left(5);
    expect(await page.text(NOTHING)).toBe('\n');
  });
});

test('what the facade measures can be sent to another process, and every name of it is on the page', async () => {
  const metrics = new Metrics();
  new RouteRecorder(metrics, 'leads.get', ['direct', 'gateway'], 'GET').request('direct', 'GET', 200, 'ok', 0, 5);
  metrics.breakerChanged('leads.get', 'direct', 'open');
  metrics.reloaded('abc');
  const sent = structuredClone(await measuredOf(metrics.registry));
  const page = new MetricsPage();
  page.take(0, sent);
  page.take(1, structuredClone(sent));
  const text = await page.text(NOTHING);
  // Those that mean nothing for several processes.
  const omitted = new Set(['process_start_time_seconds']);
  for (const { name } of sent) expect(omitted.has(name) || text.includes(`# TYPE ${name} `), name).toBe(true);
  expect(readMetric(text, /^facade_requests_total\{.*outcome="ok"/)).toBe(2);
  expect(readMetric(text, 'facade_breaker_state{route="leads.get",path="direct"}')).toBe(2);
  expect(readMetric(text, 'facade_config_info{digest="abc"}')).toBe(1);
  expect(readMetric(text, 'facade_config_last_reload_success')).toBe(1);
});
