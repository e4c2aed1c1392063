import { sql, type Kysely } from 'kysely';

/**
 * Who saw or erased personal data, when, of what kind and of how many people; none of the data. No row hangs on another
 * table, so that a record outlives what it tells of.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table facade.audit (
      id bigint generated always as identity primary key,
      at timestamptz not null default clock_timestamp(),
      action text not null,
      who text not null,
      via text not null,
      subject text not null,
      reference text,
      people integer not null,
      rows integer not null
    )`.execute(db);
  await sql`create index audit_at on facade.audit (at)`.execute(db);
}
