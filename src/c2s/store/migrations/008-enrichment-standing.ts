import { sql, type Kysely } from 'kysely';

/** Who asked for an enrichment: `known` or `stranger` (http/standing.ts); where both did, `known`. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table facade.enrichments add column standing text not null default 'known'`.execute(db);
}
