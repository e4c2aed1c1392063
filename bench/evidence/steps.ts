import { judge } from '../../src/facade/compare/autopilot/gates.ts';
import { NONE, type PathTotalsTally, type Tallies } from '../../src/facade/compare/autopilot/tally.ts';
import { TrafficWindow, type LiveTraffic } from '../../src/facade/compare/autopilot/window.ts';
import type { AutopilotSettings } from '../../src/facade/rollout/route.ts';
import type { Random } from './migrations.ts';
import { isUnlikelyAt, mostLikely } from './one-look.ts';

/**
 * A route at one step of the autopilot, in memory: its real window and its real gate of the error rate, asked at every tick
 * of five seconds, and the gate as it was.
 */

const TICK_MS = 5_000;
const SETTINGS: AutopilotSettings = {
  mode: 'apply',
  steps: [1, 5, 25, 50, 100],
  hold: 1_800_000,
  minRequests: 200,
  coolDown: 3_600_000,
  gates: { parity: undefined, errorRateDelta: 0.005, latencyP95Ratio: 1.3, latencyFloor: 50 },
};

interface Served {
  /** Attempts a tick, and the share of them that fails. */
  readonly gateway: readonly [attempts: number, fails: number];
  readonly direct: readonly [attempts: number, fails: number];
  /** After so many holds the gateway fails as it does; before it never does. */
  readonly goodHolds: number;
}

/** Holds until the gate breaks, from the moment on at which the gateway begins to fail; Infinity: it does not in `holds`. */
export function untilBroken(random: Random, served: Served, holds: number): { anyTime: number; oneLook: number } {
  const window = new TrafficWindow();
  const ticks = SETTINGS.hold / TICK_MS;
  const first = { anyTime: Infinity, oneLook: Infinity };
  for (let tick = 1; tick <= ticks * (holds + served.goodHolds); tick++) {
    const [attempts, fails] = served.gateway;
    const isGood = tick <= ticks * served.goodHolds;
    const gateway = tally(random, attempts, isGood ? 0 : fails);
    window.add(
      { gateway, direct: tally(random, ...served.direct) },
      tick * TICK_MS,
      SETTINGS.hold,
      SETTINGS.minRequests,
    );
    if (isGood) continue;
    const live = window.read();
    const at = tick / ticks - served.goodHolds;
    if (first.anyTime === Infinity && isBroken(live)) first.anyTime = at;
    if (first.oneLook === Infinity && wasBroken(live)) first.oneLook = at;
    if (first.anyTime < Infinity && first.oneLook < Infinity) break;
  }
  return first;
}

function tally(random: Random, attempts: number, fails: number): PathTotalsTally {
  let failures = 0;
  for (let i = 0; i < attempts; i++) if (random() < fails) failures++;
  return { ...NONE.direct, attempts, failures };
}

function isBroken(live: LiveTraffic): boolean {
  const facts = { gateway: 5, flip: { revision: '1', by: 'autopilot' as const }, isKilled: false, live };
  const gates = judge(
    { ...facts, breaker: 'closed', parity: undefined, readBacks: undefined, pace: undefined },
    SETTINGS,
  );
  return gates.errorRate.state === 'broken';
}

function wasBroken({ window, recent, reference }: LiveTraffic): boolean {
  const direct = window.direct.attempts >= SETTINGS.minRequests ? window.direct : reference;
  const allowed = (direct ? mostLikely(direct.failures, direct.attempts) : 0) + SETTINGS.gates.errorRateDelta;
  const isBad = ({ gateway }: Tallies) => isUnlikelyAt(gateway.failures, gateway.attempts, allowed);
  return isBad(window) || isBad(recent);
}
