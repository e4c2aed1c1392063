/**
 * Bounds the failovers that ask the CRM a second time. A gateway that takes requests, passes them on and then fails
 * would otherwise double the load of the CRM at once (Envoy's and Finagle's retry budget, the same idea). What was
 * never sent costs the CRM nothing extra, so it is not counted here.
 */
const SLOTS = 10;

export class FailoverBudget {
  readonly #ratio: number;
  readonly #minPerSecond: number;
  readonly #requests = new Float64Array(SLOTS);
  readonly #failovers = new Float64Array(SLOTS);
  #second = 0;

  /** @param ratio share of the requests of the last 10 s. @param minPerSecond failovers a second that are always allowed. */
  constructor(ratio: number, minPerSecond: number) {
    this.#ratio = ratio;
    this.#minPerSecond = minPerSecond;
  }

  /** Counts one request. @param now milliseconds of a monotonic clock. */
  request(now: number): void {
    this.#advance(now);
    const slot = this.#second % SLOTS;
    this.#requests[slot] = (this.#requests[slot] as number) + 1;
  }

  /** Takes one failover out of the budget; false when it is spent. */
  take(now: number): boolean {
    this.#advance(now);
    const allowed = this.#minPerSecond * SLOTS + this.#ratio * sum(this.#requests);
    if (sum(this.#failovers) + 1 > allowed) return false;
    const slot = this.#second % SLOTS;
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
    }
    this.#second = second;
  }
}

function sum(slots: Float64Array): number {
  let total = 0;
  for (let i = 0; i < slots.length; i++) total += slots[i] as number;
  return total;
}
