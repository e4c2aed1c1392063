import { sql, type Kysely } from 'kysely';

/** Which history the database is in, and since when: it changes when a standby is promoted or a dump is restored. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table facade.lineage (
      id integer primary key default 1 check (id = 1),
      name text not null,
      since timestamptz not null
    )`.execute(db);
}
