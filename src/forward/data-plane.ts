import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FacadeConfig } from '../config/schema.ts';
import { parseDuration } from '../config/units.ts';
import type { Logger } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import { RouteRecorder } from '../observe/recorder.ts';
import type { RequestTrace, Tracing } from '../observe/tracing/trace.ts';
import type { Path } from '../rollout/route.ts';
import { Callers, type Caller } from './callers.ts';
import { Connection } from './connection.ts';
import { DeadlineWatch } from './deadlines.ts';
import { Discovery } from './discovery.ts';
import { Exchange, type ExchangeContext } from './exchange.ts';
import type { Generation } from './generation.ts';
import type { Credentials } from './headers.ts';
import { Overload, OVERLOADED, type OverloadLimits, type ShedReason } from './overload.ts';
import { Passthrough } from './passthrough.ts';
import { endWithProblem, sendProblem, sendReady } from './problem.ts';
import { refusalFor } from './refusals.ts';
import { givenRequestId, requestIdOf } from './request-id.ts';
import type { Tap } from './tap.ts';
import { parseTarget } from './target.ts';

/**
 * The public side of the facade. A request is matched first; only what is no route reaches `others` (Express: health,
 * and at its end the passthrough). The generation that is found here is kept to the end of the request.
 */

export interface DataPlaneOptions {
  readonly metrics: Metrics;
  readonly requestLog: Logger;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  readonly c2sToken: string | undefined;
  readonly facadeTokens: readonly string[];
  /** What the facade shows the gateway, if the gateway asks for anything. */
  readonly gatewayToken: string | undefined;
  /** Of the table that serves now: what no route claims is bounded by them. */
  readonly defaults: () => FacadeConfig['defaults'];
  readonly overload: OverloadLimits;
  readonly log: Logger;
  /** Undefined: off. */
  readonly tracing?: Tracing | undefined;
}

export type Handler = (req: IncomingMessage, res: ServerResponse) => void;

export class DataPlane {
  readonly discovery = new Discovery();
  readonly callers: Callers;
  readonly overload: Overload;
  readonly #options: DataPlaneOptions;
  readonly #deadlines: DeadlineWatch;
  readonly #context: ExchangeContext & { killed: boolean; tap: Tap | undefined };
  readonly #passthrough: Passthrough;
  readonly #credentials: Readonly<Record<Path, (caller: Caller | undefined) => Credentials>>;
  #generation: Generation;
  /** What is not a route: set once by the composition root. */
  others: Handler = (req, res) => this.passThrough(req, res);
  #draining = false;
  /** Requests under way of what is no route. */
  #elsewhere = 0;

  constructor(options: DataPlaneOptions, generation: Generation) {
    const { metrics, requestLog, now } = options;
    this.#options = options;
    this.#generation = generation;
    this.callers = new Callers(options.c2sToken, options.facadeTokens);
    this.#deadlines = new DeadlineWatch(now);
    this.#credentials = credentialsFor(options);
    this.overload = overloadOf(options, () => this.underWay);
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
    this.#passthrough = new Passthrough({
      now,
      rateBudgetWaited,
      requestLog,
      recorder: new RouteRecorder(metrics, 'passthrough', ['passthrough'], 'GET'),
      discovery: this.discovery,
      totalDeadline: () => parseDuration(options.defaults().deadlines.total),
      idleDeadline: () => parseDuration(options.defaults().deadlines.idle),
      credentials: this.#credentials.direct,
      draining: () => this.#draining,
      rewriteLocation: () => this.#generation.rewriteLocation.direct,
      successSample: () => this.#generation.successSample,
    });
  }

  get generation(): Generation {
    return this.#generation;
  }

  /** From the next request on, this is the table. */
  swap(generation: Generation): void {
    this.#generation = generation;
  }

  get killed(): boolean {
    return this.#context.killed;
  }

  /** Everything direct, now; no table is parsed for it. */
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
    return this.callers.identify(req.headers) !== undefined;
  }

  /** Requests that are under way. */
  get underWay(): number {
    return this.#deadlines.size + this.#elsewhere;
  }

  handle(req: IncomingMessage, res: ServerResponse, expectsContinue = false): void {
    if (this.#draining) res.shouldKeepAlive = false;
    if (this.overload.refuses(this.underWay, req.socket) && !isHealthCheck(req)) return this.#shed(req, res);
    const generation = this.#generation;
    const target = parseTarget(req.url as string);
    const match = generation.matcher.match(req.method as string, target.path);
    if (!match) {
      // Express would parse an absolute form, and not take all of them.
      req.url = target.raw;
      if (expectsContinue) res.writeContinue();
      this.#elsewhere++;
      res.once('close', () => this.#elsewhere--);
      return this.others(req, res);
    }
    const requestId = requestIdOf(req.headers['x-request-id']);
    new Exchange(this.#context, generation, {
      req,
      res,
      target,
      match,
      connection: Connection.of(req, generation.trustedProxies),
      caller: this.callers.identify(req.headers),
      requestId,
      expectsContinue,
      trace: this.#options.tracing?.request({ req, requestId, match }),
    }).begin();
  }

  /** What no route and no page of our own claims: to Contact2Sale, as it came. */
  passThrough(req: IncomingMessage, res: ServerResponse): void {
    const asked = this.#passthroughAsked(req);
    const allow = this.#generation.matcher.methodsOf(asked.target.path, 'gateway');
    if (allow.length > 0) {
      // A path of the gateway's dialect: Contact2Sale would know nothing of it.
      const problem = { ...refusalFor('client_method', false, undefined), allow };
      return sendProblem(res, problem, asked.requestId, ['x-request-id', asked.requestId]);
    }
    if (!asked.target.raw.startsWith('/')) {
      return sendProblem(res, refusalFor('client_bad_request', false, undefined), asked.requestId);
    }
    this.#passthrough.handle({ ...asked, trace: this.#trace(asked) }, res);
  }

  /** Only WebSockets, and only where no route is: everything else is a plain request that offers an upgrade. */
  isUpgrade(req: IncomingMessage): boolean {
    if (req.headers.upgrade?.toLowerCase() !== 'websocket') return false;
    return !this.#generation.matcher.match(req.method as string, parseTarget(req.url as string).path);
  }

  upgrade(req: IncomingMessage, socket: Socket, head: Buffer): void {
    if (this.overload.refuses(this.underWay, socket)) {
      return endWithProblem(socket, this.overload.refusal.problem, OVERLOADED);
    }
    const asked = this.#passthroughAsked(req);
    this.#passthrough.upgrade({ ...asked, trace: this.#trace(asked) }, socket, head);
  }

  close(): void {
    this.overload.close();
    this.#deadlines.close();
    this.#passthrough.close();
  }

  /** Nothing was sent, and nothing was done: the cheapest answer that says so. */
  #shed(req: IncomingMessage, res: ServerResponse): void {
    // Beyond the limit of connections; the others may try again on the one that they have.
    if (this.overload.isBeyond(req.socket)) res.shouldKeepAlive = false;
    sendReady(res, this.overload.refusal.ready, givenRequestId(req.headers['x-request-id']));
  }

  #trace({ req, requestId }: { readonly req: IncomingMessage; readonly requestId: string }): RequestTrace | undefined {
    return this.#options.tracing?.request({ req, requestId, match: undefined });
  }

  #passthroughAsked(req: IncomingMessage) {
    const generation = this.#generation;
    return {
      req,
      target: parseTarget(req.url as string),
      upstream: generation.upstreams.direct,
      connection: Connection.of(req, generation.trustedProxies),
      caller: this.callers.identify(req.headers),
      requestId: requestIdOf(req.headers['x-request-id']),
    };
  }
}

/**
 * What each path is shown. Direct: the caller's own, so that Contact2Sale itself says 401 to a stranger; a known facade
 * token is replaced. Gateway: never the caller's, which is Contact2Sale's business, but the facade's own key.
 */
function credentialsFor(
  options: DataPlaneOptions,
): Readonly<Record<Path, (caller: Caller | undefined) => Credentials>> {
  const bearer = (token: string | undefined) => (token === undefined ? undefined : `Bearer ${token}`);
  const asSent: Credentials = { keep: true, authorization: undefined };
  const replaced: Credentials = { keep: false, authorization: bearer(options.c2sToken) };
  const gateway: Credentials = { keep: false, authorization: bearer(options.gatewayToken) };
  return { direct: (caller) => (caller?.replaceCredentials ? replaced : asSent), gateway: () => gateway };
}

/** Whoever asks whether we live must not be told no because we are busy: he would end us, and the others were next. */
function isHealthCheck({ url }: IncomingMessage): boolean {
  return url === '/health' || url === '/';
}

function overloadOf({ overload: limits, metrics, now, log }: DataPlaneOptions, inflight: () => number): Overload {
  const cell = (reason: ShedReason) => metrics.shed.cell({ reason });
  const shed = { connections: cell('connections'), inflight: cell('inflight'), lag: cell('lag') };
  const overload = new Overload({ limits, now, inflight, shed, log });
  metrics.observeOverload(() => overload);
  return overload;
}
