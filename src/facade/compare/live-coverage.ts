import type { InboundRequest } from '../forward/exchange.ts';
import type { RouteEntry } from '../forward/runtime-snapshot.ts';
import type { ResponseBuffer } from '../forward/shadow-sink.ts';
import type { RouteState } from '../forward/route-state.ts';
import type { ParityBook } from './book.ts';
import { answerFacts } from './compare.ts';
import { requestFacts } from './coverage.ts';
import { questionOf, type DirectAnswerSink } from './direct-answers.ts';
import { answerOf } from './shadow.ts';

/**
 * What live traffic asks for and what direct tells it. For the coverage: a query, a status or a shape of document that
 * no shadow has compared holds the verdict back. And for the drift, which learns the shapes of direct, of writes too. The
 * exchange shows one request in so many; of their answers at most one
 * a second and route is read, after the caller has it, since that costs a parse.
 */

/** Milliseconds. */
const READ_INTERVAL_MS = 1_000;
/** Bytes: a longer one says nothing here, so that no second holds more than a few milliseconds of parsing a route. */
const MAX_ANSWER_BYTES = 256 * 1024;

interface LiveCoverageOptions {
  readonly book: ParityBook;
  readonly onDirectAnswer: DirectAnswerSink;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly calendar: () => number;
}

export class LiveCoverage {
  readonly #options: LiveCoverageOptions;
  readonly #readAt = new WeakMap<RouteState, number>();

  constructor(options: LiveCoverageOptions) {
    this.#options = options;
  }

  /** Bytes of an answer of direct that are worth keeping for this; 0: one was read a moment ago. */
  sampleBytes({ model, state }: Pick<RouteEntry, 'model' | 'state'>): number {
    // Of direct alone there is nothing to compare, today or later.
    return model.gateway.length > 0 && this.#isDue(state) ? MAX_ANSWER_BYTES : 0;
  }

  /** @param captured the whole answer, where it was kept. */
  saw(asked: InboundRequest, captured: ResponseBuffer | undefined): void {
    const { match, target } = asked;
    const { model, state } = match.route;
    const { book, calendar, now } = this.#options;
    // Where nothing is compared there is nothing that coverage could hold back.
    if (model.rollout.shadow > 0) book.seen(model.id, requestFacts(model, target.query), calendar());
    if (captured?.path !== 'direct' || !captured.isComplete || captured.size > MAX_ANSWER_BYTES || !this.#isDue(state))
      return;
    this.#readAt.set(state, now());
    setImmediate(() => this.#read(asked, captured));
  }

  #isDue(state: RouteState): boolean {
    return this.#options.now() - (this.#readAt.get(state) ?? -Infinity) >= READ_INTERVAL_MS;
  }

  #read(asked: InboundRequest, captured: ResponseBuffer): void {
    const { book, calendar, onDirectAnswer } = this.#options;
    const { model } = asked.match.route;
    const answer = answerOf({ captured, failure: undefined });
    const isWritten = model.safety === 'unsafe' && answer.status < 300;
    onDirectAnswer(model, isWritten ? undefined : questionOf(asked), answer);
    const rules = book.rulesOf(model.id);
    if (rules && model.rollout.shadow > 0) book.seen(model.id, answerFacts(rules, answer), calendar());
  }
}
