import { sql, type Kysely, type Selectable, type Updateable } from 'kysely';
import type { Database } from './schema.ts';
import type { EnrichmentsTable, StepRecord } from './tables/enrichments.ts';

/** The rows of the enrichments; what their states mean is the pipeline's business. */

export type StoredEnrichment = Selectable<EnrichmentsTable>;

type Db = Kysely<Database>;

export function createEnrichment(db: Db, leadId: string, state: string): Promise<StoredEnrichment> {
  return db.insertInto('enrichments').values({ lead_id: leadId, state }).returningAll().executeTakeFirstOrThrow();
}

export function readEnrichment(db: Db, id: string): Promise<StoredEnrichment | undefined> {
  return db.selectFrom('enrichments').selectAll().where('id', '=', id).executeTakeFirst();
}

/** The newest first. */
export function enrichmentsOfLead(db: Db, leadId: string): Promise<StoredEnrichment[]> {
  return db.selectFrom('enrichments').selectAll().where('lead_id', '=', leadId).orderBy('created_at', 'desc').execute();
}

export async function changeEnrichment(db: Db, id: string, changes: Updateable<EnrichmentsTable>): Promise<void> {
  await db
    .updateTable('enrichments')
    .set({ ...changes, updated_at: sql<Date>`now()` })
    .where('id', '=', id)
    .execute();
}

export async function addStep(db: Db, id: string, step: StepRecord): Promise<void> {
  const steps = sql<string>`steps || ${JSON.stringify([step])}::jsonb`;
  await db
    .updateTable('enrichments')
    .set({ steps, updated_at: sql<Date>`now()` })
    .where('id', '=', id)
    .execute();
}

/** Keeps what was found out about one person, and that the enrichment is about that person. */
export function addFinding(db: Db, id: string, cpf: string, finding: unknown): Promise<void> {
  return db.transaction().execute(async (tx) => {
    // Postgres knows no NUL, in JSON neither.
    const json = JSON.stringify({ [cpf]: finding }).replaceAll('\\u0000', '');
    const findings = sql<string>`findings || ${json}::jsonb`;
    await tx
      .updateTable('enrichments')
      .set({ findings, updated_at: sql<Date>`now()` })
      .where('id', '=', id)
      .execute();
    await tx
      .insertInto('enrichment_people')
      .values({ enrichment_id: id, cpf })
      .onConflict((oc) => oc.doNothing())
      .execute();
  });
}

/**
 * Records that the message is about to be sent.
 * @returns false when it was recorded before: then it may have been sent, and only the lead's own messages can tell.
 */
export async function intendToSend(db: Db, id: string, message: string, marker: string): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('enrichments')
    .set({ message, marker, send_intended_at: sql<Date>`now()`, updated_at: sql<Date>`now()` })
    .where('id', '=', id)
    .where('send_intended_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

export async function recordOutcome(db: Db, id: string, outcome: string): Promise<void> {
  const now = sql<Date>`now()`;
  const changes = { send_outcome: outcome, send_ended_at: now, updated_at: now };
  await db.updateTable('enrichments').set(changes).where('id', '=', id).execute();
}
