import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { HealthChecks } from '../../../../src/facade/forward/health-checks.ts';
import { Upstream, type UpstreamSettings } from '../../../../src/facade/forward/upstream.ts';
import {
  UpstreamHealth,
  type HealthCheck,
  type HealthSettings,
} from '../../../../src/facade/forward/upstream-health.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  vi.useRealTimers();
});

/** A server of bare sockets: what it reads, and what it answers. */
async function serve(answer: (socket: Socket, head: string) => void) {
  const heads: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => {
      heads.push(chunk.toString('latin1'));
      answer(socket, chunk.toString('latin1'));
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${port}`, heads, sockets };
}

const SETTINGS: HealthSettings = {
  ...{ path: '/health', intervalMs: 20, timeoutMs: 30_000, unhealthyAfter: 3, healthyAfter: 2 },
  expected: [{ from: 200, to: 399 }],
};

const upstreamSettings = (url: string): UpstreamSettings => ({
  ...{ url, maxInflight: 1, knownShare: 0, rateBudget: undefined },
  ...{ keepAliveMs: 4_000, connectTimeoutMs: 3_000, maxConnectionAgeMs: 60_000 },
});

function checker(url: string, more: Partial<HealthSettings> = {}, of: Partial<UpstreamSettings> = {}) {
  const now = () => performance.now();
  const gateway = new Upstream('gateway', { ...upstreamSettings(url), ...of }, now);
  const direct = new Upstream('direct', upstreamSettings(url), now);
  const health = { direct: new UpstreamHealth(now), gateway: new UpstreamHealth(now) };
  health.gateway.configure({ ...SETTINGS, ...more }, url);
  const checks: HealthCheck[] = [];
  const waiting: (() => void)[] = [];
  const running = new HealthChecks({
    health,
    onCheck: (_path, check) => {
      checks.push(check);
      health.gateway.record(check);
      waiting.splice(0).forEach((wake) => wake());
    },
    now,
    random: () => 0,
  });
  running.use({ upstreams: { direct, gateway }, health });
  closing.push(
    () => running.close(),
    () => gateway.destroy(),
    () => direct.destroy(),
  );
  const ended = async (count: number): Promise<HealthCheck[]> => {
    while (checks.length < count) await new Promise<void>((wake) => waiting.push(wake));
    return checks;
  };
  return { running, ended, checks, health, upstreams: { direct, gateway } };
}

const answering =
  (status: string, body = 'ok') =>
  (socket: Socket) =>
    void socket.write(`HTTP/1.1 ${status}\r\ncontent-length: ${body.length}\r\n\r\n${body}`);

describe('a check', () => {
  const HUGE = 'x'.repeat(10_000_000);
  test.each<[string, (socket: Socket) => void, HealthCheck['result'], number | undefined]>([
    ['200', answering('200 OK'), 'success', 200],
    ['204', (socket) => void socket.write('HTTP/1.1 204 No Content\r\n\r\n'), 'success', 204],
    ['301, which is not followed', answering('301 Moved\r\nlocation: http://127.0.0.1:1/'), 'success', 301],
    ['404', answering('404 Not Found'), 'unexpected_status', 404],
    ['500', answering('500 Oops'), 'unexpected_status', 500],
    [
      '500 whose body never ends',
      (socket) => void socket.write('HTTP/1.1 500 Oops\r\ncontent-length: 9\r\n\r\n'),
      'unexpected_status',
      500,
    ],
    ['nothing: it hangs', () => undefined, 'timeout', undefined],
    ['a reset', (socket) => void socket.resetAndDestroy(), 'connection_lost', undefined],
    ['a close', (socket) => void socket.end(), 'connection_lost', undefined],
    ['garbage', (socket) => void socket.write('\0\x01 this is no HTTP\r\n\r\n'), 'malformed_answer', undefined],
    [
      'a head of 100 KiB',
      (socket) => void socket.write(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(100_000)}\r\n\r\n`),
      'malformed_answer',
      undefined,
    ],
    ['a huge body: the status counts', answering('200 OK', HUGE), 'success', 200],
    [
      'a body that never ends',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n');
        const drip = setInterval(() => socket.write('x'), 20);
        socket.on('close', () => clearInterval(drip));
      },
      'timeout',
      200,
    ],
    [
      'a body that breaks off',
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nx', () => socket.resetAndDestroy());
      },
      'connection_lost',
      200,
    ],
    [
      '1xx without end',
      (socket) => {
        const drip = setInterval(() => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'), 10);
        socket.on('close', () => clearInterval(drip));
      },
      'timeout',
      undefined,
    ],
  ])('answered %s', async (_name, answer, result, status) => {
    const { url } = await serve(answer);
    // The machine is shared: only what is to run into the deadline has a short one.
    const { ended } = checker(url, result === 'timeout' ? { timeoutMs: 250 } : {});
    const [first] = await ended(1);
    expect(first).toMatchObject({ result, status });
  });

  test('of a port that nobody listens on', async () => {
    const { url } = await serve(() => undefined);
    await closing.pop()?.();
    // The port is free again only when it refuses.
    await new Promise<void>((refused) => {
      connect(Number(new URL(url).port), '127.0.0.1').on('error', () => refused());
    });
    const { ended } = checker(url);
    expect((await ended(1))[0]).toMatchObject({ result: 'unreachable', status: undefined });
  });

  test('reads no more than 16 KiB and what the kernel had: the connection is closed', async () => {
    let written = 0;
    const { url } = await serve((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n');
      const push = (): void => {
        while (!socket.destroyed && socket.write(Buffer.alloc(64 * 1024))) written += 64 * 1024;
        written += 64 * 1024;
        socket.once('drain', push);
      };
      push();
    });
    const { ended } = checker(url, { intervalMs: 1_000 });
    expect((await ended(1))[0]).toMatchObject({ result: 'success' });
    expect(written).toBeLessThan(20_000_000);
  });

  test('asks below the base URL, and shows no credentials', async () => {
    const { url, heads } = await serve(answering('200 OK'));
    const { ended } = checker(`${url}/prefix`, { path: '/health?of=facade' });
    await ended(1);
    const [first = ''] = heads;
    expect(first.split('\r\n')[0]).toBe('GET /prefix/health?of=facade HTTP/1.1');
    const names = first
      .split('\r\n')
      .slice(1, -2)
      .map((line) => line.split(':')[0]?.toLowerCase());
    expect(names.toSorted()).toEqual(['accept', 'connection', 'host', 'user-agent']);
  });

  test('takes no place in the bulkhead: all places are taken, and it goes on', async () => {
    const { url } = await serve(answering('200 OK'));
    const { ended, upstreams } = checker(url);
    upstreams.gateway.enter('known');
    expect((await ended(2)).map(({ result }) => result)).toEqual(['success', 'success']);
    expect(upstreams.gateway.inflight).toBe(1);
  });

  test('is left out while live traffic has spent half of the rate budget', async () => {
    const { url, heads } = await serve(answering('200 OK'));
    const rateBudget = { requests: 4, periodMs: 3_600_000, burst: 0, maxWaitMs: 0, knownShare: 0 };
    const { ended } = checker(url, {}, { rateBudget });
    const results = (await ended(6)).map(({ result }) => result);
    expect(results).toEqual(['success', 'success', 'skipped', 'skipped', 'skipped', 'skipped']);
    expect(heads).toHaveLength(2);
  });
});

describe('the checks', () => {
  /** Time is the test's, and what the server does is at once. */
  const timed = async (random: number) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const now = () => 0;
    const timers: number[] = [];
    const setTimer = vi.spyOn(globalThis, 'setTimeout');
    const health = { direct: new UpstreamHealth(now), gateway: new UpstreamHealth(now) };
    const url = 'http://127.0.0.1:1';
    const gateway = new Upstream('gateway', upstreamSettings(url), now);
    const direct = new Upstream('direct', upstreamSettings(url), now);
    const running = new HealthChecks({ health, onCheck: () => undefined, now, random: () => random });
    closing.push(
      () => running.close(),
      () => gateway.destroy(),
      () => direct.destroy(),
      () => setTimer.mockRestore(),
    );
    setTimer.mockClear();
    return { health, running, upstreams: { direct, gateway }, timers, setTimer, url };
  };

  test('are none where none is configured: no timer, no connection', async () => {
    const { running, upstreams, health, setTimer } = await timed(0.5);
    running.use({ upstreams, health });
    expect([setTimer.mock.calls.length, vi.getTimerCount()]).toEqual([0, 0]);
  });

  test.each([
    [0, 5_000, 0],
    [0.5, 5_000, 500],
    [0.999, 5_000, 999],
    [0.5, 100, 50],
  ])('begin at a time of their own: random %d, every %i ms, after %i ms', async (random, intervalMs, first) => {
    const { running, upstreams, health, setTimer, url } = await timed(random);
    health.gateway.configure({ ...SETTINGS, intervalMs }, url);
    running.use({ upstreams, health });
    expect(setTimer.mock.calls.map(([, ms]) => Math.round(ms ?? 0))).toEqual([first]);
  });

  test('go on as they were over a reload that does not touch them, and begin anew over one that does', async () => {
    const { running, upstreams, health, setTimer, url } = await timed(0.5);
    health.gateway.configure(SETTINGS, url);
    running.use({ upstreams, health });
    running.use({ upstreams, health });
    expect(setTimer).toHaveBeenCalledTimes(1);
    health.gateway.configure({ ...SETTINGS, intervalMs: 40 }, url);
    running.use({ upstreams, health });
    expect([setTimer.mock.calls.length, vi.getTimerCount()]).toEqual([2, 1]);
    health.gateway.configure(undefined, url);
    running.use({ upstreams, health });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('end with close: nothing is asked any more, and what hangs is cut', async () => {
    const { url, heads, sockets } = await serve(() => undefined);
    const { running, checks } = checker(url, { timeoutMs: 60_000 });
    while (heads.length === 0) await new Promise((turn) => setImmediate(turn));
    const [socket] = sockets;
    const closed = new Promise((done) => socket?.once('close', done));
    running.close();
    await closed;
    expect([checks, heads.length]).toEqual([[], 1]);
  });

  test('drift apart by a tenth of the interval', async () => {
    const { url } = await serve(answering('200 OK'));
    const setTimer = vi.spyOn(globalThis, 'setTimeout');
    const { ended, running } = checker(url, { intervalMs: 1_000_000 });
    await ended(1);
    running.close();
    const waits = setTimer.mock.calls.map(([, ms]) => Math.round(ms ?? 0)).filter((ms) => ms > 100_000);
    setTimer.mockRestore();
    expect(waits).toEqual([900_000]);
  });
});
