import { sql, type Kysely } from 'kysely';

/** Which enrichment an event began: a lead that Google sends twice is answered with what came of the first time. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table facade.seen_events add column enrichment_id uuid`.execute(db);
}
