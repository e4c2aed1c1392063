import { sql, type Kysely } from 'kysely';

/**
 * The shapes that direct answered with: one row a route, day and instance, in the columns of the evidence of parity; minute
 * is the beginning of the day (UTC).
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table facade.direct_shapes (
      route text not null,
      minute timestamptz not null,
      instance text not null,
      fingerprint text not null,
      evidence jsonb not null,
      written_at timestamptz not null default clock_timestamp(),
      primary key (route, minute, instance)
    )`.execute(db);
  await sql`create index direct_shapes_written_at on facade.direct_shapes (written_at)`.execute(db);
  await sql`create index direct_shapes_minute on facade.direct_shapes (minute)`.execute(db);
}
