import type { AutopilotSettings } from '../../rollout/route.ts';
import { fewestProving, isShareAbove, share, WRONG_ALARM } from '../any-time.ts';
import { neverReaches, type Pace } from '../pace.ts';
import { DIRECT, quantile, RECENT, STEP, surelyAbove } from './evidence.ts';
import type { AutopilotFacts } from './facts.ts';
import type { Tallies, PathTotalsTally } from './tally.ts';
import type { LiveTraffic } from './window.ts';

/**
 * The gates of a step. Each is `green` (enough was seen, and it is within its limit), `broken` (shown not to be) or `waiting`.
 * Only green ones raise, only a broken one rolls back; what lies between holds the step, so that noise moves nothing. Parity
 * alone is proved before it is green; docs/autopilot.md says why.
 */

export const GATES = ['parity', 'readBack', 'breaker', 'traffic', 'errorRate', 'latency'] as const;
export type GateName = (typeof GATES)[number];
export type GateState = 'green' | 'waiting' | 'broken';

interface Gate {
  readonly state: GateState;
  /** The numbers in words, for a human. */
  readonly why: string;
}

/** An overload may be gone one step lower; an answer that is wrong, or a write that is lost, is so at any share. */
export const WRONG_AT_ANY_SHARE: readonly GateName[] = ['parity', 'readBack'];

export type Gates = Readonly<Record<GateName, Gate>>;

export const areGreen = (gates: Gates) => GATES.every((name) => gates[name].state === 'green');
export const brokenOf = (gates: Gates) => GATES.filter((name) => gates[name].state === 'broken');

export function judge(facts: AutopilotFacts, settings: AutopilotSettings): Gates {
  const isLive = facts.gateway > 0;
  return {
    parity: parityGate(facts, settings),
    readBack: readBackGate(facts),
    breaker: breakerGate(facts),
    traffic: trafficGate(facts, settings),
    errorRate: isLive
      ? errorRateGate(facts, settings)
      : green('nothing is live yet: failures of shadows count as mismatches'),
    latency: isLive ? latencyGate(facts, settings) : shadowLatencyGate(facts, settings),
  };
}

const green = (why: string): Gate => ({ state: 'green', why });
const waiting = (why: string): Gate => ({ state: 'waiting', why });
const broken = (why: string): Gate => ({ state: 'broken', why });

const percent = (share: number) => `${(share * 100).toFixed(2)} %`;
const ms = (value: number) => `${value.toFixed(0)} ms`;

/** What never comes, at the pace at which it comes: `; at 60 comparisons an hour …`. Empty where it may come. */
function orNever(seen: number, needed: number, what: string, pace: Pace | undefined): string {
  const never = pace && neverReaches(seen, needed, what, pace);
  return never === undefined ? '' : `; ${never}`;
}

/** `; nothing more is compared …`. Empty where evidence may come. */
const paused = ({ pausedBy }: AutopilotFacts): string => (pausedBy === undefined ? '' : `; ${pausedBy}`);

function parityGate(facts: AutopilotFacts, { gates }: AutopilotSettings): Gate {
  const { parity, pace, gateway } = facts;
  if (gates.parity === undefined) {
    return gateway > 0
      ? green('a write has no shadows')
      : waiting('a write has no shadows: a human takes the first step');
  }
  if (!parity || parity.samples === 0) return waiting(`no shadow was compared yet${paused(facts)}`);
  const { verdict, samples, mismatches, lowerBound, because } = parity;
  const numbers = `${mismatches} of ${samples} shadows differ, parity is at least ${percent(lowerBound)}, ${percent(gates.parity)} asked for`;
  if (isShareAbove(mismatches, samples, 1 - gates.parity, WRONG_ALARM)) return broken(numbers);
  if (verdict === 'ready' && lowerBound >= gates.parity) return green(numbers);
  const never = orNever(samples, fewestProving(gates.parity), 'comparisons', pace);
  return waiting(`${[`${verdict}: ${numbers}`, ...because].join('; ')}${paused(facts)}${never}`);
}

/** No test here: each was read twice, and a gateway that is good enough loses none. */
function readBackGate(facts: AutopilotFacts): Gate {
  const { readBacks, pace } = facts;
  if (!readBacks) return green('nothing is read back');
  const { arrived, notArrived, wanted, missing } = readBacks;
  const numbers = `${arrived} of ${arrived + notArrived} writes arrived as they were asked, ${wanted} asked for`;
  if (notArrived > 0) return broken(`${numbers}; not found again: ${missing.join(', ')}`);
  if (arrived >= wanted) return green(numbers);
  return waiting(`not enough data: ${numbers}${paused(facts)}${orNever(arrived, wanted, 'writes read back', pace)}`);
}

function breakerGate({ breaker, gateway }: AutopilotFacts): Gate {
  if (breaker === 'closed') return green('closed');
  return breaker === 'open' && gateway > 0 ? broken('open') : waiting(breaker);
}

/** Of live attempts; of shadows while nothing is live. */
function trafficGate(facts: AutopilotFacts, { minRequests, gates }: AutopilotSettings): Gate {
  const { gateway, live, parity, pace } = facts;
  const isByShadows = gateway === 0 && gates.parity !== undefined;
  const seen = isByShadows ? (parity?.samples ?? 0) : live.window.gateway.attempts;
  const why = `${seen} of ${minRequests} ${isByShadows ? 'shadows' : 'attempts'}`;
  if (seen >= minRequests) return green(why);
  // Live attempts are counted since the step began, however long that takes.
  return waiting(
    `not enough data: ${why}${isByShadows ? `${paused(facts)}${orNever(seen, minRequests, 'shadows', pace)}` : ''}`,
  );
}

const rateOf = ({ attempts, failures }: PathTotalsTally) => (attempts === 0 ? 0 : failures / attempts);

/**
 * Direct as it is now where it serves enough to be judged, else as it last did (at 100 % it serves next to nothing).
 * What was never seen enough excuses nothing.
 */
function referenceOf({ live }: AutopilotFacts, minRequests: number): PathTotalsTally | undefined {
  return live.window.direct.attempts >= minRequests ? live.window.direct : live.reference;
}

/** What is looked at for a break, and how sure it must be. */
const looksAt = ({ window, recent }: LiveTraffic): readonly (readonly [seen: Tallies, alpha: number])[] => [
  [window, STEP],
  [recent, RECENT],
];

function errorRateGate(facts: AutopilotFacts, { gates, minRequests }: AutopilotSettings): Gate {
  const { window } = facts.live;
  const reference = referenceOf(facts, minRequests);
  const direct = reference ? rateOf(reference) : 0;
  const allowed = (reference ? share(reference.failures, reference.attempts, DIRECT).high : 0) + gates.errorRateDelta;
  const say = ({ gateway }: Tallies): string =>
    `${gateway.failures} of ${gateway.attempts} attempts failed on the gateway path (${percent(rateOf(gateway))}), ${percent(direct)} on direct, ${percent(gates.errorRateDelta)} more allowed`;
  for (const [seen, alpha] of looksAt(facts.live)) {
    if (isShareAbove(seen.gateway.failures, seen.gateway.attempts, allowed, alpha)) return broken(say(seen));
  }
  const isWithin = rateOf(window.gateway) - direct <= gates.errorRateDelta;
  return isWithin ? green(say(window)) : waiting(say(window));
}

/** Cold connections make the first few requests slow; nothing is concluded from those. */
const LEAST_TIMED = 20;

/**
 * By counting: of a gateway whose 95th percentile is within the limit at most 5 % take longer. Both sides are rounded in
 * the gateway's favour before it is called broken (the percentile of direct up to its bucket's end, an attempt counted
 * only in a bucket wholly beyond), so a bucket's width can cost a raise but never take one back.
 */
function latencyGate(facts: AutopilotFacts, { gates, minRequests }: AutopilotSettings): Gate {
  const { window } = facts.live;
  const direct = quantile(referenceOf(facts, minRequests)?.latencies ?? [], 0.95);
  if (!direct) return waiting('the latency of direct was not measured yet');
  const limit = gates.latencyP95Ratio * Math.max(direct.value, gates.latencyFloor);
  const surelyOver = gates.latencyP95Ratio * Math.max(direct.atMost, gates.latencyFloor);
  const say = ({ gateway }: Tallies): string =>
    `95 % of the gateway path within ${ms(quantile(gateway.latencies, 0.95)?.value ?? 0)}, of direct within ${ms(direct.value)}, ${ms(limit)} allowed`;
  for (const [seen, alpha] of looksAt(facts.live)) {
    const { count, of } = surelyAbove(seen.gateway.latencies, surelyOver);
    if (of >= LEAST_TIMED && isShareAbove(count, of, 0.05, alpha)) return broken(say(seen));
  }
  const gateway = quantile(window.gateway.latencies, 0.95);
  return gateway && gateway.value <= limit ? green(say(window)) : waiting(say(window));
}

function shadowLatencyGate({ parity }: AutopilotFacts, { gates }: AutopilotSettings): Gate {
  const p95 = parity?.latencyP95;
  if (!p95) return green('shadows were not timed');
  const limit = gates.latencyP95Ratio * Math.max(p95.direct, gates.latencyFloor);
  const why = `95 % of the shadows within ${ms(p95.gateway)}, of direct within ${ms(p95.direct)}, ${ms(limit)} allowed`;
  return p95.gateway <= limit ? green(why) : waiting(why);
}
