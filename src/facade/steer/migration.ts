import type { RolloutValues } from '../config/rollout.ts';
import type { FlipRecord } from '../rollout/flip.ts';
import type { RouteModel } from '../rollout/route.ts';
import { countStages, stageOf, type Stage } from '../rollout/stage.ts';
import type { DayRow, LastUse, TrafficRow } from '../store/traffic.ts';
import { missingToDelete, type QuietLimits } from './old-path.ts';

/**
 * The burn-down: how far the migration is, route by route and day by day, and which old paths nobody needs any more.
 * Pure: the parts come from the history, the traffic and the table.
 */

interface ServedRequests {
  readonly direct: number;
  readonly gateway: number;
  /** Of the gateway, 0 to 1; null: nothing was served. */
  readonly share: number | null;
}

/** What the shadows proved of a route; no comparison, no proof. */
export interface RouteProof {
  readonly parity: number | null;
  readonly coverage: number | null;
  readonly verdict?: string | undefined;
}

interface RouteMigration extends Partial<RouteProof> {
  readonly id: string;
  /** False: one side alone has the operation, so there is no path to move it to. */
  readonly hasBothEndpoints: boolean;
  readonly stage: Stage;
  /** When it came into this stage; not known to be earlier than when the history began. */
  readonly since: Date;
  readonly days: number;
  /** Percent of the sticky values. */
  readonly gateway: number;
  readonly lastMinute: ServedRequests;
  readonly lastDay: ServedRequests;
  /** The direct path served a request, for whatever reason. */
  readonly lastDirectUse: Date | null;
  /** A request came that the gateway path cannot carry. */
  readonly lastDirectOnlyUse: Date | null;
  /** Nothing needed the direct path since then, and it may go. Null: not yet, or there are no two paths. */
  readonly safeToDeleteSince: Date | null;
  /** What is missing for that, in words: `unused for 2 h of 7 days`, `14 failovers in it`. */
  readonly missing: readonly string[];
}

export interface Migration {
  readonly at: Date;
  /** Before this nothing is known. */
  readonly observedSince: Date;
  readonly killSwitch: boolean;
  readonly stages: Readonly<Record<Stage, number>>;
  readonly lastDay: ServedRequests;
  /** Of the routes that have both endpoints: one without has no old path, or nowhere to go. */
  readonly oldPaths: { readonly safeToDelete: number; readonly of: number };
  /** Oldest first; only days on which something was served. */
  readonly days: readonly ({ readonly day: string } & ServedRequests)[];
  readonly routes: readonly RouteMigration[];
}

export interface MigrationParts {
  readonly now: Date;
  readonly observedSince: Date;
  readonly killSwitch: boolean;
  readonly models: readonly RouteModel[];
  /** Newest first. */
  readonly flips: readonly FlipRecord[];
  readonly lastMinute: readonly TrafficRow[];
  readonly lastDay: readonly TrafficRow[];
  readonly days: readonly DayRow[];
  readonly lastUse: readonly LastUse[];
  readonly limits: QuietLimits;
  /** Sums over `limits.quietFor`. */
  readonly quiet: readonly TrafficRow[];
  readonly proof?: ((route: string) => RouteProof | undefined) | undefined;
}

const DAY_MS = 86_400_000;

export function migrationOf(parts: MigrationParts): Migration {
  const { now, observedSince, killSwitch, models } = parts;
  const routes = models.map((model) => routeMigration(model, parts));
  const ids = new Set(models.map(({ id }) => id));
  const stages = countStages(models);
  const lastDay = served(parts.lastDay.filter(({ route }) => ids.has(route)));
  const movable = routes.filter(({ hasBothEndpoints }) => hasBothEndpoints);
  const safeToDelete = movable.filter(({ safeToDeleteSince }) => safeToDeleteSince !== null).length;
  const oldPaths = { safeToDelete, of: movable.length };
  return { at: now, observedSince, killSwitch, stages, lastDay, oldPaths, days: daysOf(parts.days), routes };
}

/** By path; what no route claims has no other path and says nothing of the migration. */
export function served(rows: readonly { path: string; requests: number }[]): ServedRequests {
  let direct = 0;
  let gateway = 0;
  for (const { path, requests } of rows) {
    if (path === 'direct') direct += requests;
    if (path === 'gateway') gateway += requests;
  }
  return { direct, gateway, share: direct + gateway === 0 ? null : gateway / (direct + gateway) };
}

/** Routes that left the table since are part of what was. */
function daysOf(rows: readonly DayRow[]): Migration['days'] {
  const byDay = Map.groupBy(rows, ({ day }) => day.toISOString().slice(0, 10));
  return [...byDay]
    .map(([day, ofDay]) => ({ day, ...served(ofDay) }))
    .filter(({ share }) => share !== null)
    .toSorted((a, b) => (a.day < b.day ? -1 : 1));
}

function routeMigration(model: RouteModel, parts: MigrationParts): RouteMigration {
  const { id } = model;
  const of = <T extends { readonly route: string }>(rows: readonly T[]) => rows.filter(({ route }) => route === id);
  const flips = parts.flips.filter((record) => record.kind === 'flip' && record.route === id);
  const changedAt = (isChange: (from: RolloutValues, to: RolloutValues) => boolean): Date =>
    flips.find((flip) => flip.kind === 'flip' && isChange(flip.from, flip.to))?.at ?? parts.observedSince;
  const stage = stageOf(model.rollout, model.direct.length > 0);
  const since = notAfter(
    parts.now,
    changedAt((from, to) => stageOfValues(from, model) !== stageOfValues(to, model)),
  );
  const direct = of(parts.lastUse).find(({ path }) => path === 'direct');
  const gateway = of(parts.lastUse).find(({ path }) => path === 'gateway');
  const hasBothEndpoints = model.direct.length > 0 && model.gateway.length > 0;
  const uses = [
    changedAt((from) => from.gateway < 100),
    direct?.requested,
    gateway?.failedOver,
    gateway?.untranslatable,
    parts.observedSince,
  ];
  const unusedSince = notAfter(parts.now, latest(uses));
  const missing = hasBothEndpoints
    ? missingToDelete({
        now: parts.now,
        unusedSince,
        gateway: model.rollout.gateway / 100,
        killSwitch: parts.killSwitch,
        limits: parts.limits,
        quiet: of(parts.quiet),
        days: of(parts.days),
      })
    : [];
  return {
    id,
    hasBothEndpoints,
    stage,
    since,
    days: Math.floor(((parts.now.getTime() - since.getTime()) / DAY_MS) * 10) / 10,
    gateway: model.rollout.gateway / 100,
    lastMinute: served(of(parts.lastMinute)),
    lastDay: served(of(parts.lastDay)),
    lastDirectUse: direct?.requested ? notAfter(parts.now, direct.requested) : null,
    lastDirectOnlyUse: gateway?.untranslatable ? notAfter(parts.now, gateway.untranslatable) : null,
    safeToDeleteSince: hasBothEndpoints && missing.length === 0 ? unusedSince : null,
    missing,
    ...parts.proof?.(id),
  };
}

function stageOfValues({ gateway, shadow, fallback }: RolloutValues, { direct }: RouteModel): Stage {
  return stageOf({ gateway: Math.round(gateway * 100), shadow, fallback }, direct.length > 0);
}

const latest = (dates: readonly (Date | undefined)[]): Date =>
  new Date(Math.max(...dates.map((date) => date?.getTime() ?? 0)));

/** The end of the minute, hour or day of a use may be still to come, and a clock may have been ahead. */
const notAfter = (now: Date, date: Date): Date => (date > now ? now : date);
