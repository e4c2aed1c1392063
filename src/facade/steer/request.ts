import type { RolloutEdit } from '../config/edit.ts';
import {
  changedEntries,
  isSameRollout,
  laidOver,
  partFor,
  type RolloutSet,
  type Rollouts,
  type RolloutValues,
} from '../config/rollout.ts';
import { safetyOf } from '../config/safety.ts';
import type { FacadeConfig } from '../config/schema.ts';
import type { FlipChange, FlipReason } from '../rollout/flip.ts';
import type { FlipCheck } from './flip-guard.ts';
import { FlipRefused } from './refused.ts';

/** What is asked of the steering, and from there to what changes. Pure. */

export interface RequestedChange extends RolloutEdit {
  /** Only if this is in force: who decides by old numbers must not undo what somebody else decided since. */
  readonly from?: RolloutSet | undefined;
}

export interface FlipRequest extends FlipReason {
  readonly changes: readonly RequestedChange[];
  /** Only if this is the newest revision. */
  readonly expectRevision?: number | undefined;
  /** Says what would change, and changes nothing. */
  readonly dryRun?: boolean | undefined;
}

/** As it is asked of the steering. */
export interface GuardedRequest extends FlipRequest {
  /** Make it whatever the evidence says; wants a `why`. */
  readonly force?: boolean | undefined;
}

export interface FlipResult {
  /** The new revision; the old one when nothing changed; null while the history cannot be written. */
  readonly revision: number | null;
  readonly changes: readonly FlipChange[];
  /** Unified, of the config file or, where the database holds the rollouts, of the list of rollouts. */
  readonly diff: string;
}

export interface GuardedResult extends FlipResult {
  /** What the evidence says of each change; empty: the autopilot made it, which has gates of its own. */
  readonly guard: readonly FlipCheck[];
}

/** @throws FlipRefused for a route that does not exist, and where something else than `from` is in force. */
export function changesOf(requested: readonly RequestedChange[], rollouts: Rollouts): FlipChange[] {
  const next = new Map<string, RolloutValues>();
  for (const { route, set, from: expected = {} } of requested) {
    const from = next.get(route) ?? rollouts.get(route);
    if (!from) throw new FlipRefused('unknown', `there is no route ${route}; c2s-facade routes lists them`);
    for (const [key, value] of changedEntries(from, expected)) {
      throw new FlipRefused('conflict', `${key} of ${route} is ${from[key]}, not ${value}; look at it and try again`);
    }
    next.set(route, laidOver(from, set));
  }
  return [...next].flatMap(([route, to]) => {
    const from = rollouts.get(route) as RolloutValues;
    return isSameRollout(from, to) ? [] : [{ route, from, to }];
  });
}

/** The same for every route that can be moved: those with two endpoints; shadows only where they are safe. */
export function changesForAll(config: FacadeConfig, set: RolloutSet): RequestedChange[] {
  return config.routes
    .filter(({ direct, gateway }) => direct !== undefined && gateway !== undefined)
    .map((route) => ({ route: route.id, set: partFor(safetyOf(route), set) }));
}

/** @throws FlipRefused */
export function expectRevision(expected: number | undefined, revision: number): void {
  if (expected === undefined || expected === revision) return;
  throw new FlipRefused(
    'conflict',
    `revision ${revision} is in force, not ${expected}; look at the history and try again`,
  );
}
