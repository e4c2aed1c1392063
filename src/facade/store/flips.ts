import { sql, type Kysely, type Transaction } from 'kysely';
import { codeOf } from '../../http/error-code.ts';
import type { Logger } from '../../http/log.ts';
import { wellFormed } from '../../http/well-formed.ts';
import { TimeOver, within } from '../../http/within.ts';
import { isRollout, type Rollouts } from '../config/rollout.ts';
import { forcedOf, type FlipChange, type FlipReason, type FlipRecord } from '../rollout/flip.ts';
import { FLIPS_CHANNEL } from './channels.ts';
import type { QueuedNotification } from './notification-queue.ts';
import { addNotifications } from './notifications.ts';
import { lastImportedFile, recordImportedFile, wasImported, type ImportedFile } from './imported-files.ts';
import type { Database } from './schema.ts';
import { storedJson } from './stored-json.ts';
import { CommitUnknown } from './unavailable.ts';

/**
 * Flips: what is now, and the history of it. Append-only; what is now is only its newest lines, kept beside it so that
 * nobody has to read years. Every change is made in one transaction that holds the one row of `steering`: so flips of
 * several instances have one order, and who decides by what is now decides by what really is.
 */

/** What is in force, of everything that was ever flipped. */
export interface SteerState {
  readonly revision: number;
  readonly killSwitch: boolean;
  readonly rollouts: Rollouts;
}

export interface NewFlip extends FlipReason {
  readonly changes: readonly FlipChange[];
  /** Left out: stays as it is. */
  readonly killSwitch?: boolean | undefined;
  /** The file that holds the kill switch came or went on one machine: told, while the switch that all share stays. */
  readonly killSwitchFile?: boolean | undefined;
}

export interface SteerTransaction extends SteerState {
  lastFile(): Promise<ImportedFile | undefined>;
  wasImported(fileRevision: string): Promise<boolean>;
  imported(file: ImportedFile): Promise<void>;
  /**
   * What the kill switch that all share was last set to, at a revision above this one; undefined: it was not.
   * @param but revisions that do not count.
   */
  lastSwitch(revision: number, but?: readonly number[]): Promise<boolean | undefined>;
  /** @returns the new revision, or the old one when there is nothing in the flip. */
  append(flip: NewFlip): Promise<number>;
  /**
   * Has them posted once all of this is carried out, and not otherwise. Left out: a history that outlives nothing.
   * @returns false: they could not be kept, which is no reason to refuse the flip.
   */
  readonly notify?: (rows: readonly QueuedNotification[]) => Promise<boolean>;
}

export interface HistoryQuery {
  readonly route?: string | undefined;
  /** Revisions below this one only. */
  readonly before?: number | undefined;
  /** Revisions above this one only. */
  readonly after?: number | undefined;
  /** Revisions; each may be several lines. */
  readonly limit: number;
}

/** The history of flips, wherever it is kept. */
export interface FlipLog {
  /** Outlives this process. */
  readonly isLasting: boolean;
  state(): Promise<SteerState>;
  /**
   * Everything in `work` happens, or nothing, and no other flip meanwhile.
   * @param timeoutMs for all of it; left out: 3 s. Of what takes longer nothing happens.
   * @throws CommitUnknown when nobody can say whether it happened.
   */
  transact<T>(work: (tx: SteerTransaction) => Promise<T>, timeoutMs?: number): Promise<T>;
  /** Newest first. */
  list(query: HistoryQuery): Promise<FlipRecord[]>;
  /** What each route that was flipped since was at `revision`; undefined when the history does not reach back so far. */
  rolloutsAt(revision: number): Promise<Rollouts | undefined>;
  /** When this history began. */
  since(): Promise<Date>;
}

/** Above what a frozen instance may hold the row that every flip holds (STEERING_LIMITS). */
const TRANSACT_TIMEOUT_MS = 3_000;

export class PostgresFlips implements FlipLog {
  readonly isLasting: boolean = true;
  readonly #db: Kysely<Database>;
  readonly #log: Logger | undefined;
  /** Rows that were told of, by revision and route. */
  readonly #told = new Set<string>();

  constructor(db: Kysely<Database>, log?: Logger) {
    this.#db = db;
    this.#log = log;
  }

  async state(): Promise<SteerState> {
    // One statement sees one snapshot: a revision must not come with the rollouts of another.
    const { revision, kill_switch, rollouts } = await this.#db
      .selectFrom('steering')
      .select(['revision', 'kill_switch'])
      .select((eb) =>
        eb
          .selectFrom('rollouts')
          .select(sql<Record<string, unknown> | null>`jsonb_object_agg(route, rollout)`.as('all'))
          .as('rollouts'),
      )
      .executeTakeFirstOrThrow();
    return { revision, killSwitch: kill_switch, rollouts: this.#readable(Object.entries(rollouts ?? {}), revision) };
  }

  async transact<T>(work: (tx: SteerTransaction) => Promise<T>, timeoutMs = TRANSACT_TIMEOUT_MS): Promise<T> {
    const deadline = performance.now() + timeoutMs;
    let isCommitting = false;
    const done = this.#db.transaction().execute(async (tx) => {
      const result = await work(transactionOf(tx, await this.#lockedState(tx)));
      if (performance.now() >= deadline) throw new TimeOver(timeoutMs);
      isCommitting = true;
      return result;
    });
    return within(timeoutMs, done).catch((error: unknown) => {
      throw isCommitting && !wasRefused(error) ? new CommitUnknown({ cause: error }) : error;
    });
  }

  async list({ route, before, after, limit }: HistoryQuery): Promise<FlipRecord[]> {
    // Whole flips, so that none is cut in two between pages.
    let revisions = this.#db.selectFrom('flips').select('revision').distinct().orderBy('revision', 'desc').limit(limit);
    if (route !== undefined) revisions = revisions.where('route', '=', route);
    if (before !== undefined) revisions = revisions.where('revision', '<', before);
    if (after !== undefined) revisions = revisions.where('revision', '>', after);
    let query = this.#db.selectFrom('flips').selectAll().where('revision', 'in', revisions);
    if (route !== undefined) query = query.where('route', '=', route);
    const rows = await query.orderBy('revision', 'desc').orderBy('id').execute();
    return rows.flatMap(({ id: _id, why, evidence, from, to, route, against, ...rest }): FlipRecord[] => {
      const common = { ...rest, why: why ?? undefined, ...(evidence === null ? {} : { evidence }) };
      if (route === null && isSwitch(from) && isSwitch(to))
        return [{ ...common, kind: 'kill-switch', from: from.on, to: to.on }];
      if (route !== null && isRollout(from) && isRollout(to)) {
        return [{ ...common, kind: 'flip', route, from, to, ...forcedOf(rest.source, against ?? undefined) }];
      }
      this.#tellOf(rest.revision, route);
      return [];
    });
  }

  async rolloutsAt(revision: number): Promise<Rollouts> {
    const rows = await this.#db
      .selectFrom('flips')
      .distinctOn('route')
      .select(['route', 'from'])
      .where('revision', '>', revision)
      .where('route', 'is not', null)
      .orderBy('route')
      .orderBy('revision')
      .execute();
    return this.#readable(
      rows.map(({ route, from }) => [route as string, from]),
      revision,
    );
  }

  async since(): Promise<Date> {
    const row = await this.#db
      .selectFrom('applied_files')
      .select(({ fn }) => fn.min('applied_at').as('at'))
      .executeTakeFirst();
    return row?.at ?? new Date();
  }

  /** With the row that every flip holds. A second statement, for what is read with a lock that was waited for is newer. */
  async #lockedState(tx: Transaction<Database>): Promise<SteerState> {
    const { revision, kill_switch } = await tx
      .selectFrom('steering')
      .select(['revision', 'kill_switch'])
      .forUpdate()
      .executeTakeFirstOrThrow();
    const rows = await tx.selectFrom('rollouts').select(['route', 'rollout']).execute();
    const rollouts = this.#readable(
      rows.map(({ route, rollout }) => [route, rollout]),
      revision,
    );
    return { revision, killSwitch: kill_switch, rollouts };
  }

  /** One row that cannot be read must not keep the others from being followed. */
  #readable(rows: readonly (readonly [route: string, rollout: unknown])[], revision: number): Rollouts {
    const readable = rows.flatMap(([route, rollout]) => {
      if (isRollout(rollout)) return [[route, rollout] as const];
      this.#tellOf(revision, route);
      return [];
    });
    return new Map(readable);
  }

  #tellOf(revision: number, route: string | null): void {
    const row = `${revision} ${route}`;
    if (this.#told.has(row)) return;
    this.#told.add(row);
    this.#log?.error({ revision, route }, 'a row of the flips cannot be read and is left out: somebody else wrote it');
  }
}

function transactionOf(tx: Transaction<Database>, state: SteerState): SteerTransaction {
  return {
    ...state,
    lastFile: () => lastImportedFile(tx),
    wasImported: (revision) => wasImported(tx, revision),
    imported: (file) => recordImportedFile(tx, file),
    lastSwitch: (revision, but) => lastSwitch(tx, revision, but),
    append: (flip) => append(tx, state, flip),
    notify: (rows) => notify(tx, rows),
  };
}

/** The server itself said no at the end: nothing was carried out. One that is being shut down may have begun with it. */
function wasRefused(error: unknown): boolean {
  return error instanceof Error && 'severity' in error && !/^(?:08|57P)/.test(codeOf(error));
}

async function lastSwitch(
  tx: Transaction<Database>,
  revision: number,
  but: readonly number[] = [],
): Promise<boolean | undefined> {
  const row = await tx
    .selectFrom('flips')
    .select('to')
    .where('revision', '>', revision)
    .where('route', 'is', null)
    .where('source', '<>', 'file')
    .where(sql`jsonb_typeof("to" -> 'on')`, '=', 'boolean')
    .$if(but.length > 0, (query) => query.where('revision', 'not in', but))
    .orderBy('revision', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row && isSwitch(row.to) ? row.to.on : undefined;
}

async function append(tx: Transaction<Database>, state: SteerState, flip: NewFlip): Promise<number> {
  const { source, who, identity, why = null, evidence, changes, killSwitchFile } = flip;
  const { killSwitch = state.killSwitch } = flip;
  const isSwitched = killSwitch !== state.killSwitch;
  if (changes.length === 0 && !isSwitched && killSwitchFile === undefined) return state.revision;
  const { revision } = await tx
    .updateTable('steering')
    .set({ revision: sql`revision + 1`, kill_switch: killSwitch })
    .returning('revision')
    .executeTakeFirstOrThrow();
  const kept = evidence === undefined ? null : storedJson(evidence);
  const common = { revision, source, who, identity, why, evidence: kept };
  const lines = changes.map(({ route, from, to, against = null }) => ({
    ...{ route, from: storedJson(from), to: storedJson(to) },
    against: against === null ? null : wellFormed(against),
  }));
  if (isSwitched) lines.push(switchLine(killSwitch));
  if (killSwitchFile !== undefined) lines.push(switchLine(killSwitchFile));
  await tx
    .insertInto('flips')
    .values(lines.map((line) => ({ ...common, ...line })))
    .execute();
  if (changes.length > 0) await keepRollouts(tx, revision, changes);
  // Delivered with the commit, and not without it.
  await sql`select pg_notify(${FLIPS_CHANNEL}, ${String(revision)})`.execute(tx);
  return revision;
}

async function notify(tx: Transaction<Database>, rows: readonly QueuedNotification[]): Promise<boolean> {
  await sql`savepoint notify`.execute(tx);
  try {
    await addNotifications(tx, rows, new Date());
    return true;
  } catch {
    await sql`rollback to savepoint notify`.execute(tx);
    return false;
  }
}

async function keepRollouts(tx: Transaction<Database>, revision: number, changes: NewFlip['changes']): Promise<void> {
  await tx
    .insertInto('rollouts')
    .values(changes.map(({ route, to }) => ({ route, rollout: storedJson(to), revision })))
    .onConflict((conflict) =>
      conflict.column('route').doUpdateSet((eb) => ({
        rollout: eb.ref('excluded.rollout'),
        revision: eb.ref('excluded.revision'),
      })),
    )
    .execute();
}

const isSwitch = (value: unknown): value is { readonly on: boolean } =>
  typeof value === 'object' && value !== null && 'on' in value && typeof value.on === 'boolean';
const switchLine = (to: boolean) => ({ route: null as never, from: onText(!to), to: onText(to), against: null });
const onText = (on: boolean): string => JSON.stringify({ on });
