import { facesOf, parametersOf } from '../config/face.ts';
import type { FacadeConfig, RouteConfig } from '../config/schema.ts';

/**
 * A flip as data: which rollouts a row had and has, in the operator's own words (percentages, names), with nothing left
 * to a default. So two rollouts can be compared, kept for years, and written back into a file.
 */

export interface RolloutValues {
  /** Percent, 0 to 100. */
  readonly gateway: number;
  readonly shadow: number;
  readonly stickyBy: string;
  readonly fallback: 'direct' | 'none';
}

/** By route id. */
export type Rollouts = ReadonlyMap<string, RolloutValues>;

/** Who moved it. `file`: somebody edited the config file by hand. */
export type FlipSource = 'cli' | 'console' | 'autopilot' | 'file' | 'rollback' | 'api';

export interface FlipChange {
  readonly route: string;
  readonly from: RolloutValues;
  readonly to: RolloutValues;
}

/** What a history line says of a flip, whatever it flips. */
export interface FlipReason {
  readonly source: FlipSource;
  /** As they call themselves: for display, nothing is decided by it. */
  readonly who: string;
  /** How they proved that they may: `admin token`, `loopback`, `file`, `autopilot`. */
  readonly identity: string;
  readonly why: string | undefined;
  /** The numbers that led to it. No personal data. */
  readonly evidence?: unknown;
}

/** A line of the history. A flip of several routes is several lines of one revision. */
export type FlipRecord = FlipReason & {
  /** Counts up by one with every flip; 0 is before the first. */
  readonly revision: number;
  readonly at: Date;
} & (
    | ({ readonly kind: 'flip' } & FlipChange)
    | { readonly kind: 'kill-switch'; readonly from: boolean; readonly to: boolean }
  );

/** The row's rollout, with the sticky value that it has by default written out. */
function rolloutValues({ rollout, direct, gateway }: RouteConfig): RolloutValues {
  const [canonical] = [...facesOf(direct), ...facesOf(gateway)];
  const [firstParameter = 'caller'] = canonical ? parametersOf(canonical) : [];
  const { shadow, fallback, stickyBy = firstParameter } = rollout;
  return { gateway: rollout.gateway, shadow, stickyBy, fallback };
}

export function rolloutsOf(config: FacadeConfig): Rollouts {
  return new Map(config.routes.map((route) => [route.id, rolloutValues(route)]));
}

export function sameRollout(a: RolloutValues, b: RolloutValues): boolean {
  return a.gateway === b.gateway && a.shadow === b.shadow && a.stickyBy === b.stickyBy && a.fallback === b.fallback;
}
