import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import supertest from 'supertest';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { wire } from '../compose/kit.ts';
import { configText, GET_LEAD, GATEWAY_URL, SOURCE } from '../forward/table-fixture.ts';

const ROUTES = [SOURCE, GET_LEAD];
const TEXT = configText({ routes: ROUTES });

/** The facade from its parts, without the listeners; its monotonic clock stands at 1 s. */
async function setUp({ adminToken }: { adminToken?: string } = {}) {
  const killSwitchFile = join(dir, 'kill');
  const tokens = { facadeTokens: ['secret-facade'], gatewayToken: 'secret-gateway' };
  const wired = await wire(configText({ routes: ROUTES, server: { killSwitchFile } }), {
    environment: { ...tokens, adminToken },
    now: () => 1_000,
  });
  close = () => wired.close();
  const { runtime, listeners, write, configFile } = wired;
  const { dataPlane, metrics, killSwitch } = runtime;
  return { api: supertest(listeners.admin), dataPlane, metrics, killSwitch, killSwitchFile, write, configFile };
}

let dir: string;
let close: (() => Promise<void>) | undefined;
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), 'admin-'))));
afterEach(async () => {
  await close?.();
  close = undefined;
  rmSync(dir, { recursive: true, force: true });
});

describe('metrics and probes', () => {
  test('are open, also where an admin token is set and the name is another', async () => {
    const { api } = await setUp({ adminToken: 'admin-token' });
    for (const path of ['/metrics', '/healthz', '/readyz']) {
      expect([path, (await api.get(path).set('host', 'pod.example')).status]).toEqual([path, 200]);
    }
  });

  test('/metrics is the text format of Prometheus, with the routes of the table', async () => {
    const { api } = await setUp();
    const res = await api.get('/metrics');
    expect(res.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(res.text).toContain('facade_rollout_gateway_ratio{route="leads.get"} 0.25');
    expect(res.text).toContain('facade_inflight{upstream="gateway"} 0');
    expect(res.text).toMatch(/facade_config_info\{digest="[0-9a-f]{12}"\} 1/);
  });

  test('/readyz says 503 while draining, and /healthz goes on saying that the process is well', async () => {
    const { api, dataPlane } = await setUp();
    expect((await api.get('/readyz')).body).toMatchObject({ status: 'ready' });
    dataPlane.drain();
    const res = await api.get('/readyz');
    expect(res.status).toBe(503);
    expect(res.body).toMatchObject({ status: 'draining' });
    expect((await api.get('/healthz')).status).toBe(200);
  });

  test('what is not there is 404, and says nothing of the server', async () => {
    const { api } = await setUp();
    const res = await api.get('/nothing');
    expect(res.status).toBe(404);
    expect(res.headers).not.toHaveProperty('x-powered-by');
  });
});

describe('/api', () => {
  test.each(['/api/routes', '/api/config', '/api/discovery', '/api/kill-switch', '/api/nothing'])(
    '%s is guarded: by the token where one is set, by the name where none is',
    async (path) => {
      const { api } = await setUp();
      expect((await api.get(path).set('host', 'evil.example')).status).toBe(403);
      await close?.();
      const withToken = (await setUp({ adminToken: 'admin-token' })).api;
      expect((await withToken.get(path)).status).toBe(401);
      const status = (await withToken.get(path).set('authorization', 'Bearer admin-token')).status;
      expect(status).toBe(path === '/api/nothing' ? 404 : 200);
    },
  );

  test('/api/routes shows the table as it serves, with stage, breaker and last minute of each path', async () => {
    const { api, dataPlane } = await setUp();
    const leadsGet = dataPlane.snapshot.entries[1]!;
    leadsGet.state.breaker('gateway')?.open();
    leadsGet.state.recorder.request('gateway', 'GET', 200, 'ok', 1_000, 10);
    leadsGet.state.recorder.attempt('gateway', 'upstream_connect', 1_000, 5, 'known');
    leadsGet.state.recorder.failover('upstream_connect', 1_000);
    const { body } = (await api.get('/api/routes')) as { body: { routes: unknown[] } };
    expect(body).toMatchObject({ digest: dataPlane.snapshot.digest, killSwitch: false });
    const lastHour = { requests: 0, failures: 0, attempts: 0, failedAttempts: 0, failovers: 0 };
    const failing = { requests: 1, attempts: 1, failedAttempts: 1, failovers: 1 };
    const lastMinute = { ...lastHour, p50: null, p95: null, p99: null };
    expect(body.routes).toEqual([
      {
        id: 'leads.resolveSource',
        stage: 'retired',
        safety: 'safe',
        autopilot: null,
        rollout: { gateway: 100, shadow: 0, stickyBy: 'caller', fallback: 'none' },
        deadlines: { connect: 3_000, firstByte: 20_000, idle: 15_000, total: 25_000 },
        lastHourShare: null,
        paths: { gateway: { endpoints: ['GET /leads/resolve-source'], breaker: 'closed', lastMinute, lastHour } },
      },
      {
        id: 'leads.get',
        stage: 'canary',
        safety: 'safe',
        autopilot: null,
        rollout: { gateway: 25, shadow: 10, stickyBy: 'leadId', fallback: 'direct' },
        deadlines: { connect: 3_000, firstByte: 20_000, idle: 15_000, total: 25_000 },
        paths: {
          direct: { endpoints: ['GET /integration/leads/:leadId'], breaker: 'closed', lastMinute, lastHour },
          gateway: {
            endpoints: ['GET /leads/:leadId'],
            breaker: 'open',
            lastMinute: { ...lastMinute, ...failing, p50: 9.7, p95: 9.7, p99: 9.7 },
            lastHour: { ...lastHour, ...failing },
          },
        },
        lastHourShare: 100,
        trouble: { text: 'gateway: 1 of 1 attempts failed, direct answered all', isDown: true },
      },
    ]);
  });

  test('nothing of it shows a token or the address of an upstream', async () => {
    const { api } = await setUp();
    for (const path of ['/api/routes', '/api/config', '/api/discovery', '/api/kill-switch']) {
      const { text } = await api.get(path);
      expect(text).not.toMatch(/secret-/);
      expect(text).not.toContain(new URL(GATEWAY_URL).host);
    }
  });

  test('/api/config shows what serves, and after a bad file every reason why it was refused', async () => {
    const { api, write, dataPlane, configFile } = await setUp();
    const { digest } = dataPlane.snapshot;
    const before = (await api.get('/api/config')).body as object;
    expect(before).toMatchObject({ file: configFile, digest, gateway: 'configured' });
    expect(before).not.toHaveProperty('lastError');
    write(TEXT.replace('"fallback": "direct"', '"fallbak": "direct"').replace('"gateway": 25', '"gateway": 250'));
    const refused = await api.post('/api/config/reload').set('x-c2s-admin', '1');
    expect(refused.body).toMatchObject({ digest, lastError: { at: expect.any(String) as string } });
    const { problems } = (
      refused.body as { lastError: { problems: { line: number; message: string; remedy: string }[] } }
    ).lastError;
    expect(problems.length).toBeGreaterThanOrEqual(2);
    expect(problems.every(({ line, message }) => line > 0 && message !== '')).toBe(true);
    expect(dataPlane.snapshot.digest).toBe(digest);
  });

  test('a good file after a bad one serves, and the error is gone', async () => {
    const { api, write, dataPlane } = await setUp();
    write('routes: [');
    await api.post('/api/config/reload').set('x-c2s-admin', '1');
    write(configText({ routes: [GET_LEAD], gateway: { url: '' } }));
    const { body } = (await api.post('/api/config/reload').set('x-c2s-admin', '1')) as { body: object };
    expect(body).toMatchObject({ gateway: 'not configured: every route is direct' });
    expect(body).not.toHaveProperty('lastError');
    expect(dataPlane.snapshot.entries).toHaveLength(1);
  });

  test('a reload is a change, and needs the header of one', async () => {
    expect((await (await setUp()).api.post('/api/config/reload')).status).toBe(403);
  });

  test('/api/discovery lists what no route claims', async () => {
    const { api, dataPlane } = await setUp();
    dataPlane.discovery.observe('GET', '/integration/old/42', Date.UTC(2026, 0, 2), 'known');
    expect((await api.get('/api/discovery')).body).toEqual({
      unclaimed: [{ method: 'GET', template: '/integration/old/:id', count: 1, lastSeen: '2026-01-02T00:00:00.000Z' }],
    });
  });
});

describe('the kill switch', () => {
  test('is put and deleted, acts at once, and shows in the metrics', async () => {
    const { api, dataPlane, metrics } = await setUp();
    const metric = () => metrics.registry.getSingleMetricAsString('facade_kill_switch');
    expect((await api.get('/api/kill-switch')).body).toEqual({ on: false, by: [] });
    const on = await api.put('/api/kill-switch').set('x-c2s-admin', '1');
    expect(on.body).toEqual({ on: true, by: ['admin'], recorded: true, kept: expect.any(String) as string });
    expect([dataPlane.killed, (await api.get('/api/routes')).body]).toMatchObject([true, { killSwitch: true }]);
    expect(await metric()).toMatch(/facade_kill_switch 1$/m);
    const off = await api.delete('/api/kill-switch').set('x-c2s-admin', '1');
    expect(off.body).toEqual({ on: false, by: [], recorded: true, kept: expect.any(String) as string });
    expect(dataPlane.killed).toBe(false);
    expect(await metric()).toMatch(/facade_kill_switch 0$/m);
  });

  test('is not switched without the header', async () => {
    const { api, dataPlane } = await setUp();
    expect((await api.put('/api/kill-switch')).status).toBe(403);
    expect(dataPlane.killed).toBe(false);
  });

  test('that a file holds on stays on when the admin lets go, and says who holds it', async () => {
    const { api, dataPlane, killSwitch, killSwitchFile } = await setUp();
    writeFileSync(killSwitchFile, '');
    killSwitch.look();
    const res = await api.delete('/api/kill-switch').set('x-c2s-admin', '1');
    expect(res.body).toEqual({
      ...{ on: true, by: ['file'], file: killSwitchFile },
      ...{ recorded: true, kept: expect.any(String) as string },
    });
    expect(dataPlane.killed).toBe(true);
  });
});
