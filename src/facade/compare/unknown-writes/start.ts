import type { Calendar } from '../../../http/calendar.ts';
import type { Logger } from '../../../http/log.ts';
import type { FacadeConfig } from '../../config/schema.ts';
import type { DataPlane } from '../../forward/data-plane.ts';
import { KeyedWrites } from '../../forward/keyed-writes.ts';
import type { Metrics } from '../../observe/metrics.ts';
import type { StoreHolder } from '../../store/holder.ts';
import type { LimitPause } from '../limit-pause.ts';
import { shadowSettings } from '../settings.ts';
import { UnknownWriteMetrics } from './metrics.ts';
import { ValueSeal } from './seal.ts';
import { UnknownWrites, type UnknownWritesSettings } from './unknown-writes.ts';

interface UnknownWritesOptions {
  readonly dataPlane: DataPlane;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  readonly calendar: Calendar;
  readonly config: FacadeConfig;
  readonly store: StoreHolder;
  readonly directToken: string | undefined;
  /** After a 429 of the legacy side. */
  readonly pause: LimitPause;
}

export interface StartedUnknownWrites {
  readonly writes: UnknownWrites;
  /** After every load of the config. */
  use(config: FacadeConfig): void;
  close(): Promise<void>;
}

/** Milliseconds. */
const BEAT_MS = 1_000;

export function startUnknownWrites(options: UnknownWritesOptions): StartedUnknownWrites {
  const { dataPlane, log, now, calendar, store } = options;
  const metrics = new UnknownWriteMetrics(options.metrics.registry);
  const writes = new UnknownWrites(settingsOf(options.config), {
    now,
    calendar: calendar.now,
    log,
    pause: options.pause,
    seal: new ValueSeal(options.directToken),
    snapshot: () => dataPlane.snapshot,
    credentials: (path, caller) => dataPlane.credentials(path, caller),
    isUnderPressure: () => dataPlane.overload.isUnderPressure,
    lookedFor: (route, result) => metrics.lookedFor(route, result),
    counted: (counts) => metrics.counted(counts),
  });
  const keyed = store.isOff ? undefined : new KeyedWrites(writes, log);
  if (!keyed) writes.keepInMemory();
  else {
    // From the start: a key that comes before the database is there is refused, and not passed over.
    dataPlane.keyedWrites = keyed;
    store.whenReady('unknown writes', async ({ db }) => {
      const [{ PostgresUnknownWrites }, { PostgresIdempotencyKeys }] = await Promise.all([
        import('../../store/unknown-writes.ts'),
        import('../../store/idempotency-keys.ts'),
      ]);
      writes.attach(new PostgresUnknownWrites(db));
      keyed.attach(new PostgresIdempotencyKeys(db));
    });
  }
  const beating = calendar.every(BEAT_MS, () => writes.beat());
  dataPlane.unknownWrites = writes;
  return {
    writes,
    use: (config) => writes.configure(settingsOf(config)),
    async close() {
      beating.close();
      await Promise.all([writes.close(), keyed?.close()]);
    },
  };
}

function settingsOf(config: FacadeConfig): UnknownWritesSettings {
  const { deadlineMs, maxBodyBytes } = shadowSettings(config);
  return { deadlineMs, maxBodyBytes, notArrivedAfterMs: config.server.unknownWrites.notArrivedAfter };
}
