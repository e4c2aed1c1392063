import { EventEmitter } from 'node:events';
import type { Server } from 'node:http';
import { Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { Overload, SAMPLE_EVERY } from '../../../src/forward/overload.ts';
import { CounterCell } from '../../../src/observe/cells.ts';

const LIMITS = { maxConnections: 2, maxInflight: 10, maxLag: 100 };
const open: Overload[] = [];
afterEach(() => open.splice(0).forEach((one) => one.close()));

function started() {
  let [now, inflight] = [0, 0];
  const shed = { connections: new CounterCell(), inflight: new CounterCell(), lag: new CounterCell() };
  const lines: string[] = [];
  const line = (_: object, text: string): void => void lines.push(text);
  const log = { warn: line, info: line } as unknown as ConstructorParameters<typeof Overload>[0]['log'];
  const overload = new Overload({ limits: LIMITS, now: () => now, inflight: () => inflight, shed, log });
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
      now += SAMPLE_EVERY + lag;
      overload.sample();
    }
  };
  return { overload, server, shed, lines, connect, looks, underWay: (n: number) => (inflight = n) };
}

describe('requests under way', () => {
  test('up to the limit they are taken, and not one more', () => {
    const { overload, shed, connect } = started();
    const socket = connect();
    expect(overload.refuses(LIMITS.maxInflight - 1, socket)).toBeUndefined();
    expect(overload.refuses(LIMITS.maxInflight, socket)).toBe('inflight');
    expect(shed.inflight.value).toBe(1);
  });

  test('a reload changes the limit from the next request on', () => {
    const { overload, connect } = started();
    overload.configure({ ...LIMITS, maxInflight: 11 });
    expect(overload.refuses(10, connect())).toBeUndefined();
  });

  test('beyond half of them shadows rest, and for a second more', () => {
    const { overload, looks, underWay } = started();
    underWay(6);
    looks(0, 1);
    expect(overload.isPressed).toBe(true);
    underWay(0);
    looks(0, 20);
    expect(overload.isPressed).toBe(true);
    looks(0, 30);
    expect(overload.isPressed).toBe(false);
  });
});

describe('connections', () => {
  test('what comes on one too many is refused, on the others it is taken', () => {
    const { overload, connect, shed } = started();
    const [first, second, third] = [connect(), connect(), connect()];
    expect(overload.connections).toBe(3);
    expect([first, second, third].map((socket) => overload.refuses(0, socket))).toEqual([
      undefined,
      undefined,
      'connections',
    ]);
    expect(overload.isBeyond(third)).toBe(true);
    expect(shed.connections.value).toBe(1);
  });

  test('when one closes there is room again', () => {
    const { overload, connect } = started();
    const sockets = [connect(), connect(), connect()];
    for (const socket of sockets) socket.emit('close');
    expect(overload.connections).toBe(0);
    expect(overload.refuses(0, connect())).toBeUndefined();
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

test('a loop that is late time after time lets a share in, and all again when it has been in time', () => {
  const { overload, connect, shed, lines, looks } = started();
  const socket = connect();
  const refused = (): number => Array.from({ length: 100 }, () => overload.refuses(0, socket)).filter(Boolean).length;
  looks(150, 2);
  expect(refused()).toBe(33);
  expect(shed.lag.value).toBe(33);
  looks(0, 100);
  expect(refused()).toBe(0);
  expect(lines).toEqual(['overload: requests are shed', 'the overload is over']);
});

test('those who were refused together are not told to come back together', () => {
  const { overload, connect } = started();
  const socket = connect();
  const told = Array.from({ length: 6 }, () => {
    overload.refuses(10, socket);
    return overload.refusal.problem.retryAfter;
  });
  expect(new Set(told)).toEqual(new Set([1, 2, 3]));
});
