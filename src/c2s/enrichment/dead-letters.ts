import { sql, type Kysely, type Transaction } from 'kysely';
import type { Database } from '../../facade/store/schema.ts';
import { recordAudit, type Actor } from '../store/audit.ts';
import type { CallerStanding } from '../../http/standing.ts';
import type { Origin, FailureReason, EnrichmentResult, Step } from './enrichment.ts';
import type { NewJob, Queue } from './queue.ts';

/**
 * Dead letters: enrichments that ended without a message being proved, so that a human must look. They stay until they
 * are settled: by a human, by a try that succeeds, or by a newer order of the lead. The same row goes on, with the same
 * id and marker, so that a message which did arrive is found and no second one is sent.
 */

export const DEAD_STATES = ['failed', 'unknown'] as const;
export type DeadState = (typeof DEAD_STATES)[number];

/** As a human sees it: ids and codes, nothing personal. */
export interface DeadLetter {
  readonly id: string;
  readonly leadId: string;
  readonly origin: Origin;
  readonly state: DeadState;
  readonly result: EnrichmentResult;
  readonly reason: FailureReason | null;
  /** Where it stands. */
  readonly step: Step;
  /** How often the message, or the new lead, was about to be sent. */
  readonly sends: number;
  readonly sendOutcome: string | null;
  readonly marker: string | null;
  readonly createdAt: Date;
  readonly finishedAt: Date;
}

export interface DeadLetterQuery {
  readonly state?: DeadState | undefined;
  readonly reason?: string | undefined;
  readonly limit: number;
  /** Those that ended before this one, by its id. */
  readonly after?: string | undefined;
}

/** Which of them: some by id, or all that match. */
export type Chosen =
  | { readonly ids: readonly string[] }
  | { readonly all: true; readonly state?: DeadState | undefined; readonly reason?: string | undefined };

type DeadLetterTransaction = Transaction<Database>;
type SqlFragment = ReturnType<typeof sql<boolean>>;

const DEAD_RESULTS: ReadonlySet<EnrichmentResult> = new Set(['gave_up', 'unknown', 'refused']);
export const isDead = (result: EnrichmentResult): boolean => DEAD_RESULTS.has(result);

/** As the index of migration 010 has it. */
const IS_DEAD = sql<boolean>`(settled_at is null and result in ('gave_up', 'unknown', 'refused'))`;

/** Newest first. */
export async function listDeadLetters(db: Kysely<Database>, query: DeadLetterQuery): Promise<readonly DeadLetter[]> {
  const { limit, after } = query;
  const older =
    after === undefined
      ? sql<boolean>`true`
      : sql<boolean>`(finished_at, id) < (select finished_at, id from facade.enrichments where id = ${after}::uuid)`;
  const { rows } = await sql<DeadLetter>`
    select id, lead_id as "leadId", origin, state, result, reason, step, sends, send_outcome as "sendOutcome", marker,
      created_at as "createdAt", finished_at as "finishedAt"
    from facade.enrichments where ${IS_DEAD} and ${matching(query)} and ${older}
    order by finished_at desc, id desc limit ${limit}`.execute(db);
  return rows;
}

/** How many there are, by state. */
export async function countDeadLetters(db: Kysely<Database>): Promise<Readonly<Record<DeadState, number>>> {
  const { rows } = await sql<{ state: DeadState; n: number }>`
    select state, count(*)::int as n from facade.enrichments where ${IS_DEAD} group by state`.execute(db);
  return { failed: 0, unknown: 0, ...Object.fromEntries(rows.map(({ state, n }) => [state, n])) };
}

/**
 * Has them tried again from the start, with a look at the lead first. Leaves out those whose lead is under work.
 * @param notSent a human has looked: the message is not there, though nobody can read that from the lead.
 * @returns the ids of those that are tried.
 */
export async function retryDeadLetters(
  tx: DeadLetterTransaction,
  queue: Queue,
  chosen: Chosen,
  notSent = false,
): Promise<string[]> {
  const outcome = notSent ? sql`, send_outcome = 'unsent'` : sql``;
  const jobs = await revive(tx, queue, chosenOf(chosen), outcome);
  return jobs.map(({ enrichmentId }) => enrichmentId);
}

/**
 * A human has seen to them: nothing is sent any more. What a form said, and a lead that was still to be created, end with
 * that: an erasure, which is recorded. @returns their ids.
 */
export async function settleDeadLetters(tx: DeadLetterTransaction, chosen: Chosen, actor: Actor): Promise<string[]> {
  const { rows } = await sql<{ id: string; wasKept: boolean }>`
    with dead as (
      select id, progress <> '{}' as was_kept from facade.enrichments where ${IS_DEAD} and ${chosenOf(chosen)} for update
    )
    update facade.enrichments as settled set settled_at = now(), progress = '{}'
    from dead where settled.id = dead.id returning settled.id, dead.was_kept as "wasKept"`.execute(tx);
  const people = rows.filter(({ wasKept }) => wasKept).length;
  if (people > 0)
    await recordAudit(tx, { ...actor, action: 'erase', subject: 'forms of dead letters', people, rows: people });
  return rows.map(({ id }) => id);
}

/** Of these leads, those with a dead letter. */
export async function leadsWithDeadLetters(
  tx: DeadLetterTransaction,
  leadIds: readonly string[],
): Promise<Set<string>> {
  const { rows } = await sql<{ leadId: string }>`
    select distinct lead_id as "leadId" from facade.enrichments
    where ${IS_DEAD} and lead_id = any(${leadIds}::text[])`.execute(tx);
  return new Set(rows.map(({ leadId }) => leadId));
}

/**
 * A new order of these leads goes on with their dead letters. An unknown one is no order's to repeat; a push merely has
 * the lead looked at again.
 */
export async function reviveForOrder(
  tx: DeadLetterTransaction,
  queue: Queue,
  leadIds: readonly string[],
  isPush: boolean,
): Promise<NewJob[]> {
  if (leadIds.length === 0) return [];
  const states = isPush ? DEAD_STATES : (['failed'] as const);
  return revive(tx, queue, sql<boolean>`lead_id = any(${leadIds}::text[]) and state = any(${states}::text[])`);
}

/** What a newer order of the lead replaces. */
export async function settleReplaced(tx: DeadLetterTransaction, enrichmentIds: readonly string[]): Promise<void> {
  if (enrichmentIds.length === 0) return;
  await sql`
    update facade.enrichments set settled_at = now(), progress = '{}'
    where ${IS_DEAD} and lead_id in (select lead_id from facade.enrichments where id = any(${enrichmentIds}::uuid[]))`.execute(
    tx,
  );
}

/** The newest one of each lead, in one order for all, so that two transactions wait for each other and do not deadlock. */
async function revive(tx: DeadLetterTransaction, queue: Queue, which: SqlFragment, more = sql``): Promise<NewJob[]> {
  const { rows } = await sql<NewJob & { standing: CallerStanding }>`
    with newest as (
      select distinct on (lead_id) id from facade.enrichments as dead
      where ${IS_DEAD} and ${which} and not exists (
        select from facade.enrichments as active
        where active.lead_id = dead.lead_id and active.state in ('queued', 'running')
      ) order by lead_id, finished_at desc
    ), locked as (
      select id from facade.enrichments where id in (select id from newest) and ${IS_DEAD} order by lead_id for update
    )
    update facade.enrichments set state = 'queued', owner = null, failures = 0, next_at = now(), result = null,
      reason = null, finished_at = null, updated_at = now(), skips_recent = false,
      step = case when lead_id like 'google:%' then 'create' else 'lead' end ${more}
    where id in (select id from locked)
    returning id as "enrichmentId", is_urgent as "isUrgent", standing`.execute(tx);
  await queue.add(tx, rows);
  return rows;
}

const chosenOf = (chosen: Chosen): SqlFragment =>
  'ids' in chosen ? sql<boolean>`id = any(${chosen.ids}::uuid[])` : matching(chosen);

function matching({ state, reason }: { state?: DeadState | undefined; reason?: string | undefined }): SqlFragment {
  const byState = state === undefined ? sql`true` : sql`state = ${state}`;
  const byReason = reason === undefined ? sql`true` : sql`reason = ${reason}`;
  return sql<boolean>`${byState} and ${byReason}`;
}
