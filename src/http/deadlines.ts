/**
 * One timer for all deadlines. A timer per request, phase and chunk would be the most expensive thing on the hot path;
 * instead whoever has a deadline is asked every tick whether it has passed. A deadline is late by one tick at most.
 */

export interface Bounded {
  /** Its index in the watch; the watch's own. */
  index?: number;
  /** Called every tick; ends itself when a deadline has passed. @param now milliseconds, monotonic. */
  checkDeadlines(now: number): void;
  /** The listener is closing: the answer, if it has not begun, is the last one on its connection. */
  endConnection(): void;
}

export const TICK_MS = 50;

/**
 * An array, and each knows its index: not a Set. A Set that is added to and deleted from all the time is made anew every
 * few dozen calls, and V8 links the old table to the new one. Once one of them has grown old, all that follow survive
 * with what they hold: measured, each minor collection took 16 ms instead of 1.
 */
export class DeadlineWatch<B extends Bounded = Bounded> {
  readonly #watched: B[] = [];
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  /** When the clock was last read for all. */
  lastTick: number;

  constructor(now: () => number) {
    this.#now = now;
    this.lastTick = now();
    this.#timer = setInterval(() => this.tick(), TICK_MS);
    this.#timer.unref();
  }

  add(bounded: B): void {
    bounded.index = this.#watched.push(bounded) - 1;
  }

  delete(bounded: B): void {
    const { index = -1 } = bounded;
    if (this.#watched[index] !== bounded) return;
    const last = this.#watched.pop() as B;
    if (last === bounded) return;
    this.#watched[index] = last;
    last.index = index;
  }

  get size(): number {
    return this.#watched.length;
  }

  /** Those of now: a copy, since each that ends leaves its index. */
  get all(): readonly B[] {
    return [...this.#watched];
  }

  endConnections(): void {
    for (const bounded of this.#watched) bounded.endConnection();
  }

  tick(): void {
    const now = (this.lastTick = this.#now());
    for (let i = 0; i < this.#watched.length;) {
      const bounded = this.#watched[i] as B;
      bounded.checkDeadlines(now);
      // One that ended gave its index to the last one.
      if (this.#watched[i] === bounded) i++;
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
