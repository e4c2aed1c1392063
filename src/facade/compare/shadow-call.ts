import type { Dispatcher, Pool } from 'undici';
import type { Bounded, DeadlineWatch } from '../../http/deadlines.ts';
import { ResponseBuffer } from '../forward/shadow-sink.ts';
import type { CopyTrace } from '../observe/tracing/trace.ts';
import type { Outcome } from '../rollout/outcome.ts';
import type { Path } from '../rollout/route.ts';
import { UpstreamCall } from '../../http/upstream-call.ts';

/** What is asked of a path: a read, in its own dialect. */
export interface ShadowRequest {
  readonly method: string;
  /** With the prefix of the upstream's base URL. */
  readonly target: string;
  readonly headers: string[];
}

/** What a shadow call came to: an answer, perhaps only its beginning, or the reason why there is none. */
export interface ShadowAnswer {
  readonly captured: ResponseBuffer;
  readonly failure: Outcome | undefined;
}

interface ShadowCallOptions {
  readonly path: Path;
  readonly pool: Pool;
  /** Of the body, that are read; more is cut off there. */
  readonly maxBytes: number;
  readonly now: () => number;
  readonly deadlineMs: number;
  /** Watches over it from {@link ShadowCall.send} to its end. */
  readonly watch: DeadlineWatch<ShadowCall>;
  /** Undefined: tracing is off. */
  readonly copy: CopyTrace | undefined;
}

/**
 * One read for the comparison. Everything an upstream can do to it ends here: silence at the deadline, a flood at the
 * room that is left, a reset as a failure. It settles once.
 */
export class ShadowCall extends UpstreamCall implements Bounded {
  readonly #options: ShadowCallOptions;
  readonly #captured: ResponseBuffer;
  readonly #startedAt: number;
  #settle: ((answer: ShadowAnswer) => void) | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #failure: Outcome | undefined;
  /** See DeadlineWatch. */
  index = -1;

  constructor(options: ShadowCallOptions) {
    super();
    this.#options = options;
    this.#captured = new ResponseBuffer(options.maxBytes);
    this.#startedAt = options.now();
    // An upstream that never answers is named all the same.
    this.#captured.path = options.path;
  }

  /** @param settle is called once, with whatever came of it. */
  send({ method, target, headers }: ShadowRequest, settle: (answer: ShadowAnswer) => void): void {
    this.#settle = settle;
    this.#options.watch.add(this);
    this.#options.pool.dispatch({ path: target, method, headers, body: null }, this);
  }

  checkDeadlines(now: number): void {
    if (now - this.#startedAt >= this.#options.deadlineMs) this.abandon('upstream_respond_timeout');
  }

  endConnection(): void {
    // Has no caller whose connection could be ended.
  }

  abandon(outcome: Outcome): void {
    this.#failure ??= outcome;
    this.#controller?.abort(new Error(outcome));
    this.#end();
  }

  // --- what undici tells ---

  protected override started(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (!this.#settle) controller.abort(new Error('abandoned'));
  }

  protected override answerBegan(controller: Dispatcher.DispatchController, status: number): void {
    const { path, now } = this.#options;
    const raw = controller.rawHeaders;
    this.#captured.begin(path, status, Array.isArray(raw) ? raw : [], now() - this.#startedAt);
  }

  protected override answerData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#captured.data(chunk);
    // The rest would be read for nothing.
    if (this.#captured.isComplete) return;
    this.#end();
    controller.abort(new Error('longer than what is compared'));
  }

  protected override answerEnded(): void {
    this.#end();
  }

  protected override failed(error: Error & { readonly code?: string }): void {
    if (this.#captured.isComplete) this.#failure ??= this.#failureOf(error);
    this.#end();
  }

  #failureOf(error: Error & { readonly code?: string }): Outcome {
    if (this.#controller) return this.#captured.status === 0 ? 'upstream_respond' : 'upstream_body';
    return error.code === 'UND_ERR_CONNECT_TIMEOUT' ? 'upstream_connect_timeout' : 'upstream_connect';
  }

  #end(): void {
    const settle = this.#settle;
    if (!settle) return;
    this.#settle = undefined;
    const { watch, copy, now } = this.#options;
    if (this.#captured.status === 0) this.#captured.ms = now() - this.#startedAt;
    watch.delete(this);
    copy?.ended(this.#failure ?? 'ok', this.#captured.status);
    settle({ captured: this.#captured, failure: this.#failure });
  }
}
