import { sql, type Kysely, type Transaction } from 'kysely';
import { codeOf } from '../../http/error-code.ts';
import type { CallerStanding } from '../../http/standing.ts';
import type { Actor } from '../store/audit.ts';
import { LIVING } from '../store/instance-locks.ts';
import type { Database } from '../../facade/store/schema.ts';
import { wellFormed } from '../../http/well-formed.ts';
import { storedJson } from '../../facade/store/stored-json.ts';
import type { StepRecord } from '../store/tables/enrichments.ts';
import {
  STATE_OF,
  type Origin,
  type FailureReason,
  type EnrichmentResult,
  type State,
  type Step,
} from './enrichment.ts';
import {
  countDeadLetters,
  isDead,
  listDeadLetters,
  retryDeadLetters,
  reviveForOrder,
  settleDeadLetters,
  settleReplaced,
  type Chosen,
  type DeadLetter,
  type DeadLetterQuery,
  type DeadState,
} from './dead-letters.ts';
import { heldBy, lockOrders, noteOrder, wereEnriched, type Ordered } from './orders.ts';
import type { FormContacts, NewLead } from './google-lead.ts';
import type { Contacts, Identification } from './identify.ts';
import type { Findings } from './message.ts';
import { hasJob, type JobRef, type NewJob, type Queue } from './queue.ts';

/**
 * The rows of the enrichments, as their work goes on. Each change of a row under work asks for the number of the
 * process that made it (instance.ts): whoever lost its work in the meantime changes nothing and is told so, so that of
 * two processes that both take a lead for theirs only one can ever record that it is about to send.
 */

/** What the steps hand on; personal, and emptied with the end. */
export interface Progress {
  readonly newLead?: NewLead;
  /** Of the form that made the lead. */
  readonly form?: FormContacts;
  readonly contacts?: Contacts;
  readonly identification?: Identification;
}

export interface Enrichment {
  readonly id: string;
  readonly leadId: string;
  /** Who ordered it (orders.ts). */
  readonly caller: string | null;
  /** See the result `deduplicated`. */
  readonly skipsRecent: boolean;
  readonly step: Step;
  readonly failures: number;
  readonly progress: Progress;
  /** By CPF. */
  readonly findings: Readonly<Record<string, Findings>>;
  readonly message: string | null;
  readonly sends: number;
  readonly sendOutcome: string | null;
  /** Milliseconds since the last intent to send, by the clock of the database. */
  readonly sendAge: number | null;
  readonly entities: number;
  /** Milliseconds since it was asked for, by the clock of the database. */
  readonly age: number;
  /**
   * Milliseconds that the database has been in its history (lineage.ts): an intent of the history before may be lost.
   * Null: not known, or the row is younger.
   */
  readonly lineageAge: number | null;
}

/** How an enrichment stands: nothing personal. */
export interface EnrichmentStatus {
  readonly id: string;
  readonly leadId: string;
  readonly origin: Origin;
  readonly state: State;
  readonly step: Step;
  readonly failures: number;
  readonly nextAt: Date;
  readonly result: EnrichmentResult | null;
  readonly reason: FailureReason | null;
  readonly entities: number;
  readonly sends: number;
  readonly sendOutcome: string | null;
  readonly marker: string | null;
  readonly steps: readonly StepRecord[];
  /** UUIDs of those people who were stored. */
  readonly entityIds: readonly string[];
  readonly customerName: string | null;
  readonly caller: string | null;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
}

/** What whoever asks about an enrichment is shown. */
export interface EnrichmentView extends EnrichmentStatus {
  /** Personal: none for those who may not see them. */
  readonly cpfs: readonly string[];
}

export interface EnrichmentRequest {
  readonly leadId: string;
  readonly origin: Origin;
  /** For log lines (orders.ts). */
  readonly caller: string;
  readonly isUrgent: boolean;
  /** Of whoever wants it. */
  readonly standing: CallerStanding;
  readonly newLead?: Progress['newLead'];
}

export interface Enqueued {
  readonly id: string;
  readonly leadId: string;
  /** False: one of this lead is under way already. */
  readonly isNew: boolean;
}

/** What a step changes beside the step itself. */
export interface Changes {
  readonly step: Step;
  readonly leadId?: string | undefined;
  readonly progress?: Progress;
  readonly findings?: Readonly<Record<string, Findings>>;
  readonly message?: string;
  readonly marker?: string;
  readonly entities?: number;
  readonly customerName?: string | undefined;
}

interface RunEnding {
  readonly result: EnrichmentResult;
  readonly reason?: FailureReason | undefined;
  readonly sendOutcome?: string | undefined;
  readonly leadId?: string | undefined;
  readonly marker?: string | undefined;
  readonly cpfs?: readonly string[] | undefined;
}

/** The row is not, or no longer, this process's. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

interface InsertedJob extends NewJob {
  readonly leadId: string;
}

type Tx = Transaction<Database>;
type Sql = ReturnType<typeof sql>;

const COLUMNS = sql`
  id, lead_id as "leadId", caller, skips_recent as "skipsRecent", step, failures, progress, findings, message, sends, send_outcome as "sendOutcome",
  extract(epoch from clock_timestamp() - send_intended_at)::float8 * 1000 as "sendAge", entities,
  extract(epoch from clock_timestamp() - created_at)::float8 * 1000 as age,
  (select extract(epoch from clock_timestamp() - since)::float8 * 1000 from facade.lineage
    where since > created_at) as "lineageAge"`;

/** The index of migration 003: one enrichment of a lead is under way. */
const UNIQUE_VIOLATION = '23505';
const MAX_TRIES = 3;
/** Milliseconds by which a job may come early: the queue's clock and ours are read a moment apart. */
const EARLY = sql`interval '1 second'`;
/** How long a queued row may be overdue until its job is taken for lost. */
const OVERDUE = sql`interval '10 minutes'`;

export class EnrichmentRepository {
  readonly #db: Kysely<Database>;
  readonly #asyncCommit: Kysely<Database>;
  readonly #queue: Queue;

  /** @param asyncCommit for what may be done again after a power failure (async-commit.ts). */
  constructor(db: Kysely<Database>, asyncCommit: Kysely<Database>, queue: Queue) {
    this.#db = db;
    this.#asyncCommit = asyncCommit;
    this.#queue = queue;
  }

  /** On the disk when it resolves. Done again where another instance has taken up one of the leads meanwhile. */
  async transaction<T>(run: (tx: Tx) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#db.transaction().execute(run);
      } catch (error) {
        if (tries === MAX_TRIES || codeOf(error) !== UNIQUE_VIOLATION) throw error;
      }
    }
  }

  #asyncCommitTransaction<T>(run: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#asyncCommit.transaction().execute(run);
  }

  /** One order of a caller: a new enrichment, the one that is under way, or the one for which the lead is held. */
  async order(tx: Tx, wanted: EnrichmentRequest, holdMs: number): Promise<Ordered> {
    await lockOrders(tx, wanted.leadId);
    const held = await heldBy(tx, wanted.leadId, holdMs);
    if (held) return held;
    const [one] = await this.enqueue(tx, [wanted]);
    if (!one) throw new Error('an enrichment was neither made nor found');
    return noteOrder(tx, one, { ...wanted, holdMs });
  }

  /** Row and job together; of a lead that is under way, that one. */
  async enqueue(tx: Tx, wanted: readonly EnrichmentRequest[]): Promise<Enqueued[]> {
    // In one order for all, so that two batches wait for each other and do not deadlock.
    const byLead = new Map(wanted.map((one) => [one.leadId, one]));
    const sorted = [...byLead.values()].toSorted((a, b) => (a.leadId < b.leadId ? -1 : 1));
    const found: Enqueued[] = [];
    // Dead letters of these leads go on instead of a new row beside them.
    const revived = await this.#revive(tx, sorted);
    for (let missing = sorted; missing.length > 0;) {
      const inserted = await this.#insert(tx, missing);
      await this.#queue.add(tx, inserted);
      await settleReplaced(
        tx,
        inserted.map(({ enrichmentId }) => enrichmentId),
      );
      found.push(...inserted.map(({ enrichmentId: id, leadId }) => ({ id, leadId, isNew: true })));
      const made = new Set(inserted.map(({ leadId }) => leadId));
      const others = missing.filter(({ leadId }) => !made.has(leadId));
      if (others.length === 0) break;
      await this.#takeFromStrangers(tx, others);
      const active = await activeOf(
        tx,
        others.map(({ leadId }) => leadId),
      );
      const goOn = new Set(revived.map(({ enrichmentId }) => enrichmentId));
      found.push(...active.map(({ id, leadId }) => ({ id, leadId, isNew: goOn.has(id) })));
      // One that ended between the two statements is begun anew.
      const seen = new Set(active.map(({ leadId }) => leadId));
      missing = others.filter(({ leadId }) => !seen.has(leadId));
    }
    return found;
  }

  async #revive(tx: Tx, wanted: readonly EnrichmentRequest[]): Promise<NewJob[]> {
    const isPush = ({ origin }: EnrichmentRequest): boolean => origin === 'c2s' || origin === 'google';
    const leadsOf = (some: readonly EnrichmentRequest[]): string[] => some.map(({ leadId }) => leadId);
    return [
      ...(await reviveForOrder(tx, this.#queue, leadsOf(wanted.filter(isPush)), true)),
      ...(await reviveForOrder(tx, this.#queue, leadsOf(wanted.filter((one) => !isPush(one))), false)),
    ];
  }

  async #insert(tx: Tx, wanted: readonly EnrichmentRequest[]): Promise<InsertedJob[]> {
    const rows = wanted.map(({ leadId, origin, caller, isUrgent, standing, newLead }) => ({
      lead_id: leadId,
      origin,
      caller,
      is_urgent: isUrgent,
      standing,
      step: newLead ? 'create' : 'lead',
      progress: newLead ? { newLead } : {},
    }));
    const { rows: made } = await sql<InsertedJob>`
      insert into facade.enrichments (lead_id, origin, caller, is_urgent, standing, step, progress, state)
      select lead_id, origin, caller, is_urgent, standing, step, progress, 'queued'
      from jsonb_to_recordset(${storedJson(rows)}::jsonb)
        as wanted(lead_id text, origin text, caller text, is_urgent boolean, standing text, step text, progress jsonb)
      on conflict (lead_id) where state in ('queued', 'running') do nothing
      returning id as "enrichmentId", lead_id as "leadId", is_urgent as "isUrgent", standing`.execute(tx);
    return made;
  }

  /** What a known caller wants no longer waits among what strangers want. Their job of it will find nothing to do. */
  async #takeFromStrangers(tx: Tx, wanted: readonly EnrichmentRequest[]): Promise<void> {
    const leadIds = wanted.filter(({ standing }) => standing === 'known').map(({ leadId }) => leadId);
    if (leadIds.length === 0) return;
    const { rows } = await sql<NewJob & { state: State }>`
      update facade.enrichments set standing = 'known', updated_at = now()
      where lead_id = any(${leadIds}::text[]) and state in ('queued', 'running') and standing = 'stranger'
      returning id as "enrichmentId", is_urgent as "isUrgent", standing, state,
        greatest(0, extract(epoch from next_at - now()))::float8 * 1000 as delay`.execute(tx);
    await this.#queue.add(
      tx,
      rows.filter(({ state }) => state === 'queued'),
    );
  }

  /** Of these leads, those that were enriched within the time, and have their message. */
  async recentlyDone(tx: Tx, leadIds: readonly string[], withinMs: number): Promise<Set<string>> {
    const { rows } = await sql<{ leadId: string }>`
      select distinct lead_id as "leadId" from facade.enrichments
      where lead_id = any(${leadIds}::text[]) and state = 'done' and result <> 'deduplicated'
        and finished_at > now() - ${withinMs} * interval '1 millisecond'`.execute(tx);
    return new Set(rows.map(({ leadId }) => leadId));
  }

  /**
   * Takes what is due.
   *
   * @param finished jobs of this process that are done with.
   * @param strangersAtMost so many of `atMost` may be strangers'.
   */
  claim(
    owner: number,
    atMost: number,
    finished: readonly JobRef[],
    strangersAtMost: number,
  ): Promise<{ job: JobRef; row: Enrichment }[]> {
    return this.#asyncCommitTransaction(async (tx) => {
      await this.#queue.complete(tx, finished);
      const jobs = await this.#queue.fetch(tx, atMost, strangersAtMost);
      if (jobs.length === 0) return [];
      const { rows } = await sql<Enrichment>`
        update facade.enrichments set state = 'running', owner = ${owner}, updated_at = now()
        where id = any(${jobs.map(({ enrichmentId }) => enrichmentId)}::uuid[])
          and state = 'queued' and next_at <= now() + ${EARLY}
        returning ${COLUMNS}`.execute(tx);
      const byId = new Map(rows.map((row) => [row.id, row]));
      const taken: { job: JobRef; row: Enrichment }[] = [];
      const idle: JobRef[] = [];
      for (const { enrichmentId, ...job } of jobs) {
        const row = byId.get(enrichmentId);
        if (row) taken.push({ job, row });
        // Ended, or taken over by another job: nothing to do here.
        else idle.push(job);
        byId.delete(enrichmentId);
      }
      await this.#queue.complete(tx, idle);
      return taken;
    });
  }

  complete(jobs: readonly JobRef[]): Promise<void> {
    return this.#asyncCommitTransaction((tx) => this.#queue.complete(tx, jobs));
  }

  /**
   * Queues again what dead processes worked on.
   * @param broken what the caller itself began and can no longer go on with.
   * @returns how many.
   */
  recover(broken: readonly string[]): Promise<number> {
    return this.#requeue(
      sql`state = 'running' and (owner is null or owner not in (${LIVING}) or id = any(${broken}::uuid[]))`,
    );
  }

  /**
   * Queues again what lost its job, which nothing of ours does: somebody may have emptied the queue. What merely waits
   * long, behind others, has its job. @returns how many.
   */
  requeueLost(): Promise<number> {
    return this.#requeue(sql`state = 'queued' and next_at < now() - ${OVERDUE} and not ${hasJob(sql`enrichments.id`)}`);
  }

  #requeue(which: Sql): Promise<number> {
    return this.#asyncCommitTransaction(async (tx) => {
      const { rows } = await sql<NewJob>`
        update facade.enrichments set state = 'queued', owner = null, next_at = now(), updated_at = now()
        where ${which} returning id as "enrichmentId", is_urgent as "isUrgent", standing`.execute(tx);
      await this.#queue.add(tx, rows);
      return rows.length;
    });
  }

  deadLetters(query: DeadLetterQuery): Promise<readonly DeadLetter[]> {
    return listDeadLetters(this.#db, query);
  }

  countDeadLetters(): Promise<Readonly<Record<DeadState, number>>> {
    return countDeadLetters(this.#db);
  }

  retryDeadLetters(chosen: Chosen, notSent: boolean): Promise<string[]> {
    return this.transaction((tx) => retryDeadLetters(tx, this.#queue, chosen, notSent));
  }

  settleDeadLetters(chosen: Chosen, actor: Actor): Promise<string[]> {
    return this.transaction((tx) => settleDeadLetters(tx, chosen, actor));
  }

  /** Steps are done; the next one is named in the changes. @throws LeaseLost */
  async save(owner: number, id: string, records: readonly StepRecord[], changes: Changes): Promise<void> {
    const { step, leadId, progress, findings, message, marker, entities, customerName } = changes;
    const set = [
      sql`step = ${step}`,
      sql`failures = 0`,
      sql`reason = null`,
      sql`steps = steps || ${storedJson(records)}::jsonb`,
      // What was sent until now was the lead; the message is still to come.
      leadId === undefined
        ? undefined
        : sql`lead_id = ${leadId}, sends = 0, send_intended_at = null, send_outcome = null`,
      progress && sql`progress = ${storedJson(progress)}::jsonb`,
      findings && sql`findings = ${storedJson(findings)}::jsonb`,
      message === undefined ? undefined : sql`message = ${message}`,
      marker === undefined ? undefined : sql`marker = ${marker}`,
      entities === undefined ? undefined : sql`entities = ${entities}`,
      customerName === undefined ? undefined : sql`customer_name = ${wellFormed(customerName)}`,
    ].filter((one) => one !== undefined);
    const about = Object.entries(findings ?? {}).filter(([, { kind }]) => kind !== 'failed');
    const cpfs = about.map(([cpf]) => cpf);
    await this.#change(this.#asyncCommit, owner, id, { set, cpfs });
  }

  /** What is known of a person, kept at once: the next one may fail. And that the enrichment is about that person. */
  async saveFinding(owner: number, id: string, cpf: string, findings: Findings): Promise<void> {
    const set = [sql`findings = findings || ${storedJson({ [cpf]: findings })}::jsonb`];
    await this.#change(this.#asyncCommit, owner, id, { set, cpfs: [cpf] });
  }

  /**
   * Records that the message, or the new lead, is about to be sent: once for each value of `sends`.
   * @throws LeaseLost
   */
  async recordSendIntent(owner: number, id: string, sends: number): Promise<void> {
    const set = [sql`sends = sends + 1`, sql`send_intended_at = clock_timestamp()`, sql`send_outcome = null`];
    // On the disk before anything leaves.
    await this.#change(this.#db, owner, id, { set, only: sql`sends = ${sends}` });
  }

  /** To be tried again, in that many milliseconds. @throws LeaseLost */
  async retry(
    owner: number,
    id: string,
    records: readonly StepRecord[],
    {
      delay,
      failures,
      reason,
      sendOutcome,
    }: { delay: number; failures: number; reason: FailureReason; sendOutcome?: string },
  ): Promise<void> {
    await this.#asyncCommitTransaction(async (tx) => {
      const set = [
        sql`state = 'queued'`,
        sql`owner = null`,
        sql`failures = ${failures}`,
        sql`reason = ${reason}`,
        sql`next_at = now() + ${delay} * interval '1 millisecond'`,
        sql`steps = steps || ${storedJson(records)}::jsonb`,
        sendOutcome === undefined ? undefined : sql`send_outcome = ${sendOutcome}`,
      ].filter((one) => one !== undefined);
      await this.#change(tx, owner, id, { set });
      const standing = await standingOf(tx, id);
      await this.#queue.add(tx, [{ enrichmentId: id, isUrgent: false, standing, delay }]);
    });
  }

  /** The end: what was kept only for the steps goes. @throws LeaseLost */
  async finish(
    owner: number,
    id: string,
    records: readonly StepRecord[],
    { result, reason, sendOutcome, leadId, marker, cpfs = [] }: RunEnding,
  ): Promise<void> {
    const set = [
      sql`state = ${STATE_OF[result]}`,
      sql`result = ${result}`,
      sql`reason = ${reason ?? null}`,
      sql`owner = null`,
      // A dead letter may be tried again, and a lead that is still to be created is nowhere else.
      isDead(result) ? sql`progress = progress - 'contacts' - 'identification'` : sql`progress = '{}'`,
      sql`findings = '{}'`,
      sql`message = null`,
      // Whoever waits is answered with it; where there is nothing to answer it goes at once.
      STATE_OF[result] === 'done' ? undefined : sql`customer_name = null`,
      sql`finished_at = now()`,
      leadId === undefined ? undefined : sql`lead_id = ${leadId}`,
      marker === undefined ? undefined : sql`marker = ${marker}`,
      sql`steps = steps || ${storedJson(records)}::jsonb`,
      sendOutcome === undefined ? undefined : sql`send_outcome = ${sendOutcome}`,
      sendOutcome === undefined ? undefined : sql`send_ended_at = now()`,
    ].filter((one) => one !== undefined);
    await this.#change(this.#asyncCommit, owner, id, { set, cpfs });
  }

  wereEnriched(id: string, cpfs: readonly string[], withinMs: number): Promise<boolean> {
    return wereEnriched(this.#db, id, cpfs, withinMs);
  }

  /** @returns the first of these markers that no enrichment of the lead has recorded. */
  async firstUnknown(leadId: string, markers: readonly string[]): Promise<string | undefined> {
    const { rows } = await sql<{ marker: string }>`
      select marker from unnest(${markers}::text[]) with ordinality as shown(marker, n)
      where not exists (
        select from facade.enrichments as known
        where known.lead_id = ${leadId} and starts_with(known.marker, shown.marker)
      ) order by n limit 1`.execute(this.#db);
    return rows[0]?.marker;
  }

  async view(id: string): Promise<EnrichmentStatus | undefined> {
    const { rows } = await sql<EnrichmentStatus>`
      select id, lead_id as "leadId", origin, state, step, failures, next_at as "nextAt", result, reason, entities, sends,
        send_outcome as "sendOutcome", marker, steps, created_at as "createdAt", finished_at as "finishedAt",
        customer_name as "customerName", caller, case when entities = 0 then '{}' else array(
          select people.uid::text from facade.people join facade.enrichment_people as link on link.cpf = people.cpf
          where link.enrichment_id = enrichments.id and people.updated_at >= enrichments.created_at order by people.cpf
        ) end as "entityIds"
      from facade.enrichments where id = ${id}`.execute(this.#db);
    return rows[0];
  }

  /** How many enrichments there are in each state; of the ended ones, those of the last day. */
  async count(): Promise<Partial<Record<State, number>>> {
    const { rows } = await sql<{ state: State; n: number }>`
      select state, count(*)::int as n from facade.enrichments
      where finished_at is null or finished_at > now() - interval '1 day' group by state`.execute(this.#db);
    return Object.fromEntries(rows.map(({ state, n }) => [state, n]));
  }

  /** One statement. @param cpfs whom the enrichment is about, from now on. */
  async #change(
    db: Kysely<Database>,
    owner: number,
    id: string,
    { set, only, cpfs = [] }: { set: readonly Sql[]; only?: Sql; cpfs?: readonly string[] },
  ): Promise<void> {
    const kept = sql`
      update facade.enrichments set ${sql.join(set)}, updated_at = now()
      where id = ${id} and owner = ${owner} and state = 'running' and ${only ?? sql`true`} returning id`;
    const change =
      cpfs.length === 0
        ? kept
        : sql`
          with kept as (${kept}), linked as (
            insert into facade.enrichment_people (enrichment_id, cpf) select id, unnest(${cpfs}::text[]) from kept
            on conflict (enrichment_id, cpf) do nothing
          )
          select id from kept`;
    const { rows } = await change.execute(db);
    if (rows.length === 0) throw new LeaseLost();
  }
}

async function standingOf(tx: Tx, id: string): Promise<CallerStanding> {
  const { rows } = await sql<{
    standing: CallerStanding;
  }>`select standing from facade.enrichments where id = ${id}`.execute(tx);
  return rows[0]?.standing ?? 'known';
}

async function activeOf(tx: Tx, leadIds: readonly string[]): Promise<{ id: string; leadId: string }[]> {
  const { rows } = await sql<{ id: string; leadId: string }>`
    select id, lead_id as "leadId" from facade.enrichments
    where lead_id = any(${leadIds}::text[]) and state in ('queued', 'running')`.execute(tx);
  return rows;
}
