import { sql, type Kysely, type Transaction } from 'kysely';
import type { Settlement, UnknownWrite } from './unknown-write.ts';
import { addUnknownWrites, PostgresUnknownWrites } from './unknown-writes.ts';
import type { Database } from './schema.ts';

/**
 * The Idempotency-Keys of the last 24 hours, by the clock of the database: an instance whose own is wrong must not take a key
 * for a new one. A row without a status belongs to a row of the unknown writes.
 */

const KEPT_HOURS = 24;

/** What is known of a key; see `FoundKey` in forward/keyed-writes.ts. */
type Found =
  | { readonly kind: 'claimed' | 'mismatch' | 'in_progress' | 'unknown' }
  | { readonly kind: 'arrived'; readonly path: string }
  | { readonly kind: 'answered'; readonly path: string; readonly status: number; readonly sealed: Buffer };

export class PostgresIdempotencyKeys {
  readonly #db: Kysely<Database>;

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  claim(id: Buffer, fingerprint: Buffer, write: UnknownWrite): Promise<Found> {
    return this.#db.transaction().execute(async (tx) => {
      const expires_at = sql<Date>`now() + ${KEPT_HOURS} * interval '1 hour'`;
      const fresh = { fingerprint, write_id: write.id, path: null, status: null, sealed: null, expires_at };
      const inserted = await tx
        .insertInto('idempotency_keys')
        .values({ id, ...fresh })
        .onConflict((conflict) =>
          conflict
            .column('id')
            .doUpdateSet(fresh)
            .where('idempotency_keys.expires_at', '<=', sql<Date>`now()`),
        )
        .returning('write_id')
        .execute();
      const found: Found = inserted.length > 0 ? { kind: 'claimed' } : await this.#find(tx, id, fingerprint);
      if (found.kind !== 'claimed') return found;
      if (inserted.length === 0) await tx.updateTable('idempotency_keys').set(fresh).where('id', '=', id).execute();
      await addUnknownWrites(tx, [write]);
      return found;
    });
  }

  /** Of one that is there. The lock is for those that may be sent again: one of several gets it. */
  async #find(tx: Transaction<Database>, id: Buffer, fingerprint: Buffer): Promise<Found> {
    const key = await tx
      .selectFrom('idempotency_keys')
      .selectAll()
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirstOrThrow();
    if (!key.fingerprint.equals(fingerprint)) return { kind: 'mismatch' };
    const { status, sealed, path } = key;
    if (status !== null && sealed !== null) return { kind: 'answered', path: path ?? 'direct', status, sealed };
    const write = await tx
      .selectFrom('unknown_writes')
      .select(['state', 'path', sql<string | null>`settlement->>'found'`.as('found')])
      .where('id', '=', key.write_id)
      // An operator may be settling it.
      .forUpdate()
      .executeTakeFirst();
    // What an operator found is as good as what the facade found.
    const state = write?.state === 'settled' ? write.found : write?.state;
    if (state === 'arrived') return { kind: 'arrived', path: write?.path ?? 'direct' };
    if (state === 'not_arrived') {
      await settleResent(tx, key.write_id);
      return { kind: 'claimed' };
    }
    return { kind: state === 'under_way' || state === 'open' ? 'in_progress' : 'unknown' };
  }

  answered(id: Buffer, writeId: string, path: string, status: number, sealed: Buffer): Promise<void> {
    return this.#db.transaction().execute(async (tx) => {
      await tx
        .updateTable('idempotency_keys')
        .set({ path, status, sealed })
        .where('id', '=', id)
        .where('write_id', '=', writeId)
        .execute();
      await forgetWrite(tx, writeId);
    });
  }

  unknown(write: UnknownWrite): Promise<void> {
    return addUnknownWrites(this.#db, [write]);
  }

  release(id: Buffer, writeId: string): Promise<void> {
    return this.#db.transaction().execute(async (tx) => {
      await tx.deleteFrom('idempotency_keys').where('id', '=', id).where('write_id', '=', writeId).execute();
      await forgetWrite(tx, writeId);
    });
  }
}

/** The row of the first request has nothing more to say. */
async function settleResent(tx: Transaction<Database>, writeId: string): Promise<void> {
  const settlement: Settlement = {
    at: new Date().toISOString(),
    who: 'the caller',
    why: 'sent again with the same Idempotency-Key, since it had not arrived',
    identity: 'its token',
    source: 'caller',
    found: 'not_arrived',
  };
  await new PostgresUnknownWrites(tx).settle([writeId], settlement);
}

/** Its end is known. */
async function forgetWrite(tx: Transaction<Database>, writeId: string): Promise<void> {
  await tx.deleteFrom('unknown_writes').where('id', '=', writeId).where('state', '!=', 'settled').execute();
}
