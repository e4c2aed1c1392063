import type { Logger } from '../../http/log.ts';
import type { Store } from '../store/index.ts';
import { follow } from './follow.ts';
import { MemoryFlips } from './memory-flips.ts';
import type { ChangeLog } from './change-log.ts';
import { NotedFlips } from './noted-flips.ts';
import { MemoryTraffic } from './memory-traffic.ts';
import type { Steering } from './steering.ts';
import type { TrafficMeter } from './traffic-meter.ts';

/** Gives the steering and the meter their places to write to, as soon as it is known whether there is a store. */

interface SteeringStartOptions {
  readonly steering: Steering;
  readonly meter: TrafficMeter;
  /** Undefined: there is none. */
  readonly opened: Promise<Store | undefined>;
  /** Names this process among those that share the store. */
  readonly instance: string;
  readonly now: () => Date;
  readonly log: Logger;
  /** False: another process on this file does. */
  readonly keepsHistory: boolean;
  /** Of what is written into the history here, and of what others wrote. */
  readonly notes: NotesOfChanges;
}

interface NotesOfChanges {
  readonly changes: ChangeLog;
  readonly rowsOf: ConstructorParameters<typeof NotedFlips>[1]['rowsOf'];
  readonly flipped: ConstructorParameters<typeof NotedFlips>[1]['flipped'];
}

interface StartedSteering {
  /** The flips of the store serve, or there is no store. Never rejects; pending for as long as the store cannot be had. */
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

/** Loaded with the store only: Kysely is a fifth of what a facade without a database would load. */
async function loadRepositories() {
  const [{ PostgresFlips }, { PostgresTraffic }] = await Promise.all([
    import('../store/flips.ts'),
    import('../store/traffic.ts'),
  ]);
  return { PostgresFlips, PostgresTraffic };
}

export function startSteering({
  steering,
  meter,
  opened,
  instance,
  now,
  log,
  keepsHistory,
  notes,
}: SteeringStartOptions): StartedSteering {
  let stop: (() => Promise<void>) | undefined;
  let isClosed = false;
  /** The first look, which ends by itself in some seconds. */
  let attaching = Promise.resolve();
  const ready = opened.then(async (store) => {
    const kept = store && (await loadRepositories());
    if (isClosed) return;
    meter.attach(store && kept ? new kept.PostgresTraffic(store.db, instance) : new MemoryTraffic());
    // Else one of its own, that nobody asks: what is to be written down would otherwise wait for ever.
    const shared = keepsHistory ? store : undefined;
    const flips = shared && kept ? new kept.PostgresFlips(shared.steering, log) : new MemoryFlips(now);
    // What another process keeps the history of, that one tells.
    const noted = keepsHistory ? new NotedFlips(flips, { ...notes, now }) : flips;
    if (keepsHistory) steering.subscribe((records) => notes.changes.seen(records));
    attaching = steering.attach(noted).catch((error: unknown) => {
      if (!isClosed) log.warn({ err: error }, 'the flips cannot be read yet; it is tried again');
    });
    await attaching;
    // Closed meanwhile: what begins now would never be stopped.
    if (isClosed) return;
    const following = follow(shared, steering, log);
    stop = () => following.close();
  });
  return {
    ready,
    async close() {
      isClosed = true;
      await meter.close();
      await attaching;
      await stop?.();
    },
  };
}
