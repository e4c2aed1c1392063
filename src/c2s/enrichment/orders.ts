import { sql, type Kysely, type Transaction } from 'kysely';
import type { Database } from '../../facade/store/schema.ts';

/**
 * Orders: what the callers of the old service ask for, lead by lead (`enrich`, `process`). A lead is held from its first
 * order: a further order within the hold is answered with what the first one came to, and starts nothing. The hold is in
 * the row of the enrichment, so that it is the same for all instances and outlives them; it ends when the enrichment fails,
 * for whoever is told so repeats the order. A push and a human's retry of a dead letter are no orders, and ask for no hold.
 */

/** Who ordered an enrichment, for its log lines: the id of a known caller, or one of these. */
export const STRANGER = 'stranger';
export const PUSHERS = { c2s: 'contact2sale', google: 'google' } as const;

/** An order of the lead, as it stands. */
export interface Ordered {
  readonly id: string;
  readonly leadId: string;
  /** False: one of this lead is under way already, or the lead is held. */
  readonly isNew: boolean;
  /** It ended, and the lead is held for it. */
  readonly isHeld: boolean;
  /** Milliseconds since the first order, by the clock of the database. */
  readonly ageMs: number;
}

type OrderTransaction = Transaction<Database>;

const AGE = sql`extract(epoch from clock_timestamp() - ordered_at)::float8 * 1000 as "ageMs"`;
const within = (ms: number) => sql<boolean>`ordered_at > clock_timestamp() - ${ms} * interval '1 millisecond'`;

/**
 * Until the transaction ends nobody else orders this lead, on any instance: who comes at the same moment sees what this
 * one has written.
 */
export async function lockOrders(tx: OrderTransaction, leadId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`order ${leadId}`}, 0))`.execute(tx);
}

/** The enrichment for which the lead is held; `unknown` holds it too, for its message may have arrived. */
export async function heldBy(tx: OrderTransaction, leadId: string, holdMs: number): Promise<Ordered | undefined> {
  const { rows } = await sql<Pick<Ordered, 'id' | 'ageMs'>>`
    select id, ${AGE} from facade.enrichments
    where lead_id = ${leadId} and state in ('done', 'unknown') and ${within(holdMs)}
    order by ordered_at desc limit 1`.execute(tx);
  const [row] = rows;
  return row && { ...row, leadId, isNew: false, isHeld: true };
}

/** Notes the order on an enrichment that is under way: a new one is this caller's; one that was joined is held from now on. */
export async function noteOrder(
  tx: OrderTransaction,
  { id, leadId, isNew }: Pick<Ordered, 'id' | 'leadId' | 'isNew'>,
  { caller, holdMs }: { readonly caller: string; readonly holdMs: number },
): Promise<Ordered> {
  const set = isNew
    ? sql`ordered_at = clock_timestamp(), caller = ${caller}, skips_recent = true`
    : sql`ordered_at = case when ${within(holdMs)} then ordered_at else clock_timestamp() end`;
  const { rows } = await sql<Pick<Ordered, 'ageMs'>>`
    update facade.enrichments set ${set} where id = ${id} returning ${AGE}`.execute(tx);
  return { id, leadId, isNew, isHeld: false, ageMs: rows[0]?.ageMs ?? 0 };
}

/**
 * Whether each of these people had been enriched by another enrichment when this one was ordered, and within the time
 * before. Leads of one person that are ordered at the same moment get a message each, however long one of them waits.
 */
export async function wereEnriched(
  db: Kysely<Database>,
  id: string,
  cpfs: readonly string[],
  withinMs: number,
): Promise<boolean> {
  const { rows } = await sql<{ n: number }>`
    select count(distinct link.cpf)::int as n
    from facade.enrichments as ours
      join facade.enrichments as done on done.id <> ours.id and done.result in ('enriched', 'partial')
        and done.finished_at between ours.ordered_at - ${withinMs} * interval '1 millisecond' and ours.ordered_at
      join facade.enrichment_people as link on link.enrichment_id = done.id and link.cpf = any(${cpfs}::text[])
    where ours.id = ${id}`.execute(db);
  return rows[0]?.n === new Set(cpfs).size;
}

/** The name of a lead's customer goes when nobody is answered with it any more. @returns how many went. */
export async function sweepCustomerNames(db: Kysely<Database>, holdMs: number): Promise<number> {
  const { numAffectedRows } = await sql`
    update facade.enrichments set customer_name = null
    where customer_name is not null and finished_at < clock_timestamp() - ${holdMs} * interval '1 millisecond'`.execute(
    db,
  );
  return Number(numAffectedRows ?? 0);
}
