/**
 * Pushes of Contact2Sale that show no secret, as subscriptions of the old service send them: taken until a date, so many
 * events a minute. Each event costs at most the look at one lead, which is read from the CRM; nothing else of an unsigned
 * push is believed.
 */

export interface UnsignedSettings {
  /** Milliseconds since the epoch; undefined: none is taken. */
  readonly untilMs: number | undefined;
  /** Events, of this process. */
  readonly perMinute: number;
}

interface UnsignedOptions {
  readonly settings: () => UnsignedSettings;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

const MINUTE_MS = 60_000;

export class UnsignedPushes {
  readonly #options: UnsignedOptions;
  /** Events of the last minute, which drain evenly. Above the limit: a push of many events was taken whole. */
  #level = 0;
  #levelAt: number;

  constructor(options: UnsignedOptions) {
    this.#options = options;
    this.#levelAt = options.now();
  }

  get isOpen(): boolean {
    const { untilMs } = this.#options.settings();
    return untilMs !== undefined && this.#options.clock() < untilMs;
  }

  /** Milliseconds until one more event is taken; 0: now. */
  get waitMs(): number {
    const { perMinute } = this.#options.settings();
    this.#drain(perMinute);
    return Math.max(0, ((this.#level + 1 - perMinute) * MINUTE_MS) / perMinute);
  }

  /** Counts what was taken. A push is taken whole or not at all: one of many events makes the next ones wait longer. */
  take(events: number): void {
    this.#drain(this.#options.settings().perMinute);
    this.#level += events;
  }

  #drain(perMinute: number): void {
    const now = this.#options.now();
    this.#level = Math.max(0, this.#level - ((now - this.#levelAt) * perMinute) / MINUTE_MS);
    this.#levelAt = now;
  }
}
