import { DIFFERENCE_KINDS } from '../config/compare-schema.ts';
import type { Outcome } from '../rollout/outcome.ts';
import type { Path } from '../rollout/route.ts';

/**
 * The words of the comparison. A comparison is made of two answers to one question and says whether a caller would have
 * noticed which of them it got. Nothing in it holds a value of a document: only where two documents differ, in what way,
 * and between which shapes. So it may be counted, logged, stored and shown.
 */

/** One side's answer, as it came from the upstream: nothing unwrapped, decoded or translated yet. */
export interface PathAnswer {
  /** Who answered. */
  readonly path: Path;
  /** 0 where there was no answer. */
  readonly status: number;
  /** Name, value, name, value, …, as undici hands them over. */
  readonly rawHeaders: readonly (Buffer | string)[];
  /** Still in its content-encoding. */
  readonly body: Buffer;
  /** False: cut at the cap of the reader, so only the head can be compared. */
  readonly isComplete: boolean;
  /** Milliseconds from the request to the end of the answer. */
  readonly ms: number;
  /** What went wrong where there was no whole answer. */
  readonly failure: Outcome | undefined;
}

/**
 * How two answers can differ.
 * - `status`, `header`: the head says something else.
 * - `type`: another JSON type, `null` and emptiness included (`""` → `null`).
 * - `value`: the same type, another value.
 * - `missing`, `extra`: a member or an item is on one side only.
 * - `order`: an item stands elsewhere in a list whose order counts.
 * - `length`: a list has another length.
 * - `hash`: bodies that are no JSON are not the same text, or not the same bytes where they are none.
 * - `failure`: one side failed and the other did not.
 */
export { DIFFERENCE_KINDS };
type DifferenceKind = (typeof DIFFERENCE_KINDS)[number];

/** One way in which the candidate differs from the control; equal ones of many documents make a group. */
export interface Difference {
  /** A JSON pointer in which `*` is any item of a list. Empty: the answer as a whole. */
  readonly path: string;
  readonly kind: DifferenceKind;
  /** The shape on the control's side: `string`, `null`, `absent`, `404`; never a value. */
  readonly from: string;
  readonly to: string;
}

/** Why a shadow says nothing about parity. */
export const ERROR_REASONS = [
  /** Spare rate budget was not there. */
  'rate_budget',
  /** The requests of the day are spent: `compare.perDay`. */
  'day_budget',
  /** The breaker of the other path is open, or there is no such path. */
  'unavailable',
  /** Too many shadows under way or waiting: dropped. */
  'dropped',
  /** The request has no spelling in the other dialect. */
  'untranslatable',
  /** Either side was answered 429, or had been a moment ago: that says something of the limit, nothing of the data. */
  'rate_limited',
  /** Direct answered, and the other one said 429: it may have a limit of its own. Of direct against itself it is chance. */
  'limited_alone',
  /** Both sides failed. Not a match: no data was compared. */
  'both_failed',
  /** Neither side was let in (401, 403, 407): that says something of the credentials, nothing of the data. */
  'refused',
  /** Neither side's answer can be unpacked: no data was compared. */
  'unreadable',
  /** An answer is longer than is kept for comparing. */
  'too_large',
  /** The caller left, so the answer that it would have got is not known. */
  'no_control',
  /** The comparison itself failed: a defect of the facade, which is logged. */
  'defect',
] as const;
export type ErrorReason = (typeof ERROR_REASONS)[number];

/** The same in words, as a report says it. */
export const REASON_TEXTS: Readonly<Record<ErrorReason, string>> = {
  rate_budget: 'no rate budget was to spare',
  day_budget: 'the requests of the day (compare.perDay) were spent',
  unavailable: 'the breaker was open, or there is no gateway',
  dropped: 'too many shadows at once',
  untranslatable: 'the gateway cannot be asked this',
  rate_limited: 'an upstream had answered 429',
  limited_alone: 'the gateway answered 429 where direct did not',
  refused: 'neither side was let in (401, 403, 407)',
  both_failed: 'both sides failed',
  unreadable: 'neither answer can be unpacked',
  too_large: 'an answer is longer than compare.maxBody',
  no_control: 'the caller left',
  defect: 'the comparison failed, see the log',
};

/** `noise`: direct was compared with itself, whatever came of it. */
export type ComparisonResult = 'match' | 'mismatch' | 'ignored' | 'noise' | 'error';

/** What is kept of one side besides its differences. */
export interface PathObservation {
  /** As a caller of the direct dialect would have seen it: unwrapped and restored; 0: no answer. */
  readonly status: number;
  /** 5xx, or no answer. */
  readonly isFailed: boolean;
  readonly ms: number;
}

export interface Comparison {
  readonly result: ComparisonResult;
  /** Why it was not judged; set exactly where `result` is `error`. */
  readonly reason: ErrorReason | undefined;
  /** Every difference, those that the ledger knows included; each at most once. */
  readonly differences: readonly Difference[];
  /** True when there were more than are kept. */
  readonly isCapped: boolean;
  /** Both sides answered with data, and these were compared: errors, redirects and empty answers show no data. */
  readonly hasData: boolean;
  /** What the control's answer adds to the coverage; see coverage.ts. */
  readonly facts: readonly string[];
  /** Undefined where the shadow was not run. */
  readonly control: PathObservation | undefined;
  readonly candidate: PathObservation | undefined;
}

/** `cross` compares direct with gateway; `noise` direct with direct, to learn what differs by itself. */
export type ObservationKind = 'cross' | 'noise';

export interface Observation {
  readonly kind: ObservationKind;
  readonly comparison: Comparison;
  /** What the request adds to the coverage: `requestFacts(route, query)`. */
  readonly facts: readonly string[];
}

/** A shadow that was wanted and could not be run. */
export function notRun(reason: ErrorReason): Comparison {
  return {
    result: 'error',
    reason,
    differences: [],
    isCapped: false,
    hasData: false,
    facts: [],
    control: undefined,
    candidate: undefined,
  };
}
