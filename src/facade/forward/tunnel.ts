import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { isLogged, logRequest } from '../observe/request-line.ts';
import { decisionOf, type Outcome } from '../rollout/outcome.ts';
import { REFUSED } from './breaker.ts';
import type { Bounded } from '../../http/deadlines.ts';
import type { InboundRequest, ExchangeContext } from './exchange.ts';
import { expiryOf } from './expiry.ts';
import { asRecord } from './header-record.ts';
import type { RuntimeSnapshot } from './runtime-snapshot.ts';
import { bodiless, hasNoBody, reasonPhrase, requestHeaders, responseHeaders, viaOf } from './headers.ts';
import { endWithProblem } from '../../http/problem.ts';
import type { Waiter } from '../../http/rate-budget.ts';
import { refusalFor } from './refusals.ts';
import type { Upstream } from './upstream.ts';
import { isOpening, isWellFormed } from './web-socket.ts';

/**
 * The tunnel of a WebSocket that no route claims. A middleware connects it and moves its bytes once it stands
 * (tunnels.ts); all else is the facade's own, as for every request: header hygiene, credentials, rate budget, breaker,
 * bulkhead, deadlines, metrics. A tunnel has a connection of its own, which comes from no pool and goes into none,
 * whatever is answered: what is still on its way in either direction must never become part of another request.
 */

/**
 *   queued → asking → open → closed
 *      │        └─→ refusing ─┘
 *      └────────────→ answered ─→ closed      (every phase may close)
 */
type TunnelPhase =
  /** The rate budget is waited for. */
  | { readonly kind: 'queued' }
  /** Contact2Sale is asked; at first the middleware has not made the request yet. */
  | { readonly kind: 'asking'; readonly proxyReq: ClientRequest | undefined; readonly isConnected: boolean }
  /** Contact2Sale refused it, and its refusal passes through. */
  | { readonly kind: 'refusing'; readonly proxyReq: ClientRequest }
  | { readonly kind: 'open'; readonly upstreamSocket: Socket }
  /** A refusal is written whole, and on its way. */
  | { readonly kind: 'answered' }
  /** Recorded. */
  | { readonly kind: 'closed' };

/** Bytes of an answer's head; as on a route (upstream.ts). */
const MAX_HEAD_BYTES = 64 * 1024;

type Takes = (answer: IncomingMessage, upstreamSocket: Socket, head: Buffer) => void;

export class Tunnel implements Bounded, Waiter {
  readonly #context: ExchangeContext;
  readonly #snapshot: RuntimeSnapshot;
  readonly #asked: InboundRequest;
  readonly #socket: Socket;
  readonly #connect: () => void;
  readonly #upstream: Upstream;
  readonly #startedAt: number;
  #phase: TunnelPhase = { kind: 'queued' };
  #askedAt = 0;
  #permit = REFUSED;
  #hasPlace = false;
  #outcome: Outcome | undefined;
  /** What the caller was answered. */
  #status = 101;
  /** 0: it never was. */
  #openedAt = 0;
  /** Why the facade closes it; `stop` may be said before it is open. */
  #closedFor: 'idle' | 'stop' | undefined;
  /** See DeadlineWatch. */
  index = -1;

  /** @param asked no route claims it, and it offers a WebSocket (web-socket.ts). @param connect has the middleware make the request. */
  constructor(
    context: ExchangeContext,
    snapshot: RuntimeSnapshot,
    asked: InboundRequest,
    socket: Socket,
    connect: () => void,
  ) {
    this.#context = context;
    this.#snapshot = snapshot;
    this.#asked = asked;
    this.#socket = socket;
    this.#connect = connect;
    this.#upstream = snapshot.upstreams.direct;
    this.#startedAt = context.now();
  }

  /** The raw target. */
  get target(): string {
    return this.#asked.target.raw;
  }

  get #model() {
    return this.#asked.match.route.model;
  }

  get #state() {
    return this.#asked.match.route.state;
  }

  begin(): void {
    const socket = this.#socket;
    this.#context.deadlines.add(this);
    socket.on('close', this.#onClose).on('error', () => undefined);
    // Nobody reads from the caller until it is answered, so nobody would notice that it leaves.
    socket.on('readable', this.#onReadable);
    const { rateBudget } = this.#upstream;
    if (!rateBudget || this.#state.breakerState('direct') === 'open') this.#ask();
    else rateBudget.take(this, this.#asked.standing);
  }

  granted(waited: number): void {
    if (this.#phase.kind !== 'queued') return;
    this.#context.rateBudgetWaited('direct', waited);
    this.#ask();
  }

  refused(retryAfter: number): void {
    if (this.#phase.kind === 'queued') this.#cannotServe('facade_rate_budget', retryAfter);
  }

  // --- asking ---

  #ask(): void {
    const { req, connection, caller, standing, requestId, trace } = this.#asked;
    const breaker = this.#state.breaker('direct');
    if (breaker && (this.#permit = breaker.acquire(standing)) === REFUSED) {
      return this.#cannotServe('facade_breaker_open', breaker.retryAfter());
    }
    if (!this.#upstream.enter(standing)) {
      breaker?.report(this.#permit, 'neutral', 0);
      return this.#cannotServe('facade_bulkhead_full', 1000);
    }
    this.#hasPlace = true;
    this.#askedAt = this.#context.now();
    this.#phase = { kind: 'asking', proxyReq: undefined, isConnected: false };
    const headers = requestHeaders(req, connection, this.#context.credentials('direct', caller), requestId, undefined);
    trace?.attempt(this.#upstream, req.method as string, headers);
    // The middleware copies req.headers; so these are what it sends.
    req.headers = asRecord([...headers, 'connection', 'upgrade', 'upgrade', 'websocket']);
    this.#connect();
  }

  /** The middleware has made the request, and sends it in this turn. */
  sends(proxyReq: ClientRequest): void {
    if (this.#phase.kind !== 'asking') return void proxyReq.destroy();
    this.#phase = { kind: 'asking', proxyReq, isConnected: false };
    // Node would take 16 KiB, and leave out all lines beyond the thousandth.
    Object.assign(proxyReq, { maxHeaderSize: MAX_HEAD_BYTES, maxHeadersCount: 0 });
    onceConnected(proxyReq, () => {
      if (this.#phase.kind === 'asking') this.#phase = { kind: 'asking', proxyReq, isConnected: true };
    });
    // It may end without an error and without an answer.
    proxyReq.once('close', () => this.fails());
    // The middleware subscribes in this turn; what it would take for an answer is decided here first.
    queueMicrotask(() => this.#answersOf(proxyReq));
  }

  #answersOf(proxyReq: ClientRequest): void {
    const [takes] = proxyReq.listeners('upgrade') as Takes[];
    proxyReq.removeAllListeners('upgrade').removeAllListeners('response');
    proxyReq.on('upgrade', (answer: IncomingMessage, upstreamSocket: Socket, head: Buffer) => {
      upstreamSocket.on('error', () => undefined);
      if (this.#phase.kind === 'asking' && takes && isOpening(answer)) {
        this.#opens(answer, upstreamSocket);
        takes(answer, upstreamSocket, head);
        // The middleware sets none, and takes away the one that there was.
        this.#socket.setTimeout(this.#snapshot.unclaimed.tunnelIdleMs, () => this.#close('idle'));
        if (this.#closedFor) this.#close(this.#closedFor);
      } else {
        upstreamSocket.destroy();
        this.fails();
      }
    });
    proxyReq.on('response', (answer) => this.#refusedBy(proxyReq, answer));
  }

  #opens(answer: IncomingMessage, upstreamSocket: Socket): void {
    this.#phase = { kind: 'open', upstreamSocket };
    this.#openedAt = this.#context.now();
    this.#socket.off('readable', this.#onReadable);
    this.#settle('ok', 101);
    const { headers } = responseHeaders(answer.rawHeaders, this.#snapshot.rewriters.direct, false);
    const own = ['via', viaOf(false), ...this.#ownHeaders(), 'connection', 'upgrade', 'upgrade', 'websocket'];
    answer.headers = asRecord([...headers, ...own]);
    tie(this.#socket, upstreamSocket, this.#model.deadlines.idle);
  }

  // --- refusing ---

  /** A refusal of Contact2Sale, under a status line of ours. The connection ends with it, and so does the one to Contact2Sale. */
  #refusedBy(proxyReq: ClientRequest, answer: IncomingMessage): void {
    // A 101 that names no protocol is no answer to anything.
    if (this.#phase.kind !== 'asking' || !isWellFormed(answer) || answer.statusCode === 101) {
      proxyReq.destroy();
      return this.fails();
    }
    const status = (this.#status = answer.statusCode as number);
    this.#phase = { kind: 'refusing', proxyReq };
    const rewrite = this.#snapshot.rewriters.direct;
    const { headers, retryAfter } = responseHeaders(answer.rawHeaders, rewrite, false);
    if (status === 429) this.#upstream.rateBudget?.pauseFor(retryAfter, this.#asked.standing);
    if (status >= 500) this.#outcome = 'upstream_error';
    this.#settle(this.#outcome ?? 'ok', status);
    const via = viaOf(answer.httpVersion === '1.0');
    const sent = hasNoBody(status) ? bodiless(status, headers) : headers;
    this.#pass(proxyReq, answer, [...sent, 'via', via, ...this.#ownHeaders(), 'connection', 'close']);
  }

  #pass(proxyReq: ClientRequest, answer: IncomingMessage, headers: readonly string[]): void {
    const socket = this.#socket;
    let head = `HTTP/1.1 ${this.#status} ${reasonPhrase(answer.statusMessage) ?? ''}\r\n`;
    for (let i = 0; i < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`;
    socket.off('readable', this.#onReadable);
    socket.write(`${head}\r\n`, 'latin1');
    // The body of a refusal may never end: the deadline stays, and so does the look-out for the caller's leaving.
    socket.once('end', () => proxyReq.destroy()).resume();
    answer.once('error', () => this.#cut('upstream_body'));
    answer.once('end', () => {
      if (this.#phase.kind === 'refusing') this.#phase = { kind: 'answered' };
      proxyReq.destroy();
      // The caller has all of it, or is taking it; whether it then closes is its own affair, for a while.
      socket.setTimeout(this.#model.deadlines.idle, () => socket.destroy());
    });
    if (hasNoBody(this.#status)) answer.once('end', () => socket.end()).resume();
    else answer.pipe(socket);
  }

  /** Where a body ends may be told by the end of the connection alone: one that was cut must not look whole. */
  #cut(outcome: Outcome): void {
    if (this.#phase.kind !== 'refusing') return;
    this.#outcome = outcome;
    this.#socket.resetAndDestroy();
  }

  // --- ends ---

  /** It was not tried. */
  #cannotServe(outcome: Outcome, retryAfter?: number): void {
    this.#state.recorder.notTried(this.#model.servedAs.direct, outcome, this.#context.now());
    this.#asked.trace?.notTried('direct', outcome);
    this.#refuse(outcome, retryAfter);
  }

  /** The connection to Contact2Sale broke: before an answer, or in the midst of a refusal that only its end would end. */
  breaks(): void {
    this.#cut('upstream_body');
    this.fails();
  }

  /** No usable answer came. @param outcome left out: by how far it got. */
  fails(outcome?: Outcome): void {
    const phase = this.#phase;
    if (phase.kind !== 'asking') return;
    const failed = outcome ?? (phase.isConnected ? 'upstream_respond' : 'upstream_connect');
    this.#settle(failed, 0);
    this.#refuse(failed);
    phase.proxyReq?.destroy();
  }

  #refuse(outcome: Outcome, retryAfter?: number): void {
    this.#phase = { kind: 'answered' };
    this.#outcome = outcome;
    const problem = refusalFor(outcome, this.#asked.match.route.model.pair.names, { retryAfterMs: retryAfter });
    this.#status = problem.status;
    this.#socket.off('readable', this.#onReadable).resume();
    if (this.#socket.writable) endWithProblem(this.#socket, problem, this.#ownHeaders());
  }

  readonly #onReadable = (): void => {
    if (this.#socket.readableLength === 0) this.destroy();
  };

  /** Ends it as soon as it is open, when what was written is sent. A WebSocket may be opened again elsewhere at any time. */
  end(): void {
    this.#close('stop');
  }

  get isOpen(): boolean {
    return this.#phase.kind === 'open';
  }

  #close(reason: 'idle' | 'stop'): void {
    this.#closedFor = reason;
    if (this.#phase.kind !== 'open') return;
    this.#phase.upstreamSocket.destroySoon();
    this.#socket.destroySoon();
  }

  /** Ends both sides, now. */
  destroy(): void {
    this.#socket.destroy();
  }

  checkDeadlines(now: number): void {
    const { deadlines } = this.#model;
    const isOver = now - this.#startedAt >= deadlines.total;
    switch (this.#phase.kind) {
      case 'queued':
        if (!isOver) return;
        this.#upstream.rateBudget?.cancel(this, this.#asked.standing);
        return this.refused(1000);
      case 'asking': {
        const phase = this.#phase.isConnected ? 'respond' : 'connect';
        const silent = now - this.#askedAt;
        const expired = expiryOf({ phase, silent, isOver, isCallerSlow: false }, deadlines);
        return expired && this.fails(expired);
      }
      case 'refusing':
        if (isOver) this.#cut('upstream_body_timeout');
        return;
      case 'open':
      case 'answered':
      case 'closed':
        return;
    }
  }

  /** Its connection serves no further request anyway. */
  endConnection(): void {
    return;
  }

  /** What became of what was asked, told to the breaker and the metrics; once. */
  #settle(outcome: Outcome, status: number): void {
    const now = this.#context.now();
    const ms = now - this.#askedAt;
    this.#state.recorder.attempt(this.#model.servedAs.direct, outcome, now, ms, this.#asked.standing);
    this.#asked.trace?.settled(outcome, status);
    const isNeutral = outcome === 'ok' && status >= 400;
    this.#state.breaker('direct')?.report(this.#permit, isNeutral ? 'neutral' : decisionOf(outcome).judge, ms, now);
  }

  readonly #onClose = (): void => {
    const phase = this.#phase;
    if (phase.kind === 'closed') return;
    const left = leftAt(phase);
    if (phase.kind === 'asking') this.#settle(left, 0);
    this.#phase = { kind: 'closed' };
    this.#context.deadlines.delete(this);
    if (phase.kind === 'queued') this.#upstream.rateBudget?.cancel(this, this.#asked.standing);
    if ('proxyReq' in phase) phase.proxyReq?.destroy();
    if (this.#hasPlace) this.#upstream.leave(this.#asked.standing);
    this.#record(this.#outcome ?? left);
  };

  #record(outcome: Outcome): void {
    const { req, caller, requestId, match, trace } = this.#asked;
    const { requestLog, now } = this.#context;
    const { id: route, servedAs } = this.#model;
    const { method = '' } = req;
    const path = servedAs.direct;
    // Answered or not: who left before is counted with the status of that.
    const status = this.#status === 101 && outcome !== 'ok' ? decisionOf(outcome).status : this.#status;
    const ended = now();
    const ms = ended - this.#startedAt;
    // How long it was open says nothing of how fast anybody was.
    const untilAnswered = (this.#openedAt || ended) - this.#startedAt;
    this.#state.recorder.request(path, method, status, outcome, ended, untilAnswered);
    trace?.ended(path, outcome, status);
    if (!isLogged(requestLog, outcome, this.#snapshot.successSample)) return;
    const { dialect } = match;
    const closedFor = this.#openedAt ? this.#closedFor : undefined;
    const line = { requestId, route, path, dialect, method, status, outcome, ms, caller: caller?.id };
    logRequest(requestLog, closedFor ? { ...line, closedFor } : line);
  }

  #ownHeaders(): string[] {
    const { id, servedAs } = this.#model;
    const headers = ['x-request-id', this.#asked.requestId, 'x-facade-route', id, 'x-facade-path', servedAs.direct];
    if (this.#outcome !== undefined) headers.push('x-facade-outcome', this.#outcome);
    return headers;
  }
}

/** What it came to when the caller leaves now. */
function leftAt(phase: TunnelPhase): Outcome {
  switch (phase.kind) {
    case 'queued':
      return 'client_admit';
    case 'asking':
      return phase.isConnected ? 'client_respond' : 'client_admit';
    case 'refusing':
      return 'client_body';
    case 'open':
    case 'answered':
    case 'closed':
      return 'ok';
  }
}

/** Calls back when there is a connection, its handshake done: before that nothing was sent. */
function onceConnected(proxyReq: ClientRequest, connected: () => void): void {
  proxyReq.once('socket', (socket) =>
    socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', connected),
  );
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
