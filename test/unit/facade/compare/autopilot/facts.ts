import type { AutopilotFacts, ParityFacts } from '../../../../../src/facade/compare/autopilot/facts.ts';
import { NONE, type Tallies, type PathTotalsTally } from '../../../../../src/facade/compare/autopilot/tally.ts';
import { UPSTREAM_BUCKETS } from '../../../../../src/facade/observe/metrics.ts';
import type { AutopilotSettings } from '../../../../../src/facade/rollout/route.ts';

export const MINUTE = 60_000;

export const SETTINGS: AutopilotSettings = {
  mode: 'apply',
  steps: [1, 5, 25, 50, 100],
  hold: 30 * MINUTE,
  minRequests: 200,
  coolDown: 60 * MINUTE,
  gates: { parity: 0.999, errorRateDelta: 0.005, latencyP95Ratio: 1.3, latencyFloor: 50 },
};

export const READY: ParityFacts = {
  verdict: 'ready',
  because: [],
  samples: 5_000,
  mismatches: 0,
  lowerBound: 0.9995,
  latencyP95: { direct: 80, gateway: 88 },
};

/** Attempts that all took the same time. @param ms milliseconds. */
export function tally(attempts: number, failures = 0, ms = 80): PathTotalsTally {
  const at = UPSTREAM_BUCKETS.findIndex((bound) => ms / 1000 <= bound);
  const latencies = [...NONE.direct.latencies];
  latencies[at < 0 ? latencies.length - 1 : at] = attempts;
  return { attempts, failures, latencies };
}

export const live = (direct: PathTotalsTally, gateway: PathTotalsTally, recent: Tallies = NONE) => ({
  window: { direct, gateway },
  recent,
  reference: undefined,
});

export function facts(changed: Partial<AutopilotFacts> = {}): AutopilotFacts {
  return {
    gateway: 5,
    flip: { revision: 'r1', by: 'human' },
    isKilled: false,
    breaker: 'closed',
    parity: READY,
    readBacks: undefined,
    pace: undefined,
    live: live(tally(4_000), tally(400)),
    ...changed,
  };
}
