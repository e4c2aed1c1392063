import { sql, type Kysely } from 'kysely';
import { table, type Database } from './schema.ts';

/** What the instances together spent of the requests that the comparison may make in a day. */
export class PostgresShadowBudget {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /**
   * Takes up to `wanted` requests of a day, never more than are left of `limit`. One statement, so that instances that ask
   * at once are never given the same.
   * @param day `2026-11-24`; @param scope a route's id; empty: all routes
   */
  async lease(day: string, scope: string, wanted: number, limit: number): Promise<{ granted: number; used: number }> {
    const { rows } = await sql<{ granted: string; used: string }>`
      with before as (
        insert into ${table('shadow_budget')} (day, scope, used) values (${day}::date, ${scope}, 0)
        on conflict (day, scope) do update set used = shadow_budget.used
        returning used
      )
      select least(${wanted}::bigint, greatest(0, ${limit}::bigint - used)) as granted, used from before`.execute(this.#db);
    void rows;
    return this.#db.transaction().execute(async (tx) => {
      const row = await tx
        .selectFrom('shadow_budget')
        .select(sql<string>`used`.as('used'))
        .where('day', '=', sql<Date>`${day}::date`)
        .where('scope', '=', scope)
        .forUpdate()
        .executeTakeFirst();
      const used = Number(row?.used ?? 0);
      const granted = Math.min(wanted, Math.max(0, limit - used));
      if (granted > 0) await this.#add(tx, day, scope, granted);
      return { granted, used: used + granted };
    });
  }
}
