import { sql, type Kysely } from 'kysely';
import type { Database } from '../../facade/store/schema.ts';
import { wellFormed } from '../../http/well-formed.ts';

/**
 * The record of every erasure and of every read of personal data: who, when, what kind, how many; never the data. It is
 * written in the transaction of the erasure, and by the statement that reads, so that neither happens without it: where
 * the database is away nothing is read, and nothing erased.
 */

export const AUDIT_ACTIONS = [
  /** Somebody was shown personal data. */
  'read',
  /** A person asked to be forgotten. */
  'erase',
  /** The time of the data was over. */
  'expire',
  /** Data of the service before this one was read (c2s/import). */
  'import',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** Who acts. There is no way to personal data without one. */
export interface Actor {
  /** The id of a caller's token, the name that an operator goes by, or a part of this service. */
  readonly who: string;
  /** What they proved, or by which door they came: `caller token`, `cli, admin token`. */
  readonly via: string;
}

/** What is recorded beside the time. */
export interface AuditEntry extends Actor {
  readonly action: AuditAction;
  /** What kind of data, in a word or two. */
  readonly subject: string;
  /** The id of an enrichment. */
  readonly reference?: string | undefined;
  readonly people: number;
  /** Rows that were shown, deleted or emptied. */
  readonly rows: number;
}

/** As it is shown. */
export interface AuditRecord extends Omit<AuditEntry, 'reference'> {
  readonly id: number;
  readonly at: Date;
  readonly reference: string | null;
}

export interface AuditQuery {
  readonly action?: AuditAction | undefined;
  readonly who?: string | undefined;
  readonly limit: number;
  /** Those before this one, by its id. */
  readonly before?: number | undefined;
}

const MAX_NAME_LENGTH = 100;
/** A name is for display: it is cut, and holds nothing that a database refuses. */
const nameOf = (text: string): string => wellFormed(text).trim().slice(0, MAX_NAME_LENGTH) || 'unknown';

/** @param db a transaction, where the record belongs to what else is done in it. */
export async function recordAudit(db: Kysely<Database>, entry: AuditEntry): Promise<void> {
  const { who, via, reference = null, ...counted } = entry;
  await db
    .insertInto('audit')
    .values({ ...counted, who: nameOf(who), via: nameOf(via), reference })
    .execute();
}

/**
 * The CPFs of an enrichment, for somebody who may see them: the one statement that reads them for anybody writes the
 * record too. None are found: nothing was shown, and nothing is recorded.
 */
export async function discloseCpfs(db: Kysely<Database>, enrichmentId: string, reader: Actor): Promise<string[]> {
  const { rows } = await sql<{ cpf: string }>`
    with shown as (select cpf from facade.enrichment_people where enrichment_id = ${enrichmentId}),
    recorded as (
      insert into facade.audit (action, who, via, subject, reference, people, rows)
      select 'read', ${nameOf(reader.who)}, ${nameOf(reader.via)}, 'CPFs of an enrichment', ${enrichmentId}, count(*), count(*)
      from shown having count(*) > 0
    )
    select cpf from shown order by cpf`.execute(db);
  return rows.map(({ cpf }) => cpf);
}

/** Newest first. */
export function listAudit(db: Kysely<Database>, query: AuditQuery): Promise<AuditRecord[]> {
  const { action, who, limit, before } = query;
  let rows = db.selectFrom('audit').selectAll().orderBy('id', 'desc').limit(limit);
  if (action !== undefined) rows = rows.where('action', '=', action);
  if (who !== undefined) rows = rows.where('who', '=', who);
  if (before !== undefined) rows = rows.where('id', '<', before);
  return rows.execute() as Promise<AuditRecord[]>;
}

/** Deletes records that are older. @param days 1 at least. @returns how many. */
export async function expireAudit(db: Kysely<Database>, days: number, now: Date): Promise<number> {
  if (!(days >= 1)) throw new RangeError(`records kept for ${days} days; one day at least`);
  const { numDeletedRows } = await db
    .deleteFrom('audit')
    .where('at', '<', new Date(now.getTime() - days * 86_400_000))
    .executeTakeFirst();
  return Number(numDeletedRows);
}
