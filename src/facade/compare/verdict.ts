import type { ReadyLimits } from '../rollout/route.ts';
import { grouped, type Counted, type DifferenceGroup } from './groups.ts';
import type { FailureReport, LatencyReport, ReadBackReport } from './report.ts';
import type { Interval } from './statistics.ts';

/**
 * One word at the end. `not enough data` is neither success nor failure: more shadows will tell. Only what a route may
 * be blamed for makes it `not ready`.
 */
export const VERDICTS = ['not enough data', 'ready', 'not ready'] as const;
type VerdictKind = (typeof VERDICTS)[number];

type ReasonKind =
  /** Not enough comparisons of direct with the gateway. */
  | 'samples'
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
  | 'read_back';

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
  readonly noiseSamples: number;
  readonly parity: Interval;
  readonly groups: readonly DifferenceGroup[];
  readonly failures: FailureReport;
  readonly latency: LatencyReport | undefined;
  readonly unseen: readonly string[];
}

export interface VerdictLimits extends ReadyLimits {
  readonly minSamples: number;
  readonly minNoise: number;
}

export function verdictOf(judged: JudgedEvidence, limits: VerdictLimits): ParityVerdict {
  const lacking = lackOf(judged, limits);
  if (lacking.length > 0) return verdict('not enough data', lacking);
  const broken = [
    ...parityReasons(judged, limits),
    ...expiredReasons(judged),
    ...failureReasons(judged, limits),
    ...latencyReasons(judged, limits),
    ...coverageReasons(judged),
  ];
  if (broken.length > 0) return verdict('not ready', broken);
  const unproven = unprovenOf(judged, limits);
  return unproven.length > 0 ? verdict('not enough data', unproven) : verdict('ready', []);
}

function unprovenOf({ parity, failures: { difference } }: JudgedEvidence, limits: VerdictLimits): VerdictReason[] {
  const reasons: VerdictReason[] = [];
  if (parity.low < limits.parity) {
    const text = `parity is ${percent(parity.value)}, but may be as low as ${percent(parity.low)}; wanted ${percent(limits.parity)}`;
    reasons.push({ kind: 'uncertain', text });
  }
  if (difference.value > limits.errorRateDelta) {
    const text = `the gateway fails ${percent(difference.value)} more often than direct, perhaps by chance; at most ${percent(limits.errorRateDelta)} is wanted`;
    reasons.push({ kind: 'uncertain', text });
  }
  return reasons;
}

/**
 * Of a write that is read back. One that was lost is one too many: it was read twice, and no share of lost messages is
 * small enough.
 */
export function writeVerdict({ arrived, notArrived, missing, wanted }: ReadBackReport): ParityVerdict {
  if (notArrived > 0) {
    const fields = Object.entries(missing).map(([field, count]) => `${field} (${grouped(count)})`);
    const text = `${grouped(notArrived)} of ${grouped(arrived + notArrived)} writes did not arrive as they were asked: ${fields.join(', ')}`;
    return verdict('not ready', [{ kind: 'read_back', text }]);
  }
  if (arrived >= wanted) return verdict('ready', []);
  return verdict('not enough data', [
    { kind: 'samples', text: `${grouped(arrived)} of ${grouped(wanted)} writes read back` },
  ]);
}

function verdict(kind: VerdictKind, reasons: readonly VerdictReason[]): ParityVerdict {
  const because = reasons.map(({ text }) => text).join('; ');
  const text = kind === 'not ready' ? `not ready: because ${because}` : because === '' ? kind : `${kind}: ${because}`;
  return { kind, reasons, text };
}

function lackOf({ counts, noiseSamples }: JudgedEvidence, { minSamples, minNoise }: VerdictLimits): VerdictReason[] {
  const samples = counts.match + counts.mismatch + counts.ignored;
  const reasons: VerdictReason[] = [];
  if (noiseSamples < minNoise) {
    const text = `${grouped(noiseSamples)} of ${grouped(minNoise)} comparisons of direct with itself`;
    reasons.push({ kind: 'calibration', text });
  }
  if (samples < minSamples) {
    reasons.push({ kind: 'samples', text: `${grouped(samples)} of ${grouped(minSamples)} comparisons` });
  }
  return reasons;
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

function latencyReasons({ latency }: JudgedEvidence, { latencyP95Ratio }: VerdictLimits): VerdictReason[] {
  const ratio = latency?.ratio.p95;
  if (!ratio || !(ratio.value > latencyP95Ratio && ratio.low > 1)) return [];
  const text = `the 95th percentile of the gateway is ${ratio.value.toFixed(2)} times that of direct; at most ${latencyP95Ratio} is wanted`;
  return [{ kind: 'latency', text }];
}

function coverageReasons({ unseen }: JudgedEvidence): VerdictReason[] {
  if (unseen.length === 0) return [];
  const shown = unseen.slice(0, 3).join(', ');
  const more = unseen.length > 3 ? ` and ${grouped(unseen.length - 3)} more` : '';
  return [{ kind: 'coverage', text: `live traffic has what no shadow compared: ${shown}${more}` }];
}

/** 0.9634 → `96.34 %` */
const percent = (share: number): string => `${Number((share * 100).toFixed(2))} %`;
