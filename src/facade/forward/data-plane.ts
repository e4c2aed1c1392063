import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../http/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Tracing } from '../observe/tracing/trace.ts';
import type { ApiPair } from '../rollout/api-pair.ts';
import { tokenHeaderNames } from '../dialect/token-header.ts';
import type { Match } from '../rollout/matcher.ts';
import type { Path } from '../rollout/route.ts';
import type { CallerStanding } from '../../http/standing.ts';
import { Callers, MISPLACED, MISPLACED_TOKEN, type Caller } from './callers.ts';
import { Connection, LOOP } from './connection.ts';
import { credentialsFor, type OwnTokens } from './credentials.ts';
import { DeadlineWatch } from '../../http/deadlines.ts';
import { Discovery } from './discovery.ts';
import { Exchange, type InboundRequest, type ExchangeContext } from './exchange.ts';
import type { PreparedRoute, RuntimeSnapshot, RouteEntry } from './runtime-snapshot.ts';
import { requestRules, type Credentials } from './headers.ts';
import { Overload, OVERLOADED, type OverloadLimits, type ShedReason } from './overload.ts';
import { createPages, isHealthCheck, type Pages } from './pages.ts';
import type { Target } from './plan.ts';
import type { Upgrade } from '../../http/listener.ts';
import { endWithProblem, sendProblem, sendReady, type Problem } from '../../http/problem.ts';
import { refusalFor } from './refusals.ts';
import { givenRequestId, requestIdOf } from '../../http/request-id.ts';
import type { KeyedWrites } from './keyed-writes.ts';
import { LastWriters, stickyValueOf } from './last-writers.ts';
import type { ShadowSink } from './shadow-sink.ts';
import type { UnknownWriteSink } from './unknown-write-sink.ts';
import { percentDecodeLoosely } from '../../http/percent.ts';
import { parseTarget } from './target.ts';
import { Tunnels } from './tunnels.ts';
import { isWebSocketOffer } from './web-socket.ts';

/**
 * The public side of the facade. A request is matched first. What no route claims is one of the facade's own pages, or
 * goes direct on the way of every request (exchange.ts), or is the tunnel of a WebSocket (tunnel.ts). The
 * snapshot that is found here is kept to the end of the request.
 */

interface DataPlaneOptions extends OwnTokens {
  readonly metrics: Metrics;
  readonly requestLog: Logger;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  readonly pair: Pick<ApiPair, 'names' | 'tokens'>;
  readonly facadeTokens: readonly string[];
  /** Signs force headers; undefined: those of known callers count unsigned. */
  readonly forceSecret?: string | undefined;
  readonly overload: OverloadLimits;
  readonly log: Logger;
  /** Undefined: off. */
  readonly tracing?: Tracing | undefined;
}

type Settable<T> = { -readonly [K in keyof T]: T[K] };

export class DataPlane {
  readonly discovery: Discovery;
  readonly callers: Callers;
  readonly overload: Overload;
  readonly #options: DataPlaneOptions;
  readonly #deadlines: DeadlineWatch;
  readonly #context: Settable<ExchangeContext>;
  readonly #tunnels: Tunnels;
  readonly #credentials: Readonly<Record<Path, (caller: Caller | undefined) => Credentials>>;
  #snapshot: RuntimeSnapshot;
  /** Set once by the composition root. */
  pages: Pages;
  #draining = false;
  /** Its log has the loop already. */
  #loopTold: RuntimeSnapshot | undefined;
  /** Requests of pages that are under way. */
  #onPages = 0;
  /** Requests and tunnels of strangers that are under way. */
  #strangers = 0;

  constructor(options: DataPlaneOptions, snapshot: RuntimeSnapshot) {
    const { metrics, requestLog, now } = options;
    this.#options = options;
    this.#snapshot = snapshot;
    this.discovery = new Discovery(snapshot.knownShare);
    const tokenHeaders = tokenHeaderNames(options.pair);
    this.callers = new Callers(options.directToken, options.facadeTokens, tokenHeaders);
    this.#deadlines = new DeadlineWatch(now);
    this.#credentials = credentialsFor(options.pair.tokens, options, requestRules(tokenHeaders));
    this.overload = overloadOf(
      options,
      () => this.underWay,
      (req) => this.#standingOf(req, this.callerOf(req) !== undefined),
    );
    const waits = {
      direct: metrics.rateBudgetWait.labels('direct'),
      gateway: metrics.rateBudgetWait.labels('gateway'),
    };
    const rateBudgetWaited = (path: Path, ms: number): void => waits[path].observe(ms / 1000);
    this.#context = {
      now,
      requestLog,
      deadlines: this.#deadlines,
      killed: false,
      credentials: (path, caller) => this.#credentials[path](caller),
      rateBudgetWaited,
      shadowSink: undefined,
      unknownWrites: undefined,
      keyedWrites: undefined,
      lastWriters: new LastWriters(),
      forceSecret: options.forceSecret,
    };
    this.#tunnels = new Tunnels(this.#context);
    this.pages = createPages(() => this.#draining, options.log);
  }

  get snapshot(): RuntimeSnapshot {
    return this.#snapshot;
  }

  /** From the next request on, this is the table. */
  swap(snapshot: RuntimeSnapshot): void {
    this.#snapshot = snapshot;
    this.discovery.knownShare = snapshot.knownShare;
  }

  get killed(): boolean {
    return this.#context.killed;
  }

  /** The kill switch is on: every route is direct. No table is parsed for it. */
  set killed(killed: boolean) {
    this.#context.killed = killed;
    this.#options.metrics.killSwitch.set(killed ? 1 : 0);
  }

  /** The comparison listens in from now on; set once by the composition root. */
  get shadowSink(): ShadowSink | undefined {
    return this.#context.shadowSink;
  }

  set shadowSink(shadowSink: ShadowSink) {
    this.#context.shadowSink = shadowSink;
  }

  /** Takes writes of unknown fate from now on; set once by the composition root. */
  set unknownWrites(sink: UnknownWriteSink) {
    this.#context.unknownWrites = sink;
  }

  /** An Idempotency-Key has an effect from now on; set once by the composition root. */
  set keyedWrites(keyedWrites: KeyedWrites) {
    this.#context.keyedWrites = keyedWrites;
  }

  get forceSecret(): string | undefined {
    return this.#context.forceSecret;
  }

  /** Path of the last write that this process sent of the request's sticky value, while a read is pinned to it. */
  lastWriterOf(match: Match<PreparedRoute>, caller: Caller): Path | undefined {
    const { now, lastWriters } = this.#context;
    return lastWriters.pathOf(stickyValueOf(match, caller), now(), match.route.model.pinAfterWriteMs);
  }

  /** What a path is shown in a caller's place. */
  credentials(path: Path, caller: Caller | undefined): Credentials {
    return this.#credentials[path](caller);
  }

  get draining(): boolean {
    return this.#draining;
  }

  /**
   * The process is ending: every answer that has not begun is the last one on its connection and says so. Otherwise a
   * caller would send its next request into a connection that is just being closed.
   */
  drain(): void {
    this.#draining = true;
    this.#deadlines.endConnections();
  }

  /** The id of the known caller whose token the request presents; undefined: a stranger. */
  callerOf(req: IncomingMessage): Caller['id'] | undefined {
    const caller = this.callers.identify(req.rawHeaders, '');
    return typeof caller === 'object' ? caller.id : undefined;
  }

  /** Requests that are under way. */
  get underWay(): number {
    return this.#deadlines.size + this.#onPages;
  }

  /**
   * Resolves when nothing is under way any more. A write with an Idempotency-Key goes on without its caller, and so without a
   * connection that could be waited for. @param timeoutMs at the longest.
   */
  async idle(timeoutMs: number): Promise<void> {
    const end = performance.now() + timeoutMs;
    while (this.underWay > 0 && performance.now() < end) await sleep(IDLE_LOOK_MS);
  }

  handle(req: IncomingMessage, res: ServerResponse, expectsContinue = false): void {
    if (this.#draining) res.shouldKeepAlive = false;
    const { underWay } = this;
    const mayRefuse = this.overload.mayRefuse(underWay, this.#strangers) && !isSpared(req);
    if (mayRefuse && this.overload.refuses(underWay, this.#strangers, req)) return this.#shed(req, res);
    const snapshot = this.#snapshot;
    const method = req.method as string;
    const target = parseTarget(req.url as string);
    const caller = this.callers.identify(req.rawHeaders, searchedIn(req, target));
    if (caller === MISPLACED) return refuseMisplaced(res, MISPLACED_TOKEN);
    if (snapshot.hop.isLoop(req)) return refuseWith(req, res, this.#loop());
    const match = this.#match(req, method, target);
    if (match === PAGE) return this.#page(req, res, target, caller, expectsContinue);
    if (match === BETRAYED) return refuseMisplaced(res, SECRET_MISSPELT);
    if (!match) return this.#refuse(req, res, target);
    const asked = this.#asked(snapshot, req, target, match, caller, res);
    new Exchange(this.#context, snapshot, asked, res, expectsContinue).begin();
  }

  /**
   * Takes a WebSocket that neither a route nor a page claims. Undefined: the request offers none, or goes the way of
   * a plain request for another reason, a refusal of its head among them.
   *
   * @returns serves it by the snapshot of now, and is called once at most.
   */
  takeUpgrade(req: IncomingMessage): Upgrade | undefined {
    if (!isWebSocketOffer(req)) return undefined;
    const snapshot = this.#snapshot;
    const target = parseTarget(req.url as string);
    const caller = this.callers.identify(req.rawHeaders, searchedIn(req, target));
    if (caller === MISPLACED || snapshot.hop.isLoop(req)) return undefined;
    const match = this.#match(req, 'GET', target);
    if (match !== snapshot.unclaimed.read) return undefined;
    return (socket, head) => {
      const standing = this.#standingOf(req, caller !== undefined);
      if (this.overload.refuses(this.underWay, this.#strangers, req, standing)) {
        return endWithProblem(socket, this.overload.refusal.problem, OVERLOADED);
      }
      this.#tunnels.begin(snapshot, this.#asked(snapshot, req, target, match, caller, socket), socket, head);
    };
  }

  /** What serves a request by the snapshot of now, or why nothing does; undefined: no path that could be asked of anybody. */
  #match(
    req: IncomingMessage,
    method: string,
    target: Target,
  ): Match<RouteEntry> | typeof PAGE | typeof BETRAYED | undefined {
    const claimed = this.#snapshot.matcher.match(method, target.path);
    if (claimed) return claimed;
    if (this.pages.claims(method, target.path)) return PAGE;
    return this.#isBetrayed(req) ? BETRAYED : this.#unclaimed(method, target);
  }

  /** A request that is passed on. @param carrier closes when the request, or its tunnel, has ended. */
  #asked(
    snapshot: RuntimeSnapshot,
    req: IncomingMessage,
    target: Target,
    match: Match<RouteEntry>,
    caller: Caller | undefined,
    carrier: ServerResponse | Socket,
  ): InboundRequest {
    const standing = standingOf(caller);
    if (standing === 'stranger') this.#countStranger(carrier);
    const isClaimed = match.route.model.servedAs.direct === 'direct';
    if (!isClaimed) this.discovery.observe(req.method as string, target.path, Date.now(), standing);
    const requestId = requestIdOf(req.headers['x-request-id']);
    // A trace names a route by its template, and what no route claims has none.
    const trace = this.#options.tracing?.request({ req, requestId, match: isClaimed ? match : undefined });
    const connection = Connection.of(req, snapshot.hop);
    return { req, target, match, connection, caller, standing, requestId, trace };
  }

  /** One of the facade's own pages. */
  #page(
    req: IncomingMessage,
    res: ServerResponse,
    target: Target,
    caller: Caller | undefined,
    expectsContinue: boolean,
  ): void {
    if (this.#standingOf(req, caller !== undefined) === 'stranger') this.#countStranger(res);
    // Express would parse an absolute form, and not take all of them.
    req.url = target.raw;
    this.#onPages++;
    res.once('close', () => this.#onPages--);
    this.pages.serve(req, res, expectsContinue);
  }

  /** Shows what nobody else may read: a facade token in its path, or the secret of a page whose address is misspelt. */
  #isBetrayed({ url = '', rawHeaders }: IncomingMessage): boolean {
    const written = percentDecodeLoosely(url);
    const isSecret = (text: string): boolean => this.pages.holdsSecret(text);
    return isSecret(url) || isSecret(written) || rawHeaders.some(isSecret) || this.callers.isShownIn(written);
  }

  /** What no route claims goes direct as it came; undefined where the direct side could not know it. */
  #unclaimed(method: string, { raw, path }: Target): Match<RouteEntry> | undefined {
    const { matcher, unclaimed } = this.#snapshot;
    if (!raw.startsWith('/') || matcher.methodsOf(path, 'gateway').length > 0) return undefined;
    return method === 'GET' || method === 'HEAD' ? unclaimed.read : unclaimed.write;
  }

  /** No path that could be asked of anybody, or one of the gateway's dialect with a method that it does not have. */
  #refuse(req: IncomingMessage, res: ServerResponse, { path }: Target): void {
    const allow = this.#snapshot.matcher.methodsOf(path, 'gateway');
    const outcome = allow.length > 0 ? 'client_method' : 'client_bad_request';
    const refusal = refusalFor(outcome, this.#options.pair.names);
    refuseWith(req, res, allow.length > 0 ? { ...refusal, allow } : refusal);
  }

  /** An upstream's address leads back here. Whoever can change it reads the log. */
  #loop(): Problem {
    const snapshot = this.#snapshot;
    if (this.#loopTold !== snapshot) this.#options.log.error({ kind: LOOP.kind }, LOOP.detail);
    this.#loopTold = snapshot;
    return LOOP;
  }

  /** After {@link drain}: open WebSockets would end never, or when they are cut. @returns how many were open. */
  endTunnels(): number {
    return this.#tunnels.end();
  }

  close(): void {
    this.overload.close();
    this.#deadlines.close();
    this.#tunnels.close();
  }

  /** Of a request that no route claims, or of which nothing is known yet: the secret of a page vouches for its caller, too. */
  #standingOf(req: IncomingMessage, isKnown: boolean): CallerStanding {
    return isKnown || this.pages.vouchesFor(req) ? 'known' : 'stranger';
  }

  /** Until it closes: the answer of a request, or the connection of a tunnel. */
  #countStranger(one: ServerResponse | Socket): void {
    this.#strangers++;
    one.once('close', this.#onStrangerLeft);
  }

  readonly #onStrangerLeft = (): void => {
    this.#strangers--;
  };

  /** Nothing was sent, and nothing was done: the cheapest answer that says so. */
  #shed(req: IncomingMessage, res: ServerResponse): void {
    // Beyond the limit of connections; the others may try again on the one that they have.
    if (this.overload.isOverConnectionLimit(req.socket)) res.shouldKeepAlive = false;
    sendReady(res, this.overload.refusal.ready, givenRequestId(req.headers['x-request-id']));
  }
}

/** Between two looks whether anything is under way. */
const IDLE_LOOK_MS = 25;

/** One of the facade's own pages claims it. */
const PAGE = Symbol('page');
/** See {@link SECRET_MISSPELT}. */
const BETRAYED = Symbol('betrayed');

const SECRET_MISSPELT: Problem = {
  status: 400,
  kind: 'secret-misspelt',
  detail:
    'The request shows a token of this facade in its path, or the secret of a webhook, and no page of the facade has ' +
    'this address. It was not passed on. Correct the address.',
};

/** Under an id of ours: the caller's own may be the token. */
function refuseMisplaced(res: ServerResponse, problem: Problem): void {
  const requestId = requestIdOf(undefined);
  sendProblem(res, problem, requestId, ['x-request-id', requestId]);
}

function refuseWith(req: IncomingMessage, res: ServerResponse, problem: Problem): void {
  const requestId = requestIdOf(req.headers['x-request-id']);
  sendProblem(res, problem, requestId, ['x-request-id', requestId]);
}

/** Where a token stands as a query, or as the authority of an absolute form, which is passed on as the caller's host. */
const searchedIn = ({ url = '' }: IncomingMessage, { query }: Target): string =>
  url.charCodeAt(0) === SLASH ? query : url;

const SLASH = 0x2f;

const standingOf = (caller: Caller | undefined): CallerStanding => (caller ? 'known' : 'stranger');

/** Health checks bypass shedding: a failed one would make a balancer give up a process that is merely busy, and then the next one. */
function isSpared({ method, url }: IncomingMessage): boolean {
  return isHealthCheck(method as string, parseTarget(url as string).path);
}

function overloadOf(
  { overload: limits, metrics, now, log }: DataPlaneOptions,
  inflight: () => number,
  standingOf: (req: IncomingMessage) => CallerStanding,
): Overload {
  const cell = (reason: ShedReason) => metrics.shed.cell({ reason });
  const shed = { connections: cell('connections'), inflight: cell('inflight'), lag: cell('lag') };
  const overload = new Overload({ limits, now, inflight, standingOf, shed, log });
  metrics.observeOverload(() => overload);
  return overload;
}
