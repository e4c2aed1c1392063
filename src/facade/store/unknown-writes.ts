import { sql, type Kysely, type Selectable, type Transaction } from 'kysely';
import { table, type Database } from './schema.ts';
import { storedJson } from './stored-json.ts';
import {
  UNKNOWN_WRITE_STATES,
  type Looked,
  type Settlement,
  type UnknownWrite,
  type UnknownWriteCount,
  type UnknownWritesQuery,
  type UnknownWriteStore,
} from './unknown-write.ts';

/** The unknown writes of all instances, in the database. */
export class PostgresUnknownWrites implements UnknownWriteStore {
  readonly isLasting = true;
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  add(writes: readonly UnknownWrite[]): Promise<void> {
    return addUnknownWrites(this.#db, writes);
  }

  async take(now: Date, leaseMs: number, limit: number): Promise<UnknownWrite[]> {
    const until = new Date(now.getTime() + leaseMs);
    const { rows } = await sql<Row>`
      update ${table('unknown_writes')} set
        state = 'open',
        -- Its process ended between then and now: what may still be under way began no later.
        at = case when state = 'under_way' then ${now} else at end,
        next_look_at = ${until}
      where id in (
        select id from ${table('unknown_writes')}
        where next_look_at <= ${now} and state in ('open', 'under_way')
        order by next_look_at limit ${limit} for update skip locked
      )
      returning *`.execute(this.#db);
    return rows.map(read);
  }

  async looked(id: string, { state, why, missing, nextLookAt }: Looked): Promise<void> {
    await this.#db
      .updateTable('unknown_writes')
      .set((eb) => ({
        state,
        why,
        missing: storedJson(missing),
        looks: eb('looks', '+', 1),
        next_look_at: nextLookAt,
        ...(nextLookAt === null && { checks: null }),
      }))
      .where('id', '=', id)
      .where('state', '=', 'open')
      .execute();
  }

  async list({ state, route, limit, after }: UnknownWritesQuery): Promise<UnknownWrite[]> {
    let rows = this.#db.selectFrom('unknown_writes').selectAll().orderBy('at', 'desc').orderBy('id').limit(limit);
    rows = rows.where('state', state ? '=' : '!=', state ?? 'under_way');
    if (route !== undefined) rows = rows.where('route', '=', route);
    if (after !== undefined) {
      const last = this.#db.selectFrom('unknown_writes').where('id', '=', after);
      rows = rows.where((eb) =>
        eb.or([eb('at', '<', last.select('at')), eb.and([eb('at', '=', last.select('at')), eb('id', '>', after)])]),
      );
    }
    return (await rows.execute()).map(read);
  }

  async counts(): Promise<UnknownWriteCount[]> {
    const rows = await this.#db
      .selectFrom('unknown_writes')
      .select(['route', 'state', 'cause', sql<number>`count(*)::int`.as('count')])
      .where('state', 'in', UNKNOWN_WRITE_STATES)
      .groupBy(['route', 'state', 'cause'])
      .execute();
    return rows as UnknownWriteCount[];
  }

  async settle(ids: readonly string[], settlement: Settlement): Promise<string[]> {
    const rows = await this.#db
      .updateTable('unknown_writes')
      .set({ state: 'settled', settlement: storedJson(settlement), next_look_at: null, checks: null })
      .where('id', '=', sql<string>`any(${ids}::uuid[])`)
      .where('state', 'not in', ['settled', 'under_way'])
      .returning('id')
      .execute();
    return rows.map(({ id }) => id);
  }

  async prune(workedOffBefore: Date, anyBefore: Date): Promise<void> {
    await this.#db
      .deleteFrom('unknown_writes')
      .where((eb) =>
        eb.or([
          eb('at', '<', anyBefore),
          eb.and([eb('at', '<', workedOffBefore), eb('state', 'in', ['arrived', 'settled'])]),
        ]),
      )
      .execute();
    await this.#db
      .deleteFrom('idempotency_keys')
      .where('expires_at', '<', sql<Date>`now()`)
      .execute();
  }
}

type Row = Selectable<Database['unknown_writes']>;

/** Also inside of a transaction of others. */
export async function addUnknownWrites(
  db: Kysely<Database> | Transaction<Database>,
  writes: readonly UnknownWrite[],
): Promise<void> {
  if (writes.length === 0) return;
  await db
    .insertInto('unknown_writes')
    .values(
      writes.map(({ params, requestId, shape, checks, missing, nextLookAt, settlement, ...write }) => ({
        ...write,
        params: storedJson(params),
        request_id: requestId,
        shape: storedJson(shape),
        checks: checks && storedJson(checks),
        missing: storedJson(missing),
        next_look_at: nextLookAt,
        settlement: settlement && storedJson(settlement),
      })),
    )
    .onConflict((conflict) =>
      conflict
        .column('id')
        .doUpdateSet((eb) => ({
          at: eb.ref('excluded.at'),
          path: eb.ref('excluded.path'),
          outcome: eb.ref('excluded.outcome'),
          status: eb.ref('excluded.status'),
          cause: eb.ref('excluded.cause'),
          state: eb.ref('excluded.state'),
          why: eb.ref('excluded.why'),
          checks: eb.ref('excluded.checks'),
          next_look_at: eb.ref('excluded.next_look_at'),
        }))
        .where('unknown_writes.state', '=', 'under_way'),
    )
    .execute();
}

function read({ request_id, next_look_at, ...row }: Row): UnknownWrite {
  return { ...row, requestId: request_id, nextLookAt: next_look_at };
}
