/** A limit on how often something is done; what is beyond it waits for nobody, it is left out. */
export class PerSecond {
  readonly #most: number;
  #taken = 0;
  #second = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** @param now milliseconds, of the same clock each time. */
  take(now: number): boolean {
    const second = Math.floor(now / 1_000);
    if (second !== this.#second) this.#taken = 0;
    this.#second = second;
    return this.#taken++ < this.#most;
  }
}
