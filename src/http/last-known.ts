import { within } from './within.ts';

/** A figure and how old it is. */
interface Known<T> {
  readonly value: T;
  readonly ageMs: number;
}

/**
 * A figure that somebody else is asked for, who may not answer: then it is the last one that was heard. Whoever reads
 * it waits a bounded time, and never asks while a question is still open.
 */
export class LastKnown<T> {
  readonly #ask: () => Promise<T | undefined>;
  readonly #timeoutMs: number;
  readonly #now: () => number;
  #known: { readonly value: T; readonly at: number } | undefined;
  #asking: Promise<void> | undefined;

  /**
   * @param ask undefined: there is nothing to be known.
   * @param now milliseconds, monotonic.
   */
  constructor(ask: () => Promise<T | undefined>, timeoutMs: number, now: () => number = () => performance.now()) {
    this.#ask = ask;
    this.#timeoutMs = timeoutMs;
    this.#now = now;
  }

  /** Undefined: it was never heard. Never rejects. */
  async read(): Promise<Known<T> | undefined> {
    this.#asking ??= this.#hear().finally(() => (this.#asking = undefined));
    await within(this.#timeoutMs, this.#asking).catch(() => undefined);
    return this.#known && { value: this.#known.value, ageMs: this.#now() - this.#known.at };
  }

  async #hear(): Promise<void> {
    const value = await this.#ask();
    this.#known = value === undefined ? undefined : { value, at: this.#now() };
  }
}
