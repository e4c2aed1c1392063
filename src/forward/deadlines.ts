/**
 * One timer for all deadlines. A timer per request, phase and chunk would be the most expensive thing on the hot path;
 * instead whoever has a deadline is asked every tick whether it has passed. A deadline is late by one tick at most.
 */

export interface Bounded {
  /** Called every tick; ends itself when a deadline has passed. @param now milliseconds, monotonic. */
  checkDeadlines(now: number): void;
  /** The listener is closing: the answer, if it has not begun, is the last one on its connection. */
  endConnection(): void;
}

/** Milliseconds. */
export const TICK = 50;

export class DeadlineWatch {
  readonly #watched = new Set<Bounded>();
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  /** When the clock was last read for all. */
  lastTick: number;

  constructor(now: () => number) {
    this.#now = now;
    this.lastTick = now();
    this.#timer = setInterval(() => this.tick(), TICK);
    this.#timer.unref();
  }

  add(bounded: Bounded): void {
    this.#watched.add(bounded);
  }

  delete(bounded: Bounded): void {
    this.#watched.delete(bounded);
  }

  get size(): number {
    return this.#watched.size;
  }

  endConnections(): void {
    for (const bounded of this.#watched) bounded.endConnection();
  }

  tick(): void {
    const now = (this.lastTick = this.#now());
    for (const bounded of this.#watched) bounded.checkDeadlines(now);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
