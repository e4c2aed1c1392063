import { ranksOfQuantile, type Interval } from './statistics.ts';

/**
 * Durations as a histogram of logarithmic steps, so that quantiles of any number of instances and minutes can be added
 * up; the idea of DDSketch (Masson, Rim & Lee 2019). A step is 4 %, so a quantile is off by at most 2 %.
 */

const STEP = Math.log(1.04);
/** Milliseconds: shorter ones count as this. */
const SHORTEST = 0.1;

export type LatencyJson = readonly (readonly [step: number, count: number])[];

export class Latency {
  readonly #counts = new Map<number, number>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  /** @param ms a duration in milliseconds. */
  add(ms: number): void {
    this.#count(Math.round(Math.log(Math.max(SHORTEST, ms) / SHORTEST) / STEP), 1);
  }

  merge(other: Latency): void {
    for (const [step, count] of other.#counts) this.#count(step, count);
  }

  /** The quantile in milliseconds, with its 95 % interval; undefined when there is nothing. @param q 0..1 */
  quantile(q: number): Interval | undefined {
    if (this.#total === 0) return undefined;
    const sorted = [...this.#counts].toSorted(([a], [b]) => a - b);
    const at = (rank: number): number => {
      let seen = 0;
      for (const [step, count] of sorted) {
        seen += count;
        if (seen >= rank) return SHORTEST * Math.exp(step * STEP);
      }
      return Number.NaN;
    };
    const { low, high } = ranksOfQuantile(q, this.#total);
    return { value: at(Math.max(1, Math.ceil(q * this.#total))), low: at(low), high: at(high) };
  }

  toJSON(): LatencyJson {
    return [...this.#counts];
  }

  static fromJSON(json: LatencyJson): Latency {
    const latency = new Latency();
    for (const [step, count] of json) latency.#count(step, count);
    return latency;
  }

  #count(step: number, count: number): void {
    this.#counts.set(step, (this.#counts.get(step) ?? 0) + count);
    this.#total += count;
  }
}
