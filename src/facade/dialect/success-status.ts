import type { Dialect, Path, RouteModel } from '../rollout/route.ts';

/**
 * The success status owed to the caller: the route's for the asking dialect when the other path served, else the one that
 * came. Statuses that say something about the body (204, 205, 206) or the state (202, 203) stay.
 */
export function successStatus(route: RouteModel, asked: Dialect, served: Path, status: number): number {
  if (asked === served || (status !== 200 && status !== 201)) return status;
  return route.success[asked] ?? status;
}
