import type { IncomingMessage, Server } from 'node:http';
import { Socket } from 'node:net';
import type { Logger } from '../../http/log.ts';
import type { CounterCell } from '../observe/cells.ts';
import { Admission } from './admission.ts';
import { readyProblem, type Problem, type ReadyProblem } from '../../http/problem.ts';
import { NO_NAMES, refusalFor } from './refusals.ts';
import { strangersPart, type CallerStanding } from '../../http/standing.ts';

/**
 * Sheds what the process cannot serve, early: at the head of a request, before it is matched, read or sent anywhere. A
 * facade that takes everything serves nobody once it is full: every request waits for all others, past the deadline
 * of its caller, and is repeated. Three things are bounded:
 *
 * - requests under way (memory, and whatever they wait for),
 * - open connections: those beyond the limit are answered 503 and closed; far beyond, they are not accepted,
 * - the lateness of the event loop, which every request pays several times (admission.ts).
 *
 * Strangers have their part of the requests under way and not more, and a loop that is late refuses them first. Who asks
 * is worked out here only where it matters: while strangers hold all of their part, or the loop is late. Connections
 * cannot be told apart: whose they are is not known before a head has come.
 *
 * A request that nothing speaks against costs three reads and two comparisons. What the enrichment asks through our own
 * listener is judged like the rest, since its queue can wait where callers cannot; its connections are no sockets.
 */

export interface OverloadLimits {
  readonly maxConnections: number;
  readonly maxInflight: number;
  readonly maxLagMs: number;
  /** Share of the requests under way, 0..1, that strangers cannot be. */
  readonly knownShare: number;
}

export type ShedReason = 'connections' | 'inflight' | 'lag';

interface OverloadOptions {
  readonly limits: OverloadLimits;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Requests under way, of routes and others. */
  readonly inflight: () => number;
  readonly standingOf: (req: IncomingMessage) => CallerStanding;
  readonly shed: Readonly<Record<ShedReason, CounterCell>>;
  readonly log: Pick<Logger, 'warn' | 'info'>;
}

/** Milliseconds. A lateness is measured this exactly; a wake-up costs microseconds. */
export const SAMPLE_INTERVAL_MS = 25;
/** Milliseconds without pressure after which shadows run again, and without a refusal after which an episode is over. */
const CALM_AFTER = 1_000;
/** Connections beyond the limit that are still accepted, to be told why they are refused. */
const margin = (maxConnections: number): number => Math.max(16, Math.ceil(maxConnections / 8));

/** Headers of every refusal. */
export const OVERLOADED = ['x-facade-outcome', 'facade_overload'] as const;

interface OverloadRefusal {
  readonly problem: Problem;
  readonly ready: ReadyProblem;
}

/** Milliseconds until it is worth coming back: by turns, so that those who were refused together do not come together. */
const RETRY_AFTER = [1_000, 2_000, 3_000];
/** Refusals must be cheap above all: where one costs half of a request, a facade at twice its load does nothing else. */
const REFUSALS: readonly OverloadRefusal[] = RETRY_AFTER.map((ms) => {
  const problem = refusalFor('facade_overload', NO_NAMES, { retryAfterMs: ms });
  return { problem, ready: readyProblem(problem, OVERLOADED) };
});

const strangersAtMost = ({ maxInflight, knownShare }: OverloadLimits): number => strangersPart(maxInflight, knownShare);

const kIsOverLimit = Symbol('beyond');
type OverLimitMark = object & { [kIsOverLimit]?: true };

export class Overload {
  readonly #options: OverloadOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #admission: Admission;
  #limits: OverloadLimits;
  #strangersAtMost: number;
  #server: Server | undefined;
  #connections = 0;
  /** Open connections beyond the limit. */
  #beyond = 0;
  /** Nothing but the numbers of requests under way can speak against a request. */
  #isCalm = true;
  #pressedAt = -Infinity;
  /** Refusals of the episode that goes on, and when the last one was seen. */
  #refusals = 0;
  #seen = 0;
  #seenAt = 0;

  constructor(options: OverloadOptions) {
    this.#options = options;
    this.#limits = options.limits;
    this.#strangersAtMost = strangersAtMost(options.limits);
    this.#admission = new Admission(options.limits.maxLagMs, options.now());
    this.#timer = setInterval(() => this.sample(), SAMPLE_INTERVAL_MS).unref();
  }

  /**
   * The only thing that a request pays while nothing speaks against it.
   *
   * @param inflight requests under way, and `strangers` those among them that are strangers'.
   */
  mayRefuse(inflight: number, strangers: number): boolean {
    return !this.#isCalm || inflight >= this.#limits.maxInflight || strangers >= this.#strangersAtMost;
  }

  /**
   * Counts a refusal. @returns why the request is refused; undefined: it is taken.
   * @param standing where it is known already; left out: worked out, but only where it matters.
   */
  refuses(
    inflight: number,
    strangers: number,
    req: IncomingMessage,
    standing?: CallerStanding,
  ): ShedReason | undefined {
    return this.mayRefuse(inflight, strangers) ? this.#judge(inflight, strangers, req, standing) : undefined;
  }

  /** Work that can be left undone should be, now: there is less than half of the room left. */
  isUnderPressure = false;

  /** The connection is one too many. */
  isOverConnectionLimit(socket: OverLimitMark): boolean {
    return socket[kIsOverLimit] === true;
  }

  /** What the next one who is refused is told: they take turns. */
  get refusal(): OverloadRefusal {
    return REFUSALS[this.#refusals % REFUSALS.length] as OverloadRefusal;
  }

  /** Open connections of callers. */
  get connections(): number {
    return this.#connections;
  }

  /** Share of the known callers' requests that the lateness of the loop lets in, 0..1. */
  get admitted(): number {
    return this.#admission.share;
  }

  /** From the next request on. */
  configure(limits: OverloadLimits): void {
    this.#limits = limits;
    this.#strangersAtMost = strangersAtMost(limits);
    this.#admission.maxLag = limits.maxLagMs;
    this.#bound();
  }

  /** Counts the connections of this server. Call it before the server listens. */
  watch(server: Server): void {
    this.#server = server;
    this.#bound();
    server.on('drop', () => this.#count('connections'));
    server.on('connection', (socket: object) => {
      if (socket instanceof Socket) this.#opened(socket);
    });
  }

  /** What the timer does: one look at the lateness, and what follows from it. */
  sample(): void {
    const now = this.#options.now();
    this.#admission.tick(now, SAMPLE_INTERVAL_MS);
    const isHalfFull =
      this.#options.inflight() * 2 > this.#limits.maxInflight || this.#connections > this.#limits.maxConnections;
    if (isHalfFull || this.#admission.isUnderPressure) this.#pressedAt = now;
    this.isUnderPressure = now - this.#pressedAt < CALM_AFTER;
    this.#settle();
    this.#tell(now);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #judge(
    inflight: number,
    strangers: number,
    req: IncomingMessage,
    known: CallerStanding | undefined,
  ): ShedReason | undefined {
    const reason = this.#reason(inflight, strangers, req, known);
    if (reason) this.#count(reason);
    return reason;
  }

  #reason(
    inflight: number,
    strangers: number,
    req: IncomingMessage,
    known: CallerStanding | undefined,
  ): ShedReason | undefined {
    if (this.isOverConnectionLimit(req.socket)) return 'connections';
    if (inflight >= this.#limits.maxInflight) return 'inflight';
    const standing = known ?? this.#options.standingOf(req);
    if (standing === 'stranger' && strangers >= this.#strangersAtMost) return 'inflight';
    return this.#admission.admits(standing) ? undefined : 'lag';
  }

  #count(reason: ShedReason): void {
    this.#options.shed[reason].inc();
    this.#refusals++;
  }

  #opened(socket: Socket & OverLimitMark): void {
    const isBeyond = ++this.#connections > this.#limits.maxConnections;
    if (isBeyond) {
      socket[kIsOverLimit] = true;
      this.#beyond++;
      this.#isCalm = false;
    }
    socket.once('close', () => {
      this.#connections--;
      if (isBeyond) this.#beyond--;
      this.#settle();
    });
  }

  #settle(): void {
    this.#isCalm = this.#beyond === 0 && this.#admission.isOpenToAll;
  }

  #bound(): void {
    if (!this.#server) return;
    const { maxConnections } = this.#limits;
    this.#server.maxConnections = maxConnections + margin(maxConnections);
    // In a cluster node would hand what is too much to the next worker, and from the last one to the first again.
    Object.assign(this.#server, { dropMaxConnection: true });
  }

  /** Two lines an episode, not one a request: a log that is written for every refusal would be the next overload. */
  #tell(now: number): void {
    const isFirst = this.#seen === 0 && this.#refusals > 0;
    if (this.#refusals > this.#seen) this.#seenAt = now;
    this.#seen = this.#refusals;
    const { log } = this.#options;
    const state = { connections: this.#connections, inflight: this.#options.inflight(), admitted: this.admitted };
    if (isFirst) log.warn(state, 'overload: requests are shed');
    if (this.#refusals === 0 || now - this.#seenAt < CALM_AFTER || !this.#admission.isOpenToAll) return;
    log.info({ shed: this.#refusals }, 'the overload is over');
    this.#refusals = this.#seen = 0;
  }
}
