import { sql, type Kysely, type Selectable, type Transaction } from 'kysely';
import { ATTEMPTS_OF_A_GENERATION, type NotificationQueue, type QueuedNotification } from './notification-queue.ts';
import { table, type Database } from './schema.ts';
import { storedJson } from './stored-json.ts';

const DAY_MS = 86_400_000;

/** The notifications of all instances, in the database: a restart loses none, and each is posted by one instance. */
export class PostgresNotifications implements NotificationQueue {
  readonly keepMs = DAY_MS;
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  add(rows: readonly QueuedNotification[], now: Date): Promise<void> {
    return addNotifications(this.#db, rows, now);
  }

  async due(now: Date): Promise<string[]> {
    const rows = await this.#db
      .selectFrom('notifications')
      .select('target')
      .distinct()
      .where('next_try_at', '<=', now)
      .execute();
    return rows.map(({ target }) => target);
  }

  async take(target: string, now: Date, leaseMs: number): Promise<QueuedNotification | undefined> {
    const notifications = table('notifications');
    const { rows } = await sql<Row>`
      update ${notifications} set leased_until = ${new Date(now.getTime() + leaseMs)}
      where target = ${target} and id = (
        select id from ${notifications}
        where target = ${target} and next_try_at <= ${now} and not exists (
          select from ${notifications} where target = ${target} and leased_until > ${now}
        )
        order by attempts / ${ATTEMPTS_OF_A_GENERATION}::int, at, id limit 1 for update skip locked
      )
      returning *`.execute(this.#db);
    return rows[0] && read(rows[0]);
  }

  async remove({ target, id }: QueuedNotification): Promise<void> {
    await this.#db.deleteFrom('notifications').where('target', '=', target).where('id', '=', id).execute();
  }

  async retry({ target, id, attempts }: QueuedNotification, at: Date): Promise<void> {
    await this.#db
      .updateTable('notifications')
      .set({ attempts: attempts + 1, next_try_at: at, leased_until: null })
      .where('target', '=', target)
      .where('id', '=', id)
      .execute();
  }

  async wake(target: string, now: Date): Promise<void> {
    await this.#db
      .updateTable('notifications')
      .set({ next_try_at: now })
      .where('target', '=', target)
      .where('next_try_at', '>', now)
      .execute();
  }

  async expire(before: Date): Promise<QueuedNotification[]> {
    const rows = await this.#db.deleteFrom('notifications').where('at', '<', before).returningAll().execute();
    return rows.map(read);
  }

  /**
   * A route has this verdict now. Instances that share the evidence find out at the same time, and one of them tells.
   * @param rowsOf what is to be posted, given the verdict that was told before.
   * @returns whether it was this call that told.
   */
  tellVerdict(
    route: string,
    verdict: string,
    rowsOf: (before: string) => readonly QueuedNotification[],
    now: Date,
  ): Promise<boolean> {
    return this.#db.transaction().execute(async (tx) => {
      const first = await tx
        .insertInto('notified_verdicts')
        .values({ route, verdict })
        .onConflict((conflict) => conflict.column('route').doNothing())
        .executeTakeFirst();
      // The first verdict of all is no change.
      if (Number(first.numInsertedOrUpdatedRows ?? 0) > 0) return false;
      const row = await tx
        .selectFrom('notified_verdicts')
        .select('verdict')
        .where('route', '=', route)
        .forUpdate()
        .executeTakeFirst();
      if (!row || row.verdict === verdict) return false;
      await tx.updateTable('notified_verdicts').set({ verdict }).where('route', '=', route).execute();
      await addNotifications(tx, rowsOf(row.verdict), now);
      return true;
    });
  }
}

/** Also inside of a transaction of others. A row that is there already stays as it is. */
export async function addNotifications(
  db: Kysely<Database> | Transaction<Database>,
  rows: readonly QueuedNotification[],
  now: Date,
): Promise<void> {
  if (rows.length === 0) return;
  await db
    .insertInto('notifications')
    .values(
      rows.map(({ id, target, at, body, attempts }) => {
        return { id, target, at, body: storedJson(body), attempts, next_try_at: now };
      }),
    )
    .onConflict((conflict) => conflict.columns(['target', 'id']).doNothing())
    .execute();
}

type Row = Selectable<Database['notifications']>;

const read = ({ id, target, at, body, attempts }: Row): QueuedNotification => ({ id, target, at, body, attempts });
