import { hash } from 'node:crypto';
import { sql, type Kysely, type Transaction } from 'kysely';
import type { Database } from '../../facade/store/schema.ts';
import { storedJson } from '../../facade/store/stored-json.ts';
import type { EnrichedLead, ReadRow, SeenKey } from './read-rows.ts';

/** What was read is written beside what is there already, in which nothing changes. */

export type Taken = 'c2s events' | 'google leads' | 'enriched leads' | 'recent answers';

export interface TakenCount {
  readonly added: number;
  /** There before. */
  readonly known: number;
}

/** A clock that was ahead must not keep a lead from being enriched for longer than ours would. */
const past = (at: ReturnType<typeof sql>) => sql`least(${at}, now())`;

/** @returns how many rows were added. */
export async function addSeen(tx: Transaction<Database>, keys: readonly SeenKey[]): Promise<number> {
  const { rows } = await sql`
    insert into facade.seen_events (source, key, received_at)
    select source, key, coalesce(${past(sql`at`)}, now()) from jsonb_to_recordset(${storedJson(keys)}::jsonb) as one(source text, key text, at timestamptz)
    order by key on conflict do nothing returning 1`.execute(tx);
  return rows.length;
}

/** A lead with all who are known to be meant by its message. */
export interface EnrichedWith extends Omit<EnrichedLead, 'cpf'> {
  readonly cpfs: readonly string[];
}

/** One finished enrichment a lead, unless there is one that is as young. @returns how many were added. */
export async function addEnriched(tx: Transaction<Database>, leads: readonly EnrichedWith[]): Promise<number> {
  const rows = leads.map(({ leadId, at, cpfs }) => ({ id: idOf(leadId, at), lead_id: leadId, at, cpfs }));
  const at = past(sql`wanted.at`);
  const { rows: added } = await sql`
    with wanted as (
      select * from jsonb_to_recordset(${storedJson(rows)}::jsonb) as one(id uuid, lead_id text, at timestamptz, cpfs jsonb)
    ), made as (
      insert into facade.enrichments
        (id, lead_id, origin, state, step, result, send_outcome, created_at, updated_at, finished_at)
      select id, lead_id, 'import', 'done', 'send', 'enriched', 'sent', ${at}, ${at}, ${at} from wanted
      where not exists (
        select from facade.enrichments as known
        where known.lead_id = wanted.lead_id and known.state = 'done' and known.finished_at >= ${at}
      ) on conflict do nothing returning id
    ), linked as (
      insert into facade.enrichment_people (enrichment_id, cpf)
      select made.id, jsonb_array_elements_text(wanted.cpfs) from made join wanted on wanted.id = made.id
    )
    select 1 from made`.execute(tx);
  return added.length;
}

/** The same for the same row, so that a second run finds it. */
function idOf(leadId: string, at: Date): string {
  const hex = hash('sha256', `import ${leadId} ${at.getTime()}`, 'hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** What was asked about a moment ago need not be asked again. What we asked ourselves is younger. @returns how many. */
export async function addAnswers(
  tx: Transaction<Database>,
  answers: readonly NonNullable<ReadRow['answer']>[],
): Promise<number> {
  const { rows } = await sql`
    insert into facade.cpf_windows (cpf, asked_at, answer)
    select cpf, ${past(sql`at`)}, findings from jsonb_to_recordset(${storedJson(answers)}::jsonb)
      as one(cpf text, at timestamptz, findings jsonb)
    on conflict do nothing returning 1`.execute(tx);
  return rows.length;
}

/** Does it, and takes it back where it is only to be known what would be done. */
export async function tried<T>(
  db: Kysely<Database>,
  isForGood: boolean,
  work: (tx: Transaction<Database>) => Promise<T>,
): Promise<T> {
  const tx = await db.startTransaction().execute();
  try {
    const result = await work(tx);
    await (isForGood ? tx.commit() : tx.rollback()).execute();
    return result;
  } catch (error) {
    if (!tx.isCommitted && !tx.isRolledBack)
      await tx
        .rollback()
        .execute()
        .catch(() => undefined);
    throw error;
  }
}
