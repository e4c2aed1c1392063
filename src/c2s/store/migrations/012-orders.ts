import { sql, type Kysely } from 'kysely';

/** Who ordered an enrichment and since when its lead is held for it; and what the callers of the old service are answered. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table facade.enrichments
      add column ordered_at timestamptz,
      add column caller text,
      add column skips_recent boolean not null default false,
      add column customer_name text`.execute(db);
  await sql`
    create index enrichments_customer_name on facade.enrichments (finished_at) where customer_name is not null`.execute(
    db,
  );
  // The old service named people by UUID.
  await sql`alter table facade.people add column uid uuid not null default gen_random_uuid()`.execute(db);
}
