import type { Finding } from '../problem.ts';
import { safetyOf } from '../safety.ts';
import { finding, type Draft, type IndexedRoute } from './draft.ts';

/**
 * Rules on what may be put on autopilot. A route that it could never raise, or that it could raise but not roll back
 * without a caller seeing an error, is refused at the door rather than left standing still for weeks.
 */

const onAutopilot = ({ rows }: Draft): IndexedRoute[] => rows.filter(({ route }) => route.autopilot !== undefined);
const at = ({ index }: IndexedRoute, ...rest: string[]) => ['routes', index, 'autopilot', ...rest];

export function autopilotNeedsBothEndpoints(draft: Draft): Finding[] {
  return onAutopilot(draft)
    .filter(({ route }) => route.direct === undefined || route.gateway === undefined)
    .map((row) => {
      const message = 'the route has one endpoint only, so there is nothing to move';
      return finding(at(row), message, 'leave autopilot out, or write both direct: and gateway:');
    });
}

export function autopilotNeedsAWayBack(draft: Draft): Finding[] {
  return onAutopilot(draft)
    .filter(({ route }) => route.rollout.fallback === 'none')
    .map((row) => {
      const message = 'with fallback: none every failure of a raised step would reach a caller';
      return finding(at(row), message, 'write fallback: direct, or leave autopilot out: a retired route moves no more');
    });
}

export function autopilotStepsRise({ rows, defaults }: Draft): Finding[] {
  const own = rows.flatMap(({ index, route }) => falls(route.autopilot?.steps, ['routes', index, 'autopilot']));
  return [...falls(defaults?.autopilot.steps, ['defaults', 'autopilot']), ...own];
}

function falls(steps: readonly number[] | undefined, path: readonly (string | number)[]): Finding[] {
  return (steps ?? []).flatMap((step, i, all) => {
    const before = all[i - 1];
    if (before === undefined || step > before) return [];
    const message = `${step} is no more than ${before} before it`;
    return [finding([...path, 'steps', i], message, 'write the steps in rising order, such as [1, 5, 25, 50, 100]')];
  });
}

/** Reads prove themselves by shadows, writes cannot: each must say so, lest a default decide it. */
export function autopilotHasEvidence(draft: Draft): Finding[] {
  return onAutopilot(draft).flatMap((row) => {
    const { rollout, autopilot } = row.route;
    const parity = autopilot?.gates?.parity ?? draft.defaults?.autopilot.gates.parity;
    if (parity === undefined) return [];
    if (safetyOf(row.route) !== 'safe') {
      if (parity === 'none') return [];
      const message = 'a write cannot be shadowed, so no parity will ever be proved';
      const remedy = 'write autopilot: { gates: { parity: none } }: a human then takes the first step';
      return [finding(at(row), message, remedy)];
    }
    if (parity === 'none') {
      const message = 'a read can be shadowed, so it must prove its parity';
      return [finding(at(row), message, 'write gates: { parity: 0.999 } or leave it out')];
    }
    if (rollout.shadow > 0) return [];
    const message = 'without shadows it would never have the evidence to rise';
    return [finding(['routes', row.index, 'rollout'], message, 'write shadow: 10, or leave autopilot out')];
  });
}
