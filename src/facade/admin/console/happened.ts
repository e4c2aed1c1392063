import type { PathName, RouteJson, Snapshot } from './model.ts';

/** What changed from one snapshot of the live stream to the next, in words. */

export interface Happened {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly level: 'bad' | 'good' | 'info';
  /** Undefined: of the whole. */
  readonly route?: string;
  readonly text: string;
}

/** A night of a flapping breaker; more is what the log is for. */
export const MAX_HAPPENED = 500;
const PATHS = ['direct', 'gateway'] as const;

export function happenedBetween(before: Snapshot, after: Snapshot): readonly Happened[] {
  const { at } = after;
  const known = new Map(before.routes.map((route) => [route.id, route]));
  const news = after.routes.flatMap((route): Happened[] => {
    const was = known.get(route.id);
    return was ? ofRoute(was, route).map((one) => ({ at, route: route.id, ...one })) : [];
  });
  if (before.killSwitch !== after.killSwitch)
    news.push({ at, level: 'info', text: `kill switch ${after.killSwitch ? 'on' : 'off'}` });
  if (before.digest !== after.digest) news.push({ at, level: 'info', text: `rollout table ${after.digest} serves` });
  return news;
}

type News = Omit<Happened, 'at' | 'route'>;

function ofRoute(was: RouteJson, is: RouteJson): News[] {
  const news: News[] = PATHS.flatMap((path) => ofBreaker(path, was, is));
  const { gateway } = is.rollout;
  if (was.rollout.gateway !== gateway)
    news.push({ level: 'info', text: `gateway ${was.rollout.gateway} % → ${gateway} %` });
  if (was.stage !== is.stage) news.push({ level: 'info', text: `stage ${was.stage} → ${is.stage}` });
  if (!was.trouble && is.trouble) news.push({ level: 'bad', text: is.trouble.text });
  if (was.trouble && !is.trouble) news.push({ level: 'good', text: 'no attempt failed in the last minute' });
  if (was.parity && is.parity && was.parity.verdict !== is.parity.verdict)
    news.push({ level: 'info', text: `parity ${was.parity.verdict} → ${is.parity.verdict}` });
  return news;
}

function ofBreaker(path: PathName, was: RouteJson, is: RouteJson): News[] {
  const [before, after] = [was.paths[path]?.breaker ?? 'closed', is.paths[path]?.breaker ?? 'closed'];
  if (before === after) return [];
  return [{ level: after === 'closed' ? 'good' : 'bad', text: `breaker of ${path} ${before} → ${after}` }];
}
