import type { BreakerState } from '../forward/breaker.ts';
import type { Path } from '../rollout/route.ts';
import type { GatewayTrouble } from './flip-guard.ts';

/** What the breaker of a route and the health checks say against giving the gateway more of it. */

interface BreakerView {
  breakerState(path: Path): BreakerState;
  /** Undefined: it is not half-open. */
  rampPercent(path: Path): number | undefined;
}

/** @param state of the route; undefined: it is not in the table. */
export function troubleOf(
  state: BreakerView | undefined,
  health: { readonly isUnhealthy: boolean },
): GatewayTrouble | undefined {
  const breaker = state?.breakerState('gateway') ?? 'closed';
  const unhealthy = health.isUnhealthy ? ['the gateway is unhealthy (its health checks fail)'] : [];
  const open = breaker === 'open' ? ["the gateway's breaker is open"] : [];
  const down = [...open, ...unhealthy].join(' and ');
  if (down !== '') return { text: down, isDown: true };
  if (breaker === 'closed') return undefined;
  const percent = state?.rampPercent('gateway') ?? 0;
  const lets = percent === 0 ? 'one request at a time' : `${percent} % of the requests`;
  return { text: `the gateway's breaker is half-open and lets ${lets} through`, isDown: false };
}
