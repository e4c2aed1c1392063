/** Counts by text, bounded: texts beyond the limit are counted together under OVERFLOW. */
export const OVERFLOW = '(more)';

export type CountsJson = Readonly<Record<string, number>>;

export class BoundedCounts {
  readonly #limit: number;
  readonly #counts = new Map<string, number>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(text: string, count = 1): void {
    const known = this.#counts.has(text) || this.#counts.size < this.#limit;
    const key = known ? text : OVERFLOW;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + count);
  }

  merge(other: BoundedCounts): void {
    for (const [text, count] of other.#counts) this.add(text, count);
  }

  has(text: string): boolean {
    return this.#counts.has(text);
  }

  get(text: string): number {
    return this.#counts.get(text) ?? 0;
  }

  get total(): number {
    let total = 0;
    for (const count of this.#counts.values()) total += count;
    return total;
  }

  [Symbol.iterator](): MapIterator<[string, number]> {
    return this.#counts.entries();
  }

  toJSON(): CountsJson {
    return Object.fromEntries(this.#counts);
  }

  static fromJSON(limit: number, json: CountsJson): BoundedCounts {
    const counts = new BoundedCounts(limit);
    for (const [text, count] of Object.entries(json)) counts.add(text, count);
    return counts;
  }
}
