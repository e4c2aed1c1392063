import dns from 'node:dns';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { startGateway } from '../../../src/c2s/gateway/index.ts';
import { ShadowLane } from '../../../src/facade/compare/shadow-lane.ts';
import { Upstream } from '../../../src/facade/forward/upstream.ts';
import { startFacade } from '../kit/facade.ts';
import { until } from '../kit/upstream.ts';
import { get, openCaller, put, startWire, WAYS, type Wire, type WireCaller } from '../kit/wire.ts';

/** How long a connection to an upstream serves, and who is not hurt when it ends. */

const body = '{"name":"x"}';
const sized = `content-length: ${body.length}\r\n`;
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const close of closers.splice(0).reverse()) await close();
});

/** Nobody's part of anything matters here. */
const UNSHARED = { knownShare: 0.8, rateBudget: undefined };

describe('after an answer behind which the upstream closes without having said so', () => {
  const ANSWERS = {
    'the 500 text/plain of uvicorn':
      'HTTP/1.1 500 Internal Server Error\r\nserver: uvicorn\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 21\r\n\r\nInternal Server Error',
    'a 503 in chunks': 'HTTP/1.1 503 Service Unavailable\r\ntransfer-encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n',
    'a 408': 'HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n',
    'a 413': 'HTTP/1.1 413 Content Too Large\r\ncontent-length: 2\r\n\r\nno',
  };

  describe.each(WAYS)('on the way $way', (way) => {
    // Whether it is a FIN that the next request crosses, or one that comes a moment before: it is not answered.
    test.each(Object.entries(ANSWERS))('%s: the next write is served, 40 times', async (_, failure) => {
      const wire: Wire = await startWire();
      closers.push(() => wire.close());
      let writes = 0;
      const failed = new WeakSet<Socket>();
      wire.upstream(way).script({
        request: (socket, { line }) => {
          if (failed.has(socket)) return void socket.destroy();
          if (line.startsWith('PUT') && line.endsWith('/7 HTTP/1.1')) return void (writes++, socket.write(OK));
          failed.add(socket);
          socket.write(failure);
        },
      });
      const [failing, writing] = [wire.caller(), wire.caller()];
      for (let i = 0; i < 40; i++) {
        // Some of these are writes, too; a body that is not read changes nothing.
        const first = i % 2 === 0 ? get(way) : put(way, sized, body).replace('/7 HTTP', '/8 HTTP');
        expect((await failing.ask(first)).status).toBeGreaterThanOrEqual(400);
        const answer = await writing.ask(put(way, sized, body));
        expect([i, answer.status, answer.header('x-facade-outcome')]).toEqual([i, 200, undefined]);
      }
      expect(writes).toBe(40);
    });

    test('a 404 costs no connection', async () => {
      const wire: Wire = await startWire();
      closers.push(() => wire.close());
      wire.upstream(way).answers('HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}');
      const caller = wire.caller();
      for (let i = 0; i < 10; i++) expect((await caller.ask(get(way))).status).toBe(404);
      expect(wire.upstream(way).connections()).toBe(1);
    });
  });
});

/** The same port on two loopback addresses, and a name that leads to either. */
interface Moving {
  readonly url: string;
  readonly requests: { a: number; b: number };
  /** What is answered; left out: 200 at once. */
  answer: (socket: Socket, at: 'a' | 'b') => void;
  moveTo(at: 'a' | 'b'): void;
}

async function startMoving(): Promise<Moving> {
  const requests = { a: 0, b: 0 };
  const moving: Moving = {
    url: '',
    requests,
    answer: (socket) => void socket.write(OK),
    moveTo: (at) => void (address = at === 'a' ? '127.0.0.1' : '127.0.0.2'),
  };
  let address = '127.0.0.1';
  const serve = (at: 'a' | 'b'): Server =>
    createServer((socket) => {
      socket.setNoDelay(true).on('error', () => undefined);
      let text = '';
      socket.on('data', (piece) => {
        text += piece.toString('latin1');
        for (let end; (end = text.indexOf('\r\n\r\n')) >= 0 && isWhole(text, end);) {
          text = text.slice(end + 4 + lengthOf(text.slice(0, end)));
          requests[at]++;
          moving.answer(socket, at);
        }
      });
    });
  const first = await listening(serve('a'), '127.0.0.1', 0);
  const { port } = first.address() as AddressInfo;
  await listening(serve('b'), '127.0.0.2', port);
  const { lookup } = dns;
  vi.spyOn(dns, 'lookup').mockImplementation(((name: string, options: dns.LookupOptions, callback: unknown) => {
    if (name !== 'moving.test') return lookup(name, options as never, callback as never);
    const done = callback as (error: null, found: unknown, family?: number) => void;
    if (options.all) done(null, [{ address, family: 4 }]);
    else done(null, address, 4);
  }) as never);
  return Object.assign(moving, { url: `http://moving.test:${port}` });
}

const lengthOf = (head: string): number => Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
const isWhole = (text: string, end: number): boolean => text.length >= end + 4 + lengthOf(text.slice(0, end));

async function listening(server: Server, host: string, port: number): Promise<Server> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => void sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return server;
}

describe('an upstream whose name moves under steady traffic', () => {
  const MAX_AGE = 300;

  async function start(way: (typeof WAYS)[number]): Promise<{ moving: Moving; caller: () => WireCaller }> {
    const moving = await startMoving();
    const facade = await startFacade({
      direct: moving.url,
      gateway: moving.url,
      edit: (config) => {
        config.setIn(['server', 'forceHeader'], true);
        for (const path of ['direct', 'gateway']) config.setIn(['upstreams', path, 'maxConnectionAge'], `${MAX_AGE}ms`);
      },
    });
    expect(way.read).toMatch(/^\//);
    closers.push(() => facade.stop());
    const callers: WireCaller[] = [];
    closers.push(() => callers.forEach((caller) => caller.destroy()));
    const caller = (): WireCaller => {
      const one = openCaller(facade.url);
      callers.push(one);
      return one;
    };
    return { moving, caller };
  }

  test.each(WAYS)('on the way $way it is followed within the age, and no write is unknown', async (way) => {
    const { moving, caller } = await start(way);
    const callers = [caller(), caller(), caller()];
    const answers = new Map<string, number>();
    let isDone = false;
    const traffic = callers.map(async (one) => {
      for (let i = 0; !isDone; i++) {
        const answer = await one.ask(i % 2 === 0 ? get(way) : put(way, sized, body));
        const key = `${answer.status} ${answer.header('x-facade-outcome') ?? ''}`;
        answers.set(key, (answers.get(key) ?? 0) + 1);
      }
    });
    await until(() => moving.requests.a > 50, 'traffic');
    expect(moving.requests.b).toBe(0);
    const movedAt = performance.now();
    moving.moveTo('b');
    let lastOfA = moving.requests.a;
    let quietSince = movedAt;
    await until(() => {
      if (moving.requests.a > lastOfA) [lastOfA, quietSince] = [moving.requests.a, performance.now()];
      return moving.requests.b > 50 && performance.now() - quietSince > MAX_AGE;
    }, 'all traffic at the new address');
    isDone = true;
    await Promise.all(traffic);
    expect([...answers.keys()]).toEqual(['200 ']);
    // The clock of a busy machine is late; it was never, before.
    expect(quietSince - movedAt).toBeLessThan(MAX_AGE + 1_500);
  });

  test.each(WAYS)('on the way $way what is under way when the age is reached ends whole', async (way) => {
    const { moving, caller } = await start(way);
    let finish: (() => void) | undefined;
    moving.answer = (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfirst');
      finish = () => void socket.write('later');
    };
    for (const request of [get(way), put(way, sized, body)]) {
      const one = caller();
      one.send(request);
      await one.until(/first/);
      // Twice the age.
      await new Promise((resolve) => setTimeout(resolve, MAX_AGE * 2));
      finish?.();
      expect((await one.answer()).body).toBe('firstlater');
    }
    // An upload that takes longer than the age.
    moving.answer = (socket) => void socket.write(OK);
    const one = caller();
    one.send(put(way, 'content-length: 200000\r\n', 'u'.repeat(100_000)));
    await new Promise((resolve) => setTimeout(resolve, MAX_AGE * 2));
    one.send('u'.repeat(100_000));
    expect((await one.answer()).status).toBe(200);
  });

  test('an idle connection is not kept beyond the age, even where keepAlive is longer', async () => {
    const moving = await startMoving();
    const settings = { url: moving.url, maxInflight: 4, keepAliveMs: 60_000, connectTimeoutMs: 3_000, ...UNSHARED };
    const upstream = new Upstream('direct', { ...settings, maxConnectionAgeMs: MAX_AGE }, () => performance.now());
    closers.push(() => upstream.destroy());
    await (await upstream.pool.request({ path: '/', method: 'GET' })).body.text();
    expect(upstream.pool.stats.connected).toBe(1);
    await until(() => upstream.pool.stats.connected === 0, 'closed');
  });

  test('shadows follow it, too', async () => {
    const moving = await startMoving();
    const settings = { url: moving.url, maxInflight: 4, keepAliveMs: 4_000, connectTimeoutMs: 3_000, ...UNSHARED };
    const upstream = new Upstream('direct', { ...settings, maxConnectionAgeMs: MAX_AGE }, () => performance.now());
    const lane = new ShadowLane(1);
    closers.push(
      () => lane.destroy(),
      () => upstream.destroy(),
    );
    const ask = async (): Promise<void> =>
      void (await (await lane.pool(upstream).request({ path: '/', method: 'GET' })).body.text());
    await ask();
    moving.moveTo('b');
    await until(async () => (await ask(), moving.requests.b > 0), 'followed');
  });

  test('so does the gateway of this project, after a minute', async () => {
    const moving = await startMoving();
    moving.answer = (socket) =>
      void socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n{"data":[]}');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    closers.push(() => vi.useRealTimers());
    const gateway = await startGateway({ port: 0, c2sBaseUrl: moving.url, c2sToken: 'token' });
    closers.push(() => gateway.close());
    const ask = async (): Promise<number> => {
      const caller = openCaller(gateway.url);
      caller.send('GET /leads HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n');
      while (!caller.isClosed()) await new Promise((resolve) => setImmediate(resolve));
      return Number(caller.text().split(' ')[1]);
    };
    expect(await ask()).toBe(200);
    moving.moveTo('b');
    expect([await ask(), moving.requests]).toEqual([200, { a: 2, b: 0 }]);
    // Often enough to keep the connection from being idle.
    let seconds = 0;
    for (; moving.requests.b === 0 && seconds < 120; seconds += 2) {
      await vi.advanceTimersByTimeAsync(2_000);
      expect(await ask()).toBe(200);
    }
    expect(seconds).toBeGreaterThan(40);
    expect(seconds).toBeLessThanOrEqual(60);
  });
});
