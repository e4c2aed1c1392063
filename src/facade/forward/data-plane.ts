import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from '../../http/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { RequestTrace, Tracing } from '../observe/tracing/trace.ts';
import type { ApiPair } from '../rollout/api-pair.ts';
import { showToken, tokenHeaderNames } from '../dialect/token-header.ts';
import type { Match } from '../rollout/matcher.ts';
import type { Path } from '../rollout/route.ts';
import type { Standing } from '../../http/standing.ts';
import { Callers, MISPLACED, MISPLACED_TOKEN, type Caller } from './callers.ts';
import { Connection, LOOP } from './connection.ts';
import { DeadlineWatch } from '../../http/deadlines.ts';
import { Discovery } from './discovery.ts';
import { Exchange, type ExchangeContext } from './exchange.ts';
import type { RuntimeSnapshot, RouteEntry } from './runtime-snapshot.ts';
import { requestRules, type Credentials, type RequestRules } from './headers.ts';
import { Overload, OVERLOADED, type OverloadLimits, type ShedReason } from './overload.ts';
import { createPages, isHealthCheck, type Pages } from './pages.ts';
import type { Target } from './plan.ts';
import { endWithProblem, sendProblem, sendReady, type Problem } from '../../http/problem.ts';
import { refusalFor } from './refusals.ts';
import { givenRequestId, requestIdOf } from '../../http/request-id.ts';
import type { Tap } from './tap.ts';
import { percentDecodeLoosely } from '../../http/percent.ts';
import { parseTarget } from './target.ts';
import { isWebSocketOffer } from './tunnel.ts';
import { Tunnels } from './tunnels.ts';

/**
 * The public side of the facade. A request is matched first. What no route claims is one of the facade's own pages, or
 * goes direct on the way of every request (exchange.ts), or is the tunnel of a WebSocket (tunnel.ts). The
 * snapshot that is found here is kept to the end of the request.
 */

interface DataPlaneOptions {
  readonly metrics: Metrics;
  readonly requestLog: Logger;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  readonly pair: Pick<ApiPair, 'names' | 'tokens'>;
  readonly directToken: string | undefined;
  readonly facadeTokens: readonly string[];
  /** What the facade shows the gateway, if the gateway asks for anything. */
  readonly gatewayToken: string | undefined;
  readonly overload: OverloadLimits;
  readonly log: Logger;
  /** Undefined: off. */
  readonly tracing?: Tracing | undefined;
}

export class DataPlane {
  readonly discovery: Discovery;
  readonly callers: Callers;
  readonly overload: Overload;
  readonly #options: DataPlaneOptions;
  readonly #deadlines: DeadlineWatch;
  readonly #context: ExchangeContext & { killed: boolean; tap: Tap | undefined };
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
    this.#credentials = credentialsFor(options, requestRules(tokenHeaders));
    this.overload = overloadOf(
      options,
      () => this.underWay,
      (req) => this.#standingOf(req),
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
      tap: undefined,
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
  get tap(): Tap | undefined {
    return this.#context.tap;
  }

  set tap(tap: Tap) {
    this.#context.tap = tap;
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

  /** Presents one of the tokens that make a caller known. */
  isKnown(req: IncomingMessage): boolean {
    return typeof this.callers.identify(req.rawHeaders, '') === 'object';
  }

  /** Requests that are under way. */
  get underWay(): number {
    return this.#deadlines.size + this.#onPages;
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
    const claimed = snapshot.matcher.match(method, target.path);
    let match = claimed;
    if (!match) {
      if (this.pages.claims(method, target.path)) {
        if (!caller && !this.pages.vouchesFor(req)) this.#countStranger(res);
        return this.#page(req, res, target, expectsContinue);
      }
      if (this.#isBetrayed(req)) return refuseMisplaced(res, SECRET_MISSPELT);
      match = this.#unclaimed(method, target);
      if (!match) return this.#refuse(req, res, target);
    }
    const standing = standingOf(caller);
    if (standing === 'stranger') this.#countStranger(res);
    if (!claimed) this.#discover(method, target, standing);
    const requestId = requestIdOf(req.headers['x-request-id']);
    new Exchange(this.#context, snapshot, {
      req,
      res,
      target,
      match,
      connection: Connection.of(req, snapshot.hop),
      caller,
      standing,
      requestId,
      expectsContinue,
      trace: this.#trace(req, requestId, match),
    }).begin();
  }

  /** One of the facade's own pages. */
  #page(req: IncomingMessage, res: ServerResponse, target: Target, expectsContinue: boolean): void {
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

  /** Only a WebSocket that neither a route nor a page claims: everything else is a plain request that offers an upgrade. */
  isUpgrade(req: IncomingMessage): boolean {
    if (!isWebSocketOffer(req)) return false;
    const target = parseTarget(req.url as string);
    const { path } = target;
    // A refused head is answered like that of a plain request.
    if (this.#snapshot.hop.isLoop(req) || this.callers.identify(req.rawHeaders, searchedIn(req, target)) === MISPLACED)
      return false;
    if (this.#isBetrayed(req)) return false;
    const { matcher } = this.#snapshot;
    const isOurs = matcher.match('GET', path) !== undefined || this.pages.claims('GET', path);
    return !isOurs && path.startsWith('/') && matcher.methodsOf(path, 'gateway').length === 0;
  }

  /** @param req {@link isUpgrade} holds of it. */
  upgrade(req: IncomingMessage, socket: Socket, head: Buffer): void {
    if (this.overload.refuses(this.underWay, this.#strangers, req)) {
      return endWithProblem(socket, this.overload.refusal.problem, OVERLOADED);
    }
    const snapshot = this.#snapshot;
    const target = parseTarget(req.url as string);
    const requestId = requestIdOf(req.headers['x-request-id']);
    const match = snapshot.unclaimed.read;
    const caller = this.callers.identify(req.rawHeaders, searchedIn(req, target));
    if (caller === MISPLACED) return endWithProblem(socket, MISPLACED_TOKEN);
    const standing = standingOf(caller);
    if (standing === 'stranger') this.#countStranger(socket);
    this.#discover(req.method as string, target, standing);
    const asked = {
      req,
      target,
      match,
      connection: Connection.of(req, snapshot.hop),
      caller,
      standing,
      requestId,
      trace: this.#trace(req, requestId, match),
    };
    this.#tunnels.begin(snapshot, asked, socket, head);
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

  #standingOf(req: IncomingMessage): Standing {
    return this.isKnown(req) || this.pages.vouchesFor(req) ? 'known' : 'stranger';
  }

  /** Until it closes: the answer of a request, or the connection of a tunnel. */
  #countStranger(one: ServerResponse | Socket): void {
    this.#strangers++;
    one.once('close', this.#onStrangerLeft);
  }

  readonly #onStrangerLeft = (): void => {
    this.#strangers--;
  };

  #discover(method: string, { path }: Target, standing: Standing): void {
    this.discovery.observe(method, path, Date.now(), standing);
  }

  /** Nothing was sent, and nothing was done: the cheapest answer that says so. */
  #shed(req: IncomingMessage, res: ServerResponse): void {
    // Beyond the limit of connections; the others may try again on the one that they have.
    if (this.overload.isBeyond(req.socket)) res.shouldKeepAlive = false;
    sendReady(res, this.overload.refusal.ready, givenRequestId(req.headers['x-request-id']));
  }

  #trace(req: IncomingMessage, requestId: string, match: Match<RouteEntry>): RequestTrace | undefined {
    // A trace names a route by its template, and what no route claims has none.
    const isClaimed = match.route.model.servedAs.direct === 'direct';
    return this.#options.tracing?.request({ req, requestId, match: isClaimed ? match : undefined });
  }
}

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

/**
 * What each path is shown. Direct: a stranger's own, so that the API itself says 401; of a known caller that side's
 * token, written once and by the facade, however the caller wrote its own. Gateway: never the caller's, which is the
 * other side's business, but the facade's own key.
 */
function credentialsFor(
  { pair: { tokens }, directToken, gatewayToken }: DataPlaneOptions,
  rules: RequestRules,
): Readonly<Record<Path, (caller: Caller | undefined) => Credentials>> {
  const asSent: Credentials = { keep: true, sent: undefined, rules };
  const ours: Credentials = { keep: false, sent: showToken(tokens.direct, directToken), rules };
  const sentToGateway = showToken(tokens.gateway, gatewayToken);
  const gateway: Credentials = { keep: false, sent: sentToGateway, rules, dropOrigin: true };
  return { direct: (caller) => (caller ? ours : asSent), gateway: () => gateway };
}

/** Where a token stands as a query, or as the authority of an absolute form, which is passed on as the caller's host. */
const searchedIn = ({ url = '' }: IncomingMessage, { query }: Target): string =>
  url.charCodeAt(0) === SLASH ? query : url;

const SLASH = 0x2f;

const standingOf = (caller: Caller | undefined): Standing => (caller ? 'known' : 'stranger');

/** Health checks bypass shedding: a failed one would make a balancer give up a process that is merely busy, and then the next one. */
function isSpared({ method, url }: IncomingMessage): boolean {
  return isHealthCheck(method as string, parseTarget(url as string).path);
}

function overloadOf(
  { overload: limits, metrics, now, log }: DataPlaneOptions,
  inflight: () => number,
  standingOf: (req: IncomingMessage) => Standing,
): Overload {
  const cell = (reason: ShedReason) => metrics.shed.cell({ reason });
  const shed = { connections: cell('connections'), inflight: cell('inflight'), lag: cell('lag') };
  const overload = new Overload({ limits, now, inflight, standingOf, shed, log });
  metrics.observeOverload(() => overload);
  return overload;
}
