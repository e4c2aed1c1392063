/**
 * One timer for all deadlines. A timer per request, phase and chunk would be the most expensive thing on the hot path;
 * instead whoever has a deadline is asked every tick whether it has passed. A deadline is late by one tick at most.
 */

export interface Bounded {
  /** Where it stands in the watch; the watch's own. */
  place?: number;
  /** Called every tick; ends itself when a deadline has passed. @param now milliseconds, monotonic. */
  checkDeadlines(now: number): void;
  /** The listener is closing: the answer, if it has not begun, is the last one on its connection. */
  endConnection(): void;
}

/** Milliseconds. */
export const TICK = 50;

/**
 * An array, and each knows its place: not a Set. A Set that is added to and deleted from all the time is made anew every
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
    this.#timer = setInterval(() => this.tick(), TICK);
    this.#timer.unref();
  }

  add(bounded: B): void {
    bounded.place = this.#watched.push(bounded) - 1;
  }

  delete(bounded: B): void {
    const { place = -1 } = bounded;
    if (this.#watched[place] !== bounded) return;
    const last = this.#watched.pop() as B;
    if (last === bounded) return;
    this.#watched[place] = last;
    last.place = place;
  }

  get size(): number {
    return this.#watched.length;
  }

  /** Those of now: a copy, since each that ends leaves its place. */
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
      // One that ended gave its place to the last one.
      if (this.#watched[i] === bounded) i++;
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
