import { sql, type Kysely } from 'kysely';

/** Notifications that are still to be posted, one row for each target, and which verdict of a route was told last. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // target is a hash of its URL, which may hold a secret.
  await sql`
    create table facade.notifications (
      id uuid not null,
      target text not null,
      at timestamptz not null,
      body jsonb not null,
      attempts integer not null default 0,
      next_try_at timestamptz not null,
      leased_until timestamptz,
      primary key (target, id)
    )`.execute(db);
  await sql`create index notifications_due on facade.notifications (next_try_at)`.execute(db);
  await sql`
    create table facade.notified_verdicts (
      route text primary key,
      verdict text not null
    )`.execute(db);
}
