import { Evidence } from './evidence.ts';

/**
 * The evidence of one route that still counts: by the stretch for the last sixty stretches, by sixty of them before. A
 * stretch is a minute in a window of a day, and grows with the window, so that no window holds more than another. Each
 * stretch of each instance is an entry of its own, which that instance replaces while the stretch lasts.
 */

const MINUTE = 60_000;
/** Of the longest window so many stretches are there, in memory and in the store: the minutes of a day. */
const STRETCHES = 1_440;
/** That become one. */
const FOLDED = 60;
/** A stretch that was folded is not replaced; after so many others nobody writes it any more. */
const FORGET_FOLDED_AFTER = 4 * FOLDED;

/** Milliseconds of one stretch: whole minutes. @param window milliseconds that evidence counts */
export const stretchOf = (window: number): number => Math.max(1, Math.ceil(window / STRETCHES / MINUTE)) * MINUTE;

/** Evidence, and since when it was gathered. */
interface Gathered {
  readonly evidence: Evidence;
  /** Milliseconds since the epoch; undefined when there is none. */
  readonly since: number | undefined;
}

interface Stretch {
  /** Milliseconds since the epoch. */
  readonly start: number;
  readonly instance: string;
  readonly evidence: Evidence;
}

export class Window {
  readonly #stretches = new Map<string, Stretch>();
  /** The entry that was asked for last: nearly always the one that is asked for next. */
  #latest: Stretch | undefined;
  /** By their place in time, each with the start of its oldest stretch. */
  readonly #folds = new Map<number, { since: number; readonly evidence: Evidence }>();
  /** Entries that became part of a fold: what comes for them later comes too late. */
  readonly #folded = new Set<string>();

  /** The entry of a stretch and instance, made when it is new. @param start milliseconds since the epoch */
  entry(start: number, instance: string): Evidence {
    if (this.#latest?.start === start && this.#latest.instance === instance) return this.#latest.evidence;
    const key = `${start} ${instance}`;
    let entry = this.#stretches.get(key);
    if (!entry) this.#stretches.set(key, (entry = { start, instance, evidence: new Evidence() }));
    this.#latest = entry;
    return entry.evidence;
  }

  /** Puts what another instance gathered in its place. Returns the noise samples that stood there before. */
  replace(start: number, instance: string, evidence: Evidence): number {
    const key = `${start} ${instance}`;
    if (this.#folded.has(key)) return evidence.noise.judged;
    const before = this.#stretches.get(key)?.evidence.noise.judged ?? 0;
    this.#stretches.set(key, { start, instance, evidence });
    this.#latest = undefined;
    return before;
  }

  /**
   * Old stretches are folded, old folds go; so does what was gathered by a clock that was ahead, here or on another
   * instance: it would count until that time comes, and a window longer. @param length of the window, milliseconds */
  fold(now: number, length: number): void {
    const stretch = stretchOf(length);
    const size = FOLDED * stretch;
    for (const [key, { start, evidence }] of this.#stretches) {
      const isAhead = start > now + size;
      if (start > now - size && !isAhead) continue;
      this.#stretches.delete(key);
      this.#latest = undefined;
      if (isAhead) continue;
      this.#folded.add(key);
      const fold = Math.floor(start / size) * size;
      const whole = this.#folds.get(fold) ?? { since: start, evidence: new Evidence() };
      whole.since = Math.min(whole.since, start);
      whole.evidence.merge(evidence);
      this.#folds.set(fold, whole);
    }
    for (const fold of this.#folds.keys())
      if (fold + size <= now - length || fold > now + size) this.#folds.delete(fold);
    const forgotten = now - FORGET_FOLDED_AFTER * stretch;
    for (const key of this.#folded) if (Number(key.split(' ', 1)[0]) <= forgotten) this.#folded.delete(key);
  }

  /** Everything of the last `length` milliseconds, the newest first, until `most` comparisons are counted. */
  gather(now: number, length: number, most: number): Gathered {
    const sum = new Evidence();
    let since: number | undefined;
    let count = 0;
    for (const [start, evidence] of this.#newestFirst()) {
      if (start < now - length || count >= most) break;
      sum.merge(evidence);
      const { arrived, notArrived } = evidence.readBacks;
      count += evidence.cross.judged + evidence.noise.judged + arrived + notArrived;
      since = start;
    }
    return { evidence: sum, since };
  }

  #newestFirst(): (readonly [start: number, evidence: Evidence])[] {
    const stretches = Array.from(this.#stretches.values(), ({ start, evidence }) => [start, evidence] as const);
    const folds = Array.from(this.#folds.values(), ({ since, evidence }) => [since, evidence] as const);
    return [...stretches, ...folds].toSorted(([a], [b]) => b - a);
  }
}
