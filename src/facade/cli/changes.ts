import type { RouteView } from '../admin/routes.ts';
import type { RolloutEdit } from '../config/edit.ts';
import { changedPart, partFor, type RolloutKey, type RolloutSet, type RolloutValues } from '../config/rollout.ts';
import type { Style } from './context.ts';
import { allVisible } from '../../http/visible.ts';

/** What a flip would change, worked out before anybody is asked. */

export interface Movable {
  readonly id: string;
  readonly safety: string;
  readonly hasBothEndpoints: boolean;
  readonly rollout: RolloutValues;
}

export const movable = (route: RouteView): Movable => ({
  id: route.id,
  safety: route.safety,
  hasBothEndpoints: route.paths.direct !== undefined && route.paths.gateway !== undefined,
  rollout: route.rollout,
});

/** The same for every route that can be moved; shadows only where a copy does no harm. */
export function editsForAll(routes: readonly Movable[], set: RolloutSet): RolloutEdit[] {
  return routes
    .filter(({ hasBothEndpoints }) => hasBothEndpoints)
    .map(({ id, safety }) => ({ route: id, set: partFor(safety, set) }));
}

/** Only what says something else than what is in force. */
export function effective(edits: readonly RolloutEdit[], routes: readonly Movable[]): RolloutEdit[] {
  return edits.flatMap(({ route, set }) => {
    const changed = changedPart(routes.find(({ id }) => id === route)?.rollout, set);
    return Object.keys(changed).length === 0 ? [] : [{ route, set: changed }];
  });
}

/** `leads.get   gateway 0 → 25   shadow 10 → 0` */
export function renderEdits(asked: readonly RolloutEdit[], live: readonly Movable[], style: Style): string {
  const [edits, routes] = [allVisible(asked), allVisible(live)];
  const longest = Math.max(...edits.map(({ route }) => route.length));
  return edits
    .map(({ route, set }) => {
      const now = routes.find(({ id }) => id === route)?.rollout;
      const parts = Object.entries(set).map(([key, value]) => {
        return `${key} ${style.red(String(now?.[key as RolloutKey]))} → ${style.green(String(value))}`;
      });
      return `${route.padEnd(longest)}  ${parts.join(', ')}`;
    })
    .join('\n');
}
