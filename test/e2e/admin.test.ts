import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FACADE_TOKEN, setAll, setRoute, startFacade, type TestFacade } from './kit/facade.ts';
import { inBatches, Opened } from './kit/load.ts';
import { openRaw } from './kit/raw.ts';
import { startUpstream, type TestUpstream } from './kit/upstream.ts';

const opened = new Opened();
afterEach(opened.closeAll);

const headers = { authorization: `Bearer ${FACADE_TOKEN}` };
let direct: TestUpstream;
let gateway: TestUpstream;
let facade: TestFacade;
beforeEach(async () => {
  direct = opened.keep(await startUpstream((_, res) => res.writeHead(200).end('{"from":"direct"}')));
  gateway = opened.keep(
    await startUpstream(({ url }, res) => res.writeHead(url.endsWith('/bad') ? 500 : 200).end('{"from":"gateway"}')),
  );
  facade = opened.keep(await startFacade({ direct: direct.url, gateway: gateway.url }));
});

const get = async (target: string, init: RequestInit = { headers }): Promise<number> => {
  const res = await fetch(facade.url + target, init);
  await res.text();
  return res.status;
};
const api = async <T>(path: string): Promise<T> => (await (await fetch(facade.adminUrl + path)).json()) as T;

interface PathView {
  readonly endpoints: string[];
  readonly breaker: string;
  readonly lastMinute: { requests: number; failures: number; p50: number | null; p99: number | null };
}
interface RouteView {
  readonly id: string;
  readonly stage: string;
  readonly safety: string;
  readonly rollout: { gateway: number; stickyBy: string; fallback: string };
  readonly paths: { direct?: PathView; gateway?: PathView };
}
const route = async (id: string): Promise<RouteView | undefined> =>
  (await api<{ routes: RouteView[] }>('/api/routes')).routes.find((one) => one.id === id);

describe('GET /api/routes', () => {
  test('shows the resolved table, with the stage of every route', async () => {
    const { routes } = await api<{ routes: RouteView[] }>('/api/routes');
    expect(routes).toHaveLength(34);
    expect(new Set(routes.map(({ stage }) => stage))).toEqual(new Set(['direct']));
    expect(await route('leads.get')).toMatchObject({
      safety: 'safe',
      rollout: { gateway: 0, stickyBy: 'leadId', fallback: 'direct' },
      paths: {
        direct: { endpoints: ['GET /integration/leads/:leadId'] },
        gateway: { endpoints: ['GET /leads/:leadId'] },
      },
    });
    expect((await route('leads.resolveSource'))?.paths.direct).toBeUndefined();
    await facade.edit((config) => {
      setRoute(config, 'leads.get', ['rollout', 'gateway'], 12.5);
      setRoute(config, 'leads.list', ['rollout', 'gateway'], 100);
      setRoute(config, 'tags.list', ['rollout', 'shadow'], 10);
    });
    expect(await route('leads.get')).toMatchObject({ stage: 'canary', rollout: { gateway: 12.5 } });
    expect((await route('leads.list'))?.stage).toBe('gateway');
    expect((await route('tags.list'))?.stage).toBe('shadow');
  });

  test('shows the live numbers of each path: requests, failures, latencies, breaker', async () => {
    await facade.edit((config) => setRoute(config, 'leads.get', ['rollout', 'fallback'], 'none'));
    expect(await route('leads.get')).toMatchObject({ paths: { direct: { lastMinute: { requests: 0, p50: null } } } });
    await inBatches(7, 7, (i) => get(`/leads/${i}`));
    await facade.edit((config) => setRoute(config, 'leads.get', ['rollout', 'gateway'], 100));
    await inBatches(5, 5, (i) => get(`/integration/leads/${i}`));
    await inBatches(10, 1, () => get('/leads/bad'));
    const paths = (await route('leads.get'))?.paths;
    expect(paths?.direct).toMatchObject({ breaker: 'closed', lastMinute: { requests: 7, failures: 0 } });
    expect(paths?.gateway).toMatchObject({ breaker: 'open', lastMinute: { requests: 15, failures: 10 } });
    expect(paths?.direct?.lastMinute.p50).toBeGreaterThan(0);
    expect(paths?.direct?.lastMinute.p99).toBeLessThan(5_000);
    expect((await route('tags.list'))?.paths.direct?.lastMinute.requests).toBe(0);
  });
});

describe('GET /api/discovery', () => {
  interface Unclaimed {
    readonly method: string;
    readonly template: string;
    readonly count: number;
    readonly lastSeen: string;
  }
  const unclaimed = async () => (await api<{ unclaimed: Unclaimed[] }>('/api/discovery')).unclaimed;

  test('groups what the passthrough serves: ids collapsed, no query values, counted', async () => {
    const before = Date.now();
    await get('/integration/leads/bf1a88eaa4ab34b01a257536563fb42b/history?phone=5511987654321');
    await get('/integration/leads/00112233445566778899aabbccddeeff/history?name=Maria');
    await get('/integration/leads/12345/history');
    await get('/integration/reports/2026-11-24', { method: 'POST', headers, body: '{}' });
    await get('/integration/leads/42');
    const rows = await unclaimed();
    expect(rows.map(({ method, template, count }) => `${method} ${template} ${count}`).toSorted()).toEqual([
      'GET /integration/leads/:id/history 3',
      'POST /integration/reports/:id 1',
    ]);
    for (const { lastSeen } of rows) expect(Date.parse(lastSeen)).toBeGreaterThanOrEqual(before);
    expect(JSON.stringify(rows)).not.toMatch(/Maria|98765|bf1a88/);
  });

  test('stays bounded when a scanner asks for a thousand paths', async () => {
    const letters = (i: number) => [...String(i)].map((digit) => 'abcdefghij'[Number(digit)]).join('');
    await inBatches(1_000, 40, (i) => get(`/scan/${letters(i)}`));
    const rows = await unclaimed();
    expect(rows.length).toBeLessThanOrEqual(501);
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(1_000);
    expect(await facade.metric(/^facade_requests_total\{route="passthrough"/)).toBe(1_000);
    // Pain P53: no path of a caller ever becomes a label.
    expect(await facade.metricsText()).not.toContain('scan');
  });
});

describe('GET /metrics', () => {
  /** What shadow, parity and enrichment add comes with them. */
  const NAMES = [
    'facade_requests_total',
    'facade_request_duration_seconds_bucket',
    'facade_upstream_duration_seconds_bucket',
    'facade_attempts_total',
    'facade_failovers_total',
    'facade_inflight',
    'facade_breaker_state',
    'facade_rollout_gateway_ratio',
    'facade_rollout_shadow_ratio',
    'facade_rate_budget_wait_seconds_bucket',
    'facade_config_reloads_total',
    'facade_config_last_reload_success',
    'facade_config_info',
    'process_cpu_seconds_total',
    'nodejs_eventloop_lag_seconds',
  ];
  const series = (text: string): string[] => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const nameOf = (line: string): string => line.slice(0, line.lastIndexOf(' '));

  test('has every name that dashboards rely on, from the first scrape on', async () => {
    const text = await facade.metricsText();
    for (const name of NAMES) expect(text).toMatch(new RegExp(`^${name}[{ ]`, 'm'));
    const { digest } = await api<{ digest: string }>('/api/config');
    expect(await facade.metric(`facade_config_info{digest="${digest}"}`)).toBe(1);
    expect(await facade.metric(/^facade_requests_total/)).toBe(0);
    for (const [, type] of text.matchAll(/^# TYPE facade_\S+_total (\S+)$/gm)) expect(type).toBe('counter');
  });

  test('holds fewer than 145 series a route of the shipped table and is scraped in 100 ms, after traffic on every route too (P53, P55)', async () => {
    await facade.edit((config) => setAll(config, 50));
    const { routes } = await api<{ routes: RouteView[] }>('/api/routes');
    const endpoints = routes.flatMap(({ paths }) => [
      ...(paths.direct?.endpoints ?? []),
      ...(paths.gateway?.endpoints ?? []),
    ]);
    for (const endpoint of endpoints) {
      const [method = '', template = ''] = endpoint.split(' ');
      const body = method === 'GET' ? null : '{"tag_id":"1"}';
      const json = { ...headers, 'content-type': 'application/json' };
      await inBatches(6, 6, (i) => get(template.replace(/:\w+/g, `id-${i}`), { method, headers: json, body }));
    }
    const times: number[] = [];
    let text = '';
    for (let i = 0; i < 5; i++) {
      const startedAt = performance.now();
      text = await facade.metricsText();
      times.push(performance.now() - startedAt);
    }
    expect(series(text).length).toBeLessThan(145 * routes.length);
    // The best of five: what the scrape costs, and not what else the machine does.
    expect(Math.min(...times)).toBeLessThan(100);
  });

  test('never holds a series twice, not even of a route that left the table and came back', async () => {
    const whole = JSON.stringify((await api<{ routes: RouteView[] }>('/api/routes')).routes.map(({ id }) => id));
    await get('/tags');
    const without = (config: Parameters<typeof setRoute>[0]): void => {
      const rows = (config.toJS() as { routes: { id: string }[] }).routes;
      config.deleteIn(['routes', rows.findIndex(({ id }) => id === 'tags.list')]);
    };
    let row: unknown;
    await facade.edit((config) => {
      row = (config.toJS() as { routes: { id: string }[] }).routes.find(({ id }) => id === 'tags.list');
      without(config);
    });
    expect(await facade.metricsText()).not.toContain('facade_breaker_state{route="tags.list"');
    await get('/tags');
    await facade.edit((config) => config.addIn(['routes'], config.createNode(row)));
    await get('/tags');
    const names = series(await facade.metricsText()).map(nameOf);
    expect(names.length - new Set(names).size).toBe(0);
    expect(await facade.metric('facade_rollout_gateway_ratio{route="tags.list"}')).toBe(0);
    expect(await facade.metric(/^facade_requests_total\{route="tags.list".*status="200"/)).toBe(2);
    expect(whole).toContain('tags.list');
  });

  test('shows the digest that serves, and only that one', async () => {
    for (const share of [1, 2, 3])
      await facade.edit((config) => setRoute(config, 'leads.get', ['rollout', 'gateway'], share));
    expect(await facade.metric(/^facade_config_info\{/)).toBe(1);
    expect(await facade.metric('facade_rollout_gateway_ratio{route="leads.get"}')).toBe(0.03);
  });
});

describe('what is where', () => {
  test.each([
    '/metrics',
    '/healthz',
    '/readyz',
    '/api/routes',
    '/api/config',
    '/api/discovery',
    '/api/kill-switch',
    '/console/',
  ])('%s is not on the public listener: it goes to Contact2Sale like any other path', async (path) => {
    const res = await fetch(facade.url + path, { headers });
    expect(await res.json()).toEqual({ from: 'direct' });
    expect(res.headers.get('x-facade-path')).toBe('passthrough');
    expect(res.headers.get('x-facade-listener')).toBe(null);
    expect((await fetch(facade.adminUrl + path)).headers.get('x-facade-listener')).toBe('admin');
  });

  test.each(['/', '/health'])('%s is answered by the facade itself on the public listener', async (path) => {
    const res = await fetch(facade.url + path);
    expect([res.status, await res.json()]).toEqual([200, { status: 'ok', service: 'c2s-facade' }]);
    expect(direct.received).toHaveLength(0);
  });

  test('the admin listener serves no route and passes nothing through', async () => {
    for (const path of ['/leads/42', '/integration/leads/42', '/anything']) {
      expect((await fetch(facade.adminUrl + path, { headers })).status).toBe(404);
    }
    expect([direct.connections(), gateway.connections()]).toEqual([0, 0]);
  });

  test('without ADMIN_TOKEN, the API answers loopback names only, and changes only with its header', async () => {
    const kill = (init: RequestInit) => fetch(`${facade.adminUrl}/api/kill-switch`, init).then(({ status }) => status);
    expect(await kill({ method: 'PUT' })).toBe(403);
    expect(facade.dataPlane.killed).toBe(false);
    expect(await kill({ method: 'PUT', headers: { 'x-c2s-admin': 'test' } })).toBe(200);
    const rebound = openRaw(facade.adminUrl);
    rebound.send('GET /api/routes HTTP/1.1\r\nHost: attacker.example\r\n\r\n');
    await rebound.until(/^HTTP\/1\.1 403/);
    rebound.destroy();
  });

  test('with ADMIN_TOKEN, the API answers nobody else; metrics and probes stay open', async () => {
    const token = 'admin-token-of-a-test-0123456789';
    const guarded = opened.keep(await startFacade({ direct: direct.url, env: { ADMIN_TOKEN: token } }));
    const status = (path: string, sent: Record<string, string> = {}) =>
      fetch(guarded.adminUrl + path, { headers: sent }).then((res) => res.status);
    for (const path of ['/api/routes', '/api/config', '/api/discovery', '/api/kill-switch']) {
      expect(await status(path)).toBe(401);
      expect(await status(path, { authorization: `Bearer ${token}x` })).toBe(401);
      expect(await status(path, headers)).toBe(401);
      expect(await status(path, { authorization: `Bearer ${token}` })).toBe(200);
    }
    for (const path of ['/metrics', '/healthz', '/readyz']) expect(await status(path)).toBe(200);
  });
});
