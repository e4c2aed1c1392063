import { EventEmitter } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import { Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { Overload, SAMPLE_INTERVAL_MS } from '../../../../src/facade/forward/overload.ts';
import { CounterCell } from '../../../../src/facade/observe/cells.ts';

const LIMITS = { maxConnections: 2, maxInflight: 10, maxLagMs: 100, knownShare: 0.8 };
const STRANGERS = 2;
const open: Overload[] = [];
afterEach(() => open.splice(0).forEach((one) => one.close()));

function started() {
  let [now, inflight] = [0, 0];
  const shed = { connections: new CounterCell(), inflight: new CounterCell(), lag: new CounterCell() };
  const lines: string[] = [];
  const line = (_: object, text: string): void => void lines.push(text);
  const log = { warn: line, info: line } as unknown as ConstructorParameters<typeof Overload>[0]['log'];
  const identified: IncomingMessage[] = [];
  const standingOf = (req: IncomingMessage) => {
    identified.push(req);
    return req.headers.authorization === undefined ? 'stranger' : 'known';
  };
  const overload = new Overload({ limits: LIMITS, now: () => now, inflight: () => inflight, standingOf, shed, log });
  open.push(overload);
  const server = new EventEmitter() as unknown as Server;
  overload.watch(server);
  const connect = (): Socket => {
    const socket = new Socket();
    server.emit('connection', socket);
    return socket;
  };
  /** Looks that come so many milliseconds late. */
  const looks = (lag: number, count: number): void => {
    for (let i = 0; i < count; i++) {
      now += SAMPLE_INTERVAL_MS + lag;
      overload.sample();
    }
  };
  return { overload, server, shed, lines, connect, looks, identified, underWay: (n: number) => (inflight = n) };
}

const known = (socket: Socket) => ({ socket, headers: { authorization: 'known' } }) as unknown as IncomingMessage;
const stranger = (socket: Socket) => ({ socket, headers: {} }) as unknown as IncomingMessage;

describe('requests under way', () => {
  test('up to the limit they are taken, and not one more', () => {
    const { overload, shed, connect } = started();
    const socket = connect();
    expect(overload.refuses(LIMITS.maxInflight - 1, 0, known(socket))).toBeUndefined();
    expect(overload.refuses(LIMITS.maxInflight, 0, known(socket))).toBe('inflight');
    expect(shed.inflight.value).toBe(1);
  });

  test('strangers are taken up to their part, and known callers all the same', () => {
    const { overload, shed, connect } = started();
    const socket = connect();
    expect(overload.refuses(STRANGERS - 1, STRANGERS - 1, stranger(socket))).toBeUndefined();
    expect(overload.refuses(STRANGERS, STRANGERS, stranger(socket))).toBe('inflight');
    expect(overload.refuses(LIMITS.maxInflight - 1, STRANGERS, known(socket))).toBeUndefined();
    expect(overload.refuses(LIMITS.maxInflight, STRANGERS, known(socket))).toBe('inflight');
    // What known callers use of it is no stranger's part.
    expect(overload.refuses(LIMITS.maxInflight - 1, STRANGERS - 1, stranger(socket))).toBeUndefined();
    expect(shed.inflight.value).toBe(2);
  });

  test('nobody is identified while nothing is short, nor where it makes no difference', () => {
    const { overload, identified, connect } = started();
    const req = stranger(connect());
    overload.refuses(LIMITS.maxInflight - 1, STRANGERS - 1, req);
    overload.refuses(LIMITS.maxInflight, STRANGERS, req);
    expect(identified).toEqual([]);
    overload.refuses(STRANGERS, STRANGERS, req);
    expect(identified).toEqual([req]);
  });

  test('a reload changes the limit from the next request on', () => {
    const { overload, connect } = started();
    overload.configure({ ...LIMITS, maxInflight: 11 });
    expect(overload.refuses(10, 0, known(connect()))).toBeUndefined();
  });

  test('beyond half of them shadows rest, and for a second more', () => {
    const { overload, looks, underWay } = started();
    underWay(6);
    looks(0, 1);
    expect(overload.isUnderPressure).toBe(true);
    underWay(0);
    looks(0, 20);
    expect(overload.isUnderPressure).toBe(true);
    looks(0, 30);
    expect(overload.isUnderPressure).toBe(false);
  });
});

describe('connections', () => {
  test('what comes on one too many is refused, on the others it is taken', () => {
    const { overload, connect, shed } = started();
    const [first, second, third] = [connect(), connect(), connect()];
    expect(overload.connections).toBe(3);
    expect([first, second, third].map((socket) => overload.refuses(0, 0, known(socket)))).toEqual([
      undefined,
      undefined,
      'connections',
    ]);
    expect(overload.isOverConnectionLimit(third)).toBe(true);
    expect(shed.connections.value).toBe(1);
  });

  test('when one closes there is room again', () => {
    const { overload, connect } = started();
    const sockets = [connect(), connect(), connect()];
    for (const socket of sockets) socket.emit('close');
    expect(overload.connections).toBe(0);
    expect(overload.refuses(0, 0, known(connect()))).toBeUndefined();
  });

  test('the server accepts a few more, to tell them why, and counts what it dropped', () => {
    const { server, shed } = started();
    expect(server.maxConnections).toBe(2 + 16);
    server.emit('drop');
    expect(shed.connections.value).toBe(1);
  });

  test('a pair of streams within the process is none', () => {
    const { overload, server } = started();
    server.emit('connection', new EventEmitter());
    expect(overload.connections).toBe(0);
  });
});

test('a loop that is late time after time refuses strangers, then a share, and nobody when it has been in time', () => {
  const { overload, connect, shed, lines, looks } = started();
  const socket = connect();
  const refused = (by: typeof known): number =>
    Array.from({ length: 100 }, () => overload.refuses(0, 0, by(socket))).filter(Boolean).length;
  looks(150, 2);
  expect([refused(known), refused(stranger)]).toEqual([0, 100]);
  looks(150, 1);
  expect([refused(known), refused(stranger)]).toEqual([33, 100]);
  expect(shed.lag.value).toBe(233);
  looks(0, 150);
  expect([refused(known), refused(stranger)]).toEqual([0, 0]);
  expect(lines).toEqual(['overload: requests are shed', 'the overload is over']);
});

test('those who were refused together are not told to come back together', () => {
  const { overload, connect } = started();
  const socket = connect();
  const told = Array.from({ length: 6 }, () => {
    overload.refuses(10, 0, known(socket));
    return overload.refusal.problem.retryAfter;
  });
  expect(new Set(told)).toEqual(new Set([1, 2, 3]));
});
