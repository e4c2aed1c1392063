import { Gauge, type Registry } from 'prom-client';
import type { FlipRecord } from '../rollout/flip.ts';
import type { RouteModel } from '../rollout/route.ts';
import type { FlipLog } from '../store/flips.ts';
import { beginningOf } from '../store/grains.ts';
import type { TrafficLog } from '../store/traffic.ts';
import { migrationOf, served, type Migration, type RouteProof } from './migration.ts';
import type { QuietLimits } from './old-path.ts';
import { FlipRefused } from './refused.ts';

/** Gathers the parts of the burn-down, wherever they are kept. */

interface BurnDownOptions {
  readonly now: () => Date;
  readonly models: () => readonly RouteModel[];
  readonly killSwitch: () => boolean;
  readonly limits: () => QuietLimits;
  readonly flips: () => FlipLog | undefined;
  readonly traffic: () => TrafficLog | undefined;
  readonly registry: Registry;
  /** What was proved of each route; left out: nothing is compared. */
  readonly proofs?: (() => ReadonlyMap<string, RouteProof>) | undefined;
}

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
/** The newest revisions in which a route's stage is looked for; an older change counts as when the history began. */
const REVISIONS = 1_000;
const DAYS = 400;

export class BurnDown {
  readonly #options: BurnDownOptions;
  /** Of one revision: the history only grows. */
  #flips: { readonly revision: number; readonly records: readonly FlipRecord[] } | undefined;

  readonly #ratio: Gauge;

  constructor(options: BurnDownOptions) {
    this.#options = options;
    this.#ratio = createMigrationRatio(options.registry);
  }

  /** @throws FlipRefused while there is no history yet. */
  async read(): Promise<Migration> {
    const { models, killSwitch, proofs } = this.#options;
    const flips = this.#options.flips();
    const traffic = this.#options.traffic();
    if (!flips || !traffic) {
      throw new FlipRefused(
        'unavailable',
        'the history is not there yet: its database is starting or cannot be reached',
      );
    }
    const now = this.#options.now();
    const limits = this.#options.limits();
    const [observedSince, records, lastMinute, lastDay, days, lastUse, quiet] = await Promise.all([
      flips.since(),
      this.#records(flips),
      // The minute that runs and the whole one before it: else a look at its first second would see nothing.
      traffic.sums('minute', beginningOf('minute', new Date(now.getTime() - MINUTE_MS))),
      traffic.sums('hour', beginningOf('hour', new Date(now.getTime() - DAY_MS))),
      traffic.days(beginningOf('day', new Date(now.getTime() - DAYS * DAY_MS))),
      traffic.lastUse(),
      traffic.sums('hour', beginningOf('hour', new Date(now.getTime() - limits.quietFor))),
    ]);
    const proved = proofs?.();
    const proof = (route: string) => proved?.get(route);
    const table = { now, observedSince, killSwitch: killSwitch(), models: models(), proof };
    return migrationOf({ ...table, flips: records, lastMinute, lastDay, days, lastUse, limits, quiet });
  }

  /** For facade_migration_ratio, after every flush. */
  async measure(traffic: TrafficLog): Promise<void> {
    const ids = new Set(this.#options.models().map(({ id }) => id));
    const since = beginningOf('hour', new Date(this.#options.now().getTime() - DAY_MS));
    const rows = await traffic.sums('hour', since);
    this.#ratio.set(served(rows.filter(({ route }) => ids.has(route))).share ?? NaN);
  }

  async #records(flips: FlipLog): Promise<readonly FlipRecord[]> {
    const { revision } = await flips.state();
    if (this.#flips?.revision !== revision) {
      this.#flips = { revision, records: await flips.list({ limit: REVISIONS }) };
    }
    return this.#flips.records;
  }
}

/** Of a process that has measured nothing yet it is NaN, and not 0. */
export function createMigrationRatio(registry: Registry): Gauge {
  const gauge = new Gauge({
    name: 'facade_migration_ratio',
    help: 'Share of the requests of the last 24 hours that the gateway served, over all routes and instances. NaN: there were none.',
    aggregator: 'first',
    registers: [registry],
  });
  gauge.set(NaN);
  return gauge;
}
