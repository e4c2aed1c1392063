import { sql, type Kysely } from 'kysely';

/** What the evidence said against a flip that was made with force, or against an edit of the file. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table facade.flips add column against text`.execute(db);
}
