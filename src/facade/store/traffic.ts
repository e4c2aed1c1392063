import { sql, type Kysely } from 'kysely';
import { beginningOf, beyondNow, endOfLast, GRAIN_NAMES, GRAINS } from './grains.ts';
import type { Database } from './schema.ts';
import type { Grain } from './tables/steer.ts';

/**
 * How much each path of each route served, by minute, hour and day (UTC), over all instances. Each count is added to
 * all three at once, so there is no job that rolls minutes up and none that can be late.
 */

export interface TrafficCounts {
  readonly requests: number;
  /** Of the requests: those that failed by a fault of the upstream or of the facade. */
  readonly failures: number;
  /** Requests that were meant for the gateway and went to direct; counted at the gateway path. */
  readonly failovers: number;
  /** Requests that the gateway path cannot carry; counted at the gateway path. */
  readonly untranslatable: number;
}

export interface TrafficRow extends TrafficCounts {
  readonly route: string;
  readonly path: string;
}

export interface DayRow {
  /** The beginning of the day, UTC. */
  readonly day: Date;
  readonly route: string;
  readonly path: string;
  readonly requests: number;
}

/** When a path of a route was last needed; to the minute for two days, then to the hour, then to the day. */
export interface LastUse {
  readonly route: string;
  readonly path: string;
  /** The end of the minute, hour or day in which it was: not before this is it sure to have ended. */
  readonly requested: Date | undefined;
  readonly failedOver: Date | undefined;
  readonly untranslatable: Date | undefined;
}

export interface TrafficLog {
  add(at: Date, rows: readonly TrafficRow[]): Promise<void>;
  /** Sums by route and path from `since` on, in minutes or hours as `grain` says. */
  sums(grain: Grain, since: Date): Promise<TrafficRow[]>;
  days(since: Date): Promise<DayRow[]>;
  lastUse(): Promise<LastUse[]>;
  /** Forgets what is older than its grain is kept, and what is beyond now ({@link beyondNow}). */
  prune(now: Date): Promise<void>;
}

export class PostgresTraffic implements TrafficLog {
  readonly #db: Kysely<Database>;
  readonly #instance: string;

  constructor(db: Kysely<Database>, instance: string) {
    this.#db = db;
    this.#instance = instance;
  }

  async add(at: Date, rows: readonly TrafficRow[]): Promise<void> {
    if (rows.length === 0) return;
    // In one order, so that two instances that add at once wait for each other instead of for ever.
    const sorted = rows.toSorted((a, b) => (`${a.route} ${a.path}` < `${b.route} ${b.path}` ? -1 : 1));
    const values = GRAIN_NAMES.flatMap((grain) => {
      const instance = grain === 'minute' ? this.#instance : '';
      return sorted.map((row) => ({ grain, at: beginningOf(grain, at), instance, ...row }));
    });
    await this.#db
      .insertInto('traffic')
      .values(values)
      .onConflict((conflict) =>
        conflict.columns(['grain', 'at', 'route', 'path', 'instance']).doUpdateSet({
          requests: sql`traffic.requests + excluded.requests`,
          failures: sql`traffic.failures + excluded.failures`,
          failovers: sql`traffic.failovers + excluded.failovers`,
          untranslatable: sql`traffic.untranslatable + excluded.untranslatable`,
        }),
      )
      .execute();
  }

  async sums(grain: Grain, since: Date): Promise<TrafficRow[]> {
    const total = (column: 'requests' | 'failures' | 'failovers' | 'untranslatable') =>
      sql<number>`sum(${sql.ref(column)})::bigint`.as(column);
    return this.#db
      .selectFrom('traffic')
      .select(['route', 'path', total('requests'), total('failures'), total('failovers'), total('untranslatable')])
      .where('grain', '=', grain)
      .where('at', '>=', since)
      .groupBy(['route', 'path'])
      .execute();
  }

  days(since: Date): Promise<DayRow[]> {
    return this.#db
      .selectFrom('traffic')
      .select(['at as day', 'route', 'path', 'requests'])
      .where('grain', '=', 'day')
      .where('at', '>=', since)
      .orderBy('at')
      .execute();
  }

  async lastUse(): Promise<LastUse[]> {
    const last = (column: 'requests' | 'failovers' | 'untranslatable', grain: Grain) =>
      sql<Date | null>`max(at) filter (where ${sql.ref(column)} > 0 and grain = ${grain})`;
    const all = (column: 'requests' | 'failovers' | 'untranslatable') =>
      sql<(Date | null)[]>`array[${sql.join(GRAIN_NAMES.map((grain) => last(column, grain)))}]`;
    const rows = await this.#db
      .selectFrom('traffic')
      .select(['route', 'path'])
      .select([
        all('requests').as('requested'),
        all('failovers').as('failedOver'),
        all('untranslatable').as('untranslatable'),
      ])
      .groupBy(['route', 'path'])
      .execute();
    const end = ([minute, hour, day]: (Date | null)[]) => endOfLast({ minute, hour, day });
    return rows.map(({ route, path, requested, failedOver, untranslatable }) => {
      return {
        route,
        path,
        requested: end(requested),
        failedOver: end(failedOver),
        untranslatable: end(untranslatable),
      };
    });
  }

  async prune(now: Date): Promise<void> {
    for (const grain of GRAIN_NAMES) {
      const oldest = new Date(now.getTime() - GRAINS[grain].kept);
      await this.#db.deleteFrom('traffic').where('grain', '=', grain).where('at', '<', oldest).execute();
    }
    await this.#db.deleteFrom('traffic').where('at', '>=', beyondNow(now)).execute();
  }
}
