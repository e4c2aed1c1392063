/**
 * Which share of the requests an event loop that comes late lets in. Not a switch: all or nothing would swing between a
 * loop that is idle and one that is full. The share falls by a third at every look that finds the loop too late, grows
 * slowly while it comes in time, and stays where it is between the two limits, which is the hysteresis.
 *
 * One late look says nothing (a collection of garbage, a large config that is compiled); two in a row do: a loop
 * that has too much to do is late at every look.
 */

/** Of the lag that is allowed: below it the share grows. */
const IN_TIME = 0.5;
const FALL = 0.67;
/** So that a share is never so small that nobody would notice that it could grow. */
const LEAST = 0.05;
/** Milliseconds from nothing to everything: service is back within two seconds of the end of an overload. */
const RECOVERY = 1_500;

export class Admission {
  /** Milliseconds. */
  maxLag: number;
  share = 1;
  #lag = 0;
  #lastAt: number;
  #credit = 0;

  /** @param maxLag milliseconds. @param now milliseconds, monotonic. */
  constructor(maxLag: number, now: number) {
    this.maxLag = maxLag;
    this.#lastAt = now;
  }

  /** The loop was late at the last look: what can wait should. */
  get isPressed(): boolean {
    return this.share < 1 || this.#lag > this.maxLag * IN_TIME;
  }

  /** One look. @param now, every milliseconds; the look was due `every` after the one before. */
  sample(now: number, every: number): void {
    const elapsed = now - this.#lastAt;
    const before = this.#lag;
    this.#lastAt = now;
    this.#lag = Math.max(0, elapsed - every);
    if (this.#lag > this.maxLag && before > this.maxLag) {
      this.share = Math.max(LEAST, this.share * FALL);
    } else if (this.#lag < this.maxLag * IN_TIME && this.share < 1) {
      // Not for the time in which it was late.
      this.share = Math.min(1, this.share + Math.min(elapsed, 4 * every) / RECOVERY);
    }
  }

  /** Spread evenly, not drawn: of a share of a half, every other one. */
  admits(): boolean {
    if (this.share === 1) return true;
    this.#credit += this.share;
    if (this.#credit < 1) return false;
    this.#credit -= 1;
    return true;
  }
}
