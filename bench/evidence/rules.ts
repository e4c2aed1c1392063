import { differenceOfPairs, isShareAbove, share } from '../../src/facade/compare/any-time.ts';
import { STEP } from '../../src/facade/compare/autopilot/evidence.ts';
import { verdictOf, type VerdictLimits } from '../../src/facade/compare/verdict.ts';
import { isUnlikelyAt, newcombe, wilson } from './one-look.ts';

/** The rules of the verdict and of the gates, as they are and as they were. */

export const LIMITS: VerdictLimits = {
  parity: 0.99,
  errorRateDelta: 0.01,
  latencyP95Ratio: 1.5,
  minSamples: 200,
  minNoise: 20,
  // Of a busy route: nothing is waited for in vain.
  pace: { spanMs: 0, windowMs: 86_400_000, most: Infinity },
};

/** Beside what the simulation draws. */
const UNLIMITED = { cross: { count: 0, of: 0 }, noise: { count: 0, of: 0 } };
const SEEN = { latency: undefined, unseen: [], errors: {}, limited: UNLIMITED };

const NO_FAILURES = {
  control: share(0, 1),
  candidate: share(0, 1),
  difference: differenceOfPairs({ onlyA: 0, onlyB: 0, of: 1 }),
};

/** What the verdict says of so many mismatches. */
export function verdictOfMismatches(mismatches: number, of: number, asked: number) {
  const counts = { match: of - mismatches, noisy: 0, mismatch: mismatches, ignored: 0 };
  const judged = { counts, noiseSamples: 20, parity: share(of - mismatches, of), groups: [], failures: NO_FAILURES };
  return verdictOf({ ...judged, ...SEEN, data: of }, { ...LIMITS, parity: asked }).kind;
}

/** What it says of pairs that differ in nothing but failures; one that a side alone has is a mismatch. */
export function verdictOfPairs(onlyA: number, onlyB: number, both: number, of: number, asked: number) {
  const mismatch = onlyA + onlyB;
  const difference = differenceOfPairs({ onlyA, onlyB, of });
  const counts = { match: of - mismatch, noisy: 0, mismatch, ignored: 0 };
  const failures = { control: share(onlyA + both, of), candidate: share(onlyB + both, of), difference };
  const judged = { counts, noiseSamples: 20, parity: share(of - mismatch, of), groups: [], failures };
  return verdictOf({ ...judged, ...SEEN, data: of }, { ...LIMITS, parity: asked }).kind;
}

export const ready = {
  anyTime: (asked: number) => (mismatches: number, of: number) =>
    verdictOfMismatches(mismatches, of, asked) === 'ready',
  oneLook: (asked: number) => (mismatches: number, of: number) =>
    of >= LIMITS.minSamples && wilson(of - mismatches, of).low >= asked,
};

/** Both said it of the share itself. */
export const notReady = {
  anyTime: (asked: number) => (mismatches: number, of: number) =>
    verdictOfMismatches(mismatches, of, asked) === 'not ready',
  oneLook: (asked: number) => (mismatches: number, of: number) =>
    of >= LIMITS.minSamples && 1 - mismatches / of < asked,
};

export const blamed = {
  /** By state, as it does not depend on the number of questions where the difference is above the limit. */
  anyTime: byState((a, b, both, of) => verdictOfPairs(a, b, both, of, 0) === 'not ready'),
  oneLook: (onlyA: number, onlyB: number, both: number, of: number) =>
    newcombe(wilson(onlyA + both, of), wilson(onlyB + both, of)).low > 0,
};

type PairRule = (onlyA: number, onlyB: number, both: number, of: number) => boolean;

function byState(rule: PairRule): PairRule {
  const known = new Map<number, boolean>();
  return (a, b, both, of) => {
    const key = a * 100_000 + b;
    let said = known.get(key);
    if (said === undefined) known.set(key, (said = rule(a, b, both, of)));
    return said;
  };
}

/** A gate that allows `allowed` failures. */
export const broken = {
  anyTime: (allowed: number) => (failures: number, of: number) => isShareAbove(failures, of, allowed, STEP),
  oneLook: (allowed: number) => (failures: number, of: number) => isUnlikelyAt(failures, of, allowed),
};
