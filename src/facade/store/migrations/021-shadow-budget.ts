import { sql, type Kysely } from 'kysely';

/** What the comparison spent of its requests of a day, or has leased: one row a day (UTC) and budget. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // An empty scope is all routes together, else a route's id.
  await sql`
    create table facade.shadow_budget (
      day date not null,
      scope text not null,
      used bigint not null,
      primary key (day, scope)
    )`.execute(db);
}
