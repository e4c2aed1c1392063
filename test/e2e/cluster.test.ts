import { readFileSync } from 'node:fs';
import { Agent, request, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import type { Document } from 'yaml';
import { FACADE_TOKEN, readMetric, setRoute } from './kit/facade.ts';
import { inBatches, Opened, tally } from './kit/load.ts';
import { startProcess } from './kit/process.ts';
import { startUpstream, until } from './kit/upstream.ts';

/** WORKERS=2: one facade from outside, two processes inside. */

const opened = new Opened();
afterEach(opened.closeAll);
const authorization = `Bearer ${FACADE_TOKEN}`;

type Behaviour = (res: ServerResponse, url: string) => void;

async function started(edit: (config: Document) => void = () => undefined, env: Record<string, string> = {}) {
  const behave: { direct: Behaviour; gateway: Behaviour } = {
    direct: (res) => res.writeHead(200).end('{"from":"direct"}'),
    gateway: (res) => res.writeHead(200).end('{"from":"gateway"}'),
  };
  const direct = opened.keep(await startUpstream(({ url }, res) => behave.direct(res, url)));
  const gateway = opened.keep(await startUpstream(({ url }, res) => behave.gateway(res, url)));
  const facade = opened.keep(
    startProcess({
      env: { C2S_BASE_URL: direct.url, C2S_GATEWAY_URL: gateway.url, LOG_LEVEL: 'info', WORKERS: '2', ...env },
      edit,
    }),
  );
  const { url, adminUrl } = await facade.ready();
  const admin = async (path: string, method = 'GET', body?: object) => {
    const headers = { 'x-c2s-admin': '1', 'content-type': 'application/json' };
    const res = await fetch(`${adminUrl}${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    return { status: res.status, text: await res.text() };
  };
  const metrics = async () => (await admin('/metrics')).text;
  const metric = async (line: string | RegExp) => readMetric(await metrics(), line);
  return { behave, direct, gateway, facade, url, adminUrl, admin, metrics, metric, callers: callersOf(url) };
}

interface Answer {
  readonly status: number;
  readonly path: string | undefined;
  readonly outcome: string | undefined;
}

/** Two connections, which the primary deals to the two workers in turn; what is asked on one is served by one. */
function callersOf(url: string) {
  const agents = [0, 1].map(() => new Agent({ keepAlive: true, maxSockets: 1 }));
  opened.keep({ close: () => agents.forEach((agent) => agent.destroy()) });
  return agents.map((agent) => (path = '/leads/42') => {
    return new Promise<Answer>((resolve, reject) => {
      const req = request(`${url}${path}`, { agent, headers: { authorization } }, (res) => {
        const { 'x-facade-path': served, 'x-facade-outcome': outcome } = res.headers;
        const answer = { status: res.statusCode ?? 0, path: served?.toString(), outcome: outcome?.toString() };
        res.resume().on('end', () => resolve(answer));
        res.on('error', reject);
      });
      req.on('error', reject).end();
    });
  });
}

/** By what each told of itself when it was greeted: the primary logs no pids of the living. */
async function pidsOf(pid: number): Promise<number[]> {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim();
  return children === '' ? [] : children.split(' ').map(Number);
}

const REQUESTS = /^facade_requests_total\{.*route="leads\.get"/;

test('both serve, and one page tells of both: sums, and one table in service', async () => {
  const { callers, metrics, admin } = await started();
  for (const call of callers) for (let i = 0; i < 10; i++) expect(await call()).toMatchObject({ status: 200 });
  const text = await metrics();
  expect(readMetric(text, REQUESTS)).toBe(20);
  expect(readMetric(text, /^facade_request_duration_seconds_count\{.*route="leads\.get"/)).toBe(20);
  expect(readMetric(text, /^facade_config_info\{/)).toBe(1);
  expect(readMetric(text, 'facade_workers{state="ready"}')).toBe(2);
  expect(readMetric(text, 'facade_connections')).toBe(2);
  // Every series once.
  const names = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  expect(new Set(names.map((line) => line.slice(0, line.lastIndexOf(' ')))).size).toBe(names.length);
  expect(JSON.parse((await admin('/readyz')).text)).toEqual({
    ...{ status: 'ready', database: 'none' },
    workers: { ready: 2, of: 2 },
  });
  expect((await admin('/api/routes')).status).toBe(200);
});

describe('what one is told, both do', () => {
  test('a flip by the API, and an edit of the file', async () => {
    const { callers, admin } = await started();
    const serve = (path: string) =>
      until(async () => (await Promise.all(callers.map((call) => call()))).every((one) => one.path === path), path);
    await serve('direct');
    const flip = { changes: [{ route: 'leads.get', set: { gateway: 100 } }] };
    expect((await admin('/api/flips', 'POST', flip)).status).toBe(200);
    await serve('gateway');
    expect((await admin('/api/rollback', 'POST', {})).status).toBe(200);
    await serve('direct');
    // One flip and one rollback: the other one saw the file change, and wrote no history of its own.
    expect((JSON.parse((await admin('/api/history')).text) as { flips: object[] }).flips).toHaveLength(2);
  });

  test('the kill switch, also of a worker that comes later', async () => {
    const { callers, admin, facade, metric } = await started((config) =>
      setRoute(config, 'leads.get', ['rollout', 'gateway'], 100),
    );
    for (const call of callers) expect(await call()).toMatchObject({ path: 'gateway' });
    await admin('/api/kill-switch', 'PUT', { why: 'test' });
    const direct = async () =>
      (await Promise.all(callers.map((call) => call()))).every(({ path }) => path === 'direct');
    await until(direct, 'both are direct');
    for (const pid of await pidsOf(facade.child.pid as number)) process.kill(pid, 'SIGKILL');
    await until(async () => (await metric('facade_workers{state="ready"}')) === 2, 'both are replaced', 10_000);
    await until(() => direct().catch(() => false), 'the new ones know it');
  });

  test('a breaker: open in one it refuses in both, and one probe closes it in both', async () => {
    const { behave, gateway, callers, metric } = await started((config) => {
      setRoute(config, 'leads.get', ['rollout'], { gateway: 100, fallback: 'none', stickyBy: 'leadId' });
      setRoute(config, 'leads.get', ['breaker'], { volumeThreshold: 5, reset: '1s' });
    });
    const [one, other] = callers;
    behave.gateway = (res) => res.writeHead(500, { 'content-type': 'application/json' }).end('{"oops":1}');
    for (let i = 0; i < 5; i++) await one?.();
    const received = gateway.received.length;
    await until(async () => (await other?.())?.outcome === 'facade_breaker_open', 'it refuses in the other', 1_000);
    expect(await one?.()).toMatchObject({ status: 503, outcome: 'facade_breaker_open' });
    expect(await metric('facade_breaker_state{route="leads.get",path="gateway"}')).toBe(2);
    // What the other may have let through before it was told.
    expect(gateway.received.length - received).toBeLessThanOrEqual(2);
    behave.gateway = (res) => res.writeHead(200).end('{}');
    await until(async () => (await one?.())?.status === 200, 'a probe succeeds', 4_000);
    await until(async () => (await other?.())?.status === 200, 'it is closed in the other', 500);
    expect(await metric('facade_breaker_state{route="leads.get",path="gateway"}')).toBe(0);
  });
});

test('a worker that is killed takes only what it had under way, is replaced, and no sum falls', async () => {
  const { behave, callers, facade, metric, url } = await started();
  for (const call of callers) for (let i = 0; i < 5; i++) await call();
  const before = await metric(REQUESTS);
  const held: ServerResponse[] = [];
  behave.direct = (res, path) => (path.includes('held') ? void held.push(res) : void res.writeHead(200).end('{}'));
  const underWay = callers.map((call) => call('/leads/held').catch(() => 'cut' as const));
  await until(() => held.length === 2, 'one is under way in each');
  const [victim] = await pidsOf(facade.child.pid as number);
  process.kill(victim as number, 'SIGKILL');
  // Callers that come meanwhile are served: each with a connection of its own, as it falls.
  const meanwhile = await inBatches(40, 4, async () => {
    const res = await fetch(`${url}/leads/1`, { headers: { authorization, connection: 'close' } });
    await res.text();
    return res.status;
  });
  expect(tally(meanwhile)).toEqual({ 200: 40 });
  expect(await metric(REQUESTS)).toBeGreaterThanOrEqual(before);
  for (const res of held) res.writeHead(200).end('{}');
  const ends = await Promise.all(underWay);
  expect(tally(ends.map((end) => (end === 'cut' ? 'cut' : String(end.status))))).toEqual({ cut: 1, 200: 1 });
  await until(async () => (await metric('facade_workers{state="ready"}')) === 2, 'it is replaced', 10_000);
  expect(await metric('facade_workers_replaced_total')).toBe(1);
  // The survivor's and the dead one's: what was once on a page stays.
  expect(await metric(REQUESTS)).toBeGreaterThanOrEqual(before + 40 + 1);
});

test('SIGTERM drains both, and the exit code says that nothing was cut', async () => {
  const held: ServerResponse[] = [];
  const { behave, callers, facade, adminUrl } = await started();
  behave.direct = (res) => void held.push(res);
  const underWay = callers.map((call) => call());
  await until(() => held.length === 2, 'one is under way in each');
  facade.child.kill('SIGTERM');
  await until(async () => (await fetch(`${adminUrl}/readyz`)).status === 503, 'it says that it is leaving');
  for (const res of held) res.writeHead(200).end('{}');
  expect((await Promise.all(underWay)).map(({ status }) => status)).toEqual([200, 200]);
  expect(await facade.exited()).toBe(0);
  expect(facade.stderr()).toBe('');
});

test('a config that is refused is told once, and the primary exits with 1', async () => {
  const direct = opened.keep(await startUpstream((_, res) => res.end()));
  const facade = opened.keep(
    startProcess({ env: { C2S_BASE_URL: direct.url, WORKERS: '2', LOG_LEVEL: 'info' }, text: 'routes: 1\n' }),
  );
  expect(await facade.exited()).toBe(1);
  expect(facade.stderr().match(/The config was refused/g)).toHaveLength(1);
});
