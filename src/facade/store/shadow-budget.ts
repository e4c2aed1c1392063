import { sql, type Kysely } from 'kysely';
import type { Database } from './schema.ts';

/** What the instances together spent of the requests that the comparison may make in a day. */
export class PostgresShadowBudget {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /**
   * Takes up to `wanted` requests of a day, never more than are left of `limit`. The row is locked, so that instances that
   * ask at once are never given the same.
   * @param day `2026-11-24`; @param scope a route's id; empty: all routes
   */
  lease(day: string, scope: string, wanted: number, limit: number): Promise<{ granted: number; used: number }> {
    return this.#db.transaction().execute(async (tx) => {
      await tx
        .insertInto('shadow_budget')
        .values({ day: dateOf(day), scope, used: '0' })
        .onConflict((conflict) => conflict.columns(['day', 'scope']).doNothing())
        .execute();
      const row = await tx
        .selectFrom('shadow_budget')
        .select('used')
        .where('day', '=', dateOf(day))
        .where('scope', '=', scope)
        .forUpdate()
        .executeTakeFirstOrThrow();
      const used = Number(row.used);
      const granted = Math.min(wanted, Math.max(0, limit - used));
      if (granted > 0) await add(tx, day, scope, granted);
      return { granted, used: used + granted };
    });
  }

  /** Gives back what was leased and not spent. */
  async release(day: string, scope: string, count: number): Promise<void> {
    await add(this.#db, day, scope, -count);
  }

  /** Removes the counts of earlier days. @param before `2026-11-24` */
  async prune(before: string): Promise<void> {
    await this.#db.deleteFrom('shadow_budget').where('day', '<', dateOf(before)).execute();
  }
}

const dateOf = (day: string) => sql<never>`${day}::date`;

async function add(db: Kysely<Database>, day: string, scope: string, count: number): Promise<void> {
  await db
    .updateTable('shadow_budget')
    .set({ used: sql<string>`greatest(0, used + ${count})` })
    .where('day', '=', dateOf(day))
    .where('scope', '=', scope)
    .execute();
}
