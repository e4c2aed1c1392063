import type { ErrorReason, Observation, PathObservation } from './comparison.ts';
import { BoundedCounts, type CountsJson } from './counts.ts';
import { Latency, type LatencyJson } from './latency.ts';
import { ReadBacks, type ReadBacksJson } from './read-backs.ts';
import { DifferenceTally, type TallyJson } from './tally.ts';

/**
 * What was observed of a route in a stretch of time. Adds up: minutes to a window, instances to a fleet. Bounded, and
 * without any value of a document, so that it can be stored and shown.
 */

const MAX_FACTS = 1_000;

export interface EvidenceJson {
  readonly cross: TallyJson;
  readonly noise: TallyJson;
  readonly control: LatencyJson;
  readonly candidate: LatencyJson;
  readonly pairs: Pairs;
  readonly compared: CountsJson;
  readonly live: CountsJson;
  /** Versions that took an error of both sides for a proof did not keep it: of theirs nothing is known to have had data. */
  readonly data?: number | undefined;
  /** Versions that gave writes no verdict did not keep it. */
  readonly readBacks?: ReadBacksJson | undefined;
}

/** Both sides of the judged questions, by who failed. */
interface Pairs {
  neither: number;
  control: number;
  candidate: number;
  both: number;
}

export class Evidence {
  cross = new DifferenceTally();
  noise = new DifferenceTally();
  control = new Latency();
  candidate = new Latency();
  readonly pairs: Pairs = { neither: 0, control: 0, candidate: 0, both: 0 };
  /** Judged across, and both sides had data that were compared: see Comparison.hasData. */
  data = 0;
  /** Facts that were compared across, of request and answer. */
  compared = new BoundedCounts(MAX_FACTS);
  /** Facts that live traffic showed, sampled. */
  live = new BoundedCounts(MAX_FACTS);
  /** Writes that were read back. */
  readBacks = new ReadBacks();

  add({ kind, comparison, facts }: Observation): void {
    (kind === 'cross' ? this.cross : this.noise).add(comparison);
    const { control, candidate } = comparison;
    if (kind === 'noise' || !control || !candidate) return;
    this.#addSides(comparison.reason, control, candidate);
    if (comparison.reason !== undefined) return;
    if (comparison.hasData) this.data++;
    if (facts.length + comparison.facts.length === 0) return;
    for (const fact of new Set([...facts, ...comparison.facts])) this.compared.add(fact);
  }

  seen(facts: readonly string[]): void {
    for (const fact of facts) this.live.add(fact);
  }

  merge(other: Evidence): void {
    this.cross.merge(other.cross);
    this.noise.merge(other.noise);
    this.control.merge(other.control);
    this.candidate.merge(other.candidate);
    for (const who of WHO) this.pairs[who] += other.pairs[who];
    this.data += other.data;
    this.compared.merge(other.compared);
    this.live.merge(other.live);
    this.readBacks.merge(other.readBacks);
  }

  toJSON(): EvidenceJson {
    return {
      cross: this.cross.toJSON(),
      noise: this.noise.toJSON(),
      control: this.control.toJSON(),
      candidate: this.candidate.toJSON(),
      pairs: this.pairs,
      data: this.data,
      compared: this.compared.toJSON(),
      live: this.live.toJSON(),
      readBacks: this.readBacks.toJSON(),
    };
  }

  static fromJSON(json: EvidenceJson): Evidence {
    const evidence = new Evidence();
    evidence.cross = DifferenceTally.fromJSON(json.cross);
    evidence.noise = DifferenceTally.fromJSON(json.noise);
    evidence.control = Latency.fromJSON(json.control);
    evidence.candidate = Latency.fromJSON(json.candidate);
    Object.assign(evidence.pairs, json.pairs);
    evidence.data = json.data ?? 0;
    evidence.compared = BoundedCounts.fromJSON(MAX_FACTS, json.compared);
    evidence.live = BoundedCounts.fromJSON(MAX_FACTS, json.live);
    evidence.readBacks = ReadBacks.fromJSON(json.readBacks);
    return evidence;
  }

  /** Durations count where both sides answered: a refusal is fast, and no sign of speed. */
  #addSides(reason: ErrorReason | undefined, control: PathObservation, candidate: PathObservation): void {
    // What was not let in says something of the limit or the credentials, and nothing of either side.
    if (reason === 'rate_limited' || reason === 'limited_alone' || reason === 'refused') return;
    if (control.isFailed || candidate.isFailed) {
      this.pairs[control.isFailed ? (candidate.isFailed ? 'both' : 'control') : 'candidate']++;
      return;
    }
    this.pairs.neither++;
    this.control.add(control.ms);
    this.candidate.add(candidate.ms);
  }
}

const WHO = ['neither', 'control', 'candidate', 'both'] as const;
