import { NONE, sum, type Tallies, type PathTotalsTally } from './tally.ts';

/**
 * The live traffic of one route at its present step. The window is the last `hold`; where that holds too little to prove
 * anything it reaches further back, at most to the beginning of the step. So a quiet route gets there later instead of
 * never, and what happened at another step never counts for this one.
 *
 * A fault that begins after hours of good traffic would drown in them, so the newest tenth of a hold is shown as well.
 */

export interface LiveTraffic {
  readonly window: Tallies;
  /** The newest tenth of a hold. */
  readonly recent: Tallies;
  /** What direct was when it last served enough to say so, at this step or before. */
  readonly reference: PathTotalsTally | undefined;
}

interface Slot {
  readonly from: number;
  readonly tallies: Tallies;
}

/** A slot is a thirtieth of a hold, the newest tenth is three of them. */
const SLOTS_IN_A_HOLD = 30;
const SLOTS_IN_RECENT = 3;
/** A route that is asked once an hour stretches its window over days: old slots then become coarser, not more. */
const MAX_SLOTS = 120;

export class TrafficWindow {
  #slots: Slot[] = [];
  #reference: PathTotalsTally | undefined;

  /** What both paths did since the last tick. @param now, hold milliseconds. */
  add(delta: Tallies, now: number, hold: number, minRequests: number): void {
    const newest = this.#slots.at(-1);
    if (newest && now - newest.from < hold / SLOTS_IN_A_HOLD) {
      this.#slots[this.#slots.length - 1] = { from: newest.from, tallies: sum(newest.tallies, delta) };
    } else this.#slots.push({ from: now, tallies: delta });
    this.#forget(now - hold, minRequests);
    if (this.#slots.length > MAX_SLOTS) this.#mergeOldest();
    const { direct } = total(this.#slots);
    if (direct.attempts >= minRequests) this.#reference = direct;
  }

  /** A new step: only what direct was is still worth knowing. */
  restart(): void {
    this.#slots = [];
  }

  read(): LiveTraffic {
    return {
      window: total(this.#slots),
      recent: total(this.#slots.slice(-SLOTS_IN_RECENT)),
      reference: this.#reference,
    };
  }

  #forget(before: number, minRequests: number): void {
    let enough = total(this.#slots).gateway.attempts;
    for (;;) {
      const [oldest, next] = this.#slots;
      if (!oldest || !next || next.from > before) return;
      enough -= oldest.tallies.gateway.attempts;
      if (enough < minRequests) return;
      this.#slots.shift();
    }
  }

  #mergeOldest(): void {
    const [a, b, ...rest] = this.#slots;
    if (a && b) this.#slots = [{ from: a.from, tallies: sum(a.tallies, b.tallies) }, ...rest];
  }
}

const total = (slots: readonly Slot[]): Tallies => slots.reduce((all, { tallies }) => sum(all, tallies), NONE);
