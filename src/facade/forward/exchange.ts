import type { IncomingMessage, ServerResponse } from 'node:http';
import { describeLoss, type Untranslatable } from '../dialect/result.ts';
import { successStatus } from '../dialect/success-status.ts';
import { isEventStreamType } from '../../http/media.ts';
import type { Logger } from '../../http/log.ts';
import { isLogged, logRequest } from '../observe/request-line.ts';
import type { RequestTrace } from '../observe/tracing/trace.ts';
import type { Choice, DecisionReason } from '../rollout/decide.ts';
import type { Match } from '../rollout/matcher.ts';
import { decisionOf, isLastingFault, type Outcome } from '../rollout/outcome.ts';
import type { Path } from '../rollout/route.ts';
import type { CallerStanding } from '../../http/standing.ts';
import { Attempt, type AttemptOwner } from './attempt.ts';
import { REFUSED } from './breaker.ts';
import { CallerAnswer } from './caller-answer.ts';
import type { Caller } from './callers.ts';
import { bucketFor, choose, decisionLine, forcedBy } from './choose.ts';
import type { Connection } from './connection.ts';
import type { Bounded, DeadlineWatch } from '../../http/deadlines.ts';
import { HeldAnswer, understand } from './error-answer.ts';
import { ANSWERED, attemptOf, CLAIMING, CLOSED, leftAt, PLANNING, STREAMED, type Phase } from './exchange-phase.ts';
import { expiryOf } from './expiry.ts';
import { mayFailover } from './failover.ts';
import type { RuntimeSnapshot, RouteEntry } from './runtime-snapshot.ts';
import { requestHeaders, responseHeaders, type Credentials } from './headers.ts';
import { InboundBody } from './inbound-body.ts';
import { byForm, headFits, methodFor, mustHoldBody, planFor, type Plan, type Target } from './plan.ts';
import type { Waiter } from '../../http/rate-budget.ts';
import { handOver, sampleOf, type SamplingDecision } from './sampling.ts';
import { FORCE_HEADER } from './force-header.ts';
import { stickyValueOf, type LastWriters } from './last-writers.ts';
import { UNAVAILABLE, type Admission, type KeyedWrite, type KeyedWrites } from './keyed-writes.ts';
import type { ShadowSink } from './shadow-sink.ts';
import type { UnknownWriteSink } from './unknown-write-sink.ts';
import type { Upstream } from './upstream.ts';

/**
 * One request, from its head to the end of its answer; what no route claims goes this way, too.
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
  readonly shadowSink: ShadowSink | undefined;
  /** Takes the writes of which nobody knows whether they were carried out. */
  readonly unknownWrites: UnknownWriteSink | undefined;
  /** Undefined: there is no database, and so an Idempotency-Key has no effect. */
  readonly keyedWrites: KeyedWrites | undefined;
  readonly lastWriters: LastWriters;
  /** Signs force headers; undefined: those of known callers count unsigned. */
  readonly forceSecret: string | undefined;
}

/** What the data plane found out from the head of a request that it passes on, as a request or as a tunnel. */
export interface InboundRequest {
  readonly req: IncomingMessage;
  readonly target: Target;
  readonly match: Match<RouteEntry>;
  readonly connection: Connection;
  readonly caller: Caller | undefined;
  /** Which part of every limit the caller may use. */
  readonly standing: CallerStanding;
  readonly requestId: string;
  /** Undefined: tracing is off. */
  readonly trace: RequestTrace | undefined;
}

type ExchangeResponse = ServerResponse & { [kExchange]?: Exchange };
const kExchange = Symbol('exchange');

export class Exchange implements AttemptOwner, Bounded, Waiter {
  readonly #context: ExchangeContext;
  readonly #snapshot: RuntimeSnapshot;
  #asked: InboundRequest;
  readonly #res: ServerResponse;
  readonly #expectsContinue: boolean;
  readonly #entry: RouteEntry;
  readonly #startedAt: number;
  readonly #body: InboundBody | undefined;
  readonly #answer: CallerAnswer;
  #phase: Phase = PLANNING;
  /** The path that is being asked, and at last the one that answered. */
  #path: Path = 'direct';
  #tries = 0;
  #directTries = 0;
  /** Why it was to take its first path. */
  #reason: DecisionReason | undefined;
  /** What the comparison wants of it. */
  #sample: SamplingDecision | undefined;
  /** Sent under an Idempotency-Key. */
  #keyed: KeyedWrite | undefined;
  /** Its caller has left, and it is brought to its end all the same: whoever asks again with the key is told. */
  #goesOn = false;
  /** See DeadlineWatch. */
  index = -1;

  /** @param expectsContinue the caller waits for 100 Continue. */
  constructor(
    context: ExchangeContext,
    snapshot: RuntimeSnapshot,
    asked: InboundRequest,
    res: ServerResponse,
    expectsContinue: boolean,
  ) {
    this.#context = context;
    this.#snapshot = snapshot;
    this.#asked = asked;
    this.#res = res;
    this.#expectsContinue = expectsContinue;
    this.#entry = asked.match.route;
    this.#startedAt = context.now();
    this.#answer = new CallerAnswer(res, this.#entry.model, asked.requestId);
    this.#body = InboundBody.of(asked.req);
  }

  begin(): void {
    const res: ExchangeResponse = this.#res;
    res[kExchange] = this;
    res.on('close', onResponseClose);
    this.#context.deadlines.add(this);
    // Of strangers' traffic there is no share to fail over: none of it reaches the gateway.
    if (this.#asked.standing === 'known') this.#snapshot.failoverBudget.request(this.#startedAt);
    const choice = this.#decide();
    const { model } = this.#entry;
    if (model.safety !== 'safe' && this.#asked.req.headers['idempotency-key'] !== undefined) this.#lookUpKey(choice);
    else this.#start(choice);
  }

  #start(choice: Choice): void {
    if (choice.path === undefined) {
      this.#path = 'gateway';
      return this.#refuse(choice.refusal);
    }
    this.#ask(choice.path);
  }

  // --- of a write with an Idempotency-Key, before anything is sent ---

  /** Strangers could fill the database, and their credentials tell nobody apart. */
  #lookUpKey(choice: Choice): void {
    const { keyedWrites } = this.#context;
    const body = this.#body;
    if (!keyedWrites || !this.#asked.caller) {
      this.#answer.idempotency = 'ignored';
      return this.#start(choice);
    }
    const admit = (): void => {
      this.#phase = CLAIMING;
      void keyedWrites.admit(this.#asked, body?.held).then((found) => this.#admitted(found, choice));
    };
    if (!body) return admit();
    const { maxBodyBytes } = this.#entry.model;
    // Whether a request is the same can only be said of a whole one.
    if (body.isLongerThan(maxBodyBytes)) return this.#refuse('client_too_large');
    this.#continue();
    body.hold(maxBodyBytes, this.#startedAt, (isHeld) => {
      if (this.#phase.kind !== 'planning') return;
      if (!isHeld) return this.#refuse('client_too_large');
      this.#settleForm();
      admit();
    });
  }

  #admitted(admission: Admission, choice: Choice): void {
    if (this.#phase.kind !== 'claiming') {
      // The caller left meanwhile, or its time is over.
      if (admission.kind === 'send') admission.write.release();
      return;
    }
    if (admission.kind === 'refused') return this.#refuse(admission.outcome, admission.retryAfterMs);
    if (admission.kind === 'replay') {
      this.#phase = ANSWERED;
      this.#path = admission.path === 'gateway' ? 'gateway' : 'direct';
      return this.#answer.replay(this.#path, admission.answer);
    }
    this.#keyed = admission.write;
    this.#answer.keeper = admission.write.keeper;
    this.#start(choice);
  }

  // --- 1. decide ---

  #decide(): Choice {
    const { match, caller, req } = this.#asked;
    const { upstreams, forceHeader } = this.#snapshot;
    const bucket = bucketFor(match, caller);
    const choice = choose(match, req.method as string, caller, {
      gatewayAvailable: upstreams.gateway !== undefined,
      killed: this.#context.killed,
      forced: forceHeader ? this.#forced() : undefined,
      lastWriter: this.#lastWriter(),
      bucket,
    });
    this.#reason = choice.reason;
    const { shadowSink } = this.#context;
    // Without a second path there is nothing to compare with.
    if (shadowSink && this.#entry.model.gateway.length > 0)
      this.#sample = sampleOf(shadowSink, this.#asked, choice, bucket);
    return choice;
  }

  #forced(): Path | undefined {
    const { match, caller, req } = this.#asked;
    const verdict = forcedBy(req.headers[FORCE_HEADER], this.#context.forceSecret, match, caller);
    return typeof verdict === 'string' ? verdict : undefined;
  }

  /** The path that this read is pinned to. */
  #lastWriter(): Path | undefined {
    const { pinAfterWriteMs } = this.#entry.model;
    const { match, caller } = this.#asked;
    if (pinAfterWriteMs === 0 || !caller) return undefined;
    return this.#context.lastWriters.pathOf(stickyValueOf(match, caller), this.#startedAt, pinAfterWriteMs);
  }

  /** Once it is sent, since it may be carried out from then on; and again before its caller hears of its end. */
  #noteWriter(): void {
    const { longestPinMs } = this.#snapshot;
    const { match, caller } = this.#asked;
    if (longestPinMs === 0 || this.#entry.model.safety === 'safe' || !caller) return;
    const { lastWriters, now } = this.#context;
    lastWriters.note(stickyValueOf(match, caller), this.#path, now(), longestPinMs);
  }

  // --- 2. plan ---

  #ask(path: Path): void {
    this.#path = path;
    this.#phase = PLANNING;
    if (path === 'gateway' && this.#snapshot.health.gateway.isUnhealthy && this.#mayAvoidGateway()) {
      return this.#cannotServe('facade_upstream_unhealthy');
    }
    const { match, req } = this.#asked;
    const body = this.#body;
    const fits = headFits(match, path, req, body !== undefined, this.#keyed !== undefined);
    if (fits.kind === 'refused') return this.#refuseUntried(fits.outcome);
    if (fits.kind === 'untranslatable') return this.#cannotCarry(fits);
    if (body && body.held === undefined) {
      if (mustHoldBody(match, path, req)) return this.#holdBody(path, body);
      if (!body.hasArrived) return this.#awaitBody(path, body);
    }
    this.#makePlan(path);
  }

  /** Where direct cannot answer in its place, an unhealthy gateway is asked all the same: a check alone refuses nobody. */
  #mayAvoidGateway(): boolean {
    const { model, state } = this.#entry;
    if (model.direct.length === 0 || model.rollout.fallback !== 'direct') return false;
    return !this.#snapshot.health.direct.isUnhealthy && state.breakerState('direct') !== 'open';
  }

  /** No place is taken and no budget spent for a body that comes slowly, or never: a few callers would hold them all. */
  #awaitBody(path: Path, body: InboundBody): void {
    this.#continue();
    body.await(this.#startedAt, () => {
      if (this.#phase.kind === 'planning') this.#makePlan(path);
    });
  }

  #holdBody(path: Path, body: InboundBody): void {
    const { maxBodyBytes } = this.#entry.model;
    if (body.isLongerThan(maxBodyBytes)) return this.#cannotHold();
    this.#continue();
    body.hold(maxBodyBytes, this.#startedAt, (isHeld) => {
      if (this.#phase.kind !== 'planning') return;
      if (isHeld) this.#makePlan(path);
      else this.#cannotHold();
    });
  }

  /** Too long to be judged for the gateway; direct may take it as it comes. */
  #cannotHold(): void {
    if (this.#path === 'gateway') {
      this.#notTried('untranslatable');
      if (this.#failover('untranslatable')) return;
    }
    this.#refuse('client_too_large');
  }

  #makePlan(path: Path): void {
    this.#settleForm();
    const { match, target } = this.#asked;
    const plan = planFor(match, path, target, this.#body !== undefined, this.#body?.held);
    if (plan.kind === 'ok') this.#gate(path, plan.value);
    else this.#cannotCarry(plan);
  }

  /** In which dialect it is, once its body is known as far as it ever will be. */
  #settleForm(): void {
    const match = byForm(this.#asked.match, this.#body !== undefined, this.#body?.held);
    if (match !== this.#asked.match) this.#asked = { ...this.#asked, match };
  }

  /** The path would lose a part of it, which the caller is told where no other path is asked. */
  #cannotCarry(loss: Untranslatable): void {
    this.#notTried('untranslatable');
    if (!this.#failover('untranslatable')) this.#refuse('untranslatable', undefined, describeLoss(loss));
  }

  // --- 3. gate ---

  #gate(path: Path, plan: Plan): void {
    const upstream = this.#snapshot.upstreams[path];
    if (!upstream) return this.#cannotServe('facade_no_gateway');
    const { rateBudget } = upstream;
    if (!rateBudget || this.#entry.state.breakerState(path) === 'open') return this.#launch(upstream, plan);
    this.#phase = { kind: 'queued', upstream, plan };
    rateBudget.take(this, this.#asked.standing);
  }

  granted(waited: number): void {
    if (this.#phase.kind !== 'queued') return;
    const { upstream, plan } = this.#phase;
    this.#context.rateBudgetWaited(upstream.path, waited);
    this.#launch(upstream, plan);
  }

  refused(retryAfter: number): void {
    if (this.#phase.kind === 'queued') this.#cannotServe('facade_rate_budget', retryAfter);
  }

  // --- 4. attempt ---

  #launch(upstream: Upstream, { target, body, isTranslated }: Plan): void {
    const { req, match, connection, caller, standing, requestId } = this.#asked;
    const breaker = this.#entry.state.breaker(upstream.path);
    const permit = breaker ? breaker.acquire(standing, this.#entry.model.safety === 'unsafe') : 0;
    if (permit === REFUSED) return this.#cannotServe('facade_breaker_open', breaker?.retryAfter());
    if (!upstream.enter(standing)) {
      breaker?.report(permit, 'neutral', 0, this.#startedAt);
      return this.#cannotServe('facade_bulkhead_full', 1000);
    }
    const credentials = this.#context.credentials(upstream.path, caller);
    const held = body && { length: body.length, isTranslated };
    const headers = requestHeaders(req, connection, credentials, requestId, held);
    const method = methodFor(match, upstream.path, req.method as string);
    this.#asked.trace?.attempt(upstream, method, headers);
    const { deadlines, now } = this.#context;
    // The first attempt begins with the request, and a clock is not free.
    const startedAt = this.#tries++ === 0 && !upstream.rateBudget ? this.#startedAt : now();
    if (upstream.path === 'direct') this.#directTries++;
    this.#noteWriter();
    const attempt = new Attempt(this, upstream, breaker, permit, deadlines, startedAt);
    this.#phase = { kind: 'asking', attempt };
    attempt.send({ method, target, headers, body: body ?? this.#body?.toSend() ?? null });
  }

  #continue(): void {
    if (this.#expectsContinue && !this.#res.headersSent) this.#res.writeContinue();
  }

  /** What an attempt came to, told to the metrics, the breaker and the bulkhead; once for each attempt. */
  #settle(attempt: Attempt, outcome: Outcome, status: number): void {
    const { upstream } = attempt;
    const now = this.#context.now();
    const duration = now - attempt.startedAt;
    const { state, model } = this.#entry;
    const { standing } = this.#asked;
    upstream.leave(standing);
    state.recorder.attempt(model.servedAs[upstream.path], outcome, now, duration, standing);
    this.#asked.trace?.settled(outcome, status);
    // A 4xx says nothing of the upstream's health: neither that it fails nor, to a half-open breaker, that it is well.
    const isNeutral = attempt.isCutShort || (outcome === 'ok' && status >= 400);
    attempt.breaker?.report(attempt.permit, isNeutral ? 'neutral' : decisionOf(outcome).judge, attempt.answeredIn, now);
  }

  // --- 5. failover, or answer ---

  /** The path was not tried. */
  #cannotServe(outcome: Outcome, retryAfter?: number): void {
    this.#notTried(outcome);
    if (!this.#failover(outcome)) this.#refuse(outcome, retryAfter);
  }

  /** The path was not tried, and nobody is asked in its place. */
  #refuseUntried(outcome: Outcome): void {
    this.#notTried(outcome);
    this.#refuse(outcome);
  }

  #notTried(outcome: Outcome): void {
    const { state, model } = this.#entry;
    state.recorder.notTried(model.servedAs[this.#path], outcome, this.#context.now());
    this.#asked.trace?.notTried(this.#path, outcome);
  }

  /** Goes to direct if it may; false when it may not. */
  #failover(outcome: Outcome): boolean {
    const { model, state } = this.#entry;
    if (this.#path !== 'gateway' || model.direct.length === 0) return false;
    if (!mayFailover(model.safety, outcome, model.rollout.fallback, this.#answer.begun)) return false;
    if (this.#body?.isSpent) return false;
    if (decisionOf(outcome).delivery !== 'unsent') {
      if (!this.#snapshot.failoverBudget.take(this.#context.now(), this.#asked.standing)) return false;
      this.#answer.mayHaveArrived = true;
    }
    state.recorder.failover(outcome, this.#context.now());
    this.#ask('direct');
    return true;
  }

  attemptFails(attempt: Attempt, outcome: Outcome): void {
    this.#settle(attempt, outcome, 0);
    if (this.#phase.kind === 'closed') return;
    if (this.#answer.begun) {
      this.#phase = ANSWERED;
      this.#answer.cut(outcome);
      if (this.#goesOn) this.closed();
      return;
    }
    if (this.#failover(outcome) || this.#repeatOnDirect(outcome)) return;
    this.#refuse(outcome);
  }

  /**
   * A kept connection that the upstream closes just as a request goes out looks like a reset before any answer. A safe
   * request may be sent once more, on another connection; direct has nobody else to fall back on.
   */
  #repeatOnDirect(outcome: Outcome): boolean {
    const isReset = outcome === 'upstream_send' || outcome === 'upstream_respond';
    const isRepeatable = this.#entry.model.safety === 'safe' && !this.#body;
    if (this.#path !== 'direct' || this.#directTries > 1 || !isReset || !isRepeatable) return false;
    if (!this.#snapshot.failoverBudget.take(this.#context.now(), this.#asked.standing)) return false;
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
    this.#noteWriter();
    this.#sample?.capture?.begin(path, status, raw, this.#context.now() - attempt.startedAt);
    const { model } = this.#entry;
    const { pair } = model;
    const answer = responseHeaders(
      raw,
      this.#snapshot.rewriters[path],
      path === 'gateway' && !pair.gateway.datesAreTrue,
    );
    answer.headers.push('via', attempt.via);
    if (status === 429) this.#pauseBudget(path, answer.retryAfter);
    // Of a known caller direct was shown the facade's own token, which the caller can do nothing about.
    if (status === 401 && path === 'direct' && this.#asked.standing === 'known') {
      this.#entry.state.recorder.directUnauthorized(this.#context.now());
    }
    if (status >= 400 && pair.mustUnderstand(path, this.#asked.match.dialect)) {
      this.#phase = { kind: 'understanding', attempt, held: new HeldAnswer(status, answer) };
      return;
    }
    const isEventStream = isEventStreamType(answer.contentType);
    this.#phase = { kind: 'answering', attempt, isEventStream };
    if (status >= 500) this.#answer.outcome = 'upstream_error';
    const owed = successStatus(model, this.#asked.match.dialect, path, status);
    this.#answer.begin(path, owed, owed === status ? statusText : undefined, answer.headers, answer.contentLength);
  }

  /** Else the head would wait for the first byte of the body: a long poll, a model's answer, a stream of events. */
  answerWaits(): void {
    if (this.#phase.kind === 'answering' && !this.#goesOn) this.#res.flushHeaders();
  }

  answerData(attempt: Attempt, chunk: Buffer): void {
    this.#sample?.capture?.data(chunk);
    if (this.#phase.kind === 'understanding') return this.#phase.held.add(chunk);
    if (this.#answer.write(chunk)) return;
    attempt.pause();
    this.#res.once('drain', onResponseDrain);
  }

  answerEnds(attempt: Attempt): void {
    const phase = this.#phase;
    if (phase.kind === 'understanding') return this.#answerUnderstood(attempt, phase.held);
    this.#settle(attempt, this.#answer.outcome ?? 'ok', this.#answer.status);
    this.#phase = phase.kind === 'answering' && phase.isEventStream ? STREAMED : ANSWERED;
    this.#answer.end();
    if (this.#goesOn) this.closed();
  }

  #answerUnderstood(attempt: Attempt, held: HeldAnswer): void {
    const { dialect } = this.#asked.match;
    const { path } = attempt.upstream;
    const { model, state } = this.#entry;
    const { pair, safety, body: rule } = model;
    const understood = understand(pair, {
      path,
      asked: dialect,
      isSafe: safety === 'safe',
      rule,
      status: held.status,
      contentType: held.head.contentType,
      body: held.body,
      durationMs: this.#context.now() - attempt.startedAt,
    });
    this.#settle(attempt, understood.outcome, understood.status);
    if (isLastingFault(understood.outcome)) state.recorder.lastingFault(model.servedAs[path], understood.outcome);
    if (this.#failover(understood.outcome)) return;
    if (understood.status === 429 && held.status !== 429) this.#pauseBudget(path, held.head.retryAfter);
    if (!understood.replacement) return this.#refuse(understood.outcome);
    this.#phase = ANSWERED;
    this.#answer.outcome = understood.outcome;
    const owed = successStatus(model, dialect, path, understood.status);
    this.#answer.endWith(this.#path, owed, understood.replacement, held.head.headers);
    if (this.#goesOn) this.closed();
  }

  /** The facade answers by itself. */
  #refuse(outcome: Outcome, retryAfter?: number, loss?: string): void {
    this.#phase = ANSWERED;
    this.#answer.refuse(this.#path, outcome, { retryAfterMs: retryAfter, loss });
    if (this.#goesOn) this.closed();
  }

  #pauseBudget(answered: Path, retryAfter: string | undefined): void {
    const limit = this.#entry.model.pair.rateLimitOf(answered);
    this.#snapshot.upstreams[limit]?.rateBudget?.pauseFor(retryAfter, this.#asked.standing);
  }

  /** Of the body that is still waited for no path has had a byte. */
  #refuseUnsent(outcome: Outcome): void {
    this.#answer.isUnsent = true;
    this.#refuse(outcome);
  }

  drained(): void {
    attemptOf(this.#phase)?.resume();
  }

  // --- deadlines ---

  checkDeadlines(now: number): void {
    const { deadlines } = this.#entry.model;
    const phase = this.#phase;
    const isEndless = 'isEventStream' in phase && phase.isEventStream;
    const isOver = !isEndless && now - this.#startedAt >= deadlines.total;
    switch (phase.kind) {
      case 'claiming':
        if (isOver) this.#refuse(UNAVAILABLE.outcome, UNAVAILABLE.retryAfterMs);
        return;
      case 'planning':
        if (isOver || this.#body?.isSilent(now, deadlines.idle)) this.#refuseUnsent('client_timeout');
        return;
      case 'queued':
        if (!isOver) return;
        phase.upstream.rateBudget?.cancel(this, this.#asked.standing);
        return this.refused(1000);
      case 'answered':
        // The caller does not take it.
        if (isOver) this.#answer.abort();
        return;
      case 'closed':
        return;
      case 'asking':
      case 'answering':
      case 'understanding':
        this.#checkAttempt(phase.attempt, now, isOver);
    }
  }

  #checkAttempt(attempt: Attempt, now: number, isOver: boolean): void {
    const { deadlines } = this.#entry.model;
    const silent = now - attempt.lastActivity;
    const isCallerSlow = attempt.phase === 'body' ? attempt.isPaused : this.#body?.isOwed === true;
    const outcome = expiryOf({ phase: attempt.phase, silent, isOver, isCallerSlow }, deadlines);
    if (outcome === undefined) return;
    // The second attempt had only what the first left of the time: no fault of its own.
    attempt.isCutShort = isOver && this.#tries > 1 && now - attempt.startedAt < deadlines.firstByte;
    attempt.abandon(outcome);
  }

  endConnection(): void {
    if (!this.#answer.begun) this.#res.shouldKeepAlive = false;
  }

  // --- 6. record ---

  /** The answer has ended, or the caller has left. */
  closed(): void {
    const phase = this.#phase;
    if (phase.kind === 'closed') return;
    const attempt = attemptOf(phase);
    const answer = this.#answer;
    // A stream of events may have no end, and nobody could be told it again.
    const isEndless = 'isEventStream' in phase && phase.isEventStream;
    if (this.#keyed && attempt && !this.#goesOn && !isEndless) {
      this.#goesOn = true;
      answer.leave();
      return attempt.resume();
    }
    this.#phase = CLOSED;
    this.#context.deadlines.delete(this);
    if (!this.#goesOn && !answer.finished && (answer.outcome === undefined || answer.outcome === 'ok')) {
      answer.outcome = leftAt(attempt, answer.begun);
    }
    const outcome = answer.outcome ?? 'client_admit';
    if (phase.kind === 'queued') phase.upstream.rateBudget?.cancel(this, this.#asked.standing);
    attempt?.abandon(outcome);
    this.#body?.release();
    this.#record(outcome, answer.status, attempt === undefined);
  }

  /** @param isWhole the upstream's answer came to its end. */
  #record(outcome: Outcome, status: number, isWhole: boolean): void {
    const now = this.#context.now();
    const duration = now - this.#startedAt;
    const { req, trace } = this.#asked;
    const { state, model } = this.#entry;
    const servedAs = model.servedAs[this.#path];
    this.#handOverEnd(outcome, status, isWhole);
    state.recorder.request(servedAs, req.method ?? '', status, outcome, now, duration);
    trace?.ended(servedAs, outcome, status);
    this.#log(outcome, status, duration);
    if (this.#sample) this.#handOver(this.#sample, outcome, status);
  }

  /** What nobody knows the end of is listed; what came with a key is written down under it. */
  #handOverEnd(outcome: Outcome, status: number, isWhole: boolean): void {
    if (outcome === 'ok' && !this.#keyed) return;
    const wasSent = this.#tries > 0;
    const isUnknown = wasSent && outcome !== 'ok' && this.#answer.isUnknownWrite(outcome);
    const end = { path: this.#path, outcome, status, body: this.#body?.held };
    if (this.#keyed) this.#keyed.ended({ ...end, isUnknown, wasSent, isWhole });
    else if (isUnknown) this.#context.unknownWrites?.onUnknown(this.#asked, end);
  }

  // --- 7. hand to the comparison ---

  #handOver(sample: SamplingDecision, outcome: Outcome, status: number): void {
    const { shadowSink } = this.#context;
    if (!shadowSink) return;
    const isPlain = this.#tries === 1 && decisionOf(outcome).delivery === 'answered' && this.#answer.finished;
    handOver(shadowSink, sample, this.#asked, { isPlain, path: this.#path, status, body: this.#body?.held });
  }

  #log(outcome: Outcome, status: number, duration: number): void {
    const { requestLog } = this.#context;
    if (!isLogged(requestLog, outcome, this.#snapshot.successSample)) return;
    const { requestId, match, req, caller } = this.#asked;
    const { id, servedAs } = this.#entry.model;
    logRequest(requestLog, {
      requestId,
      route: id,
      path: servedAs[this.#path],
      dialect: match.dialect,
      method: req.method,
      status,
      outcome,
      ms: duration,
      caller: caller?.id,
      decision: this.#reason && decisionLine(match, caller, this.#reason),
    });
  }
}

// One listener for all answers: the exchange hangs on the answer, so no closure is made per request.
function onResponseClose(this: ExchangeResponse): void {
  this[kExchange]?.closed();
}

function onResponseDrain(this: ExchangeResponse): void {
  this[kExchange]?.drained();
}
