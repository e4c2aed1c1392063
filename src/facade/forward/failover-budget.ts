import { strangersPart, type CallerStanding } from '../../http/standing.ts';

/**
 * Bounds the failovers that ask the CRM a second time. A gateway that takes requests, passes them on and then fails
 * would otherwise double the load of the CRM at once (Envoy's and Finagle's retry budget, the same idea). What was
 * never sent costs the CRM nothing extra, so it is not counted here.
 */
const SLOTS = 10;

export interface FailoverSettings {
  /** Share of the requests of the last 10 s. */
  readonly budget: number;
  /** Failovers a second that are always allowed. */
  readonly minPerSecond: number;
  /** Share of what is allowed, 0..1, that strangers cannot take. */
  readonly knownShare: number;
}

export class FailoverBudget {
  readonly #settings: FailoverSettings;
  readonly #requests = new Float64Array(SLOTS);
  readonly #failovers = new Float64Array(SLOTS);
  /** Of those, the strangers'. */
  readonly #strangers = new Float64Array(SLOTS);
  #second = 0;

  constructor(settings: FailoverSettings) {
    this.#settings = settings;
  }

  /** Counts one request. @param now milliseconds of a monotonic clock. */
  request(now: number): void {
    this.#advance(now);
    const slot = this.#second % SLOTS;
    this.#requests[slot] = (this.#requests[slot] as number) + 1;
  }

  /** Takes one failover out of the budget; false when it is spent, or a stranger's part of it is. */
  take(now: number, standing: CallerStanding): boolean {
    this.#advance(now);
    const { budget, minPerSecond, knownShare } = this.#settings;
    const allowed = minPerSecond * SLOTS + budget * sum(this.#requests);
    if (sum(this.#failovers) + 1 > allowed) return false;
    const slot = this.#second % SLOTS;
    if (standing === 'stranger') {
      if (sum(this.#strangers) + 1 > strangersPart(allowed, knownShare)) return false;
      this.#strangers[slot] = (this.#strangers[slot] as number) + 1;
    }
    this.#failovers[slot] = (this.#failovers[slot] as number) + 1;
    return true;
  }

  #advance(now: number): void {
    const second = Math.floor(now / 1000);
    if (second === this.#second) return;
    const passed = Math.min(SLOTS, second - this.#second);
    for (let i = 1; i <= passed; i++) {
      const slot = (this.#second + i) % SLOTS;
      this.#requests[slot] = 0;
      this.#failovers[slot] = 0;
      this.#strangers[slot] = 0;
    }
    this.#second = second;
  }
}

function sum(slots: Float64Array): number {
  let total = 0;
  for (let i = 0; i < slots.length; i++) total += slots[i] as number;
  return total;
}
