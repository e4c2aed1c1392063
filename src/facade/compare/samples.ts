import type { PathAnswer, Comparison, Difference } from './comparison.ts';
import type { AnswerPair } from './book.ts';
import { keyOf } from './tally.ts';

/**
 * The newest few pairs of answers behind each group of differences: nobody repairs a bare percentage. They are what the
 * upstreams said, personal data included, so they stay in memory, are few, and leave it redacted (fixture.ts).
 */
export interface DifferenceSample extends AnswerPair {
  readonly route: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly differences: readonly Difference[];
}

const PER_GROUP = 2;
const GROUPS_PER_ROUTE = 50;
/** Bytes, over all routes. */
const MAX_BYTES = 16 * 1024 * 1024;

export class Samples {
  /** Oldest first, over all routes. */
  #kept: DifferenceSample[] = [];
  #bytes = 0;

  keep(route: string, { differences }: Comparison, { control, candidate }: AnswerPair, at: number): void {
    const sample: DifferenceSample = { route, at, differences, control: copied(control), candidate: copied(candidate) };
    if (sizeOf(sample) > MAX_BYTES / 4 || this.#isOneMoreGroup(sample)) return;
    this.#kept.push(sample);
    this.#bytes += sizeOf(sample);
    this.#drop((other) => this.#isSuperseded(other));
    while (this.#bytes > MAX_BYTES) this.#drop((other) => other === this.#kept[0]);
  }

  /** The newest first. */
  of(route: string): readonly DifferenceSample[] {
    return this.#kept.filter((sample) => sample.route === route).toReversed();
  }

  forget(route: string): void {
    this.#drop((sample) => sample.route === route);
  }

  #isOneMoreGroup({ route, differences }: DifferenceSample): boolean {
    const groups = new Set(this.of(route).flatMap((sample) => sample.differences.map(keyOf)));
    return groups.size >= GROUPS_PER_ROUTE && differences.every((difference) => !groups.has(keyOf(difference)));
  }

  /** Every group that it shows is shown by enough newer ones. */
  #isSuperseded(sample: DifferenceSample): boolean {
    const newer = this.#kept.slice(this.#kept.indexOf(sample) + 1).filter(({ route }) => route === sample.route);
    return sample.differences.every((difference) => {
      const key = keyOf(difference);
      return newer.filter((other) => other.differences.some((shown) => keyOf(shown) === key)).length >= PER_GROUP;
    });
  }

  #drop(isDropped: (sample: DifferenceSample) => boolean): void {
    const dropped = this.#kept.filter(isDropped);
    if (dropped.length === 0) return;
    const gone = new Set(dropped);
    this.#kept = this.#kept.filter((sample) => !gone.has(sample));
    for (const sample of dropped) this.#bytes -= sizeOf(sample);
  }
}

const sizeOf = ({ control, candidate }: DifferenceSample) => control.body.length + candidate.body.length + 1_024;

/** A body may be a view of a larger buffer of the reader, which would be held with it. */
const copied = (answer: PathAnswer): PathAnswer => ({ ...answer, body: Buffer.from(answer.body) });
