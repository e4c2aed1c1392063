/** Counts of the last `window` milliseconds in ten slots: how many, and how many of those marked. O(1) a call. */
const SLOTS = 10;

export class RollingRate {
  readonly #slot: number;
  readonly #all = new Uint32Array(SLOTS);
  readonly #marked = new Uint32Array(SLOTS);
  #at = 0;
  total = 0;
  marked = 0;

  /** @param window milliseconds. */
  constructor(window: number) {
    this.#slot = window / SLOTS;
  }

  /** @param now milliseconds of a monotonic clock. */
  record(now: number, isMarked: boolean): void {
    const at = Math.floor(now / this.#slot);
    for (let i = Math.max(this.#at + 1, at - SLOTS + 1); i <= at; i++) this.#forget(i % SLOTS);
    this.#at = at;
    const slot = at % SLOTS;
    this.#all[slot] = (this.#all[slot] as number) + 1;
    this.total++;
    if (!isMarked) return;
    this.#marked[slot] = (this.#marked[slot] as number) + 1;
    this.marked++;
  }

  reset(): void {
    this.#all.fill(0);
    this.#marked.fill(0);
    this.total = this.marked = 0;
  }

  #forget(slot: number): void {
    this.total -= this.#all[slot] as number;
    this.marked -= this.#marked[slot] as number;
    this.#all[slot] = 0;
    this.#marked[slot] = 0;
  }
}
