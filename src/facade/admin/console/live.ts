import { follow, ApiError } from './api.ts';
import { happenedBetween, MAX_HAPPENED, type Happened } from './happened.ts';
import type { Snapshot } from './model.ts';

/** What is known now. Kept outside of the components: they come and go with the address, the connection stays. */

/** `refused`: whoever asks from here is not answered, and no token would change that. */
type EventConnection = 'connecting' | 'live' | 'lost' | 'unauthorized' | 'refused';

export interface Live {
  readonly connection: EventConnection;
  readonly snapshot: Snapshot | undefined;
  /** Of the last loss, for the operator. */
  readonly problem: string | undefined;
  /** Goes up with every flip that anybody made. */
  readonly flips: number;
  /** Since the console was opened, newest first. */
  readonly happened: readonly Happened[];
}

let live: Live = { connection: 'connecting', snapshot: undefined, problem: undefined, flips: 0, happened: [] };
const listeners = new Set<(live: Live) => void>();
let running: AbortController | undefined;

export const current = (): Live => live;

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
      const status = error instanceof ApiError ? error.status : 0;
      const connection = status === 401 ? 'unauthorized' : status === 403 ? 'refused' : 'lost';
      set({ connection, problem: (error as Error).message });
      if (connection === 'lost') setTimeout(() => void attempt(), 2_000);
    }
  };
  void attempt();
}

function take(snapshot: Snapshot): void {
  const isFlipped = live.snapshot !== undefined && tableOf(live.snapshot) !== tableOf(snapshot);
  const news = live.snapshot === undefined ? [] : happenedBetween(live.snapshot, snapshot);
  const happened = news.length === 0 ? live.happened : [...news, ...live.happened].slice(0, MAX_HAPPENED);
  set({ connection: 'live', snapshot, problem: undefined, flips: live.flips + (isFlipped ? 1 : 0), happened });
}

/** What a flip changes. The digest is that of the file, and where the database holds the rollouts it stays. */
const tableOf = ({ digest, killSwitch, routes }: Snapshot): string =>
  JSON.stringify([digest, killSwitch, routes.map(({ rollout }) => rollout)]);

/** Milliseconds; the autopilot looks as often. */
const BEAT = 5_000;

/** Another number whenever what follows from the traffic should be read again: every few seconds, and after a flip. */
export const beatOf = ({ snapshot, flips }: Live): number => Math.floor((snapshot?.at ?? 0) / BEAT) + flips;
