import { Evidence } from './evidence.ts';

/**
 * The evidence of one route that still counts: by the minute for the last hour, by the hour before. Each minute of each
 * instance is an entry of its own, which that instance replaces while the minute lasts.
 */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** A minute that was folded is not replaced; after this long nobody writes it any more. */
const FOLD_AFTER_MS = 4 * HOUR;

export const minuteOf = (now: number): number => Math.floor(now / MINUTE) * MINUTE;

/** Evidence, and since when it was gathered. */
interface Gathered {
  readonly evidence: Evidence;
  /** Milliseconds since the epoch; undefined when there is none. */
  readonly since: number | undefined;
}

interface Minute {
  readonly minute: number;
  readonly instance: string;
  readonly evidence: Evidence;
}

export class Window {
  readonly #minutes = new Map<string, Minute>();
  /** The entry that was asked for last: nearly always the one that is asked for next. */
  #latest: Minute | undefined;
  readonly #hours = new Map<number, Evidence>();
  /** Entries that became part of an hour: what comes for them later comes too late. */
  readonly #folded = new Set<string>();

  /** The entry of a minute and instance, made when it is new. */
  entry(minute: number, instance: string): Evidence {
    if (this.#latest?.minute === minute && this.#latest.instance === instance) return this.#latest.evidence;
    const key = `${minute} ${instance}`;
    let entry = this.#minutes.get(key);
    if (!entry) this.#minutes.set(key, (entry = { minute, instance, evidence: new Evidence() }));
    this.#latest = entry;
    return entry.evidence;
  }

  /** Puts what another instance gathered in its place. Returns the noise samples that stood there before. */
  replace(minute: number, instance: string, evidence: Evidence): number {
    const key = `${minute} ${instance}`;
    if (this.#folded.has(key)) return evidence.noise.judged;
    const before = this.#minutes.get(key)?.evidence.noise.judged ?? 0;
    this.#minutes.set(key, { minute, instance, evidence });
    this.#latest = undefined;
    return before;
  }

  /** Old minutes become hours, old hours go. @param length of the window, milliseconds */
  fold(now: number, length: number): void {
    for (const [key, { minute, evidence }] of this.#minutes) {
      if (minute > now - HOUR) continue;
      this.#minutes.delete(key);
      this.#latest = undefined;
      this.#folded.add(key);
      const hour = Math.floor(minute / HOUR) * HOUR;
      const whole = this.#hours.get(hour) ?? new Evidence();
      whole.merge(evidence);
      this.#hours.set(hour, whole);
    }
    for (const hour of this.#hours.keys()) if (hour + HOUR <= now - length) this.#hours.delete(hour);
    for (const key of this.#folded) if (Number(key.split(' ', 1)[0]) <= now - FOLD_AFTER_MS) this.#folded.delete(key);
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
    const minutes = Array.from(this.#minutes.values(), ({ minute, evidence }) => [minute, evidence] as const);
    return [...minutes, ...this.#hours].toSorted(([a], [b]) => b - a);
  }
}
