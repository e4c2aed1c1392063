import type { DayRow, TrafficRow } from '../store/traffic.ts';

/**
 * What is missing before the direct endpoint of a route can be deleted. Pure. A quiet time by the clock alone proves
 * nothing: a route that nobody calls is quiet, and so is every route when the clock jumps ahead by a week. So requests
 * must have come in it, and on half of its days.
 */

/** The `migration` section of the rollout table. */
export interface QuietLimits {
  /** Milliseconds. */
  readonly quietFor: number;
  readonly minRequests: number;
}

interface OldPath {
  readonly now: Date;
  /** Not after `now`. */
  readonly unusedSince: Date;
  /** Percent. */
  readonly gateway: number;
  readonly killSwitch: boolean;
  readonly limits: QuietLimits;
  /** Of the route, by path: sums over `quietFor`. */
  readonly quiet: readonly TrafficRow[];
  /** Of the route, by path and day. */
  readonly days: readonly DayRow[];
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** In words; empty: the old path can be deleted. */
export function missingToDelete(path: OldPath): string[] {
  if (path.killSwitch) return ['the kill switch is on'];
  if (path.gateway < 100) return [`the gateway has ${path.gateway} %`];
  return [...missingQuiet(path), ...missingTraffic(path)];
}

function missingQuiet({ now, unusedSince, limits: { quietFor }, quiet }: OldPath): string[] {
  const unused = now.getTime() - unusedSince.getTime();
  if (unused >= quietFor) return [];
  const direct = quiet.find(({ path }) => path === 'direct')?.requests ?? 0;
  const { failovers = 0, untranslatable = 0 } = quiet.find(({ path }) => path === 'gateway') ?? {};
  // What the gateway cannot carry fails over, too, and direct serves both.
  const uses = [
    [failovers - untranslatable, 'failovers'],
    [untranslatable, 'requests that the gateway cannot carry'],
    [direct - failovers, 'other requests of direct'],
  ] as const;
  const counted = uses.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  const text = `unused for ${spoken(unused)} of ${spoken(quietFor)}`;
  return counted.length === 0 ? [text] : [text, `${counted.join(', ')} in it`];
}

function missingTraffic({ now, limits: { quietFor, minRequests }, quiet, days }: OldPath): string[] {
  const requests = quiet.find(({ path }) => path === 'gateway')?.requests ?? 0;
  const missing = requests < minRequests ? [`${requests} of ${minRequests} requests by the gateway`] : [];
  const wanted = Math.ceil(quietFor / DAY_MS / 2);
  const first = now.getTime() - quietFor - DAY_MS;
  const seen = days.filter(({ path, day, requests: n }) => {
    return path === 'gateway' && n > 0 && day.getTime() > first && day <= now;
  }).length;
  return seen < wanted ? [...missing, `requests on ${seen} of ${wanted} days`] : missing;
}

/** `40 min`, `2 h`, `7 days`. */
function spoken(ms: number): string {
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  if (ms < 2 * DAY_MS && ms % DAY_MS !== 0) return `${Math.floor(ms / HOUR_MS)} h`;
  const days = Math.floor(ms / DAY_MS);
  return days === 1 ? '1 day' : `${days} days`;
}
