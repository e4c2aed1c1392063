import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { C2S_TOKEN } from '../kit/facade.ts';
import { valuesOf } from '../kit/messages.ts';
import { refusedUrl, until } from '../kit/upstream.ts';
import { AUTH, startWire, WAYS, type Wire } from '../kit/wire.ts';

/** Upgrades: a WebSocket goes through to Contact2Sale; every other offer is answered as the plain request that it is. */

let wire: Wire;
beforeAll(async () => void (wire = await startWire()));
afterEach(() => wire.reset());
afterAll(() => wire.close());

const [, , passthrough] = WAYS;
const offer = (target: string, protocol: string, headers = ''): string =>
  `GET ${target} HTTP/1.1\r\nhost: facade.test\r\nConnection: Upgrade, X-Hop\r\nUpgrade: ${protocol}\r\n${AUTH}${headers}\r\n`;
const webSocket = (headers = ''): string =>
  offer('/cable?a=1', 'WebSocket', `X-Hop: 1\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n${headers}`);
const SHORT = { connect: '200ms', firstByte: '300ms', idle: '300ms', total: '300ms' };
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';

test('a WebSocket passes through in both directions, and its head under the same hygiene', async () => {
  wire.direct.script({
    head: (socket) => {
      socket.write(`${SWITCH}Sec-WebSocket-Accept: x\r\nX-Facade-Path: liar\r\nKeep-Alive: timeout=9\r\n\r\nhello`);
      socket.on('data', (chunk) => socket.write(chunk));
    },
  });
  const caller = wire.caller();
  caller.send(webSocket('X-Forwarded-For: 6.6.6.6\r\nX-Facade-Force: direct\r\nx-request-id: ws-1\r\n'));
  const text = await caller.until(/hello$/);
  expect(text).toMatch(/^HTTP\/1\.1 101 /);
  expect(text).toMatch(/^upgrade: websocket\r$/im);
  expect(text).toMatch(/^sec-websocket-accept: x\r$/im);
  expect(text).toMatch(/^x-request-id: ws-1\r$/im);
  expect(text).not.toMatch(/liar|timeout=9/);
  const [request] = wire.direct.requests;
  expect(request?.line).toBe('GET /cable?a=1 HTTP/1.1');
  expect(valuesOf(request!, 'connection').join().toLowerCase()).toBe('upgrade');
  expect(valuesOf(request!, 'upgrade').join().toLowerCase()).toBe('websocket');
  expect(valuesOf(request!, 'authorization')).toEqual([`Bearer ${C2S_TOKEN}`]);
  expect(valuesOf(request!, 'x-forwarded-for')).toEqual(['127.0.0.1']);
  expect([...valuesOf(request!, 'x-hop'), ...valuesOf(request!, 'x-facade-force')]).toEqual([]);
  caller.send('\x81\x05frame');
  await caller.until(/\x81\x05frame$/);
  caller.destroy();
  await until(() => wire.direct.open() === 0, 'the tunnel has ended');
  const granted = /^facade_requests_total\{.*path="passthrough".*status="101"/;
  await until(async () => (await wire.facade.metric(granted)) === 1, 'counted');
});

describe('passthrough.tunnelIdle', () => {
  const IDLE_MS = 400;
  beforeAll(() => wire.facade.edit((config) => config.setIn(['passthrough', 'tunnelIdle'], `${IDLE_MS}ms`)));
  afterAll(() => wire.facade.edit((config) => config.deleteIn(['passthrough', 'tunnelIdle'])));

  test('ends a WebSocket on which nobody says anything, and gives its place back', async () => {
    wire.direct.script({ head: (socket) => void socket.write(`${SWITCH}\r\nhello`) });
    const caller = wire.caller();
    caller.send(webSocket());
    await caller.until(/hello$/);
    expect(await wire.facade.metric(/^facade_inflight\{.*direct/)).toBe(1);
    await caller.closed();
    await until(() => wire.direct.open() === 0, 'the upstream is left');
    expect(await wire.facade.metric(/^facade_inflight\{.*direct/)).toBe(0);
    await until(() => wire.facade.logs.some((line) => line.includes('"closedFor":"idle"')), 'the log says why');
    // How long it was open is in the log, and not in the latency.
    const sum = await wire.facade.metric(/^facade_request_duration_seconds_sum\{.*passthrough/);
    expect(sum).toBeLessThan(IDLE_MS / 1_000);
  });

  test.each(['caller', 'upstream'])('spares one on which the %s speaks', async (speaker) => {
    let socket: Socket | undefined;
    wire.direct.script({
      head: (one) => {
        socket = one;
        one.write(`${SWITCH}\r\nhello`);
      },
    });
    const caller = wire.caller();
    caller.send(webSocket());
    await caller.until(/hello$/);
    const startedAt = performance.now();
    const timer = setInterval(() => (speaker === 'caller' ? caller.send('.') : socket?.write('.')), IDLE_MS / 8);
    await until(() => performance.now() - startedAt > 3 * IDLE_MS, 'three times the limit passes');
    clearInterval(timer);
    expect(wire.direct.open()).toBe(1);
    await caller.closed();
  });
});

test('an upstream that ends a WebSocket ends the caller’s side', async () => {
  wire.direct.script({ head: (socket) => void socket.end(`${SWITCH}\r\nbye`) });
  const caller = wire.caller();
  caller.send(webSocket());
  expect(await caller.closed()).toMatch(/bye$/);
});

test('a refusal of a WebSocket reaches the caller, without headers of the upstream’s connection', async () => {
  wire.direct.answers('HTTP/1.1 403 Forbidden\r\nX-Facade-X: 1\r\nX-Own: 2\r\ncontent-length: 4\r\n\r\nnope');
  const answer = await wire.caller().ask(webSocket());
  expect([answer.status, answer.body, answer.header('x-own'), answer.header('x-facade-x')]).toEqual([
    403,
    'nope',
    '2',
    undefined,
  ]);
});

test('a WebSocket to an upstream that cannot be reached is a 502', async () => {
  const url = await refusedUrl();
  const lonely = await startWire((config) => config.setIn(['upstreams', 'direct', 'url'], url));
  try {
    const caller = lonely.caller();
    const answer = await caller.ask(webSocket());
    expect([answer.status, answer.header('content-type')]).toEqual([502, 'application/problem+json']);
    await caller.closed();
  } finally {
    await lonely.close();
  }
});

test('a refused WebSocket does not wait for its caller to close its side', async () => {
  wire.direct.script({ head: (socket) => void socket.destroy() });
  const { hostname, port } = new URL(wire.facade.url);
  const caller = connect({ host: hostname, port: Number(port), allowHalfOpen: true }).resume();
  try {
    caller.write(webSocket());
    const refused = /^facade_requests_total\{.*path="passthrough".*outcome="upstream_respond"/;
    const before = await wire.facade.metric(refused);
    await until(async () => (await wire.facade.metric(refused)) === before + 1, 'closed, and counted');
  } finally {
    caller.destroy();
  }
});

test('a WebSocket caller that resets before the answer lets go of the upstream', async () => {
  wire.direct.script({});
  const caller = wire.caller();
  caller.send(webSocket());
  await until(() => wire.direct.requests.length === 1, 'the offer upstream');
  caller.destroy();
  await until(() => wire.direct.open() === 0, 'upstream released');
});

test('a WebSocket that the upstream does not answer is a 504', async () => {
  const short = await startWire((config) => config.setIn(['defaults', 'deadlines'], SHORT));
  try {
    short.direct.script({});
    const caller = short.caller();
    expect((await caller.ask(webSocket())).status).toBe(504);
    await caller.closed();
    await until(() => short.direct.open() === 0, 'upstream released');
  } finally {
    await short.close();
  }
});

const HANGING = 'HTTP/1.1 403 Forbidden\r\ncontent-length: 9\r\n\r\ncut';

test('a caller that leaves in the middle of a refusal lets go of the upstream', async () => {
  wire.direct.script({ head: (socket) => void socket.write(HANGING) });
  const caller = wire.caller();
  caller.send(webSocket());
  await caller.until(/cut$/);
  caller.destroy();
  await until(() => wire.direct.open() === 0, 'upstream released');
});

test('a refusal whose body never ends is cut at the deadline, and recorded as that', async () => {
  const short = await startWire((config) => config.setIn(['defaults', 'deadlines'], SHORT));
  try {
    short.direct.script({ head: (socket) => void socket.write(HANGING) });
    const caller = short.caller();
    caller.send(webSocket());
    expect(await caller.closed()).toMatch(/cut$/);
    await until(() => short.direct.open() === 0, 'upstream released');
    const cut = /^facade_requests_total\{.*path="passthrough".*outcome="upstream_body_timeout"/;
    await until(async () => (await short.facade.metric(cut)) === 1, 'counted');
  } finally {
    await short.close();
  }
});

test('a refusal that was whole is recorded as that, though its caller never closes', async () => {
  const short = await startWire((config) => config.setIn(['defaults', 'deadlines'], SHORT));
  try {
    short.direct.answers('HTTP/1.1 403 Forbidden\r\ncontent-length: 4\r\n\r\nnope');
    const caller = connect({ port: Number(new URL(short.facade.url).port), host: '127.0.0.1', allowHalfOpen: true });
    caller.on('error', () => undefined).resume();
    caller.write(webSocket());
    const told = /^facade_requests_total\{.*path="passthrough".*status="403",outcome="ok"/;
    await until(async () => (await short.facade.metric(told)) === 1, 'its side is closed, and it is counted');
    caller.destroy();
  } finally {
    await short.close();
  }
});

describe('a WebSocket of which one side has left and the other does not notice', () => {
  const GRANTED = /^facade_requests_total\{.*path="passthrough".*status="101"/;
  let short: Wire;
  beforeEach(async () => {
    short = await startWire((config) => {
      config.setIn(['defaults', 'deadlines'], SHORT);
      config.setIn(['server', 'drain'], '200ms');
    });
  });
  afterEach(() => short.close());
  const isOver = (): Promise<void> =>
    until(async () => (await short.facade.metric(GRANTED)) === 1, 'both sides are closed, and it is counted');

  // What does not read does not see the end that comes behind what it has not read.
  test('ends when the caller has left', async () => {
    short.direct.script({ head: (socket) => void socket.pause().write(`${SWITCH}\r\n`) });
    const caller = short.caller();
    caller.send(webSocket());
    await caller.until(/\r\n\r\n$/);
    caller.send('unread');
    caller.destroy();
    await isOver();
  });

  test('ends when the upstream has left', async () => {
    const sockets: Socket[] = [];
    short.direct.script({
      head: (socket) => {
        sockets.push(socket);
        socket.write(`${SWITCH}\r\n`);
      },
    });
    const caller = short.caller();
    caller.send(webSocket());
    await caller.until(/\r\n\r\n$/);
    caller.pause();
    sockets[0]?.end('unread');
    await isOver();
  });

  test('ends when the facade stops, though the caller does not take what was sent', async () => {
    short.direct.script({ head: (socket) => void socket.write(`${SWITCH}\r\n${'.'.repeat(32 * 1024 * 1024)}`) });
    const caller = short.caller();
    caller.send(webSocket());
    await caller.until(/\r\n\r\n/);
    caller.pause();
    expect(await short.facade.stop()).toBe(true);
    await until(() => short.direct.open() === 0, 'upstream released');
  });
});

test('a WebSocket outlives the total deadline', async () => {
  const short = await startWire((config) => config.setIn(['defaults', 'deadlines'], SHORT));
  try {
    short.direct.script({
      head: (socket) => {
        socket.write(`${SWITCH}\r\n`);
        socket.on('data', (chunk) => socket.write(chunk));
      },
    });
    const caller = short.caller();
    caller.send(webSocket());
    await caller.until(/\r\n\r\n$/);
    await new Promise((resolve) => setTimeout(resolve, 500));
    caller.send('still here');
    await caller.until(/still here$/);
    caller.destroy();
  } finally {
    await short.close();
  }
});

describe.each(WAYS)('on the way $way', (way) => {
  test.each(['h2c', 'h2c, websocket', 'TLS/1.0'])('an offer of %s is answered as a plain request', async (protocol) => {
    const request = offer(way.read, protocol, `${way.force}HTTP2-Settings: AAA\r\n`);
    const caller = wire.caller();
    expect((await caller.ask(request)).status).toBe(200);
    expect((await caller.ask(request)).status).toBe(200);
    expect(valuesOf(wire.upstream(way).requests[0]!, 'upgrade')).toEqual([]);
  });
});

test('an offer of a WebSocket on a route is a plain request', async () => {
  const [direct] = WAYS;
  expect((await wire.caller().ask(offer(direct.read, 'websocket'))).status).toBe(200);
  expect(wire.direct.requests[0]?.line).toBe(`GET ${direct.read} HTTP/1.1`);
  expect((await wire.caller().ask(offer(passthrough.read, 'h2c'))).status).toBe(200);
});
