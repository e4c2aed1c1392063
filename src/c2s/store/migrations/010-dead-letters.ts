import { sql, type Kysely } from 'kysely';

/** Enrichments that a human must look at stay in sight until they are settled, not for a day. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table facade.enrichments add column settled_at timestamptz`.execute(db);
  // What was out of sight already stays so.
  await sql`
    update facade.enrichments set settled_at = now()
    where finished_at < now() - interval '1 day' and result in ('gave_up', 'unknown', 'refused')`.execute(db);
  await sql`
    create index enrichments_dead on facade.enrichments (lead_id)
    where settled_at is null and result in ('gave_up', 'unknown', 'refused')`.execute(db);
  // The counts by state: those under way, and those of the last day.
  await sql`create index enrichments_finished_at on facade.enrichments (finished_at)`.execute(db);
}
