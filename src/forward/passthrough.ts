import { Agent as HttpAgent, type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { createProxyMiddleware, type Plugin } from 'http-proxy-middleware';
import type { Logger } from '../observe/log.ts';
import { isLogged, logRequest } from '../observe/request-line.ts';
import type { RouteRecorder } from '../observe/recorder.ts';
import type { RequestTrace } from '../observe/tracing/trace.ts';
import { decisionOf, type Outcome } from '../rollout/outcome.ts';
import type { Caller } from './callers.ts';
import type { Connection } from './connection.ts';
import type { Discovery } from './discovery.ts';
import { reasonPhrase, requestHeaders, responseHeaders, type Credentials, type RewriteLocation } from './headers.ts';
import type { Target } from './plan.ts';
import { endWithProblem, sendProblem } from './problem.ts';
import { isUnknownWrite, refusalFor } from './refusals.ts';
import type { Waiter } from './rate-budget.ts';
import { announcesBody, Arrival } from './request-body.ts';
import type { Upstream } from './upstream.ts';

/**
 * What no route claims goes to Contact2Sale as it came: http-proxy-middleware moves the bytes, and upgrades; header
 * hygiene, credentials, bulkhead, deadlines and metrics are the facade's own, the same as on a route. The middleware's
 * own header handling is by-passed at both ends: it skips its hook for a request with `Expect`, and would pass on what
 * belongs to one connection.
 */

export interface PassthroughContext {
  readonly now: () => number;
  readonly recorder: RouteRecorder;
  readonly discovery: Discovery;
  readonly requestLog: Logger;
  /** Milliseconds. */
  readonly totalDeadline: () => number;
  /** Milliseconds: the longest silence of an event stream. */
  readonly idleDeadline: () => number;
  readonly credentials: (caller: Caller | undefined) => Credentials;
  readonly draining: () => boolean;
  readonly rewriteLocation: () => RewriteLocation;
  /** Share of successful requests that are logged, 0..1. */
  readonly successSample: () => number;
  readonly rateBudgetWaited: (path: 'direct', ms: number) => void;
}

export interface PassthroughAsked {
  readonly req: IncomingMessage;
  readonly target: Target;
  readonly upstream: Upstream;
  readonly connection: Connection;
  readonly caller: Caller | undefined;
  readonly requestId: string;
  /** Undefined: tracing is off. */
  readonly trace: RequestTrace | undefined;
}

/** One request under way, kept beside the middleware's own objects. */
interface Passage extends PassthroughAsked {
  readonly res: ServerResponse | undefined;
  readonly startedAt: number;
  timer: NodeJS.Timeout | undefined;
  proxyReq: ClientRequest | undefined;
  outcome: Outcome | undefined;
  /** There is a connection, its handshake done: before that nothing was sent. */
  isConnected: boolean;
  /** The request is sent; of an upgrade: it is answered. */
  isSent: boolean;
  /** What an upgrade was answered, when it was not granted. */
  status: number | undefined;
}

export class Passthrough {
  readonly #context: PassthroughContext;
  readonly #passages = new WeakMap<IncomingMessage, Passage>();
  readonly #agents: HttpAgent[] = [];
  readonly #middlewares = new Map<string, ReturnType<typeof createProxyMiddleware>>();

  constructor(context: PassthroughContext) {
    this.#context = context;
  }

  handle(asked: PassthroughAsked, res: ServerResponse): void {
    const passage = this.#begin(asked, res);
    // Express hands on a turn later: the caller may have left meanwhile, and what waits for its `close` would never end.
    if (res.closed) return this.#record(passage);
    res.once('close', () => this.#record(passage));
    if (res.destroyed) return;
    if (!announcesBody(asked.req)) return this.#admit(passage, res);
    // As on a route: no place for a body that comes slowly, or never.
    this.#bound(passage);
    void new Arrival(asked.req, passage.startedAt, () => {
      if (!res.headersSent && !res.destroyed) this.#admit(passage, res);
    });
  }

  #admit(passage: Passage, res: ServerResponse): void {
    const { rateBudget } = passage.upstream;
    // What passes through spends Contact2Sale's grant like everything else.
    if (!rateBudget) return this.#forward(passage, res);
    const waiter: Waiter = {
      granted: (waited) => {
        this.#context.rateBudgetWaited('direct', waited);
        if (!res.destroyed) this.#forward(passage, res);
      },
      refused: (retryAfter) => this.#refuse(passage, res, 'facade_rate_budget', retryAfter),
    };
    res.on('close', () => rateBudget.cancel(waiter));
    rateBudget.take(waiter);
  }

  #forward(passage: Passage, res: ServerResponse): void {
    const { req, upstream } = passage;
    if (!upstream.enter()) return this.#refuse(passage, res, 'facade_bulkhead_full', 1000);
    this.#bound(passage);
    // Once: a place that is given back twice, or never, is a bulkhead that no longer counts.
    res.once('close', () => upstream.leave());
    void this.#middleware(upstream)(req, res, () => undefined);
  }

  #bound(passage: Passage): void {
    passage.timer ??= setTimeout(() => this.#expire(passage), this.#context.totalDeadline()).unref();
  }

  #refuse(passage: Passage, res: ServerResponse, outcome: Outcome, retryAfter: number): void {
    passage.outcome = outcome;
    if (res.destroyed) return;
    sendProblem(res, refusalFor(outcome, false, retryAfter), passage.requestId, ownHeaders(passage));
  }

  upgrade(asked: PassthroughAsked, socket: Socket, head: Buffer): void {
    const { req, upstream } = asked;
    const { upgrade, connection } = { upgrade: req.headers.upgrade, connection: 'upgrade' };
    const passage = this.#begin(asked, undefined);
    req.headers = { ...req.headers, connection, upgrade };
    socket.on('close', () => this.#record(passage));
    this.#middleware(upstream).upgrade(req, socket, head);
  }

  close(): void {
    for (const agent of this.#agents) agent.destroy();
  }

  #begin(asked: PassthroughAsked, res: ServerResponse | undefined): Passage {
    const { req, target, connection, caller, requestId } = asked;
    this.#context.discovery.observe(req.method ?? '', target.path, Date.now());
    const passage: Passage = {
      ...asked,
      res,
      startedAt: this.#context.now(),
      timer: undefined,
      proxyReq: undefined,
      outcome: undefined,
      isConnected: false,
      isSent: false,
      status: undefined,
    };
    this.#passages.set(req, passage);
    // The middleware copies req.headers; so these are what it sends.
    const isChunked = req.headers['transfer-encoding'] !== undefined;
    const headers = requestHeaders(req, connection, this.#context.credentials(caller), requestId, undefined);
    asked.trace?.attempt(asked.upstream, req.method ?? '', headers);
    req.headers = asRecord(headers);
    // A body without framing would be read as the next request: node:http frames none on GET, DELETE and OPTIONS by
    // itself, and the middleware writes `content-length: 0` in front of it.
    if (isChunked) req.headers['transfer-encoding'] = 'chunked';
    return passage;
  }

  #middleware(upstream: Upstream): ReturnType<typeof createProxyMiddleware> {
    let middleware = this.#middlewares.get(upstream.settings.url);
    if (!middleware) this.#middlewares.set(upstream.settings.url, (middleware = this.#create(upstream)));
    return middleware;
  }

  #create(upstream: Upstream): ReturnType<typeof createProxyMiddleware> {
    // An idle socket of the pool times out as the upstream's own pool would let it.
    const settings = { keepAlive: true, timeout: upstream.settings.keepAlive, maxFreeSockets: 64 };
    const agent = upstream.origin.startsWith('https:') ? new HttpsAgent(settings) : new HttpAgent(settings);
    this.#agents.push(agent);
    return createProxyMiddleware({
      target: upstream.settings.url,
      changeOrigin: true,
      // The raw target, origin removed; the middleware would decode nothing, but take an absolute form for a path.
      pathRewrite: (_path, req) => this.#passages.get(req)?.target.raw,
      agent,
      // Its plug-ins answer errors with texts and codes of their own and log whole URLs. One of them is what would
      // subscribe the handlers of `on`, so they are subscribed here.
      ejectPlugins: true,
      plugins: [(proxy) => this.#subscribe(proxy)],
      selfHandleResponse: true,
    });
  }

  #subscribe(proxy: Parameters<Plugin>[0]): void {
    proxy.on('proxyReq', (proxyReq, req) => this.#sends(this.#passages.get(req), proxyReq));
    proxy.on('proxyRes', (proxyRes, req) => this.#answers(this.#passages.get(req), proxyRes));
    proxy.on('proxyReqWs', (proxyReq, req, socket) => this.#upgrades(this.#passages.get(req), proxyReq, socket));
    proxy.on('error', (_error, req, socket) => req && this.#fails(this.#passages.get(req), socket));
  }

  #sends(passage: Passage | undefined, proxyReq: ClientRequest): void {
    if (!passage) return;
    passage.proxyReq = proxyReq;
    watchConnection(passage, proxyReq);
    proxyReq.once('finish', () => (passage.isSent = true));
    // It may end without an error and without an answer: an upstream that switches protocols unasked.
    proxyReq.once('close', () => this.#fails(passage, undefined));
  }

  /** Cleans the answer before the middleware, whose listeners come later, writes it on the bare socket. */
  #upgrades(passage: Passage | undefined, proxyReq: ClientRequest, socket: Socket): void {
    if (!passage) return;
    passage.proxyReq = proxyReq;
    watchConnection(passage, proxyReq);
    this.#bound(passage);
    // Nobody reads from the caller until it is answered, so nobody would notice that it leaves.
    const onReadable = (): void => {
      if (socket.readableLength === 0) proxyReq.destroy(new Error('the caller left'));
    };
    socket.on('readable', onReadable);
    const clean = (proxyRes: IncomingMessage, kept: readonly string[]): void => {
      socket.off('readable', onReadable);
      passage.isSent = true;
      const { headers } = responseHeaders(proxyRes.rawHeaders, this.#context.rewriteLocation(), false);
      const record = asRecord(headers.concat(ownHeaders(passage)));
      for (const name of kept) if (proxyRes.headers[name] !== undefined) record[name] = proxyRes.headers[name];
      proxyRes.headers = record;
    };
    proxyReq.on('upgrade', (proxyRes: IncomingMessage, proxySocket: Socket) => {
      clearTimeout(passage.timer);
      clean(proxyRes, ['connection', 'upgrade']);
      tie(socket, proxySocket, this.#context.idleDeadline());
    });
    proxyReq.on('response', (proxyRes) => {
      passage.status = proxyRes.statusCode;
      clean(proxyRes, ['transfer-encoding']);
      // The body of a refusal may never end: the deadline stays, and so does the look-out for the caller's leaving.
      socket.once('end', () => proxyReq.destroy()).resume();
      proxyRes.once('end', () => {
        clearTimeout(passage.timer);
        // The caller has all of it, or is taking it; whether it then closes is its own affair, for a while.
        socket.setTimeout(this.#context.idleDeadline(), () => socket.destroy());
      });
    });
    proxyReq.once('close', () => socket.off('readable', onReadable).resume());
  }

  #answers(passage: Passage | undefined, proxyRes: IncomingMessage): void {
    if (!passage?.res) return;
    const { res } = passage;
    const status = proxyRes.statusCode ?? 502;
    const rewrite = this.#context.rewriteLocation();
    const { headers, contentType, retryAfter } = responseHeaders(proxyRes.rawHeaders, rewrite, false);
    if (status === 429) passage.upstream.rateBudget?.pauseFor(retryAfter);
    const isEventStream = contentType?.startsWith('text/event-stream') ?? false;
    if (isEventStream) {
      clearTimeout(passage.timer);
      passage.proxyReq?.setTimeout(this.#context.idleDeadline(), () => this.#expire(passage));
    }
    if (status >= 500) passage.outcome = 'upstream_error';
    headers.push(...ownHeaders(passage, status >= 500 && isWrite(passage.req)));
    if (this.#context.draining()) res.shouldKeepAlive = false;
    res.writeHead(status, reasonPhrase(proxyRes.statusMessage), headers);
    if (isEventStream) res.flushHeaders();
    proxyRes.on('error', () => {
      passage.outcome = 'upstream_body';
      res.destroy();
    });
    proxyRes.pipe(res);
  }

  #fails(passage: Passage | undefined, socket: unknown): void {
    if (!passage || passage.res?.headersSent) return;
    passage.outcome ??= classify(passage);
    const { res, requestId, req } = passage;
    if (!res) {
      if (!(socket instanceof Socket) || !socket.writable) return;
      // Whether it was answered is not the middleware's to say: what comes after that belongs to the tunnel.
      if (passage.isSent) socket.destroy();
      else endWithProblem(socket, refusalFor(passage.outcome, false, undefined), ownHeaders(passage));
      return;
    }
    if (res.destroyed) return;
    const isUnknown = isUnknownWrite(passage.outcome, !isWrite(req));
    const headers = ownHeaders(passage, isUnknown);
    // What is still to come of the body would otherwise be taken for the next request.
    if (passage.outcome === 'client_timeout') headers.push('connection', 'close');
    sendProblem(res, refusalFor(passage.outcome, isUnknown, undefined), requestId, headers);
  }

  #expire(passage: Passage): void {
    const { res } = passage;
    // An answer that has begun cannot become another one.
    if (passage.status !== undefined || res?.headersSent) {
      passage.outcome = 'upstream_body_timeout';
      if (res) return void res.destroy();
      passage.proxyReq?.destroy();
      passage.req.socket.destroy();
      return;
    }
    passage.outcome = expiredAs(passage);
    if (passage.proxyReq) passage.proxyReq.destroy(new Error('deadline'));
    else this.#fails(passage, undefined);
  }

  #record(passage: Passage): void {
    clearTimeout(passage.timer);
    const { recorder, now, requestLog, successSample } = this.#context;
    const { res, req, requestId, caller } = passage;
    // A body that nobody takes any more stops its connection: no next request, and no notice of the caller leaving.
    if (!req.complete) req.unpipe().resume();
    if (res && !res.writableFinished) passage.outcome ??= leftAs(passage, res);
    const outcome = passage.outcome ?? 'ok';
    const answered = res?.headersSent ? res.statusCode : passage.status;
    const status = answered ?? (decisionOf(outcome).status || 101);
    const ended = now();
    const ms = ended - passage.startedAt;
    recorder.attempt('passthrough', outcome, ms);
    recorder.request('passthrough', req.method ?? 'OTHER', status, outcome, ended, ms);
    passage.trace?.settled(outcome, answered ?? 0);
    passage.trace?.ended('passthrough', outcome, status);
    if (!isLogged(requestLog, outcome, successSample())) return;
    const { method } = req;
    logRequest(requestLog, { requestId, path: 'passthrough', method, status, outcome, ms, caller: caller?.id });
  }
}

const isWrite = ({ method }: IncomingMessage): boolean => method !== 'GET' && method !== 'HEAD';

/** Who kept whom waiting when the deadline passed, before there was an answer. */
function expiredAs({ proxyReq, isConnected, isSent, req, res }: Passage): Outcome {
  if (proxyReq && !isConnected) return 'upstream_connect_timeout';
  if (!res || isSent) return 'upstream_respond_timeout';
  return req.complete || proxyReq?.writableNeedDrain ? 'upstream_send_timeout' : 'client_timeout';
}

/** The caller left, and how far its request had come. */
function leftAs({ proxyReq, isSent }: Passage, res: ServerResponse): Outcome {
  if (res.headersSent) return 'client_body';
  if (isSent) return 'client_respond';
  return proxyReq ? 'client_send' : 'client_admit';
}

/** Error codes would not do: a TLS handshake fails in too many ways. What has no connection yet was not sent. */
function classify({ isConnected, isSent }: Passage): Outcome {
  if (!isConnected) return 'upstream_connect';
  return isSent ? 'upstream_respond' : 'upstream_send';
}

function watchConnection(passage: Passage, proxyReq: ClientRequest): void {
  const watch = (socket: Socket): void => {
    if (proxyReq.reusedSocket) passage.isConnected = true;
    else socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', () => (passage.isConnected = true));
  };
  if (proxyReq.socket) watch(proxyReq.socket);
  else proxyReq.once('socket', watch);
}

/**
 * Neither side of a tunnel outlives the other in silence: what is still to be said may be said, and then it closes.
 *
 * @param idle milliseconds without a byte that the side that is left is given.
 */
function tie(caller: Socket, upstream: Socket, idle: number): void {
  const outlive = (gone: Socket, left: Socket): void => {
    const bound = (): void => void left.setTimeout(idle, () => left.destroy());
    gone.once('end', bound);
    gone.once('close', () => {
      bound();
      left.end();
    });
  };
  outlive(caller, upstream);
  outlive(upstream, caller);
}

function ownHeaders({ requestId, outcome }: Passage, isUnknown = false): string[] {
  const headers = ['x-request-id', requestId, 'x-facade-path', 'passthrough'];
  if (outcome !== undefined) headers.push('x-facade-outcome', isUnknown ? 'unknown' : outcome);
  return headers;
}

/** Names that the middleware looks up, and so must be able to find. */
const LOOKED_UP = new Set(['connection', 'content-length', 'host']);

/** Name/value pairs as node:http takes them, in the caller's spelling; a name that comes twice becomes a list. */
function asRecord(pairs: readonly string[]): Record<string, string | string[]> {
  // Without a prototype: `constructor` is a header name, too.
  const record = Object.create(null) as Record<string, string | string[]>;
  const spellings = new Map<string, string>();
  for (let i = 0; i < pairs.length; i += 2) {
    const sent = pairs[i] as string;
    const name = sent.toLowerCase();
    const value = pairs[i + 1] as string;
    const spelling = spellings.get(name) ?? (LOOKED_UP.has(name) ? name : sent);
    spellings.set(name, spelling);
    const before = record[spelling];
    record[spelling] = before === undefined ? value : [before, value].flat();
  }
  return record;
}
