import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Outcome } from '../rollout/outcome.ts';
import { UpstreamCall } from '../../http/upstream-call.ts';
import type { Breaker } from './breaker.ts';
import { viaOf } from './headers.ts';
import type { RequestBody } from '../../http/request-body.ts';
import type { Upstream } from './upstream.ts';

/**
 * One try at one path, on undici's dispatch level: it knows how far the request got, which is what decides whether it
 * may be sent anywhere else. Before `onRequestStart` nothing was written to any connection, so every failure there is
 * *unsent*; after it the request may have been received. It judges nothing and answers nobody: its owner does.
 */

export type AttemptPhase = 'connect' | 'send' | 'respond' | 'body' | 'ended';

export interface AttemptOwner {
  answerBegins(
    attempt: Attempt,
    status: number,
    statusText: string | undefined,
    rawHeaders: readonly (Buffer | string)[],
  ): void;
  answerData(attempt: Attempt, chunk: Buffer): void;
  /** The head came without a byte of the body: whoever waits for the head must not wait for the body. */
  answerWaits(attempt: Attempt): void;
  answerEnds(attempt: Attempt): void;
  attemptFails(attempt: Attempt, outcome: Outcome): void;
}

interface AttemptRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: string[];
  readonly body: Buffer | RequestBody | null;
}

/** A clock that is read as a field: a byte moves many times a request. */
interface CoarseClock {
  /** Milliseconds, monotonic. */
  readonly lastTick: number;
}

export class Attempt extends UpstreamCall {
  readonly upstream: Upstream;
  /** Gave the permit, and is told what became of it; undefined where the route has none. */
  readonly breaker: Breaker | undefined;
  readonly permit: number;
  readonly startedAt: number;
  phase: AttemptPhase = 'connect';
  /** When a byte last moved, in either direction; as exact as the deadlines are, which is one tick. */
  lastActivity: number;
  /** Milliseconds that the upstream took to begin its answer, once it had the whole request; a slow caller is not its fault. */
  answeredIn = 0;
  #sentAt: number;
  #hasBody = false;
  readonly #owner: AttemptOwner;
  readonly #clock: CoarseClock;
  #controller: Dispatcher.DispatchController | undefined;
  #abandonedAs: Outcome | undefined;
  #isPaused = false;
  /** Ended by the total deadline before its own: the breaker learns nothing from it. */
  isCutShort = false;

  constructor(
    owner: AttemptOwner,
    upstream: Upstream,
    breaker: Breaker | undefined,
    permit: number,
    clock: CoarseClock,
    startedAt: number,
  ) {
    super();
    this.#owner = owner;
    this.upstream = upstream;
    this.breaker = breaker;
    this.permit = permit;
    this.#clock = clock;
    this.startedAt = this.lastActivity = this.#sentAt = startedAt;
  }

  send({ method, target, headers, body }: AttemptRequest): void {
    this.#hasBody = body !== null;
    this.upstream.pool.dispatch({ path: this.upstream.prefix + target, method, headers, body }, this);
  }

  /** The Via of its answer (RFC 9110 7.6.3): the version that the upstream spoke, and who received it. */
  get via(): string {
    return viaOf(this.carrier?.isHttp10 === true);
  }

  /** The caller does not read: the upstream is held back. */
  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Gives up, for good. What waits for a connection is not sent when it gets one. */
  abandon(outcome: Outcome): void {
    if (this.phase === 'ended' || this.#abandonedAs) return;
    this.#abandonedAs = outcome;
    if (this.#controller) this.#controller.abort(new Error(outcome));
    else this.#fail(outcome);
  }

  pause(): void {
    this.#isPaused = true;
    this.#controller?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.lastActivity = this.#clock.lastTick;
    this.#controller?.resume();
  }

  // --- what undici tells ---

  protected override started(controller: Dispatcher.DispatchController): void {
    if (this.#abandonedAs) return controller.abort(new Error(this.#abandonedAs));
    this.#controller = controller;
    this.phase = 'send';
    this.lastActivity = this.#clock.lastTick;
  }

  onBodySent(): void {
    this.lastActivity = this.#clock.lastTick;
  }

  onRequestSent(): void {
    if (this.phase === 'send') this.phase = 'respond';
    this.lastActivity = this.#clock.lastTick;
    // Without a body it was sent as soon as there was a connection, and to wait for that counts.
    if (this.#hasBody) this.#sentAt = this.lastActivity;
  }

  protected override answerBegan(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
    statusText: string | undefined,
  ): void {
    this.phase = 'body';
    this.lastActivity = this.#clock.lastTick;
    this.answeredIn = this.lastActivity - this.#sentAt;
    this.#owner.answerBegins(this, status, statusText, rawHeadersOf(controller, headers));
  }

  protected override answerData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.lastActivity = this.#clock.lastTick;
    this.#owner.answerData(this, chunk);
  }

  override headIsAlone(): void {
    if (this.phase === 'body') this.#owner.answerWaits(this);
  }

  protected override answerEnded(): void {
    if (this.phase === 'ended') return;
    this.phase = 'ended';
    this.#owner.answerEnds(this);
  }

  protected override failed(error: Error): void {
    this.#fail(this.#abandonedAs ?? this.#classify(error));
  }

  #fail(outcome: Outcome): void {
    if (this.phase === 'ended') return;
    this.phase = 'ended';
    this.#owner.attemptFails(this, outcome);
  }

  #classify(error: Error & { code?: string }): Outcome {
    switch (this.phase) {
      case 'connect':
        // undici refuses what cannot be written as HTTP before it asks for a connection.
        if (error.code === 'UND_ERR_INVALID_ARG' || error.code === 'UND_ERR_NOT_SUPPORTED') return 'client_bad_request';
        return error.code === 'UND_ERR_CONNECT_TIMEOUT' ? 'upstream_connect_timeout' : 'upstream_connect';
      case 'send':
        return 'upstream_send';
      case 'respond':
        return 'upstream_respond';
      case 'body':
      case 'ended':
        return 'upstream_body';
    }
  }
}

function rawHeadersOf(
  controller: Dispatcher.DispatchController,
  headers: IncomingHttpHeaders,
): readonly (Buffer | string)[] {
  const raw = controller.rawHeaders;
  if (Array.isArray(raw)) return raw;
  return Object.entries(headers).flatMap(([name, value]) => [value ?? ''].flat().flatMap((one) => [name, one]));
}
