import { request, Agent, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { FACADE_TOKEN } from './kit/facade.ts';
import { inBatches, Opened, tally } from './kit/load.ts';
import { startProcess } from './kit/process.ts';
import { openRaw } from './kit/raw.ts';
import { startRawUpstream, startUpstream, until } from './kit/upstream.ts';

const opened = new Opened();
afterEach(opened.closeAll);

const headers = { authorization: `Bearer ${FACADE_TOKEN}` };
const AT_ONCE = 200;

async function holding(drain = '3s') {
  const held: ServerResponse[] = [];
  const direct = opened.keep(await startUpstream((_, res) => void held.push(res)));
  const facade = opened.keep(
    startProcess({
      env: { C2S_BASE_URL: direct.url, LOG_LEVEL: 'info' },
      edit: (config) => config.setIn(['server', 'drain'], drain),
    }),
  );
  const { url, adminUrl } = await facade.ready();
  const readyz = () =>
    fetch(`${adminUrl}/readyz`).then(
      ({ status }) => status,
      () => 'gone',
    );
  return { held, direct, facade, url, readyz };
}

interface Answer {
  readonly status: number | undefined;
  readonly connection: string | undefined;
  readonly body: string;
}

/** One GET over an agent whose connections are kept. */
function get(url: string, agent: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const req = request(url, { agent, headers }, (res) => {
      let body = '';
      res.on('data', (chunk: Buffer) => (body += chunk.toString()));
      res.on('end', () => resolve({ status: res.statusCode, connection: res.headers.connection, body }));
      res.on('error', reject);
    });
    req.on('error', reject).end();
  });
}

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
  test(`with ${AT_ONCE} requests under way: all of them are answered whole, and the process exits with 0`, async () => {
    const { held, facade, url, readyz } = await holding();
    const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
    expect(await readyz()).toBe(200);
    const all = inBatches(AT_ONCE, AT_ONCE, (i) => get(`${url}/leads/${i}`, agent));
    await until(() => held.length === AT_ONCE, 'all are under way');
    facade.child.kill(signal);
    await until(async () => (await readyz()) === 503, 'it says that it is leaving');
    await expect(fetch(`${url}/health`)).rejects.toThrow();
    expect(facade.child.exitCode).toBeNull();
    // Half of each body now, the other half a little later: what is streaming must not be cut either.
    for (const res of held) res.writeHead(200, { 'content-length': 20 }).write('0123456789');
    await until(async () => (await readyz()) === 503, 'it still waits');
    for (const res of held) res.end('0123456789');
    const answers = await all;
    expect(tally(answers.map(({ connection }) => connection ?? 'none'))).toEqual({ close: AT_ONCE });
    expect(tally(answers.map(({ status, body }) => `${status} ${body}`))).toEqual({
      '200 01234567890123456789': AT_ONCE,
    });
    expect(await facade.exited(3_000)).toBe(0);
    expect(facade.stderr()).toBe('');
    agent.destroy();
  });
});

test('what is owed no answer does not hold the stop: idle kept connections, new ones, and half a request head', async () => {
  const { held, facade, url } = await holding();
  const agent = new Agent({ keepAlive: true });
  opened.keep({ close: () => agent.destroy() });
  const first = get(`${url}/leads/1`, agent);
  await until(() => held.length === 1, 'it arrived');
  held[0]?.writeHead(200).end('{}');
  expect((await first).connection).toBe('keep-alive');
  const [silent, fresh, kept] = [openRaw(url), openRaw(url), openRaw(url)];
  kept.send('GET /health HTTP/1.1\r\nhost: x\r\n\r\n');
  await kept.until(/"ok"/);
  fresh.send('GET /lea');
  kept.send('GET /lea');
  await until(async () => (await fetch(`${url}/health`)).ok, 'the other connections were taken before this one');
  const startedAt = performance.now();
  facade.child.kill('SIGTERM');
  await Promise.all([silent, fresh, kept].map((one) => one.closed(2_500)));
  expect(await facade.exited(2_500)).toBe(0);
  // The drain of this table is 3 s.
  expect(performance.now() - startedAt).toBeLessThan(2_500);
});

test('a kept connection whose answer begins during the drain gets connection: close', async () => {
  const { held, facade, url, readyz } = await holding();
  const callers = ['/leads/1', '/integration/of-no-route'].map((target) => {
    const caller = openRaw(url);
    caller.send(`GET ${target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${FACADE_TOKEN}\r\n\r\n`);
    return caller;
  });
  await until(() => held.length === callers.length, 'they are under way');
  facade.child.kill('SIGTERM');
  await until(async () => (await readyz()) === 503, 'it drains');
  for (const res of held) res.writeHead(200, { 'content-length': 2 }).end('{}');
  for (const caller of callers) {
    const text = await caller.closed(2_500);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text).toMatch(/^connection: close\r$/im);
    expect(text).toMatch(/\r\n\r\n\{\}$/);
  }
  expect(await facade.exited(2_500)).toBe(0);
});

test('what does not end within the drain is cut, and the exit code says so', async () => {
  const { held, facade, url } = await holding('1s');
  const cut = fetch(`${url}/leads/1`, { headers }).catch(() => 'cut');
  await until(() => held.length === 1, 'it is under way');
  const startedAt = performance.now();
  facade.child.kill('SIGTERM');
  expect(await cut).toBe('cut');
  expect(await facade.exited(3_000)).toBe(1);
  expect(performance.now() - startedAt).toBeGreaterThan(900);
  expect(facade.stdout()).toMatch(/"connections":1,"deadlineMs":1000,.*was cut/);
});

const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';
const OFFER =
  'GET /cable HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: eHh4eHh4eHh4eHh4eHh4eA==\r\nSec-WebSocket-Version: 13\r\n\r\n';

describe('an open WebSocket', () => {
  const connected = async (delay: string, answers: (socket: Socket) => void) => {
    const direct = opened.keep(await startRawUpstream((socket) => socket.once('data', () => answers(socket))));
    const facade = opened.keep(
      startProcess({
        env: { C2S_BASE_URL: direct.url, LOG_LEVEL: 'info' },
        edit: (config) => config.setIn(['server', 'drainDelay'], delay),
      }),
    );
    const { url } = await facade.ready();
    const caller = openRaw(url);
    caller.send(OFFER);
    return { facade, caller };
  };

  test.each(['0s', '700ms'])('is closed after a drain delay of %s, and the stop is a clean one', async (delay) => {
    const { facade, caller } = await connected(delay, (socket) => socket.write(`${SWITCH}hello`));
    await caller.until(/hello$/);
    const startedAt = performance.now();
    facade.child.kill('SIGTERM');
    await caller.closed(2_500);
    expect(await facade.exited(2_500)).toBe(0);
    expect(performance.now() - startedAt).toBeGreaterThan(delay === '0s' ? 0 : 690);
    expect(facade.stdout()).toMatch(/"webSockets":1,.*open WebSockets were closed/);
  });

  test('that opens after the delay is closed, too', async () => {
    const asked: Socket[] = [];
    const { facade, caller } = await connected('0s', (socket) => void asked.push(socket));
    await until(() => asked.length === 1, 'it is asked');
    facade.child.kill('SIGTERM');
    await until(() => facade.stdout().includes('"stopping"'), 'it stops');
    asked[0]?.write(`${SWITCH}`);
    expect(await caller.closed(2_500)).toMatch(/^HTTP\/1\.1 101 /);
    expect(await facade.exited(2_500)).toBe(0);
  });
});

test('a second signal ends it at once', async () => {
  const { held, facade, url, readyz } = await holding();
  const cut = fetch(`${url}/leads/1`, { headers }).catch(() => 'cut');
  await until(() => held.length === 1, 'it is under way');
  facade.child.kill('SIGTERM');
  await until(async () => (await readyz()) === 503, 'it drains');
  facade.child.kill('SIGTERM');
  expect(await facade.exited(1_500)).toBe(1);
  expect(await cut).toBe('cut');
});
