import { IncomingMessage, ServerResponse } from 'node:http';
import { Duplex } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Logger } from '../../../../src/http/log.ts';
import { CONTACT2SALE } from '../../../../src/c2s/pair/contact2sale.ts';
import { tokenHeaderNames } from '../../../../src/facade/dialect/token-header.ts';
import { requestRules } from '../../../../src/facade/forward/headers.ts';
import type { RequestTrace } from '../../../../src/facade/observe/tracing/trace.ts';
import type { UpstreamCall } from '../../../../src/http/upstream-call.ts';
import { Metrics } from '../../../../src/facade/observe/metrics.ts';
import { Callers } from '../../../../src/facade/forward/callers.ts';
import { DeadlineWatch } from '../../../../src/http/deadlines.ts';
import { Exchange, type ExchangeContext } from '../../../../src/facade/forward/exchange.ts';
import { LastWriters } from '../../../../src/facade/forward/last-writers.ts';
import type { RuntimeSnapshot } from '../../../../src/facade/forward/runtime-snapshot.ts';
import { RuntimeBuilder } from '../../../../src/facade/forward/runtime-builder.ts';
import { parseTarget } from '../../../../src/facade/forward/target.ts';
import { connectionOf } from './message-fixture.ts';
import type { Upstream } from '../../../../src/facade/forward/upstream.ts';
import { settingsOf, type Written } from './table-fixture.ts';

/** An exchange between a caller and upstreams that are objects: no socket, no clock but the test's own. */

const TOKEN = 'token-of-contact2sale';
const SILENT = { isLevelEnabled: () => false } as unknown as Logger;

/** One attempt, as the fake upstream sees it: what was asked, and how it is to go. */
export interface Asking {
  readonly path: 'direct' | 'gateway';
  readonly method: string;
  readonly target: string;
  /** Name and value alternating. */
  readonly headers: readonly string[];
  /** What was read of the body so far, once {@link connects} was called. */
  body(): string;
  /** A connection is there, and the request is sent. */
  connects(): Asking;
  answers(status: number, body?: string, headers?: readonly string[]): void;
  /** A connection is there, and part of the request is sent. */
  starts(): Asking;
  /** The head of the answer came alone. */
  waits(): void;
  /** Only the head. */
  begins(status: number, headers?: readonly string[]): void;
  sends(chunk: string): void;
  ends(): void;
  fails(code?: string): void;
  readonly isAborted: boolean;
  /** Held back, because the caller does not read. */
  readonly isPaused: boolean;
}

export interface Asked {
  readonly method?: string;
  readonly target?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly caller?: 'known' | 'unknown';
  /** The whole body; left out: none. `undefined` chunks are sent by {@link Call.send}. */
  readonly body?: string;
  readonly isBodySlow?: boolean;
  readonly expectsContinue?: boolean;
  readonly trace?: RequestTrace;
  /** The caller takes nothing of the answer until {@link Call.reads}. */
  readonly isDeaf?: boolean;
}

export interface Call {
  readonly res: ServerResponse;
  /** What the caller got: status, headers and body. */
  readonly status: () => number;
  readonly header: (name: string) => string | undefined;
  readonly text: () => string;
  /** All that was written to the caller. */
  readonly raw: () => string;
  send(chunk: string): void;
  finish(): void;
  leave(): void;
  reads(): void;
}

export interface World {
  readonly askings: Asking[];
  readonly snapshot: RuntimeSnapshot;
  readonly metrics: Metrics;
  call(asked?: Asked): Call;
  /** Lets the clock go on, and looks at every deadline. */
  pass(ms: number): void;
  close(): void;
  readonly underWay: () => number;
}

export function worldOf(written: Written, killed = false, own: Partial<ExchangeContext> = {}): World {
  let now = 1_000;
  const clock = (): number => now;
  const metrics = new Metrics();
  const builder = new RuntimeBuilder(metrics, clock);
  const snapshot = builder.build(settingsOf(written));
  const askings: Asking[] = [];
  const { direct, gateway } = snapshot.upstreams;
  for (const upstream of [direct, gateway]) if (upstream) intercept(upstream, askings);
  const deadlines = new DeadlineWatch(clock);
  const rules = requestRules(tokenHeaderNames(CONTACT2SALE));
  const callers = new Callers(TOKEN, [], tokenHeaderNames(CONTACT2SALE));
  const context: ExchangeContext = {
    now: clock,
    deadlines,
    requestLog: SILENT,
    killed,
    credentials: () => ({ keep: true, sent: undefined, rules }),
    rateBudgetWaited: () => undefined,
    shadowSink: undefined,
    unknownWrites: undefined,
    keyedWrites: undefined,
    lastWriters: new LastWriters(),
    forceSecret: undefined,
    ...own,
  };
  return {
    askings,
    snapshot,
    metrics,
    underWay: () => deadlines.size,
    call: (asked = {}) => begin(context, snapshot, callers, asked),
    pass(ms) {
      now += ms;
      deadlines.tick();
    },
    close() {
      deadlines.close();
      void builder.close();
    },
  };
}

/** A caller and its request, as node's server would hand both over. */
export interface Caller extends Call {
  readonly req: IncomingMessage;
  readonly socket: Duplex;
}

export function callerOf(asked: Asked): Caller {
  const { method = 'GET', target: raw = '/integration/leads/1', headers = {}, body } = asked;
  const bytes: Buffer[] = [];
  let [isDeaf, taken] = [asked.isDeaf === true, (): void => undefined];
  const socket = new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      bytes.push(Buffer.from(chunk));
      if (isDeaf) taken = done;
      else done();
    },
  });
  const req = new IncomingMessage(socket as never);
  const framing =
    body === undefined ? {} : { 'content-length': String(body.length), 'content-type': 'application/json' };
  const all = { host: 'facade.test', ...framing, ...headers };
  Object.assign(req, {
    method,
    url: raw,
    httpVersion: '1.1',
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    headers: all,
    rawHeaders: Object.entries(all).flat(),
  });
  const finish = (): void => {
    req.complete = true;
    req.push(null);
  };
  if (body !== undefined && !asked.isBodySlow) {
    req.push(body);
    finish();
  }
  if (body === undefined) finish();
  const res = new ServerResponse(req);
  res.assignSocket(socket as never);
  // What node's server does.
  socket.on('drain', () => res.emit('drain'));
  res.on('finish', () => setImmediate(() => res.emit('close')));
  const text = (): string => Buffer.concat(bytes).toString('latin1');
  return {
    req,
    res,
    socket,
    status: () => Number(/^HTTP\/1\.1 (\d+)/.exec(text())?.[1] ?? 0),
    header: (name) => new RegExp(`^${name}: (.*)\r$`, 'im').exec(text())?.[1],
    text: () => text().slice(text().indexOf('\r\n\r\n') + 4),
    raw: text,
    send: (chunk) => void req.push(chunk),
    finish,
    leave: () => void res.destroy(),
    reads() {
      isDeaf = false;
      taken();
    },
  };
}

function begin(context: ExchangeContext, snapshot: RuntimeSnapshot, callers: Callers, asked: Asked): Call {
  const { method = 'GET', target: raw = '/integration/leads/1', caller = 'known' } = asked;
  const one = callerOf(asked);
  const { req, res } = one;
  const target = parseTarget(raw);
  const match = snapshot.matcher.match(method, target.path) ?? snapshot.unclaimed[method === 'GET' ? 'read' : 'write'];
  const connection = connectionOf({ ...req, socket: { remoteAddress: '192.0.2.7' } } as never);
  const facts = {
    req,
    target,
    match,
    connection,
    caller: caller === 'known' ? callers.all.at(-1) : undefined,
    standing: caller === 'known' ? 'known' : 'stranger',
    requestId: 'r-1',
    trace: asked.trace,
  } as const;
  new Exchange(context, snapshot, facts, res, asked.expectsContinue === true).begin();
  return one;
}

/** Puts the test in the place of undici's pool. */
export function intercept(upstream: Upstream, askings: Asking[]): void {
  upstream.pool.dispatch = (
    { path, method, headers, body }: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
  ) => {
    let [isAborted, isPaused] = [false, false];
    let read = '';
    const controller = {
      abort(reason: Error) {
        isAborted = true;
        handler.onResponseError?.(controller, reason);
      },
      pause: () => (isPaused = true),
      resume: () => (isPaused = false),
      rawHeaders: [] as Buffer[],
    } as unknown as Dispatcher.DispatchController & { rawHeaders: Buffer[] };
    const asking: Asking = {
      path: upstream.path,
      method: String(method),
      target: path,
      headers: headers as string[],
      body: () => read,
      get isAborted() {
        return isAborted;
      },
      get isPaused() {
        return isPaused;
      },
      starts() {
        handler.onRequestStart?.(controller, {});
        if (Buffer.isBuffer(body)) read = body.toString();
        else if (body)
          (body as AsyncIterable<Buffer> & NodeJS.ReadableStream).on('data', (chunk) => (read += String(chunk)));
        return asking;
      },
      connects() {
        asking.starts();
        handler.onRequestSent?.();
        return asking;
      },
      waits: () => (handler as UpstreamCall).headIsAlone(),
      begins(status, headers = []) {
        controller.rawHeaders = headers.map((text) => Buffer.from(text));
        handler.onResponseStart?.(controller, status, {}, 'As It Came');
      },
      sends: (chunk) => handler.onResponseData?.(controller, Buffer.from(chunk)),
      ends: () => handler.onResponseEnd?.(controller, {}),
      answers(status, text = '', headers = []) {
        asking.begins(status, ['content-length', String(text.length), ...headers]);
        if (text !== '') asking.sends(text);
        asking.ends();
      },
      fails: (code = 'ECONNRESET') =>
        handler.onResponseError?.(controller, Object.assign(new Error('invented'), { code })),
    };
    askings.push(asking);
    return true;
  };
}
