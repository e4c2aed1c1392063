import { sql, type Kysely } from 'kysely';
import { LIVING } from './instance-locks.ts';
import { table, type Database } from '../../facade/store/schema.ts';
import { storedJson } from '../../facade/store/stored-json.ts';

/**
 * What instances must agree on before they ask an upstream: whether a CPF is asked about, or was just now, and whose
 * turn it is. Each is one statement, and its clock is the database's, the only one that all of them share.
 */

/** Milliseconds that the answer of a window is kept. */
const KEEP_ANSWER_MS = 300_000;
/** Of a claim that its process could neither keep nor give back, though it lives. Far above any wait for a turn. */
const MAX_CLAIM_AGE = sql`interval '1 hour'`;
const NOW = sql`clock_timestamp()`;

export type WindowClaim<T> =
  /** Whoever has it asks; all others wait until it is answered or given back. */
  | { readonly kind: 'ours' }
  /** Somebody asks at this moment. */
  | { readonly kind: 'taken' }
  | { readonly kind: 'answered'; readonly answer: T };

/**
 * Claims the right to ask about a CPF, which one of all instances has at a time. It falls with its process.
 * @param windowMs how long nobody asks again after an answer; 300 000 at most.
 * @param asker the number of the process.
 */
export async function claimCpf<T extends object>(
  db: Kysely<Database>,
  cpf: string,
  windowMs: number,
  asker: number,
): Promise<WindowClaim<T>> {
  if (windowMs > KEEP_ANSWER_MS)
    throw new RangeError(`a window of ${windowMs} ms; rows are kept for ${KEEP_ANSWER_MS}`);
  const begin = sql`${NOW} - ${windowMs} * interval '1 millisecond'`;
  const { rows } = await sql<{ isOurs: boolean; answer: T | null }>`
    with claim as (
      insert into ${table('cpf_windows')} as held (cpf, asked_at, asker) values (${cpf}, ${NOW}, ${asker})
      on conflict (cpf) do update set asked_at = excluded.asked_at, asker = excluded.asker, answer = null
        where (held.answer is null or held.asked_at <= ${begin}) and ${isFree(sql`held.asker`, sql`held.asked_at`)}
      returning 1
    )
    select exists (select from claim) as "isOurs",
      (select answer from ${table('cpf_windows')} where cpf = ${cpf} and asked_at > ${begin}) as answer`.execute(db);
  const [{ isOurs, answer } = { isOurs: false, answer: null }] = rows;
  if (isOurs) return { kind: 'ours' };
  return answer ? { kind: 'answered', answer } : { kind: 'taken' };
}

const isFree = (asker = sql`asker`, askedAt = sql`asked_at`) => sql<boolean>`(
  ${asker} is null or ${askedAt} < ${NOW} - ${MAX_CLAIM_AGE} or ${asker} not in (${LIVING}))`;

/** Keeps the answer for the window, which begins now, and ends the claim. */
export async function answerCpf(db: Kysely<Database>, cpf: string, answer: object): Promise<void> {
  await sql`
    insert into ${table('cpf_windows')} (cpf, asked_at, answer) values (${cpf}, ${NOW}, ${storedJson(answer)}::jsonb)
    on conflict (cpf) do update set asked_at = excluded.asked_at, answer = excluded.answer, asker = null`.execute(db);
}

/** Gives the claim back: the question was not answered, so the next one may ask at once. */
export async function releaseCpf(db: Kysely<Database>, cpf: string, asker: number): Promise<void> {
  await db.deleteFrom('cpf_windows').where('cpf', '=', cpf).where('asker', '=', asker).execute();
}

/** A CPF is personal data: it goes when its window is over, and nobody asks about it. @returns how many went. */
export async function sweepWindows(db: Kysely<Database>): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('cpf_windows')
    .where('asked_at', '<', sql<Date>`${NOW} - ${KEEP_ANSWER_MS} * interval '1 millisecond'`)
    .where(isFree())
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
