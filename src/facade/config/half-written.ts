import { readDocument } from './document.ts';

/**
 * A file that is copied or written in place is a good table for moments: its first rows. Whoever watches it must not take
 * the beginning of a table for a table.
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
  const lost = lostRoutes(inForce, text);
  if (lost.length > 0) {
    const isMost = lost.length * 2 > routeIds(inForce).length;
    return { sign: `these routes are gone from it: ${namesOf(lost)}`, waitMs: isMost ? LONG_WAIT_MS : WAIT_MS };
  }
  if (inForce.startsWith(text)) return { sign: 'it ends earlier than before', waitMs: WAIT_MS };
  if (inForce.endsWith('\n') && !text.endsWith('\n')) {
    return { sign: 'its last line has no end, as it had before', waitMs: WAIT_MS };
  }
  return undefined;
}

/** Ids of the routes that `before` has and `after` has not. None where either cannot be read. */
export function lostRoutes(before: string, after: string): readonly string[] {
  const left = new Set(routeIds(after));
  return left.size === 0 ? [] : routeIds(before).filter((id) => !left.has(id));
}

function routeIds(text: string): string[] {
  const { value } = readDocument(text) as { value: { routes?: unknown } | null | undefined };
  const routes: readonly unknown[] = Array.isArray(value?.routes) ? value.routes : [];
  return routes.map((route) => (route as { id?: unknown } | null)?.id).filter((id) => typeof id === 'string');
}

const MAX_NAMES = 5;

/** `leads.get, leads.list and 3 more` */
export function namesOf(ids: readonly string[]): string {
  const shown = ids.slice(0, MAX_NAMES).join(', ');
  return ids.length > MAX_NAMES ? `${shown} and ${ids.length - MAX_NAMES} more` : shown;
}
