import type { CallerStanding } from '../../http/standing.ts';

/**
 * Which share of the requests an event loop that comes late lets in. Not a switch: all or nothing would swing between a
 * loop that is idle and one that is full. The share falls by a third at every look that finds the loop too late, grows
 * slowly while it comes in time, and stays where it is between the two limits, which is the hysteresis.
 *
 * Strangers go first: at the first fall none of them is let in any more, and only if the loop is still late the share of
 * known callers falls; it grows back first, too. So a flood of strangers costs known callers nothing but one more look.
 *
 * One late look says nothing (a collection of garbage, a large config that is compiled); two in a row do: a loop
 * that has too much to do is late at every look.
 */

/** Of the lag that is allowed: below it the share grows. */
const IN_TIME = 0.5;
const FALL = 0.67;
/** So that a share is never so small that nobody would notice that it could grow. */
const LEAST = 0.05;
/** Milliseconds from nothing to everything: known callers are served again within two seconds of the end of an overload. */
const RECOVERY = 1_500;

export class Admission {
  /** Milliseconds. */
  maxLag: number;
  /** Of known callers. */
  share = 1;
  #strangersShare = 1;
  #lag = 0;
  #lastAt: number;
  readonly #credit: Record<CallerStanding, number> = { known: 0, stranger: 0 };

  /** @param maxLag milliseconds. @param now milliseconds, monotonic. */
  constructor(maxLag: number, now: number) {
    this.maxLag = maxLag;
    this.#lastAt = now;
  }

  /** The loop was late at the last look: what can wait should. */
  get isUnderPressure(): boolean {
    return !this.isOpenToAll || this.#lag > this.maxLag * IN_TIME;
  }

  /** Everybody is let in. */
  get isOpenToAll(): boolean {
    return this.share === 1 && this.#strangersShare === 1;
  }

  /** One look. @param now, every milliseconds; the look was due `every` after the one before. */
  tick(now: number, every: number): void {
    const elapsed = now - this.#lastAt;
    const before = this.#lag;
    this.#lastAt = now;
    this.#lag = Math.max(0, elapsed - every);
    if (this.#lag > this.maxLag && before > this.maxLag) {
      if (this.#strangersShare > 0) this.#strangersShare = 0;
      else this.share = Math.max(LEAST, this.share * FALL);
    } else if (this.#lag < this.maxLag * IN_TIME && !this.isOpenToAll) {
      // Not for the time in which it was late.
      const growth = Math.min(elapsed, 4 * every) / RECOVERY;
      if (this.share < 1) this.share = Math.min(1, this.share + growth);
      else this.#strangersShare = Math.min(1, this.#strangersShare + growth);
    }
  }

  /** Spread evenly, not drawn: of a share of a half, every other one. */
  admits(standing: CallerStanding): boolean {
    const share = standing === 'known' ? this.share : this.#strangersShare;
    if (share === 1) return true;
    const credit = this.#credit[standing] + share;
    this.#credit[standing] = credit < 1 ? credit : credit - 1;
    return credit >= 1;
  }
}
