import { sql, type Kysely } from 'kysely';

/** What was observed of each route: one row a minute and instance, which that instance replaces while the minute lasts. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table facade.parity (
      route text not null,
      minute timestamptz not null,
      instance text not null,
      fingerprint text not null,
      evidence jsonb not null,
      written_at timestamptz not null default clock_timestamp(),
      primary key (route, minute, instance)
    )`.execute(db);
  await sql`create index parity_written_at on facade.parity (written_at)`.execute(db);
  await sql`create index parity_minute on facade.parity (minute)`.execute(db);
}
