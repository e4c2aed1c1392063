import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FACADE_TOKEN, readMetric, setRoute } from './kit/facade.ts';
import { inBatches, Opened, tally } from './kit/load.ts';
import { startProcess, type FacadeProcess } from './kit/process.ts';
import { startRawUpstream, startUpstream, until, type TestUpstream } from './kit/upstream.ts';
import { agentsOfWorkers, workersOf } from './kit/workers.ts';

/** WORKERS=2: one facade from outside, two processes inside. The tests share it, and the last one stops it. */

const opened = new Opened();
const authorization = `Bearer ${FACADE_TOKEN}`;
const ok = (res: ServerResponse): void => void res.writeHead(200).end('{}');
const behave: Record<'direct' | 'gateway', (res: ServerResponse, url: string) => void> = { direct: ok, gateway: ok };

let facade: FacadeProcess;
let gateway: TestUpstream;
let at: { readonly url: string; readonly adminUrl: string };
beforeAll(async () => {
  const direct = opened.keep(await startUpstream(({ url }, res) => behave.direct(res, url)));
  gateway = opened.keep(await startUpstream(({ url }, res) => behave.gateway(res, url)));
  const env = { C2S_BASE_URL: direct.url, C2S_GATEWAY_URL: gateway.url, LOG_LEVEL: 'info', WORKERS: '2' };
  const edit: Parameters<typeof startProcess>[0]['edit'] = (config) => {
    setRoute(config, 'leads.get', ['rollout'], { gateway: 0, fallback: 'none', stickyBy: 'leadId' });
    setRoute(config, 'leads.get', ['breaker'], { volumeThreshold: 5, reset: '1s', rampStep: '100ms' });
  };
  facade = opened.keep(startProcess({ env, edit }));
  at = await facade.ready();
}, 90_000);
afterAll(opened.closeAll);

const admin = async (path: string, method = 'GET', body?: object) => {
  const headers = { 'x-c2s-admin': '1', 'content-type': 'application/json' };
  const res = await fetch(`${at.adminUrl}${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  return { status: res.status, text: await res.text() };
};
const metric = async (line: string | RegExp) => readMetric((await admin('/metrics')).text, line);

interface Answer {
  readonly status: number;
  readonly path: string | undefined;
  readonly outcome: string | undefined;
  readonly socket: Socket;
}

/** Whatever is asked through one agent goes over one connection, and so to one worker. */
function ask(agent: Agent, path = '/leads/42'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const req = request(`${at.url}${path}`, { agent, headers: { authorization } }, (res) => {
      const { 'x-facade-path': served, 'x-facade-outcome': outcome } = res.headers;
      const { statusCode: status = 0, socket } = res;
      const answer = { status, path: served?.toString(), outcome: outcome?.toString(), socket };
      res.resume().on('end', () => resolve(answer));
      res.on('error', reject);
    });
    req.on('error', reject).end();
  });
}

type Call = (path?: string) => Promise<Answer>;

/** A connection to each of the workers. */
async function callers(): Promise<Map<number, Call>> {
  const agents = await agentsOfWorkers(facade, async (agent) => (await ask(agent)).socket);
  return new Map([...agents].map(([pid, agent]) => [pid, (path) => ask(agent, path)]));
}

const both = async () => [...(await callers()).values()] as [Call, Call];
const served = (calls: readonly Call[], path: string) =>
  until(async () => (await Promise.all(calls.map((call) => call()))).every((one) => one.path === path), path, 2_000);
const REQUESTS = /^facade_requests_total\{.*route="leads\.get"/;

test('both serve, and one page tells of both: sums, and one table in service', async () => {
  const calls = await both();
  const before = await metric(REQUESTS);
  for (const call of calls) for (let i = 0; i < 10; i++) expect(await call()).toMatchObject({ status: 200 });
  const { text } = await admin('/metrics');
  expect(readMetric(text, REQUESTS)).toBe(before + 20);
  expect(readMetric(text, /^facade_request_duration_seconds_count\{.*route="leads\.get"/)).toBe(before + 20);
  expect(readMetric(text, /^facade_config_info\{/)).toBe(1);
  expect(readMetric(text, 'facade_workers{state="ready"}')).toBe(2);
  const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  expect(new Set(series.map((line) => line.slice(0, line.lastIndexOf(' ')))).size).toBe(series.length);
  const ready = { status: 'ready', database: 'none', workers: { ready: 2, of: 2 } };
  expect(JSON.parse((await admin('/readyz')).text)).toMatchObject(ready);
  expect(facade.stdout()).toMatch(/"workers":2,"table":\{"routes":34,.*"msg":"ready: 34 routes: /);
  expect((await admin('/api/routes')).status).toBe(200);
});

describe('what one is told, both do', () => {
  test('a flip and a rollback by the API, of which there is one history', async () => {
    const calls = await both();
    await served(calls, 'direct');
    const flip = { changes: [{ route: 'leads.get', set: { gateway: 100 } }], force: true, why: 'a test' };
    expect((await admin('/api/flips', 'POST', flip)).status).toBe(200);
    await served(calls, 'gateway');
    expect((await admin('/api/rollback', 'POST', {})).status).toBe(200);
    await served(calls, 'direct');
    expect((JSON.parse((await admin('/api/history')).text) as { flips: object[] }).flips).toHaveLength(2);
    await admin('/api/flips', 'POST', flip);
    await served(calls, 'gateway');
  });

  test('a breaker: open in one it refuses in both, and one probe closes it in both', async () => {
    const [one, other] = await both();
    const GAUGE = 'facade_breaker_state{route="leads.get",path="gateway"}';
    behave.gateway = (res) => res.writeHead(500, { 'content-type': 'application/json' }).end('{"oops":1}');
    await until(async () => (await one()).outcome === 'facade_breaker_open', 'it opens');
    const received = gateway.received.length;
    await until(async () => (await other()).outcome === 'facade_breaker_open', 'it refuses in the other', 2_000);
    expect(await metric(GAUGE)).toBe(2);
    expect(gateway.received.length - received).toBeLessThanOrEqual(1);
    behave.gateway = ok;
    await until(async () => (await one()).status === 200, 'a probe succeeds', 4_000);
    await until(async () => (await other()).status === 200, 'it is closed in the other', 2_000);
    expect(await metric(GAUGE)).toBe(0);
  });

  test('the kill switch', async () => {
    const calls = await both();
    await admin('/api/kill-switch', 'PUT', { why: 'test' });
    await served(calls, 'direct');
    expect(await metric('facade_kill_switch')).toBe(1);
  });
});

test('a worker that is killed takes only what it had under way, no sum falls, and its successor knows what it knew', async () => {
  const found = await callers();
  const held: ServerResponse[] = [];
  behave.direct = (res, path) => (path.includes('held') ? void held.push(res) : ok(res));
  const [victim] = found.keys();
  const underWay = [...found.values()].map((call) =>
    call('/leads/held').then(
      ({ status }) => status,
      () => 'cut',
    ),
  );
  await until(() => held.length === 2, 'one is under way in each');
  const before = await metric(REQUESTS);
  process.kill(victim as number, 'SIGKILL');
  // Callers that come meanwhile are served, each on a connection of its own.
  const meanwhile = await inBatches(60, 4, async () => {
    const agent = new Agent();
    const { status } = await ask(agent);
    agent.destroy();
    return status;
  });
  expect(tally(meanwhile)).toEqual({ 200: 60 });
  expect(await metric(REQUESTS)).toBeGreaterThanOrEqual(before + 60);
  for (const res of held) ok(res);
  expect(tally(await Promise.all(underWay))).toEqual({ cut: 1, 200: 1 });
  await until(async () => (await metric('facade_workers{state="ready"}')) === 2, 'it is replaced', 10_000);
  expect(await metric('facade_workers_replaced_total')).toBe(1);
  expect(await metric(REQUESTS)).toBeGreaterThanOrEqual(before + 60 + 1);
  expect(workersOf(facade)).not.toContain(victim);
  // The table says gateway; the switch is still on.
  await served(await both(), 'direct');
});

test('SIGTERM drains both, and the exit code says that nothing was cut', async () => {
  const held: ServerResponse[] = [];
  const calls = await both();
  behave.direct = (res) => void held.push(res);
  const underWay = calls.map((call) => call());
  await until(() => held.length === 2, 'one is under way in each');
  facade.child.kill('SIGTERM');
  await until(async () => (await admin('/readyz')).status === 503, 'it says that it is leaving');
  for (const res of held) ok(res);
  expect((await Promise.all(underWay)).map(({ status }) => status)).toEqual([200, 200]);
  expect(await facade.exited()).toBe(0);
  expect(facade.stderr()).toBe('');
});

test('a config that is refused is told once, and the primary exits with 1', async () => {
  const env = { C2S_BASE_URL: 'http://127.0.0.1:1', WORKERS: '2' };
  const refused = opened.keep(startProcess({ env, text: 'routes: 1\n' }));
  expect(await refused.exited()).toBe(1);
  expect(refused.stderr().match(/The config was refused/g)).toHaveLength(1);
});

describe('once the file or .env became unusable', () => {
  const BROKEN: Readonly<Record<string, (one: FacadeProcess) => void>> = {
    'a table that is refused': ({ configFile }) => writeFileSync(configFile, 'routes: 1\n'),
    'a FIFO as the table': ({ configFile }) => {
      rmSync(configFile);
      execFileSync('mkfifo', [configFile]);
    },
    'an address that left .env, and a wrong port in it': ({ dir }) =>
      writeFileSync(join(dir, '.env'), 'ADMIN_PORT=none\n'),
  };
  test.each(Object.entries(BROKEN))(
    '%s: workers that are replaced serve the last good table, and tell what is wrong',
    async (_, breakIt) => {
      const direct = opened.keep(await startUpstream((_req, res) => ok(res)));
      // The system would choose another port for the next ones.
      const reserved = await startRawUpstream((socket) => socket.destroy());
      await reserved.close();
      const env = { C2S_BASE_URL: undefined, LOG_LEVEL: 'info', WORKERS: '2', PORT: String(reserved.port) };
      facade = opened.keep(startProcess({ env, files: { '.env': `C2S_BASE_URL=${direct.url}\n` } }));
      at = await facade.ready();
      const wrong = async () => {
        const { status, text } = await admin('/api/config');
        return status === 200 && (JSON.parse(text) as { lastError?: object }).lastError !== undefined;
      };
      await until(() => workersOf(facade).length === 2, 'both are there', 20_000);
      expect(await wrong()).toBe(false);
      breakIt(facade);
      await until(wrong, 'it is told', 10_000);
      const before = workersOf(facade);
      for (const pid of before) process.kill(pid, 'SIGKILL');
      const isForked = () =>
        workersOf(facade).length === 2 && workersOf(facade).every((pid) => !before.includes(pid) && pid > 0);
      const isReady = async () => (await admin('/readyz')).text.includes('"ready":2');
      // In this order: the primary may not know yet that the old ones are dead.
      await until(async () => isForked() && (await isReady()), 'others serve', 40_000);
      // A busy machine sheds load right after a start.
      const isServed = async () => (await ask(new Agent())).path === 'direct';
      for (let i = 0; i < 4; i++) await until(isServed, 'callers are served', 10_000);
      await until(wrong, 'the next one tells it too', 5_000);
      expect(await metric('facade_config_last_reload_success')).toBe(0);
      expect(facade.stderr()).toBe('');
      facade.child.kill('SIGTERM');
      expect(await facade.exited()).toBe(0);
    },
    90_000,
  );
});

test('while the first worker is replaced another one takes the kill switch, and its successor knows of it', async () => {
  const env = { C2S_BASE_URL: 'http://127.0.0.1:1', WORKERS: '2', LOG_LEVEL: 'info' };
  facade = opened.keep(startProcess({ env }));
  at = await facade.ready();
  await until(async () => (await admin('/readyz')).text.includes('"ready":2'), 'both serve', 40_000);
  const [first = 0] = workersOf(facade);
  process.kill(first, 'SIGKILL');
  // Which of the two has the API is seen by what it answers: nobody else has routes.
  await until(async () => (await admin('/api/routes')).status === 503, 'the API is away', 5_000);
  const isThrown = async () => (await admin('/api/kill-switch', 'PUT', { why: 'test' })).status === 200;
  await until(isThrown, 'the other one takes it', 1_000);
  expect((await admin('/api/routes')).status).toBe(503);
  await until(async () => (await admin('/api/routes')).status === 200, 'the API is back', 20_000);
  await until(async () => (await admin('/api/routes')).text.includes('"killSwitch":true'), 'it knows', 5_000);
  expect((await admin('/api/kill-switch', 'DELETE')).status).toBe(200);
  await until(async () => (await metric('facade_kill_switch')) === 0, 'off in both', 5_000);
}, 60_000);

test('on a Postgres of the primary, what was flipped outlives the worker that made the flip', async () => {
  const env = { C2S_BASE_URL: 'http://127.0.0.1:1', WORKERS: '2', LOG_LEVEL: 'info', DATABASE_URL: undefined };
  const stored = opened.keep(startProcess({ env }));
  facade = stored;
  at = await stored.ready();
  const isOpen = async () => JSON.parse((await admin('/readyz')).text) as { database?: string };
  await until(async () => (await isOpen()).database === 'open', 'the first worker has the store', 10_000);
  const flip = { changes: [{ route: 'leads.get', set: { shadow: 7 } }] };
  const isFlipped = async () => (await admin('/api/flips', 'POST', flip)).status === 200;
  await until(isFlipped, 'the history is there', 5_000);
  expect(readFileSync(stored.configFile, 'utf8')).toMatch(/id: leads\.get\n[^]*?shadow: 7/);
  // Who has the admin API is not to be seen from outside: both, one after the other.
  for (const pid of workersOf(facade)) process.kill(pid, 'SIGKILL');
  await until(async () => (await isOpen()).database === 'open', 'the next first worker has it', 15_000);
  const history = async () => (await admin('/api/history')).text;
  await until(async () => (await history()).includes('"shadow":7'), 'and knows the flip', 5_000);
  expect((JSON.parse(await history()) as { flips: object[] }).flips).toHaveLength(1);
  stored.child.kill('SIGTERM');
  expect(await stored.exited()).toBe(0);
}, 40_000);
