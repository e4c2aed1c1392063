import type { Difference } from './comparison.ts';
import { entryFor, type KnownDifference } from './rules.ts';
import { fisherGreater } from './statistics.ts';
import { keyOf, type DifferenceTally } from './tally.ts';

/**
 * Which differences are the gateway's. What differs between two answers of direct differs by itself: a timestamp of the
 * moment, a record that changes between two questions. A difference is held to be
 * - `known`: in the ledger, not expired;
 * - `noise`: seen in direct against direct, and not significantly more often across;
 * - `fault`: significantly more often across than in direct against direct;
 * - `suspect`: never seen in direct against direct, but too rare to prove that it could not be. Counts as a mismatch.
 */
type DifferenceStanding = 'known' | 'noise' | 'fault' | 'suspect';

/** How sure a fault must be. Small, for there are many groups and the question is asked again and again. */
const SIGNIFICANCE = 0.001;

/** Does something happen across more often than to direct compared with itself? */
export const isMoreThanNoise = (cross: CountOf, noise: CountOf): boolean =>
  fisherGreater(cross.count, cross.of, noise.count, noise.of) < SIGNIFICANCE;

export interface DifferenceGroup extends Difference {
  readonly standing: DifferenceStanding;
  /** `/data/attributes/customer/phone: type string→null, 37 of 1,000` */
  readonly text: string;
  readonly cross: CountOf;
  readonly noise: CountOf;
  /** Fisher's one-sided test of cross against noise. */
  readonly p: number;
  /** The entry of the ledger, expired or not. */
  readonly ledger: KnownDifference | undefined;
  readonly isExpired: boolean;
}

export interface CountOf {
  readonly count: number;
  readonly of: number;
}

/** Every group of either kind, the most frequent first. @param now for the ledger, milliseconds since the epoch */
export function groupsOf(
  cross: DifferenceTally,
  noise: DifferenceTally,
  known: readonly KnownDifference[],
  now: number,
): DifferenceGroup[] {
  const counted = new Map<string, { difference: Difference; cross: number; noise: number }>();
  for (const kind of ['cross', 'noise'] as const) {
    for (const [differences, count] of (kind === 'cross' ? cross : noise).sets()) {
      for (const difference of differences ?? []) {
        const key = keyOf(difference);
        const group = counted.get(key) ?? { difference, cross: 0, noise: 0 };
        group[kind] += count;
        counted.set(key, group);
      }
    }
  }
  const [ofCross, ofNoise] = [cross.judged, noise.judged];
  return Array.from(counted.values(), (group) => {
    const p = fisherGreater(group.cross, ofCross, group.noise, ofNoise);
    const ledger = entryFor(known, group.difference);
    const isExpired = ledger !== undefined && now >= ledger.expires;
    return {
      ...group.difference,
      standing: ledger && !isExpired ? 'known' : standingOf(p, group.noise),
      text: `${textOf(group.difference)}, ${grouped(group.cross)} of ${grouped(ofCross)}`,
      cross: { count: group.cross, of: ofCross },
      noise: { count: group.noise, of: ofNoise },
      p,
      ledger,
      isExpired,
    } satisfies DifferenceGroup;
  }).toSorted((a, b) => b.cross.count - a.cross.count || (a.text < b.text ? -1 : 1));
}

function standingOf(p: number, seenInNoise: number): DifferenceStanding {
  if (p < SIGNIFICANCE) return 'fault';
  return seenInNoise > 0 ? 'noise' : 'suspect';
}

/** `/data/attributes/customer/phone: type string→null` */
export function textOf({ path, kind, from, to }: Difference): string {
  return `${path === '' ? '(the answer)' : path}: ${kind} ${from}→${to}`;
}

/** 1000 → `1,000` */
export const grouped = (n: number): string => n.toLocaleString('en-US');

export interface Counted {
  readonly match: number;
  /** Of the matches those that differed in what differs by itself. */
  readonly noisy: number;
  readonly mismatch: number;
  readonly ignored: number;
}

/** Every judged comparison, by the worst of its differences. */
export function countOf(cross: DifferenceTally, groups: readonly DifferenceGroup[]): Counted {
  const standings = new Map(groups.map((group) => [keyOf(group), group.standing]));
  const counted = { match: 0, noisy: 0, mismatch: 0, ignored: 0 };
  for (const [differences, count] of cross.sets()) {
    const found = new Set(differences?.map((difference) => standings.get(keyOf(difference))));
    if (differences === undefined || found.has('fault') || found.has('suspect')) counted.mismatch += count;
    else if (found.has('known')) counted.ignored += count;
    else {
      counted.match += count;
      if (found.size > 0) counted.noisy += count;
    }
  }
  return counted;
}
