import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import fastify from 'fastify';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ConfigRefused, createFacade, type Facade, type FacadeOptions } from '../../src/index.ts';
import { startUpstream, until, type TestUpstream } from './kit/upstream.ts';

/** The facade inside somebody else's server: node:http, Express, Fastify. */

const C2S_TOKEN = 'test-c2s-token-of-contact2sale';
const AUTH = { authorization: `Bearer ${C2S_TOKEN}` };
const LEAD = '/integration/leads/0123456789abcdef0123456789abcdef';
type Table = { routes: { id: string; rollout: { gateway: number } }[] };

let direct: TestUpstream;
let gateway: TestUpstream;
const closers: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  direct = await startUpstream((asked, res) => {
    res.setHeader('set-cookie', ['a=1', 'b=2']);
    res.end(JSON.stringify({ by: 'direct', got: asked.body }));
  });
  gateway = await startUpstream((asked, res) => {
    res.setHeader('content-type', 'application/json');
    res.end(JSON.stringify({ by: 'gateway', got: asked.body }));
  });
  closers.push(
    () => direct.close(),
    () => gateway.close(),
  );
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function shippedTable(): Table {
  return parse(readFileSync('config/facade.yaml', 'utf8')) as Table;
}

async function openFacade(more: Partial<FacadeOptions> = {}): Promise<Facade> {
  const facade = await createFacade({
    config: shippedTable(),
    log: () => undefined,
    ...more,
    environment: environment(more.environment),
  });
  closers.push(() => facade.close());
  return facade;
}

function environment(more: FacadeOptions['environment'] = {}) {
  return { C2S_BASE_URL: direct.url, C2S_GATEWAY_URL: gateway.url, C2S_TOKEN, ...more };
}

function listening(server: Server): Promise<string> {
  closers.push(
    () =>
      new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  );
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}

const hosted = (handle: RequestListener): Promise<string> => listening(createServer(handle));

/** Everything that a facade owes its caller, whoever's server it is in. */
async function serves(url: string): Promise<void> {
  const read = await fetch(url + LEAD, { headers: AUTH });
  expect(read.status).toBe(200);
  expect(read.headers.get('x-facade-path')).toBe('direct');
  expect(read.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  const large = 'á'.repeat(400_000);
  const write = await fetch(`${url + LEAD}/create_message`, {
    method: 'POST',
    headers: { ...AUTH, 'content-type': 'application/json' },
    body: JSON.stringify({ body: large }),
  });
  expect(((await write.json()) as { got: string }).got).toBe(JSON.stringify({ body: large }));
  const unclaimed = await fetch(`${url}/integration/unheard-of?x=%2F`, { method: 'DELETE' });
  expect(unclaimed.headers.get('x-facade-path')).toBe('passthrough');
  expect(direct.received.map(({ method, url: target }) => `${method} ${target}`)).toEqual([
    `GET ${LEAD}`,
    `POST ${LEAD}/create_message`,
    'DELETE /integration/unheard-of?x=%2F',
  ]);
}

describe('in a node:http server', () => {
  test('it serves what it serves on its own', async () => {
    const { handle } = await openFacade();
    await serves(await hosted(handle));
  });

  test('a WebSocket passes through, and what only offers an upgrade is a request', async () => {
    const facade = await openFacade();
    const server = createServer({ shouldUpgradeCallback: facade.isUpgrade }, facade.handle);
    server.on('upgrade', facade.upgrade);
    const url = await listening(server);
    const answered = await rawAnswer(
      url,
      `GET ${LEAD} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n`,
    );
    expect(answered).toMatch(/^HTTP\/1\.1 200 [\s\S]*x-facade-route: leads\.get/);
    // The stand-in grants no upgrade: its answer comes back by the way of upgrades.
    const refused = await rawAnswer(
      url,
      'GET /cable HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
    );
    expect(refused).toMatch(/^HTTP\/1\.1 200 [\s\S]*x-facade-path: passthrough/);
  });

  test('where the host lets node take every upgrade, one that is not ours is refused in words', async () => {
    const facade = await openFacade();
    const server = createServer(facade.handle).on('upgrade', facade.upgrade);
    const url = await listening(server);
    const answered = await rawAnswer(
      url,
      `GET ${LEAD} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n`,
    );
    expect(answered).toMatch(/^HTTP\/1\.1 501 [\s\S]*urn:c2s-facade:upgrade-not-taken/);
  });

  test('a WebSocket that its host hands on when the caller has left is asked of nobody', async () => {
    const facade = await openFacade();
    const server = createServer({ shouldUpgradeCallback: facade.isUpgrade }, facade.handle);
    const handedOn = new Promise<void>((resolve) => {
      server.on('upgrade', (req, socket, head) => {
        socket.destroy().once('close', () => {
          facade.upgrade(req, socket, head);
          resolve();
        });
      });
    });
    const url = await listening(server);
    await rawAnswer(url, 'GET /cable HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n');
    await handedOn;
    await serves(url);
  });

  test('an unknown transfer coding is refused as on the own listener', async () => {
    const { handle } = await openFacade();
    const url = await hosted(handle);
    const answered = await rawAnswer(
      url,
      `POST ${LEAD}/create_message HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    );
    expect(answered).toMatch(/^HTTP\/1\.1 501 /);
    expect(direct.received).toEqual([]);
  });
});

describe('in Express', () => {
  test('below own routes and above the body parser', async () => {
    const facade = await openFacade();
    const app = express();
    app.get('/own', (_req, res) => void res.send('ours'));
    app.use(facade.handle);
    app.use(express.json());
    const url = await hosted(app);
    expect(await (await fetch(`${url}/own`)).text()).toBe('ours');
    await serves(url);
  });

  test('under a parser that did not want the body, nothing is lost', async () => {
    const facade = await openFacade();
    const app = express();
    app.use(express.urlencoded());
    app.use(facade.handle);
    await serves(await hosted(app));
  });

  test.each([
    ['a parser', express.json()],
    [
      'somebody who only listens',
      ((req, _res, next) => {
        req.on('data', () => undefined);
        next();
      }) satisfies express.RequestHandler,
    ],
  ])('%s before it is a clear error, and nothing is sent anywhere', async (_name, middleware) => {
    const lines: string[] = [];
    const facade = await openFacade({ log: (line) => lines.push(line) });
    const app = express();
    app.use(middleware);
    app.use(facade.handle);
    const url = await hosted(app);
    const res = await fetch(`${url + LEAD}/create_message`, {
      method: 'POST',
      headers: { ...AUTH, 'content-type': 'application/json' },
      body: '{"body":"Bom dia"}',
    });
    expect(res.status).toBe(500);
    expect(await res.json()).toMatchObject({
      type: 'urn:c2s-facade:body-consumed',
      detail: expect.stringContaining('Nothing was sent') as string,
    });
    expect(direct.received).toEqual([]);
    expect(lines.join('')).toContain('mount the facade above every body parser');
    // A request without a body has none to lose.
    expect((await fetch(url + LEAD, { headers: AUTH })).status).toBe(200);
  });
});

test('close() serves on for server.drainDelay, and says 503 to health checks', async () => {
  const config = { ...shippedTable(), server: { drainDelay: '2s' } };
  const facade = await openFacade({ config });
  const url = await hosted(facade.handle);
  expect((await fetch(`${url}/health`)).status).toBe(200);
  const beganAt = performance.now();
  const closed = facade.close();
  expect((await fetch(`${url}/health`)).status).toBe(503);
  const answer = await fetch(url + LEAD, { headers: AUTH });
  expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close']);
  await answer.arrayBuffer();
  await closed;
  expect(performance.now() - beganAt).toBeGreaterThan(1_990);
});

test('a host’s log that throws costs the line, not the request, and is counted', async () => {
  const facade = await openFacade({
    log: () => {
      throw new Error('the host’s log is broken');
    },
  });
  const [url, adminUrl] = [await hosted(facade.handle), await hosted(facade.admin)];
  await serves(url);
  const metrics = await (await fetch(`${adminUrl}/metrics`)).text();
  expect(Number(/^facade_log_dropped_total (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThan(0);
});

test('in Fastify, in a scope without its body parsers', async () => {
  const facade = await openFacade();
  const app = fastify();
  closers.push(() => app.close());
  app.post('/own', (request) => ({ parsed: request.body }));
  await app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null));
    scope.all('/*', (incoming, reply) => {
      reply.hijack();
      facade.handle(incoming.raw, reply.raw);
    });
    done();
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const own = await fetch(`${url}/own`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"a":1}',
  });
  expect(await own.json()).toEqual({ parsed: { a: 1 } });
  await serves(url);
});

describe('the table', () => {
  test('as a file is watched; as an object it is flipped by the admin API', async () => {
    const facade = await openFacade({ environment: { ADMIN_TOKEN: 'a-token-for-operators' } });
    const [url, adminUrl] = [await hosted(facade.handle), await hosted(facade.admin)];
    const flip = (headers: Record<string, string>) =>
      fetch(`${adminUrl}/api/flips`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({
          changes: [{ route: 'leads.get', set: { gateway: 100 } }],
          who: 'ana',
          why: 'a test',
          force: true,
        }),
      });
    expect((await flip({})).status).toBe(401);
    const flipped = await flip({ authorization: 'Bearer a-token-for-operators' });
    expect(flipped.status, await flipped.text()).toBe(200);
    const res = await fetch(url + LEAD, { headers: AUTH });
    expect(res.headers.get('x-facade-path')).toBe('gateway');
    expect(await (await fetch(`${adminUrl}/metrics`)).text()).toContain(
      'facade_requests_total{route="leads.get",path="gateway"',
    );
  });

  test('without ADMIN_TOKEN the API is shut, on loopback too', async () => {
    const facade = await openFacade();
    const adminUrl = await hosted(facade.admin);
    expect((await fetch(`${adminUrl}/api/routes`, { headers: { 'x-c2s-admin': '1' } })).status).toBe(401);
    expect((await fetch(`${adminUrl}/readyz`)).status).toBe(200);
  });

  test('reloads', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'c2s-embed-'));
    closers.push(async () => rmSync(dir, { recursive: true }));
    const file = join(dir, 'facade.yaml');
    writeFileSync(file, readFileSync('config/facade.yaml', 'utf8'));
    const facade = await openFacade({ config: file });
    const url = await hosted(facade.handle);
    const table = shippedTable();
    for (const { id, rollout } of table.routes) if (id === 'leads.get') rollout.gateway = 100;
    writeFileSync(file, JSON.stringify(table));
    await facade.reload();
    expect((await fetch(url + LEAD, { headers: AUTH })).headers.get('x-facade-path')).toBe('gateway');
  });

  test('that is wrong is refused with every problem, and so is an incomplete environment', async () => {
    const table = { ...shippedTable(), unheardOf: 1, failover: { budget: 7 } };
    const refused = await createFacade({ config: table, environment: environment() }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ConfigRefused);
    expect(String(refused)).toMatch(/unheardOf[\s\S]*budget|budget[\s\S]*unheardOf/);
    const incomplete = createFacade({ config: shippedTable(), environment: environment({ C2S_TOKEN: '' }) });
    await expect(incomplete).rejects.toThrow(/C2S_TOKEN: is required/);
    await expect(createFacade({ config: 'nowhere.yaml', environment: environment() })).rejects.toThrow(/nowhere\.yaml/);
  });
});

describe('the end', () => {
  test('what is under way is finished, and what was made for it is gone; a second end is the first', async () => {
    let answer: (() => void) | undefined;
    await direct.close();
    const slow = await startUpstream((_asked, res) => (answer = () => res.end('late')));
    closers.push(() => slow.close());
    const before = new Set(tables());
    const facade = await createFacade({
      config: shippedTable(),
      log: () => undefined,
      environment: environment({ C2S_BASE_URL: slow.url }),
    });
    const url = await hosted(facade.handle);
    const made = tables().filter((name) => !before.has(name));
    expect(made).toHaveLength(1);
    const answered = fetch(url + LEAD, { headers: AUTH });
    await until(() => answer !== undefined, 'the request is under way');
    let isClosed = false;
    const closed = facade.close().then(() => (isClosed = true));
    const health = await fetch(`${url}/health`);
    expect([health.status, isClosed]).toEqual([503, false]);
    answer?.();
    expect(await (await answered).text()).toBe('late');
    await closed;
    await facade.close();
    expect(existsSync(join(tmpdir(), made[0] ?? ''))).toBe(false);
  });

  function tables(): string[] {
    return readdirSync(tmpdir()).filter((name) => name.startsWith('c2s-facade-table-'));
  }
});

function rawAnswer(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.write(text));
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString();
      if (answer.includes('\r\n\r\n')) socket.destroy();
    });
    socket.on('close', () => resolve(answer)).on('error', reject);
  });
}
