import type { Rollout, RouteModel } from './route.ts';
import { BUCKETS } from './split.ts';

/**
 * The stage is only a name for what the numbers of a route say; nothing decides by it. All of it, in buckets of 10,000:
 * direct (0, no shadow) → shadow (0, shadow) → canary (some) → gateway (all, with fallback) → retired (all, without).
 */
export const STAGES = ['direct', 'shadow', 'canary', 'gateway', 'retired'] as const;
export type Stage = (typeof STAGES)[number];

/** `hasDirect`: false for an operation that only the gateway has; with nothing to fall back to it is retired at once. */
export function stageOf({ gateway, shadow, fallback }: Omit<Rollout, 'stickyBy'>, hasDirect: boolean): Stage {
  if (gateway === 0) return shadow > 0 ? 'shadow' : 'direct';
  if (gateway < BUCKETS) return 'canary';
  return fallback === 'direct' && hasDirect ? 'gateway' : 'retired';
}

/** How many routes are in each stage; 0 of a stage without any. */
export function countStages(models: readonly Pick<RouteModel, 'rollout' | 'direct'>[]): Record<Stage, number> {
  const counts: Record<Stage, number> = { direct: 0, shadow: 0, canary: 0, gateway: 0, retired: 0 };
  for (const { rollout, direct } of models) counts[stageOf(rollout, direct.length > 0)]++;
  return counts;
}
