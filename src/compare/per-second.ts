/** A limit on how often something is done for a route; what is beyond it waits for nobody, it is left out. */
export class PerSecond {
  readonly #most: number;
  readonly #taken = new Map<string, number>();
  #second = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** @param now milliseconds since the epoch. */
  take(route: string, now: number): boolean {
    const second = Math.floor(now / 1_000);
    if (second !== this.#second) this.#taken.clear();
    this.#second = second;
    const taken = this.#taken.get(route) ?? 0;
    if (taken >= this.#most) return false;
    this.#taken.set(route, taken + 1);
    return true;
  }
}
