import type { Comparison, Difference } from './comparison.ts';
import { BoundedCounts, OVERFLOW, type CountsJson } from './counts.ts';

/**
 * What comparisons of one kind came to. An answer may differ in several places, of which some are noise or known to the
 * ledger, and which are is only known when the report is made. So answers are counted by the *set* of differences that
 * they showed: from that every question can be answered later, and a ledger that changes acts on what was seen before.
 */

/** Sets of differences that are kept apart; further ones are counted together, and count as mismatches. */
const MAX_SETS = 2_000;
const MAX_GROUPS = 400;

export interface TallyJson {
  readonly groups: readonly Difference[];
  /** By the numbers of the groups, `0,3`; empty: no difference. */
  readonly sets: CountsJson;
  readonly errors: CountsJson;
}

export class DifferenceTally {
  readonly #groups: Difference[] = [];
  readonly #numbers = new Map<string, number>();
  #sets = new BoundedCounts(MAX_SETS);
  /** By ErrorReason. */
  errors = new BoundedCounts(20);

  add({ reason, differences, isCapped }: Comparison): void {
    if (reason !== undefined) return this.errors.add(reason);
    this.#addSet(isCapped ? undefined : differences, 1);
  }

  merge(other: DifferenceTally): void {
    for (const [numbers, count] of other.#sets) this.#addSet(other.#differencesOf(numbers), count);
    this.errors.merge(other.errors);
  }

  /** Comparisons that were judged. */
  get judged(): number {
    return this.#sets.total;
  }

  /** Sets of differences and how many answers showed exactly that; undefined: too many to be kept apart. */
  *sets(): Generator<readonly [differences: readonly Difference[] | undefined, count: number]> {
    for (const [numbers, count] of this.#sets) yield [this.#differencesOf(numbers), count];
  }

  toJSON(): TallyJson {
    return { groups: this.#groups, sets: this.#sets.toJSON(), errors: this.errors.toJSON() };
  }

  static fromJSON({ groups, sets, errors }: TallyJson): DifferenceTally {
    const tally = new DifferenceTally();
    for (const group of groups) tally.#numberOf(group);
    tally.#sets = BoundedCounts.fromJSON(MAX_SETS, sets);
    tally.errors = BoundedCounts.fromJSON(20, errors);
    return tally;
  }

  #addSet(differences: readonly Difference[] | undefined, count: number): void {
    if (differences?.length === 0) return this.#sets.add('', count);
    const numbers = differences?.map((difference) => this.#numberOf(difference));
    const isWhole = numbers !== undefined && !numbers.includes(undefined);
    this.#sets.add(isWhole ? numbers.toSorted().join() : OVERFLOW, count);
  }

  #differencesOf(numbers: string): readonly Difference[] | undefined {
    if (numbers === OVERFLOW) return undefined;
    if (numbers === '') return [];
    return numbers.split(',').map((number) => this.#groups[Number(number)] as Difference);
  }

  #numberOf(difference: Difference): number | undefined {
    const key = keyOf(difference);
    const known = this.#numbers.get(key);
    if (known !== undefined || this.#groups.length >= MAX_GROUPS) return known;
    const { path, kind, from, to } = difference;
    this.#numbers.set(key, this.#groups.length);
    return this.#groups.push({ path, kind, from, to }) - 1;
  }
}

/** Names a group of differences: equal for equal ones. */
export function keyOf({ path, kind, from, to }: Difference): string {
  return JSON.stringify([path, kind, from, to]);
}
