import type { DataPlane } from '../../forward/data-plane.ts';
import type { RouteEntry } from '../../forward/runtime-snapshot.ts';
import type { ParityReport } from '../report.ts';
import type { ShadowBudget } from '../shadow-budget.ts';
import type { FlipFacts, ParityFacts, ReadBackFacts } from './facts.ts';
import type { Proof, Reading, RouteNow } from './ports.ts';

/** The autopilot's facts, as the rest of the house has them. */

const entriesOf = (dataPlane: DataPlane): readonly RouteEntry[] => dataPlane.snapshot.entries;

/** Every route that is on autopilot. @param flipOf the last flip of a route's percentage */
export function routesOf(dataPlane: DataPlane, flipOf: (route: string) => FlipFacts): RouteNow[] {
  return entriesOf(dataPlane).flatMap(({ model }) =>
    model.autopilot
      ? [{ id: model.id, settings: model.autopilot, gateway: model.rollout.gateway / 100, flip: flipOf(model.id) }]
      : [],
  );
}

/** What this process counted. @param instance names it. */
export function readingsOf(dataPlane: DataPlane, instance: string): Reading[] {
  return entriesOf(dataPlane)
    .filter(({ model }) => model.autopilot !== undefined)
    .map(({ model, state }) => ({
      instance,
      route: model.id,
      tallies: { direct: state.recorder.totals('direct'), gateway: state.recorder.totals('gateway') },
      breaker: state.breakerState('gateway'),
    }));
}

/** @param pausedBy why no evidence comes today, in words */
export function proofOf(report: ParityReport | undefined, pausedBy?: string): Proof {
  return { parity: parityFactsOf(report), readBacks: readBackFactsOf(report), pace: report?.pace, pausedBy };
}

/** Why no evidence of a route comes today: its shadows, or what reads its writes back, have spent `compare.perDay`. */
export function pauseOf(dataPlane: DataPlane, budget: Pick<ShadowBudget, 'isSpent' | 'view'>, id: string) {
  const model = entriesOf(dataPlane).find((entry) => entry.model.id === id)?.model;
  if (!budget.isSpent(model?.verify?.read ?? id)) return undefined;
  return `compare.perDay is spent, so nothing more is compared before ${budget.view().resetsAt}`;
}

function parityFactsOf(report: ParityReport | undefined): ParityFacts | undefined {
  if (!report) return undefined;
  const { counts, parity, verdict, latency } = report;
  return {
    verdict: verdict.kind,
    // What never comes is said of the gate, which may ask for more than the report.
    because: verdict.reasons.flatMap(({ kind, text }) => (kind === 'pace' ? [] : [text])),
    samples: counts.match + counts.ignored + counts.mismatch,
    mismatches: counts.mismatch,
    lowerBound: parity.low,
    latencyP95: latency && { direct: latency.control.p95.value, gateway: latency.candidate.p95.value },
  };
}

function readBackFactsOf(report: ParityReport | undefined): ReadBackFacts | undefined {
  if (!report?.readBacks) return undefined;
  const { arrived, notArrived, wanted, missing } = report.readBacks;
  return { arrived, notArrived, wanted, missing: Object.keys(missing) };
}
