import { EventEmitter } from 'node:events';
import { IncomingMessage, type ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DeadlineWatch } from '../../../../src/http/deadlines.ts';
import { LastWriters } from '../../../../src/facade/forward/last-writers.ts';
import { requestRules } from '../../../../src/facade/forward/headers.ts';
import { RuntimeBuilder } from '../../../../src/facade/forward/runtime-builder.ts';
import type { RuntimeSnapshot } from '../../../../src/facade/forward/runtime-snapshot.ts';
import { parseTarget } from '../../../../src/facade/forward/target.ts';
import { Tunnel } from '../../../../src/facade/forward/tunnel.ts';
import { Metrics } from '../../../../src/facade/observe/metrics.ts';
import { readMetric } from '../../../e2e/kit/facade.ts';
import { connectionOf, messageOf } from './message-fixture.ts';
import { settingsOf, type Written } from './table-fixture.ts';

/** The way of one tunnel: its caller, the middleware and Contact2Sale are objects, and the clock is the test's own. */

const DEADLINES = { connect: '3s', firstByte: '20s', idle: '15s', total: '25s' };
const TUNNEL_IDLE_MS = 60_000;
const ROW = { id: 'leads.get', direct: 'GET /integration/leads/:leadId', rollout: { gateway: 0 } };
const BUDGET = { rateBudget: { requests: 1, period: '1h', burst: 0, longestWait: '2h' } };

/** A connection: what is written to it can be read, and what node would do to it is written down. */
class FakeSocket extends Duplex {
  text = '';
  timeout: { ms: number; passes: () => void } | undefined;
  isReset = false;
  override _read(): void {
    // Pushed by the test.
  }
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += String(chunk);
    done();
  }
  setTimeout(ms: number, passes: () => void): this {
    this.timeout = { ms, passes };
    return this;
  }
  resetAndDestroy(): this {
    this.isReset = true;
    return this.destroy();
  }
  destroySoon(): void {
    this.end(() => this.destroy());
  }
}

/** The middleware's request to Contact2Sale. */
class FakeRequest extends EventEmitter {
  isDestroyed = false;
  destroy(): this {
    this.isDestroyed = true;
    return this;
  }
  /** A connection is there. */
  connects(): void {
    const socket = new EventEmitter();
    this.emit('socket', socket);
    socket.emit('connect');
  }
  /** The same under TLS. @returns makes the handshake. */
  connectsSecurely(): () => boolean {
    const socket = Object.create(TLSSocket.prototype) as EventEmitter;
    EventEmitter.call(socket as never);
    this.emit('socket', socket);
    socket.emit('connect');
    return () => socket.emit('secureConnect');
  }
}

let now: number;
let builder: RuntimeBuilder;
/** Made by {@link prepare}, or by {@link open} without it. */
let snapshot: RuntimeSnapshot;
let isPrepared: boolean;
let metrics: Metrics;
let deadlines: DeadlineWatch;
let caller: FakeSocket;
let upstream: FakeSocket;
/** Undefined: nobody was asked. */
let request: FakeRequest | undefined;
let tunnel: Tunnel;
let req: IncomingMessage;
/** Answers that the middleware took over. */
let takenOver: IncomingMessage[];
let lines: object[];
let waits: number[];

beforeEach(() => {
  now = 1_000;
  metrics = new Metrics();
  builder = new RuntimeBuilder(metrics, () => now);
  deadlines = new DeadlineWatch(() => now);
  [caller, upstream, request] = [new FakeSocket(), new FakeSocket(), undefined];
  [takenOver, lines, waits, isPrepared] = [[], [], [], false];
});
afterEach(async () => {
  deadlines.close();
  vi.restoreAllMocks();
  await builder.close();
});

function prepare(written: Partial<Written> = {}): RuntimeSnapshot {
  isPrepared = true;
  const passthrough = { tunnelIdle: `${TUNNEL_IDLE_MS}ms` };
  return (snapshot = builder.build(
    settingsOf({ routes: [ROW], defaults: { deadlines: DEADLINES }, passthrough, ...written }),
  ));
}

/** A tunnel begins, and the middleware makes the request, where it is asked to. */
function open(written: Partial<Written> = {}): void {
  if (!isPrepared) prepare(written);
  req = Object.assign(messageOf(['Host', 'facade.test', 'Sec-WebSocket-Key', 'k', 'X-Own', '1']), { method: 'GET' });
  const requestLog = { isLevelEnabled: () => true, info: (line: object) => lines.push(line), warn: () => undefined };
  const context = {
    now: () => now,
    deadlines,
    requestLog: requestLog as never,
    killed: false,
    credentials: () => ({ keep: true, sent: undefined, rules: requestRules(new Set()) }),
    rateBudgetWaited: (_: unknown, ms: number) => waits.push(ms),
    shadowSink: undefined,
    unknownWrites: undefined,
    keyedWrites: undefined,
    lastWriters: new LastWriters(),
    forceSecret: undefined,
  };
  const match = snapshot.unclaimed.read;
  const known = { caller: undefined, standing: 'known', requestId: 'ws-1', trace: undefined } as const;
  const asked = { req, target: parseTarget('/cable?a=1'), match, connection: connectionOf(req), ...known };
  tunnel = new Tunnel(context, snapshot, asked, caller as unknown as Socket, () => {
    request = new FakeRequest();
    tunnel.sends(request as unknown as ClientRequest);
    // As the middleware does behind that.
    request.on('upgrade', (answer: IncomingMessage) => takenOver.push(answer));
    request.on('response', () => request?.emit('error', new Error('taken by the middleware')));
  });
  tunnel.begin();
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const pass = (ms: number): void => {
  now += ms;
  deadlines.tick();
};
const counted = async (series: RegExp): Promise<number> => readMetric(await metrics.registry.metrics(), series);
const places = (): number => snapshot.upstreams.direct.inflight;
const told = (): unknown[] => [Number(caller.text.slice(9, 12)), /x-facade-outcome: (.*)\r/i.exec(caller.text)?.[1]];

interface AnswerParts {
  readonly status?: number;
  readonly raw?: readonly string[];
  readonly version?: string;
}
function answerOf({ status = 101, raw = [], version = '1.1' }: AnswerParts = {}): IncomingMessage {
  const answer = new IncomingMessage(new Duplex({ read: () => undefined }) as never);
  const { headers } = messageOf(raw);
  const [httpVersionMajor] = version.split('.').map(Number);
  return Object.assign(answer, {
    ...{ headers, rawHeaders: [...raw], statusCode: status, statusMessage: 'As It Came' },
    ...{ httpVersion: version, httpVersionMajor },
  });
}
const SWITCH = ['Connection', 'Upgrade', 'Upgrade', 'websocket'];
async function opens(raw: readonly string[] = SWITCH): Promise<void> {
  await turn();
  request?.connects();
  request?.emit('upgrade', answerOf({ raw }), upstream, Buffer.alloc(0));
}
async function refuses(parts: AnswerParts = { status: 403 }): Promise<IncomingMessage> {
  await turn();
  request?.connects();
  const answer = answerOf(parts);
  request?.emit('response', answer);
  return answer;
}

describe('a tunnel passes the gates of every request:', () => {
  test('it waits for the rate budget, and tells how long', async () => {
    open({ direct: BUDGET });
    expect([request, deadlines.size]).toEqual([undefined, 1]);
    await turn();
    expect([request !== undefined, waits, places()]).toEqual([true, [0], 1]);
  });

  test('a spent rate budget refuses it', () => {
    const { upstreams } = prepare({ direct: BUDGET });
    vi.spyOn(upstreams.direct.rateBudget!, 'take').mockImplementation((waiter) => waiter.refused(7_000));
    open();
    expect([told(), request]).toEqual([[503, 'facade_rate_budget'], undefined]);
    expect(caller.text).toMatch(/retry-after: 7\r/i);
  });

  test('an open breaker refuses it, and no rate budget is spent for that', async () => {
    const { upstreams, unclaimed } = prepare({ direct: BUDGET, defaults: { deadlines: DEADLINES } });
    const take = vi.spyOn(upstreams.direct.rateBudget!, 'take');
    unclaimed.read.route.state.breaker('direct')?.open();
    open();
    expect([told(), request, take.mock.calls.length]).toEqual([[503, 'facade_breaker_open'], undefined, 0]);
    expect(await counted(/^facade_attempts_total\{.*outcome="facade_breaker_open"\}/)).toBe(1);
  });

  test('a full bulkhead refuses it, and its breaker learns nothing', async () => {
    const { upstreams, unclaimed } = prepare({ direct: { maxInflight: 1 } });
    upstreams.direct.enter('known');
    const report = vi.spyOn(unclaimed.read.route.state.breaker('direct')!, 'report');
    open();
    expect([told(), request]).toEqual([[503, 'facade_bulkhead_full'], undefined]);
    expect(report.mock.calls.map(([, judged]) => judged)).toEqual(['neutral']);
    caller.destroy();
    await turn();
    expect(places()).toBe(1);
  });
});

describe('the request of the middleware', () => {
  test('has the headers of the facade, and the offer of its own', () => {
    open();
    expect(req.headers).toMatchObject({ connection: 'upgrade', upgrade: 'websocket', 'X-Own': '1' });
    expect(req.headers['x-forwarded-for']).toBe('192.0.2.7');
    expect(tunnel.target).toBe('/cable?a=1');
    expect(request).toMatchObject({ maxHeaderSize: 64 * 1024, maxHeadersCount: 0 });
  });

  test('that comes when the tunnel is over is ended', () => {
    open();
    tunnel.fails();
    const late = new FakeRequest();
    tunnel.sends(late as unknown as ClientRequest);
    expect(late.isDestroyed).toBe(true);
  });

  const failures: [string, () => void, string][] = [
    ['before there is a connection', () => undefined, 'upstream_connect'],
    ['before its handshake is done', () => void request?.connectsSecurely(), 'upstream_connect'],
    ['after its handshake', () => request?.connectsSecurely()(), 'upstream_respond'],
    ['after there is a connection', () => request?.connects(), 'upstream_respond'],
  ];
  test.each(failures)('that ends %s, without an error and an answer, is a failure', async (_, reach, outcome) => {
    open();
    await turn();
    reach();
    request?.emit('close');
    expect([told(), request?.isDestroyed]).toEqual([[502, outcome], true]);
    expect(await counted(new RegExp(`^facade_attempts_total\\{.*outcome="${outcome}"\\}`))).toBe(1);
  });

  test('that breaks is a failure, told once', async () => {
    open();
    await turn();
    tunnel.breaks();
    tunnel.breaks();
    expect([caller.text.match(/HTTP\/1\.1/g)?.length, told()]).toEqual([1, [502, 'upstream_connect']]);
  });
});

describe('an open tunnel', () => {
  test('was answered by Contact2Sale, in headers of the facade, and holds its place until it closes', async () => {
    open();
    await opens([...SWITCH, 'Sec-WebSocket-Accept', 'a', 'X-Facade-Path', 'liar', 'Keep-Alive', 'x']);
    expect([tunnel.isOpen, places(), takenOver.length]).toEqual([true, 1, 1]);
    expect(takenOver[0]?.headers).toMatchObject({
      ...{ 'Sec-WebSocket-Accept': 'a', via: '1.1 c2s-facade', connection: 'upgrade', upgrade: 'websocket' },
      ...{ 'x-request-id': 'ws-1', 'x-facade-route': 'passthrough', 'x-facade-path': 'passthrough' },
    });
    expect(JSON.stringify(takenOver[0]?.headers)).not.toMatch(/liar|Keep-Alive/);
    caller.destroy();
    await turn();
    expect([places(), deadlines.size]).toEqual([0, 0]);
  });

  test('has no deadline, but an idle time of its own', async () => {
    open();
    await opens();
    pass(3_600_000);
    expect([tunnel.isOpen, caller.destroyed, caller.timeout?.ms]).toEqual([true, false, TUNNEL_IDLE_MS]);
    caller.timeout?.passes();
    await turn();
    expect([caller.destroyed, upstream.destroyed]).toEqual([true, true]);
    expect(lines).toMatchObject([{ status: 101, outcome: 'ok', closedFor: 'idle', requestId: 'ws-1' }]);
  });

  test('is ended with the process, on both sides', async () => {
    open();
    await opens();
    tunnel.end();
    await turn();
    expect([caller.destroyed, upstream.destroyed, lines]).toMatchObject([true, true, [{ closedFor: 'stop' }]]);
  });

  test('is ended as soon as it is open, where the process ended before', async () => {
    open();
    tunnel.end();
    expect(caller.destroyed).toBe(false);
    await opens();
    await turn();
    expect([caller.destroyed, lines]).toMatchObject([true, [{ status: 101, closedFor: 'stop' }]]);
  });

  test('is timed to its opening: how long it was open says nothing of how fast anybody was', async () => {
    open();
    now += 500;
    await opens();
    now += 60_000;
    caller.destroy();
    await turn();
    expect(await counted(/^facade_request_duration_seconds_sum\{route="passthrough",path="passthrough"\}/)).toBe(0.5);
    expect(lines).toMatchObject([{ ms: 60_500 }]);
  });

  test.each(['caller', 'upstream'] as const)(
    'gives what is left an idle time when the %s ends, and then closes',
    async (side) => {
      open();
      await opens();
      const [gone, left] = side === 'caller' ? [caller, upstream] : [upstream, caller];
      gone.push(null);
      gone.resume();
      await turn();
      expect(left.timeout?.ms).toBe(15_000);
      left.timeout?.passes();
      expect(left.destroyed).toBe(true);
    },
  );

  test.each(['caller', 'upstream'] as const)('ends the other side when the %s closes', async (side) => {
    open();
    await opens();
    const [gone, left] = side === 'caller' ? [caller, upstream] : [upstream, caller];
    gone.destroy();
    await turn();
    expect(left.writableEnded).toBe(true);
  });

  const no: [string, readonly string[]][] = [
    ['another protocol', ['Connection', 'Upgrade', 'Upgrade', 'h2c']],
    ['a body', [...SWITCH, 'Content-Length', '4']],
  ];
  test.each(no)('is none by a 101 with %s', async (_, raw) => {
    open();
    await opens(raw);
    expect([told(), upstream.destroyed, takenOver]).toEqual([[502, 'upstream_respond'], true, []]);
  });

  test('is none when its caller has left meanwhile', async () => {
    open();
    await turn();
    caller.destroy();
    await turn();
    await opens();
    expect([upstream.destroyed, takenOver, request?.isDestroyed]).toEqual([true, [], true]);
  });
});

describe('a refusal of Contact2Sale', () => {
  test('passes, under a status line of the facade, and both connections end with it', async () => {
    open();
    const answer = await refuses({ status: 403, raw: ['X-Own', '2', 'X-Facade-Path', 'liar', 'Content-Length', '4'] });
    answer.push('nope');
    answer.push(null);
    await turn();
    await turn();
    expect(caller.text).toMatch(/^HTTP\/1\.1 403 As It Came\r\n/);
    expect(caller.text).toMatch(/\r\nX-Own: 2\r\n[^]*connection: close\r\n\r\nnope$/);
    expect(caller.text).not.toContain('liar');
    expect([request?.isDestroyed, caller.timeout?.ms, caller.writableEnded]).toEqual([true, 15_000, true]);
    caller.timeout?.passes();
    await turn();
    expect(await counted(/^facade_requests_total\{.*status="403",outcome="ok"/)).toBe(1);
  });

  test.each([
    ['1.0', 'via: 1.0 c2s-facade'],
    ['1.1', 'via: 1.1 c2s-facade'],
  ])('of HTTP/%s has a Via of that', async (version, via) => {
    open();
    await refuses({ status: 403, version });
    expect(caller.text).toContain(`${via}\r\n`);
  });

  test('with a 5xx says who failed, and the breaker learns it; of a 4xx it learns nothing', async () => {
    const judged: unknown[] = [];
    const report = vi.spyOn(prepare({}).unclaimed.read.route.state.breaker('direct')!, 'report');
    for (const status of [500, 404]) {
      [caller, upstream] = [new FakeSocket(), new FakeSocket()];
      open();
      await refuses({ status });
      judged.push([told(), report.mock.lastCall?.[1]]);
    }
    expect(judged).toEqual([
      [[500, 'upstream_error'], 'failure'],
      [[404, undefined], 'neutral'],
    ]);
  });

  test('with 429 pauses the rate budget', async () => {
    const { upstreams } = prepare({ direct: BUDGET });
    const pause = vi.spyOn(upstreams.direct.rateBudget!, 'pauseFor');
    open();
    await refuses({ status: 429, raw: ['Retry-After', '9'] });
    expect(pause.mock.calls).toEqual([['9', 'known']]);
  });

  test('with 204 has no body, and no length of one', async () => {
    open();
    const answer = await refuses({ status: 204, raw: ['Content-Length', '2'] });
    answer.push('no');
    answer.push(null);
    await turn();
    expect(caller.text).toMatch(/^HTTP\/1\.1 204 /);
    expect(caller.text).not.toMatch(/content-length|no$/i);
    expect(caller.writableEnded).toBe(true);
  });

  const broken: [string, (answer: IncomingMessage) => void, string][] = [
    ['breaks', (answer) => void answer.destroy(new Error('invented')), 'upstream_body'],
    ['is cut by the middleware', () => tunnel.breaks(), 'upstream_body'],
    ['does not end', () => pass(25_000), 'upstream_body_timeout'],
    ['is not waited for by its caller', () => caller.destroy(), 'client_body'],
  ];
  test.each(broken)('that %s does not look whole', async (_, end, outcome) => {
    open();
    const answer = await refuses();
    answer.push('half');
    end(answer);
    await turn();
    await turn();
    expect([caller.isReset, caller.destroyed]).toEqual([outcome !== 'client_body', true]);
    expect(await counted(new RegExp(`^facade_requests_total\\{.*status="403",outcome="${outcome}"`))).toBe(1);
    expect(places()).toBe(0);
  });

  test('whose caller says that it will say no more is not waited for', async () => {
    open();
    await refuses();
    caller.push(null);
    await turn();
    expect(request?.isDestroyed).toBe(true);
  });

  test.each([
    ['a 101 as an answer', { status: 101 }],
    ['an unknown coding', { status: 403, raw: ['Transfer-Encoding', 'gzip, chunked'] }],
    ['a status that no answer ends with', { status: 600 }],
  ])('is none by %s', async (_, parts) => {
    open();
    await refuses(parts);
    expect([told(), request?.isDestroyed]).toEqual([[502, 'upstream_respond'], true]);
  });
});

describe('a deadline', () => {
  const late: [string, () => void, number, number, string][] = [
    ['no connection', () => undefined, 3_500, 504, 'upstream_connect_timeout'],
    ['no answer', () => request?.connects(), 20_000, 504, 'upstream_respond_timeout'],
  ];
  test.each(late)('%s', async (_, reach, ms, status, outcome) => {
    open();
    await turn();
    reach();
    pass(ms - 1);
    expect(caller.text).toBe('');
    pass(1);
    expect([told(), request?.isDestroyed]).toEqual([[status, outcome], true]);
  });

  test('a wait for the rate budget ends with the total, and gives its place in the queue up', () => {
    const { upstreams } = prepare({ direct: BUDGET });
    const cancel = vi.spyOn(upstreams.direct.rateBudget!, 'cancel');
    vi.spyOn(upstreams.direct.rateBudget!, 'take').mockReturnValue();
    open();
    pass(24_999);
    expect(caller.text).toBe('');
    pass(1);
    expect([told(), cancel.mock.calls.length]).toEqual([[503, 'facade_rate_budget'], 1]);
  });
});

describe('a caller that leaves', () => {
  const points: [string, () => Promise<void> | void, string, string][] = [
    ['before there is a connection', () => undefined, 'client_admit', '499'],
    ['before an answer', () => request?.connects(), 'client_respond', '499'],
    ['an open tunnel', () => opens(), 'ok', '101'],
  ];
  test.each(points)('%s lets go of everything, and is counted once', async (_, reach, outcome, status) => {
    const report = vi.spyOn(prepare({}).unclaimed.read.route.state.breaker('direct')!, 'report');
    open();
    await turn();
    await reach();
    caller.destroy();
    await turn();
    caller.emit('close');
    expect([places(), deadlines.size]).toEqual([0, 0]);
    const series = new RegExp(`^facade_requests_total\\{.*status="${status}",outcome="${outcome}"`);
    expect(await counted(series)).toBe(1);
    expect(report.mock.calls.map(([, judged]) => judged)).toEqual([outcome === 'ok' ? 'success' : 'neutral']);
  });

  test('is noticed, though nobody reads from it before it is answered', async () => {
    open();
    await turn();
    caller.push(null);
    await turn();
    expect([caller.destroyed, places()]).toEqual([true, 0]);
  });

  test('is not taken for one that speaks ahead of the answer', async () => {
    open();
    await turn();
    caller.push('\x81');
    await turn();
    expect(caller.destroyed).toBe(false);
    await opens();
    expect(tunnel.isOpen).toBe(true);
  });

  test('the queue of the rate budget gives its place up', async () => {
    const { upstreams } = prepare({ direct: BUDGET });
    const cancel = vi.spyOn(upstreams.direct.rateBudget!, 'cancel');
    vi.spyOn(upstreams.direct.rateBudget!, 'take').mockReturnValue();
    open();
    caller.destroy();
    await turn();
    expect(cancel).toHaveBeenCalledTimes(1);
    tunnel.granted(5);
    expect([request, waits]).toEqual([undefined, []]);
    expect(await counted(/^facade_requests_total\{.*outcome="client_admit"/)).toBe(1);
  });
});
