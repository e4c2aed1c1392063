import { grouped } from './format.ts';
import type { RouteJson } from './model.ts';

/** What the flip would have done to the requests of the last hour. A value that is on a path stays there. */
export function effectText(routes: readonly RouteJson[], share: number): string {
  const requests = ({ paths }: RouteJson): number =>
    (paths.direct?.lastHour?.requests ?? 0) + (paths.gateway?.lastHour?.requests ?? 0);
  const moving = routes.map((route) => (requests(route) * (share - route.rollout.gateway)) / 100);
  const total = routes.reduce((sum, route) => sum + requests(route), 0);
  if (routes.every(({ rollout }) => rollout.gateway === share)) return `No change: the gateway has ${share} %.`;
  const from = routes.length === 1 ? `From ${routes[0]?.rollout.gateway} % to ${share} %. ` : '';
  if (total === 0) return `${from}Nothing was asked in the last hour, so nothing moves at once.`;
  const up = Math.round(moving.reduce((sum, count) => sum + Math.max(0, count), 0));
  const down = Math.round(moving.reduce((sum, count) => sum + Math.max(0, -count), 0));
  const moves = [
    ...(up > 0 ? [`about ${grouped(up)} move to the gateway`] : []),
    ...(down > 0 ? [`about ${grouped(down)} move back to direct`] : []),
  ];
  const what = moves.length === 0 ? 'hardly any moves' : moves.join(' and ');
  return `${from}Of the ${grouped(total)} requests of the last hour ${what}. What is on a path stays there; only values between the two shares move.`;
}
