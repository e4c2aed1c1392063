import type { ReadyLimits } from '../rollout/route.ts';
import { REASON_TEXTS, type ErrorReason } from './comparison.ts';
import { factCounts } from './coverage.ts';
import { grouped, isMoreThanNoise, type Counted, type CountOf, type DifferenceGroup } from './groups.ts';
import type { FailureReport, LatencyReport, ReadBackReport } from './report.ts';
import { neverReaches, type Pace } from './pace.ts';
import { fewestProving } from './any-time.ts';
import type { Interval } from './statistics.ts';

/**
 * One word at the end. `not enough data` is neither success nor failure: more shadows will tell. Only what a route may
 * be blamed for makes it `not ready`. A write that nothing reads back `cannot be measured`, however long one waits.
 */
export const VERDICTS = ['not enough data', 'ready', 'not ready', 'cannot be measured'] as const;
type VerdictKind = (typeof VERDICTS)[number];

type ReasonKind =
  /** Not enough comparisons of direct with the gateway. */
  | 'samples'
  /** Not enough of what was compared was data: errors that both sides have say nothing of it. */
  | 'data'
  /** What is waited for will never be there, since evidence leaves the window as fast as it comes. */
  | 'pace'
  /** Not enough comparisons of direct with direct: what differs by itself is not known yet. */
  | 'calibration'
  /** A share is good and its interval still reaches below what is wanted, or it is bad and may be so by chance. */
  | 'uncertain'
  /** Too many answers differ. */
  | 'parity'
  | 'expired'
  | 'error_rate'
  | 'latency'
  /** Live traffic has something that no shadow compared. */
  | 'coverage'
  /** Writes that were read back did not arrive as they were asked. */
  | 'read_back'
  /** A write is not shadowed, and nothing reads it back. */
  | 'unmeasured'
  /** Direct changed where the two differ; added by drift/with-drift.ts. */
  | 'drift';

interface VerdictReason {
  readonly kind: ReasonKind;
  /** A sentence without values of documents. */
  readonly text: string;
}

export interface ParityVerdict {
  readonly kind: VerdictKind;
  readonly reasons: readonly VerdictReason[];
  /** `not ready: because 37 of 1,000 answers differ …` */
  readonly text: string;
}

/** What is judged. */
interface JudgedEvidence {
  readonly counts: Counted;
  /** Of those that were judged the ones with data on both sides. */
  readonly data: number;
  /** Shadows that were not judged, by ErrorReason. */
  readonly errors: Readonly<Record<string, number>>;
  readonly noiseSamples: number;
  readonly parity: Interval;
  readonly groups: readonly DifferenceGroup[];
  readonly failures: FailureReport;
  readonly latency: LatencyReport | undefined;
  /** Questions that direct answered and the other one met with 429: the gateway, and direct asked once more. */
  readonly limited: { readonly cross: CountOf; readonly noise: CountOf };
  readonly unseen: readonly string[];
}

export interface VerdictLimits extends ReadyLimits {
  readonly minSamples: number;
  readonly minNoise: number;
  readonly pace: Pace;
}

export function verdictOf(judged: JudgedEvidence, limits: VerdictLimits): ParityVerdict {
  const lacking = lackOf(judged, limits);
  if (lacking.length > 0) {
    // What is shown to be too bad needs no more samples, only to know what differs by itself.
    const shown = judged.parity.high < limits.parity ? parityReasons(judged, limits) : [];
    if (shown.length > 0 && judged.noiseSamples >= limits.minNoise) return verdict('not ready', shown);
    return verdict('not enough data', [...shown, ...lacking, ...paceReasons(judged, limits)]);
  }
  const broken = [
    ...parityReasons(judged, limits),
    ...expiredReasons(judged),
    ...failureReasons(judged, limits),
    ...limitReasons(judged, limits),
    ...latencyReasons(judged, limits),
    ...coverageReasons(judged),
  ];
  if (broken.length > 0) return verdict('not ready', broken);
  const open = [...dataReasons(judged, limits), ...certaintyReasons(judged, limits)];
  if (open.length === 0) return verdict('ready', []);
  return verdict('not enough data', [...open, ...paceReasons(judged, limits)]);
}

/**
 * Of a write that is read back. One that was lost is one too many: it was read twice, and no share of lost messages is
 * small enough.
 */
export function writeVerdict({ arrived, notArrived, missing, wanted }: ReadBackReport, pace: Pace): ParityVerdict {
  if (notArrived > 0) {
    const fields = Object.entries(missing).map(([field, count]) => `${field} (${grouped(count)})`);
    const text = `${grouped(notArrived)} of ${grouped(arrived + notArrived)} writes did not arrive as they were asked: ${fields.join(', ')}`;
    return verdict('not ready', [{ kind: 'read_back', text }]);
  }
  if (arrived >= wanted) return verdict('ready', []);
  const never = neverReaches(arrived, wanted, 'writes read back', pace);
  return verdict('not enough data', [
    { kind: 'samples', text: `${grouped(arrived)} of ${grouped(wanted)} writes read back` },
    ...(never === undefined ? [] : [{ kind: 'pace', text: never } as const]),
  ]);
}

/** Of a write without `verify`: no amount of waiting tells anything of it. */
export function unmeasuredVerdict(): ParityVerdict {
  const text = 'a write is not shadowed, and without verify nothing reads it back; write verify: for the route';
  return verdict('cannot be measured', [{ kind: 'unmeasured', text }]);
}

function verdict(kind: VerdictKind, reasons: readonly VerdictReason[]): ParityVerdict {
  const because = reasons.map(({ text }) => text).join('; ');
  const text = kind === 'not ready' ? `not ready: because ${because}` : because === '' ? kind : `${kind}: ${because}`;
  return { kind, reasons, text };
}

const judgedOf = ({ counts }: JudgedEvidence): number => counts.match + counts.mismatch + counts.ignored;

function lackOf(judged: JudgedEvidence, { minSamples, minNoise }: VerdictLimits): VerdictReason[] {
  const { noiseSamples } = judged;
  const samples = judgedOf(judged);
  const reasons: VerdictReason[] = [];
  if (noiseSamples < minNoise) {
    const text = `${grouped(noiseSamples)} of ${grouped(minNoise)} comparisons of direct with itself`;
    reasons.push({ kind: 'calibration', text });
  }
  if (samples < minSamples) {
    const text = `${grouped(samples)} of ${grouped(minSamples)} comparisons${notJudged(judged)}`;
    reasons.push({ kind: 'samples', text });
  }
  return reasons;
}

/** Where most shadows came to nothing, waiting will not help: why they did is what somebody must see to. */
function notJudged(judged: JudgedEvidence): string {
  const byCount = Object.entries(judged.errors).toSorted(([, a], [, b]) => b - a);
  const total = byCount.reduce((sum, [, count]) => sum + count, 0);
  const [most] = byCount;
  if (!most || total <= judgedOf(judged)) return '';
  const [reason, count] = most;
  return ` (${grouped(total)} more were not judged, ${grouped(count)} of them because ${REASON_TEXTS[reason as ErrorReason] ?? reason})`;
}

function dataReasons(judged: JudgedEvidence, { minSamples }: VerdictLimits): VerdictReason[] {
  const { data } = judged;
  if (data >= minSamples) return [];
  const begin = data === 0 ? 'only errors were compared (or empty answers): ' : '';
  const text = `${begin}${grouped(data)} of ${grouped(judgedOf(judged))} comparisons had data on both sides, ${grouped(minSamples)} wanted`;
  return [{ kind: 'data', text }];
}

function certaintyReasons(
  { parity, failures: { difference }, limited }: JudgedEvidence,
  limits: VerdictLimits,
): VerdictReason[] {
  const reasons: VerdictReason[] = [];
  if (parity.low < limits.parity) {
    const text = `parity is ${percent(parity.value)}, but may be as low as ${percent(parity.low)}; wanted ${percent(limits.parity)}`;
    reasons.push({ kind: 'uncertain', text });
  }
  if (difference.value > limits.errorRateDelta) {
    const text = `the gateway fails ${percent(difference.value)} more often than direct, perhaps by chance; at most ${percent(limits.errorRateDelta)} is wanted`;
    reasons.push({ kind: 'uncertain', text });
  }
  if (limited.noise.count === 0 && isLimitedAbove(limited, limits.errorRateDelta)) {
    const text = `${limitText(limited)}, perhaps by chance; at most ${percent(limits.errorRateDelta)} is wanted`;
    reasons.push({ kind: 'uncertain', text });
  }
  return reasons;
}

function paceReasons(judged: JudgedEvidence, { parity, minSamples, pace }: VerdictLimits): VerdictReason[] {
  const never =
    neverReaches(judgedOf(judged), Math.max(minSamples, fewestProving(parity)), 'comparisons', pace) ??
    neverReaches(judged.data, minSamples, 'comparisons of data', pace);
  return never === undefined ? [] : [{ kind: 'pace', text: never }];
}

function parityReasons({ counts, parity, groups }: JudgedEvidence, limits: VerdictLimits): VerdictReason[] {
  // A proven fault in few answers is borne as far as the limit says; below it there is no need to wait for certainty.
  if (parity.value >= limits.parity) return [];
  const of = counts.match + counts.mismatch + counts.ignored;
  const worst = groups.find(({ standing }) => standing === 'fault' || standing === 'suspect');
  const most = worst ? `, most often in ${worst.text}` : '';
  const text = `${grouped(counts.mismatch)} of ${grouped(of)} answers differ (parity ${percent(parity.value)}, wanted ${percent(limits.parity)}${most})`;
  return [{ kind: 'parity', text }];
}

function expiredReasons({ groups }: JudgedEvidence): VerdictReason[] {
  return groups
    .filter(({ isExpired, standing, cross }) => isExpired && standing !== 'noise' && cross.count > 0)
    .map(({ text, ledger }) => {
      const day = new Date(ledger?.expires ?? 0).toISOString().slice(0, 10);
      return { kind: 'expired', text: `the known difference ${text} has expired on ${day}` };
    });
}

function failureReasons({ failures }: JudgedEvidence, { errorRateDelta }: VerdictLimits): VerdictReason[] {
  const { value, low } = failures.difference;
  if (!(value > errorRateDelta && low > 0)) return [];
  const text = `the gateway fails ${percent(value)} more often than direct; at most ${percent(errorRateDelta)} is wanted`;
  return [{ kind: 'error_rate', text }];
}

/** The limit of the account meets direct's second question as often as the gateway's; a limit of its own does not. */
function limitReasons({ limited }: JudgedEvidence, { errorRateDelta }: VerdictLimits): VerdictReason[] {
  if (!isLimitedAbove(limited, errorRateDelta) || !isMoreThanNoise(limited.cross, limited.noise)) return [];
  return [{ kind: 'error_rate', text: `${limitText(limited)}; at most ${percent(errorRateDelta)} is wanted` }];
}

const isLimitedAbove = ({ cross: { count, of } }: JudgedEvidence['limited'], most: number): boolean =>
  count > of * most;

const limitText = ({ cross: { count, of } }: JudgedEvidence['limited']): string =>
  `the gateway answers 429 to ${grouped(count)} of ${grouped(of)} questions that direct answers`;

function latencyReasons({ latency }: JudgedEvidence, { latencyP95Ratio }: VerdictLimits): VerdictReason[] {
  const ratio = latency?.ratio.p95;
  if (!ratio || !(ratio.value > latencyP95Ratio && ratio.low > 1)) return [];
  const text = `the 95th percentile of the gateway is ${ratio.value.toFixed(2)} times that of direct; at most ${latencyP95Ratio} is wanted`;
  return [{ kind: 'latency', text }];
}

function coverageReasons({ unseen }: JudgedEvidence): VerdictReason[] {
  if (unseen.length === 0) return [];
  return [{ kind: 'coverage', text: `live traffic has what no shadow compared: ${factCounts(unseen)}` }];
}

/** 0.9634 → `96.34 %` */
const percent = (share: number): string => `${Number((share * 100).toFixed(2))} %`;
