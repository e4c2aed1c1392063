/**
 * Work that may wait a moment, done several at a time. Among live requests each piece finds the caches full of other
 * things; one after another they share what the first has fetched (docs/performance.md). Live requests still come first:
 * a batch that takes long lets them in between.
 */

/** Milliseconds from the first piece to the batch, */
const BATCH_DELAY_MS = 10;
/** unless so many pieces are there before. */
const MAX_PIECES = 16;
/** Milliseconds of work after which others have their turn. */
const MAX_TURN_MS = 2;

export class Batches<T> {
  readonly #work: (piece: T) => void;
  readonly #now: () => number;
  #waiting: T[] = [];
  /** Of those that wait, so many are done. */
  #done = 0;
  #timer: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;

  /** @param work does not throw; @param now milliseconds, monotonic */
  constructor(work: (piece: T) => void, now: () => number) {
    this.#work = work;
    this.#now = now;
  }

  /** Pieces that wait. */
  get size(): number {
    return this.#waiting.length - this.#done;
  }

  add(piece: T): void {
    this.#waiting.push(piece);
    if (this.#turn !== undefined) return;
    if (this.size >= MAX_PIECES) {
      clearTimeout(this.#timer);
      this.#turn = setImmediate(() => this.#run());
    } else {
      this.#timer ??= setTimeout(() => this.#run(), BATCH_DELAY_MS).unref();
    }
  }

  /** What waits is dropped. */
  close(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
    this.#waiting = [];
    this.#done = 0;
  }

  #run(): void {
    this.#timer = this.#turn = undefined;
    const end = this.#now() + MAX_TURN_MS;
    while (this.#done < this.#waiting.length) {
      this.#work(this.#waiting[this.#done++] as T);
      if (this.size === 0 || this.#now() < end) continue;
      this.#turn = setImmediate(() => this.#run());
      return;
    }
    this.#waiting = [];
    this.#done = 0;
  }
}
