import { describe, expect, test } from 'vitest';
import { Metrics } from '../../../../src/facade/observe/metrics.ts';
import { RouteRecorder } from '../../../../src/facade/observe/recorder.ts';
import { OUTCOMES, type Outcome } from '../../../../src/facade/rollout/outcome.ts';

interface Series {
  readonly labels: Record<string, string | number | undefined>;
  readonly value: number;
  readonly metricName?: string;
}

async function seriesOf(metrics: Metrics, name: string): Promise<Series[]> {
  const metric = (await metrics.registry.getMetricsAsJSON()).find((one) => one.name === name);
  if (!metric) throw new Error(`no metric ${name}`);
  return metric.values;
}

/** The value of the one series with these labels; undefined when there is none. */
async function valueOf(
  metrics: Metrics,
  name: string,
  labels: Record<string, string>,
  suffix = '',
): Promise<number | undefined> {
  const all = await seriesOf(metrics, name);
  return all.find(
    (one) =>
      (suffix === '' || one.metricName === name + suffix) &&
      Object.entries(labels).every(([label, value]) => String(one.labels[label]) === value),
  )?.value;
}

const LABELS: Record<string, string[]> = {
  facade_requests_total: ['route', 'path', 'method', 'status', 'outcome'],
  facade_request_duration_seconds: ['route', 'path'],
  facade_upstream_duration_seconds: ['route', 'path'],
  facade_attempts_total: ['route', 'path', 'outcome'],
  facade_failovers_total: ['route', 'reason'],
  facade_direct_unauthorized_total: ['route'],
  facade_inflight: ['upstream'],
  facade_breaker_state: ['route', 'path'],
  facade_rollout_gateway_ratio: ['route'],
  facade_rollout_shadow_ratio: ['route'],
  facade_route_stage: ['route', 'stage'],
  facade_rate_budget_wait_seconds: ['upstream'],
  facade_config_reloads_total: ['result'],
  facade_config_last_reload_success: [],
  facade_config_info: ['digest'],
};

/** Everything that can happen has happened once. */
function busy(): Metrics {
  const metrics = new Metrics();
  const recorder = new RouteRecorder(metrics, 'leads.get', ['direct', 'gateway'], 'GET');
  recorder.request('gateway', 'GET', 200, 'ok', 0, 12);
  recorder.attempt('gateway', 'ok', 0, 10, 'known');
  recorder.failover('upstream_connect', 0);
  recorder.directUnauthorized(0);
  metrics.breakerChanged('leads.get', 'gateway', 'closed');
  metrics.rolloutChanged('leads.get', { gateway: 2_500, shadow: 1_000 }, 'canary');
  metrics.observeInflight(() => [['direct', 3]]);
  metrics.rateBudgetWait.labels('direct').observe(0.1);
  metrics.reloaded('abc123');
  return metrics;
}

describe('the metrics', () => {
  test.each(Object.keys(LABELS))('%s has exactly the labels of the list above', async (name) => {
    const [series] = await seriesOf(busy(), name);
    const labels = Object.keys(series?.labels ?? {}).filter((label) => label !== 'le');
    expect(labels.toSorted()).toEqual(LABELS[name]!.toSorted());
  });

  test('come with those of the process', async () => {
    expect(await new Metrics().registry.metrics()).toContain('process_cpu_user_seconds_total');
  });

  test('of a process that has done nothing say so: 0, not nothing', async () => {
    const metrics = new Metrics();
    expect(await valueOf(metrics, 'facade_config_reloads_total', { result: 'success' })).toBe(0);
    expect(await valueOf(metrics, 'facade_config_reloads_total', { result: 'failure' })).toBe(0);
    expect(await valueOf(metrics, 'facade_rate_budget_wait_seconds', { upstream: 'direct' }, '_count')).toBe(0);
    expect(await valueOf(metrics, 'facade_rate_budget_wait_seconds', { upstream: 'gateway' }, '_count')).toBe(0);
  });

  test('of two processes in one are two', async () => {
    busy();
    expect(await valueOf(new Metrics(), 'facade_config_reloads_total', { result: 'success' })).toBe(0);
  });

  test('show a breaker as 0 closed, 1 half-open, 2 open', async () => {
    const metrics = new Metrics();
    for (const [state, value] of [
      ['closed', 0],
      ['half-open', 1],
      ['open', 2],
    ] as const) {
      metrics.breakerChanged('leads.get', 'gateway', state);
      expect(await valueOf(metrics, 'facade_breaker_state', { route: 'leads.get', path: 'gateway' })).toBe(value);
    }
  });

  test('show the rollout as a share of 1', async () => {
    const metrics = busy();
    expect(await valueOf(metrics, 'facade_rollout_gateway_ratio', { route: 'leads.get' })).toBe(0.25);
    expect(await valueOf(metrics, 'facade_rollout_shadow_ratio', { route: 'leads.get' })).toBe(0.1);
  });

  test('show no share of a route that has no gateway endpoint, or has lost it: it can never move', async () => {
    const metrics = busy();
    metrics.rolloutChanged('leads.get', undefined, 'direct');
    for (const name of ['facade_rollout_gateway_ratio', 'facade_rollout_shadow_ratio']) {
      expect(await seriesOf(metrics, name)).toEqual([]);
    }
    expect(await valueOf(metrics, 'facade_route_stage', { route: 'leads.get', stage: 'direct' })).toBe(1);
  });

  test('know for a minute that direct refused the token of the facade, and count it from 0 on', async () => {
    const metrics = new Metrics();
    const recorder = new RouteRecorder(metrics, 'leads.get', ['direct', 'gateway'], 'GET');
    const count = () => valueOf(metrics, 'facade_direct_unauthorized_total', { route: 'leads.get' });
    expect([await count(), recorder.isDirectUnauthorized(0)]).toEqual([0, false]);
    recorder.directUnauthorized(1_000);
    expect(await count()).toBe(1);
    expect([60_999, 61_000].map((now) => recorder.isDirectUnauthorized(now))).toEqual([true, false]);
  });

  test('know one digest at a time, and whether the newest file was good', async () => {
    const metrics = busy();
    metrics.reloaded('def456');
    expect((await seriesOf(metrics, 'facade_config_info')).map((one) => one.labels['digest'])).toEqual(['def456']);
    expect(await valueOf(metrics, 'facade_config_last_reload_success', {})).toBe(1);
    metrics.reloadFailed();
    expect(await valueOf(metrics, 'facade_config_last_reload_success', {})).toBe(0);
    expect(await valueOf(metrics, 'facade_config_reloads_total', { result: 'failure' })).toBe(1);
    expect((await seriesOf(metrics, 'facade_config_info')).map((one) => one.labels['digest'])).toEqual(['def456']);
  });

  test('read what is under way at the scrape', async () => {
    const metrics = new Metrics();
    let inflight = 1;
    metrics.observeInflight(() => [['gateway', inflight]]);
    expect(await valueOf(metrics, 'facade_inflight', { upstream: 'gateway' })).toBe(1);
    inflight = 7;
    expect(await valueOf(metrics, 'facade_inflight', { upstream: 'gateway' })).toBe(7);
  });

  test('count the lines of the log that were dropped, from 0 on, at the scrape', async () => {
    const metrics = new Metrics();
    let dropped = 0;
    metrics.observeLog(() => dropped);
    expect(await valueOf(metrics, 'facade_log_dropped_total', {})).toBe(0);
    dropped = 3;
    expect(await valueOf(metrics, 'facade_log_dropped_total', {})).toBe(3);
    expect(await valueOf(metrics, 'facade_log_dropped_total', {})).toBe(3);
  });

  test('of a route that left keep what it counted, and forget what it was', async () => {
    const metrics = busy();
    metrics.breakerChanged('leads.get', 'direct', 'open');
    metrics.routeLeft('leads.get');
    for (const name of ['facade_rollout_gateway_ratio', 'facade_rollout_shadow_ratio', 'facade_breaker_state']) {
      expect(await seriesOf(metrics, name)).toEqual([]);
    }
    expect(
      await valueOf(metrics, 'facade_attempts_total', { route: 'leads.get', path: 'gateway', outcome: 'ok' }),
    ).toBe(1);
  });
});

describe('the recorder of a route', () => {
  const record = (method = 'GET') => {
    const metrics = new Metrics();
    return { metrics, recorder: new RouteRecorder(metrics, 'leads.get', ['direct', 'gateway'], method) };
  };

  test('makes the series that every route has at 0, so that the first rate is right', async () => {
    const { metrics } = record('PATCH');
    for (const path of ['direct', 'gateway']) {
      const labels = { route: 'leads.get', path };
      const ok = { ...labels, method: 'PATCH', status: '200', outcome: 'ok' };
      expect(await valueOf(metrics, 'facade_requests_total', ok)).toBe(0);
      expect(await valueOf(metrics, 'facade_attempts_total', { ...labels, outcome: 'ok' })).toBe(0);
      expect(await valueOf(metrics, 'facade_request_duration_seconds', labels, '_count')).toBe(0);
      expect(await valueOf(metrics, 'facade_upstream_duration_seconds', labels, '_count')).toBe(0);
    }
    for (const reason of ['upstream_connect', 'facade_breaker_open']) {
      expect(await valueOf(metrics, 'facade_failovers_total', { route: 'leads.get', reason })).toBe(0);
    }
  });

  test('counts a request by path, method, status and outcome, and its seconds', async () => {
    const { metrics, recorder } = record();
    recorder.request('gateway', 'GET', 404, 'ok', 0, 250);
    recorder.request('gateway', 'GET', 404, 'ok', 0, 750);
    recorder.request('gateway', 'HEAD', 404, 'ok', 0, 1);
    const labels = { route: 'leads.get', path: 'gateway' };
    const counted = { ...labels, method: 'GET', status: '404', outcome: 'ok' };
    expect(await valueOf(metrics, 'facade_requests_total', counted)).toBe(2);
    expect(await valueOf(metrics, 'facade_requests_total', { ...counted, method: 'HEAD' })).toBe(1);
    expect(await valueOf(metrics, 'facade_request_duration_seconds', labels, '_sum')).toBeCloseTo(1.001, 6);
    expect(await valueOf(metrics, 'facade_request_duration_seconds', { ...labels, le: '0.25' }, '_bucket')).toBe(2);
    expect(await valueOf(metrics, 'facade_request_duration_seconds', { ...labels, le: '+Inf' }, '_bucket')).toBe(3);
  });

  test('tells every outcome, path and status apart', async () => {
    const { metrics, recorder } = record();
    const outcomes = Object.keys(OUTCOMES) as Outcome[];
    for (const path of ['direct', 'gateway'] as const) {
      for (const outcome of outcomes) {
        for (const status of [100, 200, 404, 499, 504, 599]) recorder.request(path, 'GET', status, outcome, 0, 1);
        recorder.attempt(path, outcome, 0, 1, 'known');
      }
    }
    const requests = (await seriesOf(metrics, 'facade_requests_total')).filter((one) => one.value > 0);
    expect(requests).toHaveLength(2 * outcomes.length * 6);
    expect(requests.every((one) => one.value === 1)).toBe(true);
    const attempts = (await seriesOf(metrics, 'facade_attempts_total')).filter((one) => one.value > 0);
    expect(attempts).toHaveLength(2 * outcomes.length);
  });

  test('leaves strangers out of what decisions are made from, and counts them for Prometheus', async () => {
    const { metrics, recorder } = record();
    for (const outcome of ['ok', 'ok', 'upstream_error'] as const) recorder.attempt('direct', outcome, 0, 8, 'known');
    const before = recorder.totals('direct');
    for (let i = 0; i < 50; i++) {
      recorder.attempt('direct', 'ok', 0, 0.1, 'stranger');
      recorder.attempt('direct', 'upstream_respond_timeout', 0, 60_000, 'stranger');
      recorder.attempt('direct', 'client_body', 0, 8, 'stranger');
    }
    expect(recorder.totals('direct')).toEqual(before);
    expect(before).toMatchObject({ attempts: 3, failures: 1 });
    const labels = { route: 'leads.get', path: 'direct' };
    expect(await valueOf(metrics, 'facade_attempts_total', { ...labels, outcome: 'ok' })).toBe(52);
    expect(await valueOf(metrics, 'facade_upstream_duration_seconds', labels, '_count')).toBe(153);
    recorder.attempt('direct', 'ok', 0, 8, 'known');
    expect(recorder.totals('direct')).toMatchObject({ attempts: 4, failures: 1 });
  });

  test('calls every method that it does not know OTHER: a caller cannot make labels', async () => {
    const { metrics, recorder } = record();
    for (const method of ['PURGE', 'M-SEARCH', 'get', '', 'TRACE', 'OTHER']) {
      recorder.request('direct', method, 200, 'ok', 0, 1);
    }
    const methods = new Set((await seriesOf(metrics, 'facade_requests_total')).map((one) => one.labels['method']));
    expect([...methods].toSorted()).toEqual(['GET', 'OTHER']);
    const other = { path: 'direct', method: 'OTHER', status: '200' };
    expect(await valueOf(metrics, 'facade_requests_total', other)).toBe(6);
  });

  test('counts what was not tried as an attempt without a duration', async () => {
    const { metrics, recorder } = record();
    recorder.notTried('gateway', 'facade_breaker_open', 0);
    const labels = { route: 'leads.get', path: 'gateway' };
    expect(await valueOf(metrics, 'facade_attempts_total', { ...labels, outcome: 'facade_breaker_open' })).toBe(1);
    expect(await valueOf(metrics, 'facade_upstream_duration_seconds', labels, '_count')).toBe(0);
  });

  test('has every failure that alerts look for at 0, so that the first one is a rise', async () => {
    const metrics = new Metrics();
    new RouteRecorder(metrics, 'leads.get', ['direct', 'gateway'], 'GET');
    const all = Object.keys(OUTCOMES) as Outcome[];
    const failed = all.filter((name) => OUTCOMES[name].judge === 'failure');
    const heldBack = all.filter((name) => OUTCOMES[name].party === 'facade' && OUTCOMES[name].phase === 'connect');
    expect(failed).toEqual(expect.arrayContaining(['upstream_credentials', 'gateway_lacks_operation']));
    expect(heldBack).toEqual(expect.arrayContaining(['facade_rate_budget', 'facade_bulkhead_full']));
    const text = await metrics.registry.metrics();
    const starts = (path: string, outcome: string) =>
      text.includes(`facade_attempts_total{route="leads.get",path="${path}",outcome="${outcome}"} 0`);
    for (const outcome of heldBack)
      expect([outcome, starts('direct', outcome), starts('gateway', outcome)]).toEqual([outcome, true, true]);
    // Failures of direct alert by their share alone.
    for (const outcome of failed)
      expect([outcome, starts('direct', outcome), starts('gateway', outcome)]).toEqual([
        outcome,
        heldBack.includes(outcome),
        true,
      ]);
  });

  test('counts failovers by their reason', async () => {
    const { metrics, recorder } = record();
    recorder.failover('upstream_respond', 0);
    expect(await valueOf(metrics, 'facade_failovers_total', { route: 'leads.get', reason: 'upstream_respond' })).toBe(
      1,
    );
  });

  test('knows the last minute of each path; faults of the upstream and refusals of the facade are failures', () => {
    const { recorder } = record();
    recorder.request('gateway', 'GET', 502, 'upstream_connect', 1_000, 10);
    recorder.request('gateway', 'GET', 503, 'facade_breaker_open', 1_000, 10);
    recorder.request('gateway', 'GET', 404, 'ok', 1_000, 10);
    recorder.request('gateway', 'GET', 499, 'client_body', 1_000, 10);
    expect(recorder.recent('gateway', 1_000)).toMatchObject({ requests: 4, failures: 2 });
    expect(recorder.recent('direct', 1_000)).toMatchObject({ requests: 0 });
    expect(recorder.recent('passthrough', 1_000)).toBeUndefined();
  });

  test('of the last minute and hour, attempts are counted by the path that was tried, whatever the request itself is to blame for left out', () => {
    const { recorder } = record();
    recorder.attempt('gateway', 'upstream_connect', 1_000, 5, 'known');
    recorder.failover('upstream_connect', 1_000);
    for (const outcome of ['facade_breaker_open', 'facade_bulkhead_full', 'facade_rate_budget'] as const) {
      recorder.notTried('gateway', outcome, 1_000);
      recorder.failover(outcome, 1_000);
    }
    recorder.notTried('gateway', 'untranslatable', 1_000);
    recorder.failover('untranslatable', 1_000);
    recorder.notTried('gateway', 'client_bad_request', 1_000);
    recorder.attempt('gateway', 'origin_error', 1_000, 5, 'known');
    const counted = { requests: 0, failures: 0, attempts: 5, failedAttempts: 4, failovers: 4 };
    expect(recorder.recent('gateway', 1_000)).toMatchObject(counted);
    expect(recorder.lastHour('gateway', 1_000)).toEqual(counted);
  });

  test('refuses a path that it does not have: a slip in the wiring, not a series of its own', () => {
    const { recorder } = record();
    expect(() => recorder.attempt('passthrough', 'ok', 0, 1, 'known')).toThrow('no passthrough path');
  });
});
