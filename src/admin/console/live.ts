import { follow, Refused } from './api.ts';
import type { Point, RouteView, Snapshot } from './model.ts';

/**
 * What is known now, and the last quarter of an hour as this page saw it. Kept outside of the components: they come and
 * go with the address, the figures stay.
 */

const POINTS = 900;

export type Connection = 'connecting' | 'live' | 'lost' | 'unauthorized';

export interface Live {
  readonly connection: Connection;
  readonly snapshot: Snapshot | undefined;
  /** Of the last loss, for the operator. */
  readonly problem: string | undefined;
  /** Goes up with every flip that anybody made. */
  readonly flips: number;
}

let live: Live = { connection: 'connecting', snapshot: undefined, problem: undefined, flips: 0 };
const listeners = new Set<(live: Live) => void>();
const points = new Map<string, Point[]>();
let running: AbortController | undefined;

export const current = (): Live => live;
export const pointsOf = (route: string): readonly Point[] => points.get(route) ?? [];

export function subscribe(listener: (live: Live) => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

function set(change: Partial<Live>): void {
  live = { ...live, ...change };
  for (const listener of listeners) listener(live);
}

/** Connects, and again whenever it breaks; again at once when called anew (another token). */
export function connect(): void {
  running?.abort();
  const own = (running = new AbortController());
  const attempt = async (): Promise<void> => {
    if (own.signal.aborted) return;
    try {
      await follow('events', (data) => take(data as Snapshot), own.signal);
    } catch (error) {
      if (own.signal.aborted) return;
      const isUnauthorized = error instanceof Refused && (error.status === 401 || error.status === 403);
      set({ connection: isUnauthorized ? 'unauthorized' : 'lost', problem: (error as Error).message });
      if (!isUnauthorized) setTimeout(() => void attempt(), 2_000);
    }
  };
  void attempt();
}

function take(snapshot: Snapshot): void {
  const at = Date.now() / 1000;
  for (const route of snapshot.routes) remember(route, at);
  const isFlipped = live.snapshot !== undefined && live.snapshot.revision !== snapshot.revision;
  set({ connection: 'live', snapshot, problem: undefined, flips: live.flips + (isFlipped ? 1 : 0) });
}

function remember({ id, paths, rollout }: RouteView, at: number): void {
  const seen = points.get(id) ?? [];
  const { direct, gateway } = paths;
  seen.push({ at, gateway: rollout.gateway, paths: { direct: direct?.lastMinute, gateway: gateway?.lastMinute } });
  if (seen.length > POINTS) seen.shift();
  points.set(id, seen);
}
