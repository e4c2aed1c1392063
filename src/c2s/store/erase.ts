import { sql, type DeleteResult, type Kysely, type Transaction } from 'kysely';
import { table, type Database } from '../../facade/store/schema.ts';
import { CHANNEL, FORGOTTEN } from './channel.ts';
import { recordAudit, type Actor, type AuditAction } from './audit.ts';
import { sweepWindows } from './windows.ts';

/** The two ways in which personal data ends: its person asks for it (LGPD, article 18), or its time is over. */

/** How many rows went, or were emptied. */
export interface Forgotten {
  readonly people: number;
  readonly contacts: number;
  readonly addresses: number;
  readonly companies: number;
  readonly rawAnswers: number;
  readonly windows: number;
  /** These stay, without what they held of anybody: they keep a second message from being sent. */
  readonly enrichments: number;
}

type ErasureTransaction = Transaction<Database>;

/** Deletes all that is kept about a CPF. The record of it stays, also where nothing was kept. */
export function forgetCpf(db: Kysely<Database>, cpf: string, actor: Actor): Promise<Forgotten> {
  return db.transaction().execute(async (tx) => {
    const forgotten = {
      // First what the pipeline writes last, in its order, so that the two do not wait for each other crosswise.
      enrichments: await emptyEnrichmentsOf(tx, cpf),
      ...(await deletePeople(tx, sql<boolean>`cpf = ${cpf}`)),
      rawAnswers: count(await tx.deleteFrom('raw_answers').where('cpf', '=', cpf).executeTakeFirst()),
      windows: count(await tx.deleteFrom('cpf_windows').where('cpf', '=', cpf).executeTakeFirst()),
    };
    await recordAudit(tx, entryOf('erase', 'all that was kept of a person', forgotten, actor));
    // Heard with the commit.
    await sql`select pg_notify(${CHANNEL}, ${FORGOTTEN})`.execute(tx);
    return forgotten;
  });
}

/**
 * Deletes personal data that nobody renewed for so long.
 * @param days 1 at least.
 */
export async function applyRetention(db: Kysely<Database>, days: number, now: Date): Promise<Forgotten> {
  if (!(days >= 1)) throw new RangeError(`a retention of ${days} days; one day at least`);
  const before = new Date(now.getTime() - days * 86_400_000);
  const windows = await sweepWindows(db);
  return db.transaction().execute(async (tx) => {
    await tx.deleteFrom('seen_events').where('received_at', '<', before).execute();
    const forgotten = {
      enrichments: await emptyEnrichmentsBefore(tx, before),
      ...(await deletePeople(tx, sql<boolean>`updated_at < ${before}`)),
      rawAnswers: count(await tx.deleteFrom('raw_answers').where('received_at', '<', before).executeTakeFirst()),
      windows,
    };
    const entry = entryOf('expire', `what nobody renewed for ${days} days`, forgotten, RETENTION);
    if (entry.rows > 0) await recordAudit(tx, entry);
    return forgotten;
  });
}

const RETENTION: Actor = { who: 'retention', via: 'this service' };

function entryOf(action: AuditAction, subject: string, forgotten: Forgotten, actor: Actor) {
  const { people } = forgotten;
  const rows = Object.values(forgotten).reduce<number>((sum, n: number) => sum + n, 0);
  return { ...actor, action, subject, people, rows };
}

const count = ({ numDeletedRows }: DeleteResult): number => Number(numDeletedRows);

async function deletePeople(tx: ErasureTransaction, which: ReturnType<typeof sql<boolean>>) {
  const people = await tx.selectFrom('people').select('id').where(which).forUpdate().execute();
  const ids = people.map(({ id }) => id);
  const of = async (table: 'contacts' | 'addresses' | 'companies'): Promise<number> =>
    count(
      await tx
        .deleteFrom(table)
        .where('person_id', '=', sql<number>`any(${ids})`)
        .executeTakeFirst(),
    );
  return {
    contacts: await of('contacts'),
    addresses: await of('addresses'),
    companies: await of('companies'),
    people: count(
      await tx
        .deleteFrom('people')
        .where('id', '=', sql<number>`any(${ids})`)
        .executeTakeFirst(),
    ),
  };
}

/**
 * The message goes whole: it may tell of two people, and nobody can cut one out of it. So does the progress, which names
 * the person before anything was found out, and before the enrichment is linked to anybody.
 */
async function emptyEnrichmentsOf(tx: ErasureTransaction, cpf: string): Promise<number> {
  const links = await tx.deleteFrom('enrichment_people').where('cpf', '=', cpf).returning('enrichment_id').execute();
  const linked = links.map(({ enrichment_id }) => enrichment_id);
  const rows = await tx
    .updateTable('enrichments')
    .set({
      message: null,
      progress: '{}',
      customer_name: null,
      findings: sql<string>`findings - ${cpf}::text`,
      updated_at: sql<Date>`now()`,
    })
    .where((eb) =>
      eb.or([eb('id', '=', sql<string>`any(${linked}::uuid[])`), eb(sql<string>`progress::text`, 'like', `%${cpf}%`)]),
    )
    .returning('id')
    .execute();
  return rows.length;
}

async function emptyEnrichmentsBefore(tx: ErasureTransaction, before: Date): Promise<number> {
  const { numUpdatedRows } = await tx
    .updateTable('enrichments')
    .set({ message: null, progress: '{}', findings: '{}', customer_name: null })
    .where('updated_at', '<', before)
    .where((eb) =>
      eb.or([
        eb('message', 'is not', null),
        eb('customer_name', 'is not', null),
        eb(sql<string>`progress::text`, '!=', '{}'),
        eb(sql<string>`findings::text`, '!=', '{}'),
      ]),
    )
    .executeTakeFirst();
  await sql`
    delete from ${table('enrichment_people')} as link using ${table('enrichments')} as enrichment
    where enrichment.id = link.enrichment_id and enrichment.updated_at < ${before}`.execute(tx);
  return Number(numUpdatedRows);
}
