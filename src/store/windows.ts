import { sql, type Kysely } from 'kysely';
import { table, type Database } from './schema.ts';

/**
 * What instances must agree on before they ask an upstream: whether a CPF was asked about just now, and whose turn it
 * is. Each is one statement, and its clock is the database's, the only one that all of them share.
 */

/** Milliseconds that a row of a window is kept. */
const KEPT = 300_000;

/**
 * Claims the right to ask about a CPF.
 * @param windowMs how long nobody asks again; 300 000 at most.
 * @returns `ask` to one of all who claim within a window, `recent` to the others.
 */
export async function claimCpf(db: Kysely<Database>, cpf: string, windowMs: number): Promise<'ask' | 'recent'> {
  if (windowMs > KEPT) throw new RangeError(`a window of ${windowMs} ms; rows are kept for ${KEPT}`);
  const { rows } = await sql`
    insert into ${table('cpf_windows')} as held (cpf, asked_at) values (${cpf}, clock_timestamp())
    on conflict (cpf) do update set asked_at = excluded.asked_at
      where held.asked_at <= excluded.asked_at - ${windowMs} * interval '1 millisecond'
    returning 1`.execute(db);
  return rows.length > 0 ? 'ask' : 'recent';
}

/** Gives the claim back: the question was not answered, so the next one may ask at once. */
export async function releaseCpf(db: Kysely<Database>, cpf: string): Promise<void> {
  await db.deleteFrom('cpf_windows').where('cpf', '=', cpf).execute();
}

/** A CPF is personal data: it goes when its window is over. @returns how many went. */
export async function sweepWindows(db: Kysely<Database>): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('cpf_windows')
    .where('asked_at', '<', sql<Date>`clock_timestamp() - ${KEPT} * interval '1 millisecond'`)
    .executeTakeFirst();
  return Number(numDeletedRows);
}

/**
 * Reserves the next turn in a line that every instance stands in.
 * @param intervalMs from one turn to the next.
 * @returns milliseconds to wait until one's turn; 0: now.
 */
export async function nextSlot(db: Kysely<Database>, name: string, intervalMs: number): Promise<number> {
  const { rows } = await sql<{ wait: number }>`
    insert into ${table('paces')} as line (name, next_at)
      values (${name}, clock_timestamp() + ${intervalMs} * interval '1 millisecond')
    on conflict (name) do update
      set next_at = greatest(line.next_at, clock_timestamp()) + ${intervalMs} * interval '1 millisecond'
    returning extract(epoch from next_at - clock_timestamp()) * 1000 - ${intervalMs}::float8 as wait`.execute(db);
  return Math.max(0, Math.ceil(Number(rows[0]?.wait ?? 0)));
}
