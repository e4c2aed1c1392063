import type { IncomingMessage, ServerResponse } from 'node:http';
import { successStatus } from '../dialect/answer.ts';
import type { Logger } from '../observe/log.ts';
import { isLogged, logRequest } from '../observe/request-line.ts';
import type { RequestTrace } from '../observe/tracing/trace.ts';
import type { Choice } from '../rollout/decide.ts';
import type { Match } from '../rollout/matcher.ts';
import { decisionOf, type Outcome } from '../rollout/outcome.ts';
import type { Path } from '../rollout/route.ts';
import { isShadowed } from '../rollout/split.ts';
import { Attempt, type AttemptOwner } from './attempt.ts';
import { REFUSED } from './breaker.ts';
import { CallerAnswer } from './caller-answer.ts';
import type { Caller } from './callers.ts';
import { bucketFor, choose } from './choose.ts';
import type { Connection } from './connection.ts';
import type { Bounded, DeadlineWatch } from './deadlines.ts';
import { isHeldBack, LONGEST_ERROR_ANSWER, understand } from './error-answer.ts';
import { expiryOf } from './expiry.ts';
import { mayFailover } from './failover.ts';
import type { Generation, RouteEntry } from './generation.ts';
import { isConditional, requestHeaders, responseHeaders, type AnswerHeaders, type Credentials } from './headers.ts';
import { headFits, methodFor, mustHoldBody, planFor, type Plan, type Target } from './plan.ts';
import type { Waiter } from './rate-budget.ts';
import { announcesBody, Arrival, collectBody, RequestBody } from './request-body.ts';
import { Capture, SEEN_EVERY, type Tap } from './tap.ts';
import type { Upstream } from './upstream.ts';

/**
 * One request of a route, from its head to the end of its answer: the way that design.md describes.
 *
 *   1 decide which path · 2 plan (translate) · 3 gate (rate budget, breaker, bulkhead) · 4 attempt
 *   · 5 failover, or answer · 6 record, when the answer has ended or the caller has left · 7 hand to the comparison
 *
 * Steps 2 to 5 may be gone through twice. Only `closed` ends an exchange, and it runs once, on the answer's `close`.
 */

/** What every exchange is handed; one object for all of them. */
export interface ExchangeContext {
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  readonly deadlines: DeadlineWatch;
  readonly requestLog: Logger;
  /** The kill switch is on: everything is direct. */
  readonly killed: boolean;
  readonly credentials: (path: Path, caller: Caller | undefined) => Credentials;
  readonly rateBudgetWaited: (path: Path, ms: number) => void;
  /** The comparison, where there is one. */
  readonly tap: Tap | undefined;
}

/** The request, as the data plane found it. */
export interface Asked {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly target: Target;
  readonly match: Match<RouteEntry>;
  readonly connection: Connection;
  readonly caller: Caller | undefined;
  readonly requestId: string;
  /** The caller waits for 100 Continue. */
  readonly expectsContinue: boolean;
  /** Undefined: tracing is off. */
  readonly trace: RequestTrace | undefined;
}

const NOTHING_PLANNED: Plan = { target: '/', body: undefined, isTranslated: false };

/** An error answer that is being read in order to be understood. */
interface HeldAnswer extends AnswerHeaders {
  readonly status: number;
  readonly chunks: Buffer[];
  size: number;
}

type ExchangeResponse = ServerResponse & { [kExchange]?: Exchange };
const kExchange = Symbol('exchange');
const EMPTY = Buffer.alloc(0);

export class Exchange implements AttemptOwner, Bounded, Waiter {
  readonly #context: ExchangeContext;
  readonly #generation: Generation;
  readonly #asked: Asked;
  readonly #entry: RouteEntry;
  readonly #startedAt: number;
  readonly #hasBody: boolean;
  readonly #answer: CallerAnswer;
  /** The whole body, once it had to be held in memory. */
  #buffered: Buffer | undefined;
  #streamed: RequestBody | undefined;
  /** The path that is being asked, and at last the one that answered. */
  #path: Path = 'direct';
  #tries = 0;
  #directTries = 0;
  #attempt: Attempt | undefined;
  /** The path whose rate budget is waited for. */
  #waitingFor: Upstream | undefined;
  /** What is sent to the path that is being asked. */
  #plan: Plan = NOTHING_PLANNED;
  #held: HeldAnswer | undefined;
  /** Of a body that is streamed: what is there before anybody is asked. */
  #arrival: Arrival | undefined;
  #isEventStream = false;
  #recorded = false;
  /** The answer is kept for the comparison. */
  #capture: Capture | undefined;
  /** And a copy of the request is to be sent the other way. */
  #isShadowed = false;
  /** One of those that {@link Tap.saw} is shown. */
  #isSeen = false;
  /** The body of a write is kept, to be read back. */
  #verifies = false;
  /** See DeadlineWatch. */
  place = -1;

  constructor(context: ExchangeContext, generation: Generation, asked: Asked) {
    this.#context = context;
    this.#generation = generation;
    this.#asked = asked;
    this.#entry = asked.match.route;
    this.#startedAt = context.now();
    this.#answer = new CallerAnswer(asked.res, this.#entry.model, asked.requestId);
    this.#hasBody = announcesBody(asked.req);
  }

  begin(): void {
    const res: ExchangeResponse = this.#asked.res;
    res[kExchange] = this;
    res.on('close', onResponseClose);
    this.#context.deadlines.add(this);
    this.#generation.failoverBudget.request(this.#startedAt);
    const choice = this.#decide();
    if (choice.path === undefined) {
      this.#path = 'gateway';
      return this.#refuse(choice.refusal);
    }
    this.#ask(choice.path);
  }

  // --- 1. decide ---

  #decide(): Choice {
    const { match, caller, req } = this.#asked;
    const { upstreams, forceHeader } = this.#generation;
    const bucket = bucketFor(match, caller);
    const choice = choose(match, req.method as string, caller, {
      gatewayAvailable: upstreams.gateway !== undefined,
      killed: this.#context.killed,
      forceHeader: forceHeader ? req.headers['x-facade-force'] : undefined,
      bucket,
    });
    const { tap } = this.#context;
    if (tap) {
      this.#isSeen = requestsBegun++ % SEEN_EVERY === 0;
      if (choice.reason === 'split') this.#sample(tap, choice, bucket);
    }
    return choice;
  }

  /** Will this request be compared? Only what the table itself sent its way: unknown callers never reach the gateway. */
  #sample(tap: Tap, choice: Choice, bucket: number): void {
    const { req } = this.#asked;
    const { rollout, safety } = this.#entry.model;
    if (safety !== 'safe') {
      this.#verifies = choice.path === 'gateway' && this.#hasBody && tap.verifies(this.#entry);
    } else if (rollout.shadow > 0) {
      this.#isShadowed = isShadowed(rollout, bucket);
      const isLookedAt = this.#isShadowed || (this.#isSeen && choice.path === 'direct');
      if (!isLookedAt || !this.#isComparable(req)) return;
      const room = this.#isShadowed ? tap.roomFor(this.#entry) : tap.roomToSee(this.#entry);
      if (room > 0) this.#capture = new Capture(room);
    }
  }

  #isComparable(req: IncomingMessage): boolean {
    return !this.#hasBody && !isConditional(req.headers);
  }

  // --- 2. plan ---

  #ask(path: Path): void {
    this.#path = path;
    const { match, req } = this.#asked;
    const fits = headFits(match, path, req, this.#hasBody);
    if (fits.kind === 'unsafe') return this.#refuse('client_bad_request');
    if (fits.kind === 'untranslatable') return this.#cannotServe('untranslatable');
    if (this.#hasBody && this.#buffered === undefined) {
      if (this.#mustHold(path)) return this.#holdBody(path);
      if (this.#arrival === undefined) return this.#awaitBody(path);
    }
    this.#makePlan(path);
  }

  /** No place is taken and no budget spent for a body that comes slowly, or never: a few callers would hold them all. */
  #awaitBody(path: Path): void {
    this.#continue();
    this.#arrival = new Arrival(this.#asked.req, this.#startedAt, () => {
      if (!this.#recorded && !this.#answer.begun) this.#makePlan(path);
    });
  }

  #mustHold(path: Path): boolean {
    const { match, req } = this.#asked;
    return mustHoldBody(match, path, req, path === 'gateway' && this.#verifies);
  }

  #holdBody(path: Path): void {
    const { req } = this.#asked;
    const { maxBody } = this.#entry.model;
    if (Number(req.headers['content-length'] ?? 0) > maxBody) return this.#refuse('client_too_large');
    this.#continue();
    collectBody(req, maxBody, (collected) => {
      if (this.#recorded) return;
      if (collected.kind === 'too-large') return this.#refuse('client_too_large');
      this.#buffered = collected.body;
      this.#makePlan(path);
    });
  }

  #makePlan(path: Path): void {
    const plan = planFor(this.#asked.match, path, this.#asked.target, this.#hasBody, this.#buffered);
    if (plan.kind === 'ok') this.#gate(path, plan.value);
    else this.#cannotServe('untranslatable');
  }

  // --- 3. gate ---

  #gate(path: Path, plan: Plan): void {
    const upstream = this.#generation.upstreams[path];
    if (!upstream) return this.#cannotServe('facade_no_gateway');
    this.#plan = plan;
    const { rateBudget } = upstream;
    if (!rateBudget || this.#entry.state.breakerState(path) === 'open') return this.#launch(upstream);
    this.#waitingFor = upstream;
    rateBudget.take(this);
  }

  granted(waited: number): void {
    const upstream = this.#waitingFor;
    this.#waitingFor = undefined;
    if (!upstream || this.#recorded) return;
    this.#context.rateBudgetWaited(upstream.path, waited);
    this.#launch(upstream);
  }

  refused(retryAfter: number): void {
    this.#waitingFor = undefined;
    if (!this.#recorded) this.#cannotServe('facade_rate_budget', retryAfter);
  }

  // --- 4. attempt ---

  #launch(upstream: Upstream): void {
    const breaker = this.#entry.state.breaker(upstream.path);
    const permit = breaker ? breaker.acquire() : 0;
    if (permit === REFUSED) return this.#cannotServe('facade_breaker_open', breaker?.retryAfter());
    if (!upstream.enter()) {
      breaker?.report(permit, 'neutral', 0, this.#startedAt);
      return this.#cannotServe('facade_bulkhead_full', 1000);
    }
    const { req, match, connection, caller, requestId } = this.#asked;
    const { target, body, isTranslated } = this.#plan;
    const credentials = this.#context.credentials(upstream.path, caller);
    const held = body && { length: body.length, isTranslated };
    const headers = requestHeaders(req, connection, credentials, requestId, held);
    const method = methodFor(match, upstream.path, req.method as string);
    this.#asked.trace?.attempt(upstream, method, headers);
    const { deadlines, now } = this.#context;
    // The first attempt begins with the request, and a clock is not free.
    const startedAt = this.#tries++ === 0 && !upstream.rateBudget ? this.#startedAt : now();
    if (upstream.path === 'direct') this.#directTries++;
    this.#attempt = new Attempt(this, upstream, breaker, permit, deadlines, startedAt);
    this.#attempt.send({ method, target, headers, body: body ?? this.#stream() });
  }

  #stream(): RequestBody | null {
    if (!this.#hasBody) return null;
    return (this.#streamed = new RequestBody(this.#asked.req));
  }

  #continue(): void {
    if (this.#asked.expectsContinue && !this.#asked.res.headersSent) this.#asked.res.writeContinue();
  }

  /** What an attempt came to, told to the metrics, the breaker and the bulkhead; once for each attempt. */
  #settle(attempt: Attempt, outcome: Outcome, status: number): void {
    this.#attempt = undefined;
    const { upstream } = attempt;
    const now = this.#context.now();
    const duration = now - attempt.startedAt;
    upstream.leave();
    this.#entry.state.recorder.attempt(upstream.path, outcome, duration);
    this.#asked.trace?.settled(outcome, status);
    // A 4xx says nothing of the upstream's health: neither that it fails nor, to a half-open breaker, that it is well.
    const isNeutral = attempt.isCutShort || (outcome === 'ok' && status >= 400);
    attempt.breaker?.report(attempt.permit, isNeutral ? 'neutral' : decisionOf(outcome).judge, attempt.answeredIn, now);
  }

  // --- 5. failover, or answer ---

  /** The path was not tried. */
  #cannotServe(outcome: Outcome, retryAfter?: number): void {
    this.#entry.state.recorder.notTried(this.#path, outcome);
    this.#asked.trace?.notTried(this.#path, outcome);
    if (!this.#failover(outcome)) this.#refuse(outcome, retryAfter);
  }

  /** Goes to direct if it may; false when it may not. */
  #failover(outcome: Outcome): boolean {
    const { model, state } = this.#entry;
    if (this.#path !== 'gateway' || model.direct.length === 0) return false;
    if (!mayFailover(model.safety, outcome, this.#fallbackFor(outcome), this.#answer.begun)) return false;
    if (this.#streamed?.begun) return false;
    if (decisionOf(outcome).delivery !== 'unsent') {
      if (!this.#generation.failoverBudget.take(this.#context.now())) return false;
      this.#answer.mayHaveArrived = true;
    }
    state.recorder.failover(outcome);
    this.#ask('direct');
    return true;
  }

  /** What the gateway cannot carry is no failure of the gateway: it goes direct even where failures are answered. */
  #fallbackFor(outcome: Outcome): 'direct' | 'none' {
    return outcome === 'untranslatable' ? 'direct' : this.#entry.model.rollout.fallback;
  }

  attemptFails(attempt: Attempt, outcome: Outcome): void {
    this.#settle(attempt, outcome, 0);
    if (this.#recorded) return;
    if (this.#answer.begun) return this.#answer.cut(outcome);
    this.#held = undefined;
    if (this.#failover(outcome) || this.#repeatOnDirect(outcome)) return;
    this.#refuse(outcome);
  }

  /**
   * A kept connection that the upstream closes just as a request goes out looks like a reset before any answer. A safe
   * request may be sent once more, on another connection; direct has nobody else to fall back on.
   */
  #repeatOnDirect(outcome: Outcome): boolean {
    const isReset = outcome === 'upstream_send' || outcome === 'upstream_respond';
    const isRepeatable = this.#entry.model.safety === 'safe' && !this.#streamed?.begun && !this.#hasBody;
    if (this.#path !== 'direct' || this.#directTries > 1 || !isReset || !isRepeatable) return false;
    if (!this.#generation.failoverBudget.take(this.#context.now())) return false;
    this.#ask('direct');
    return true;
  }

  answerBegins(
    attempt: Attempt,
    status: number,
    statusText: string | undefined,
    raw: readonly (Buffer | string)[],
  ): void {
    const { path } = attempt.upstream;
    this.#capture?.begin(path, status, raw, this.#context.now() - attempt.startedAt);
    const answer = responseHeaders(raw, this.#generation.rewriteLocation[path], path === 'gateway');
    if (status === 429) this.#pauseBudget(answer.retryAfter);
    if (isHeldBack(path, this.#asked.match.dialect, status)) {
      this.#held = { ...answer, status, chunks: [], size: 0 };
      return;
    }
    this.#isEventStream = answer.contentType?.startsWith('text/event-stream') ?? false;
    if (status >= 500) this.#answer.outcome = 'upstream_error';
    const owed = successStatus(this.#entry.model, this.#asked.match.dialect, path, status);
    this.#answer.begin(path, owed, owed === status ? statusText : undefined, answer.headers, answer.contentLength);
    // Else the head waits for the first event, and the caller cannot tell that the stream is open.
    if (this.#isEventStream) this.#asked.res.flushHeaders();
  }

  answerData(attempt: Attempt, chunk: Buffer): void {
    this.#capture?.data(chunk);
    const held = this.#held;
    if (held) {
      held.size += chunk.length;
      if (held.size <= LONGEST_ERROR_ANSWER) held.chunks.push(chunk);
      return;
    }
    if (this.#answer.write(chunk)) return;
    attempt.pause();
    this.#asked.res.once('drain', onResponseDrain);
  }

  answerEnds(attempt: Attempt): void {
    if (this.#held) return this.#answerUnderstood(attempt, this.#held);
    this.#settle(attempt, this.#answer.outcome ?? 'ok', this.#answer.status);
    this.#answer.end();
  }

  #answerUnderstood(attempt: Attempt, held: HeldAnswer): void {
    this.#held = undefined;
    const body = held.size <= LONGEST_ERROR_ANSWER ? Buffer.concat(held.chunks) : EMPTY;
    const { dialect } = this.#asked.match;
    const understood = understand({
      path: attempt.upstream.path,
      asked: dialect,
      rule: this.#entry.model.body,
      status: held.status,
      contentType: held.contentType,
      body,
      duration: this.#context.now() - attempt.startedAt,
    });
    this.#settle(attempt, understood.outcome, understood.status);
    if (this.#recorded || this.#failover(understood.outcome)) return;
    if (understood.status === 429 && held.status !== 429) this.#pauseBudget(held.retryAfter);
    if (!understood.replacement) return this.#refuse(understood.outcome);
    this.#answer.outcome = understood.outcome;
    this.#answer.endWith(this.#path, understood.status, understood.replacement, held.headers);
  }

  /** The facade answers by itself. */
  #refuse(outcome: Outcome, retryAfter?: number): void {
    this.#answer.refuse(this.#path, outcome, retryAfter);
  }

  #pauseBudget(retryAfter: string | undefined): void {
    // It is Contact2Sale's limit that was met, whichever way the request went.
    this.#generation.upstreams.direct.rateBudget?.pauseFor(retryAfter);
  }

  drained(): void {
    this.#attempt?.resume();
  }

  // --- deadlines ---

  checkDeadlines(now: number): void {
    const { deadlines } = this.#entry.model;
    const attempt = this.#attempt;
    const isOver = !this.#isEventStream && now - this.#startedAt >= deadlines.total;
    if (!attempt) {
      if (isOver || this.#arrival?.isSilent(now, deadlines.idle)) this.#expireWithoutAttempt();
      return;
    }
    const silent = now - attempt.lastActivity;
    const isCallerSlow = attempt.phase === 'body' ? attempt.isPaused : this.#isBodyAwaited();
    const outcome = expiryOf({ phase: attempt.phase, silent, isOver, isCallerSlow }, deadlines);
    if (outcome === undefined) return;
    // The second attempt had only what the first left of the time: no fault of its own.
    attempt.isCutShort = isOver && this.#tries > 1 && now - attempt.startedAt < deadlines.firstByte;
    attempt.abandon(outcome);
  }

  endConnection(): void {
    if (!this.#answer.begun) this.#asked.res.shouldKeepAlive = false;
  }

  /** Is it the caller that keeps the upstream waiting for the rest of the body? */
  #isBodyAwaited(): boolean {
    return this.#streamed !== undefined && !this.#asked.req.complete && this.#streamed.readableLength === 0;
  }

  #expireWithoutAttempt(): void {
    if (this.#waitingFor) {
      this.#waitingFor.rateBudget?.cancel(this);
      this.refused(1000);
    } else if (this.#answer.begun) {
      // The whole answer is written, and the caller does not take it.
      this.#asked.res.destroy();
    } else {
      this.#refuse('client_timeout');
    }
  }

  // --- 6. record ---

  /** The answer has ended, or the caller has left. */
  closed(): void {
    if (this.#recorded) return;
    this.#recorded = true;
    this.#context.deadlines.delete(this);
    const answer = this.#answer;
    if (!answer.finished && (answer.outcome === undefined || answer.outcome === 'ok')) {
      answer.outcome = this.#attempt ? LEFT[this.#attempt.phase] : answer.begun ? 'client_body' : 'client_admit';
    }
    const outcome = answer.outcome ?? 'client_admit';
    this.#waitingFor?.rateBudget?.cancel(this);
    this.#attempt?.abandon(outcome);
    // Kept back and never asked for, it would stop its connection: no next request, and no notice of the caller leaving.
    if (this.#arrival && !this.#streamed?.begun) this.#asked.req.resume();
    const now = this.#context.now();
    const duration = now - this.#startedAt;
    const { method = '' } = this.#asked.req;
    this.#entry.state.recorder.request(this.#path, method, answer.status, outcome, now, duration);
    this.#asked.trace?.ended(this.#path, outcome, answer.status);
    this.#log(outcome, answer.status, duration);
    if (this.#context.tap) this.#handOver(this.#context.tap, outcome, answer.status);
  }

  // --- 7. hand to the comparison ---

  #handOver(tap: Tap, outcome: Outcome, status: number): void {
    // What failed over, or was cut, has shown nothing that could be compared.
    const isFirst = this.#tries === 1 && decisionOf(outcome).delivery === 'answered' && this.#answer.finished;
    if (this.#capture && this.#isShadowed && isFirst) tap.answered(this.#asked, this.#capture);
    if (this.#verifies && this.#buffered && isFirst && this.#path === 'gateway' && status < 300) {
      tap.wrote(this.#asked, this.#buffered);
    }
    if (this.#isSeen) tap.saw(this.#asked, isFirst ? this.#capture : undefined);
  }

  #log(outcome: Outcome, status: number, duration: number): void {
    const { requestLog } = this.#context;
    if (!isLogged(requestLog, outcome, this.#generation.successSample)) return;
    const { requestId, match, req, caller } = this.#asked;
    logRequest(requestLog, {
      requestId,
      route: this.#entry.model.id,
      path: this.#path,
      dialect: match.dialect,
      method: req.method,
      status,
      outcome,
      ms: duration,
      caller: caller?.id,
    });
  }
}

const LEFT = {
  connect: 'client_admit',
  send: 'client_send',
  respond: 'client_respond',
  body: 'client_body',
  ended: 'client_body',
} as const;

/** Of all exchanges. */
let requestsBegun = 0;

// One listener for all answers: the exchange hangs on the answer, so no closure is made per request.
function onResponseClose(this: ExchangeResponse): void {
  this[kExchange]?.closed();
}

function onResponseDrain(this: ExchangeResponse): void {
  this[kExchange]?.drained();
}
