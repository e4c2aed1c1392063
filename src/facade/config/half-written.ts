import { readDocument } from './document.ts';

/**
 * A file that is copied or written in place is a good table for moments: its first lines. Whoever watches it must not take
 * the beginning of a table for a table: what stands behind the routes, the name of the kill switch file among it, would be
 * gone for as long as the copy takes.
 */

export interface HalfWritten {
  /** A sentence for the log and for whoever wants to flip meanwhile. */
  readonly sign: string;
  /** Milliseconds for which the text must stay as it is before it counts. */
  readonly waitMs: number;
}

/** Milliseconds; a copy over a slow line pauses less. */
const WAIT_MS = 2_000;
/** Of a table that lost more than half of its routes: quiet for WAIT_MS, and as long again for a second look. */
const LONG_WAIT_MS = 2 * WAIT_MS;

/** Does `text` look like a part of a file that is still being written? Pure. @param inForce the text that serves now. */
export function halfWritten(text: string, inForce: string): HalfWritten | undefined {
  if (text === inForce) return undefined;
  const [before, after] = [tableIn(inForce), tableIn(text)];
  const lost = routesGone(before, after);
  if (lost.length > 0) {
    const isMost = lost.length * 2 > routeIds(before).length;
    return { sign: `these routes are gone from it: ${namesOf(lost)}`, waitMs: isMost ? LONG_WAIT_MS : WAIT_MS };
  }
  if (inForce.startsWith(text)) return { sign: 'it ends earlier than before', waitMs: WAIT_MS };
  if (inForce.endsWith('\n') && !text.endsWith('\n')) {
    return { sign: 'its last line has no end, as it had before', waitMs: WAIT_MS };
  }
  const gone = routeIds(after).length === 0 ? [] : settingsGone(before, after);
  if (gone.length > 0) return { sign: `these settings are gone from it: ${namesOf(gone)}`, waitMs: WAIT_MS };
  return undefined;
}

/** Ids of the routes that `before` has and `after` has not. None where either cannot be read. */
export const lostRoutes = (before: string, after: string): readonly string[] =>
  routesGone(tableIn(before), tableIn(after));

const tableIn = (text: string): unknown => readDocument(text).value;

function routesGone(before: unknown, after: unknown): readonly string[] {
  const left = new Set(routeIds(after));
  return left.size === 0 ? [] : routeIds(before).filter((id) => !left.has(id));
}

const routeIds = (table: unknown): string[] => routesIn(table).flatMap((route) => idOf(route) ?? []);

function routesIn(table: unknown): readonly unknown[] {
  const routes = isMap(table) ? table['routes'] : undefined;
  return Array.isArray(routes) ? routes : [];
}

function idOf(route: unknown): string | undefined {
  const id = isMap(route) ? route['id'] : undefined;
  return typeof id === 'string' ? id : undefined;
}

/**
 * Names of what `before` says and `after` says nothing of: `server.killSwitchFile`, `notify[1]`, `leads.get.callers`. A
 * name alone, and not what is beneath it. Routes are told apart by their ids, items of other lists by their places.
 */
function settingsGone(before: unknown, after: unknown): string[] {
  const byId = new Map(routesIn(after).map((route) => [idOf(route), route]));
  const ofRoutes = routesIn(before).flatMap((route) => {
    const id = idOf(route);
    return id === undefined ? [] : goneBeneath(route, byId.get(id), id);
  });
  const withoutRoutes = (table: unknown): unknown => (isMap(table) ? { ...table, routes: undefined } : table);
  return [...goneBeneath(withoutRoutes(before), withoutRoutes(after), ''), ...ofRoutes];
}

function goneBeneath(before: unknown, after: unknown, name: string): string[] {
  if (Array.isArray(before)) {
    if (!Array.isArray(after)) return isNothing(after) && before.length > 0 ? [name] : [];
    return before.flatMap((item, i) => (i in after ? goneBeneath(item, after[i], `${name}[${i}]`) : [`${name}[${i}]`]));
  }
  if (!isMap(before)) return isNothing(after) && !isNothing(before) ? [name] : [];
  if (!isMap(after)) return isNothing(after) ? [name] : [];
  return Object.entries(before).flatMap(([key, value]) =>
    goneBeneath(value, Object.hasOwn(after, key) ? after[key] : undefined, name === '' ? key : `${name}.${key}`),
  );
}

/** `server:` with nothing behind it is where a file ended. */
const isNothing = (value: unknown): boolean => value === undefined || value === null;

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const MAX_NAMES = 5;

/** `leads.get, leads.list and 3 more` */
export function namesOf(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMES).join(', ');
  return names.length > MAX_NAMES ? `${shown} and ${names.length - MAX_NAMES} more` : shown;
}
