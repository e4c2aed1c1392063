import { endpointsOf, parametersOf } from './endpoint.ts';
import type { RouteConfig } from './schema.ts';

/**
 * A rollout as the operator writes it: percentages and names. The one place that lists its keys; whoever compares,
 * changes or prints a rollout does it through the operations below, so that a new key is a change of this file.
 */

export interface RolloutValues {
  /** Percent of the sticky values, 0 to 100, at most two decimals. */
  readonly gateway: number;
  /** Percent of the safe requests, 0 to 100, at most two decimals. */
  readonly shadow: number;
  /** A path parameter of the route, or `caller`. */
  readonly stickyBy: string;
  readonly fallback: 'direct' | 'none';
}

export type RolloutKey = keyof RolloutValues;

/** In the order in which a file says them. */
export const ROLLOUT_KEYS = ['gateway', 'shadow', 'stickyBy', 'fallback'] as const satisfies readonly RolloutKey[];

/** What a flip may set; a key that is left out stays as it is. */
export type RolloutSet = { readonly [Key in RolloutKey]?: RolloutValues[Key] | undefined };

/** A key with the value that it is to have. */
export type RolloutEntry = { readonly [Key in RolloutKey]: readonly [Key, RolloutValues[Key]] }[RolloutKey];

/** Of what somebody else may have written: a row of the database. */
export function isRollout(value: unknown): value is RolloutValues {
  if (typeof value !== 'object' || value === null) return false;
  const { gateway, shadow, stickyBy, fallback } = value as Readonly<Record<string, unknown>>;
  const isPercent = (part: unknown): boolean => typeof part === 'number' && part >= 0 && part <= 100;
  const isFallback = fallback === 'direct' || fallback === 'none';
  return isPercent(gateway) && isPercent(shadow) && typeof stickyBy === 'string' && isFallback;
}

/** By route id. */
export type Rollouts = ReadonlyMap<string, RolloutValues>;

/** The rollout of a route with nothing left to a default. */
export function rolloutOf({
  rollout,
  direct,
  gateway,
}: Pick<RouteConfig, 'rollout' | 'direct' | 'gateway'>): RolloutValues {
  const [canonical] = [...endpointsOf(direct), ...endpointsOf(gateway)];
  const [firstParameter = 'caller'] = canonical ? parametersOf(canonical) : [];
  return { ...rollout, stickyBy: rollout.stickyBy ?? firstParameter };
}

export function rolloutsOf(config: { readonly routes: readonly RouteConfig[] }): Rollouts {
  return new Map(config.routes.map((route) => [route.id, rolloutOf(route)]));
}

/** What `set` says otherwise than `rollout` does, in the order of {@link ROLLOUT_KEYS}. */
export function changedEntries(rollout: RolloutSet | undefined, set: RolloutSet): RolloutEntry[] {
  return ROLLOUT_KEYS.flatMap((key) => {
    const value = set[key];
    return value === undefined || value === rollout?.[key] ? [] : [[key, value] as RolloutEntry];
  });
}

/** `changedEntries` as a set. */
export function changedPart(rollout: RolloutSet | undefined, set: RolloutSet): RolloutSet {
  return Object.fromEntries(changedEntries(rollout, set)) as RolloutSet;
}

/**
 * `rollout` with what `set` says laid over it. A key that only a newer version knows is laid over too: the schema is to
 * refuse it, not this function to lose it.
 */
export function laidOver<R extends RolloutSet>(rollout: R, set: RolloutSet): R {
  const said = Object.entries<string | number | undefined>(set).filter(([, value]) => value !== undefined);
  return { ...rollout, ...Object.fromEntries(said) };
}

/** What a flip of all routes may set on one of this safety: shadows only where a copy does no harm. */
export function partFor(safety: string, set: RolloutSet): RolloutSet {
  return safety === 'safe' ? set : { ...set, shadow: undefined };
}

export function isSameRollout(a: RolloutValues, b: RolloutValues): boolean {
  return ROLLOUT_KEYS.every((key) => a[key] === b[key]);
}

/** `{ gateway: 25, shadow: 0, stickyBy: leadId, fallback: direct }` */
export function rolloutText(rollout: RolloutValues): string {
  return `{ ${ROLLOUT_KEYS.map((key) => `${key}: ${rollout[key]}`).join(', ')} }`;
}
