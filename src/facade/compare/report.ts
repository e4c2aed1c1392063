import { differenceOfPairs, share } from './any-time.ts';
import { OVERFLOW } from './counts.ts';
import type { Evidence } from './evidence.ts';
import { countOf, groupsOf, type Counted, type CountOf, type DifferenceGroup } from './groups.ts';
import type { Latency } from './latency.ts';
import type { Pace } from './pace.ts';
import { proposedRules } from './proposed-rules.ts';
import type { ReadBacksJson } from './read-backs.ts';
import type { CompiledRules } from './rules.ts';
import { ratioOf, type Interval } from './statistics.ts';
import { unmeasuredVerdict, verdictOf, writeVerdict, type VerdictLimits, type ParityVerdict } from './verdict.ts';

/**
 * What the evidence says of a route. Made when it is asked for, from counts; pure. Shares come with an interval
 * that holds however often it is looked at (any-time.ts), durations with a 95 % interval of one look. Of nothing they are
 * NaN, which JSON writes as null.
 */
export interface ParityReport {
  readonly route: string;
  readonly window: {
    /** ISO 8601; undefined while there is nothing. */
    readonly from: string | undefined;
    readonly to: string;
    /** All shadows, those that were not judged included. */
    readonly shadows: number;
  };
  readonly pace: Pace;
  readonly counts: Counted & {
    readonly error: number;
    /** Of those that were judged the ones whose data was compared: both sides answered with some. */
    readonly data: number;
  };
  /** Why shadows were not judged, by ErrorReason. */
  readonly errors: Readonly<Record<string, number>>;
  readonly noise: {
    readonly samples: number;
    readonly wanted: number;
    readonly isCalibrated: boolean;
    /** The noise floor: share of the answers of direct that differ from another one of direct. */
    readonly differing: Interval;
  };
  /** Share of the answers in which no caller would have noticed a difference, noise subtracted. Judged by `low`. */
  readonly parity: Interval & { readonly wanted: number };
  readonly groups: readonly DifferenceGroup[];
  /** YAML: the `compare` block that would name the noise; undefined where there is none. */
  readonly proposedRules: string | undefined;
  readonly failures: FailureReport;
  /** Undefined while there is nothing. */
  readonly latency: LatencyReport | undefined;
  readonly coverage: CoverageReport;
  /** Undefined where no write is read back. */
  readonly readBacks: ReadBackReport | undefined;
  /** Something was too much to be kept apart. */
  readonly isCapped: boolean;
  readonly verdict: ParityVerdict;
}

export interface FailureReport {
  readonly control: Interval;
  readonly candidate: Interval;
  /** candidate − control, by the questions that one side alone failed. */
  readonly difference: Interval;
}

/** Milliseconds. */
interface Quantiles {
  readonly p50: Interval;
  readonly p95: Interval;
  readonly p99: Interval;
}

export interface LatencyReport {
  readonly control: Quantiles;
  readonly candidate: Quantiles;
  /** candidate / control */
  readonly ratio: Quantiles;
}

interface CoverageReport {
  /** Facts that were compared, and how often; see coverage.ts. */
  readonly compared: Readonly<Record<string, number>>;
  /** Facts of live traffic that no shadow compared; these hold the verdict back. */
  readonly unseen: readonly string[];
}

export interface ReadBackReport extends ReadBacksJson {
  /** Of the writes that could be told: the share that arrived. */
  readonly share: Interval;
  readonly wanted: number;
}

interface ReportInput {
  readonly rules: CompiledRules;
  readonly evidence: Evidence;
  /** Milliseconds since the epoch. */
  readonly since: number | undefined;
  readonly now: number;
  readonly limits: Omit<VerdictLimits, 'pace'>;
  /** Milliseconds: `compare.window`. */
  readonly windowMs: number;
  /** Comparisons of direct with the gateway that are counted at most. */
  readonly most: number;
}

export function reportOf({ rules, evidence, since, now, limits, windowMs, most }: ReportInput): ParityReport {
  const { cross, noise } = evidence;
  const groups = groupsOf(cross, noise, rules.known, now);
  const counts = countOf(cross, groups);
  const agreeing = counts.match + counts.ignored;
  const parity = share(agreeing, agreeing + counts.mismatch);
  const failures = failuresOf(evidence);
  const latency = latencyOf(evidence.control, evidence.candidate);
  const coverage = coverageOf(evidence);
  const { unseen } = coverage;
  const readBacks = readBacksOf(rules, evidence);
  const error = cross.errors.total;
  const pace = { spanMs: since === undefined ? 0 : now - since, windowMs, most };
  return {
    route: rules.route.id,
    window: {
      from: since === undefined ? undefined : new Date(since).toISOString(),
      to: new Date(now).toISOString(),
      shadows: cross.judged + error + noise.judged + noise.errors.total,
    },
    pace,
    counts: { ...counts, error, data: evidence.data },
    errors: { ...cross.errors.toJSON() },
    noise: noiseOf(evidence, limits.minNoise),
    parity: { ...parity, wanted: limits.parity },
    groups,
    proposedRules: proposedRules(groups),
    failures,
    latency,
    coverage,
    readBacks,
    isCapped: isCapped(evidence),
    verdict: judge(
      rules,
      readBacks,
      { ...judgedOf(evidence), counts, parity, groups, failures, latency, unseen },
      { ...limits, pace },
    ),
  };
}

function judge(
  { route }: CompiledRules,
  readBacks: ReadBackReport | undefined,
  judged: Parameters<typeof verdictOf>[0],
  limits: VerdictLimits,
): ParityVerdict {
  if (readBacks) return writeVerdict(readBacks, limits.pace);
  return route.safety === 'safe' ? verdictOf(judged, limits) : unmeasuredVerdict();
}

function judgedOf({ cross, noise, data }: Evidence) {
  const limited = { cross: limitedAlone(cross), noise: limitedAlone(noise) };
  return { data, errors: { ...cross.errors.toJSON() }, noiseSamples: noise.judged, limited };
}

function limitedAlone({ errors, judged }: Evidence['cross']): CountOf {
  const count = errors.get('limited_alone');
  return { count, of: judged + count };
}

function noiseOf({ noise }: Evidence, wanted: number): ParityReport['noise'] {
  let same = 0;
  for (const [differences, count] of noise.sets()) if (differences?.length === 0) same += count;
  const samples = noise.judged;
  return { samples, wanted, isCalibrated: samples >= wanted, differing: share(samples - same, samples) };
}

function failuresOf({ pairs }: Evidence): FailureReport {
  const of = pairs.neither + pairs.control + pairs.candidate + pairs.both;
  return {
    control: share(pairs.control + pairs.both, of),
    candidate: share(pairs.candidate + pairs.both, of),
    difference: differenceOfPairs({ onlyA: pairs.control, onlyB: pairs.candidate, of }),
  };
}

function latencyOf(control: Latency, candidate: Latency): LatencyReport | undefined {
  const [a, b] = [quantilesOf(control), quantilesOf(candidate)];
  if (!a || !b) return undefined;
  const ratio = { p50: ratioOf(a.p50, b.p50), p95: ratioOf(a.p95, b.p95), p99: ratioOf(a.p99, b.p99) };
  return { control: a, candidate: b, ratio };
}

function quantilesOf(latency: Latency): Quantiles | undefined {
  const [p50, p95, p99] = [latency.quantile(0.5), latency.quantile(0.95), latency.quantile(0.99)];
  return p50 && p95 && p99 ? { p50, p95, p99 } : undefined;
}

function readBacksOf({ route: { verify } }: CompiledRules, { readBacks }: Evidence): ReadBackReport | undefined {
  // With a sample of 0 nothing is read back, and nothing may wait for it.
  if (!verify || verify.sample === 0) return undefined;
  const { arrived, notArrived } = readBacks;
  return { ...readBacks.toJSON(), share: share(arrived, arrived + notArrived), wanted: verify.minSamples };
}

/** Answers that are no data of the route, and requests that the gateway cannot be asked at all, are nothing to compare. */
const NOT_COMPARABLE = /^(status (401|403|407|429|5\d\d)|form direct only)$/;

function coverageOf({ compared, live }: Evidence): CoverageReport {
  // Where the list of compared facts was cut, absence from it means nothing.
  const isCut = compared.has(OVERFLOW);
  const unseen = Array.from(live, ([fact]) => fact).filter(
    (fact) => fact !== OVERFLOW && !compared.has(fact) && !isCut && !NOT_COMPARABLE.test(fact),
  );
  return { compared: compared.toJSON(), unseen: unseen.toSorted() };
}

function isCapped({ cross, noise, compared, live }: Evidence): boolean {
  if (compared.has(OVERFLOW) || live.has(OVERFLOW)) return true;
  for (const tally of [cross, noise]) for (const [differences] of tally.sets()) if (!differences) return true;
  return false;
}
