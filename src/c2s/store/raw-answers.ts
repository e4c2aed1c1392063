import { sql, type Kysely } from 'kysely';
import type { Database } from '../../facade/store/schema.ts';
import type { Sealer } from '../../facade/store/seal.ts';

/** Answers as they came, one a CPF and source, sealed. Without a key they are not kept at all. */

interface RawAnswer {
  readonly cpf: string;
  readonly source: string;
  readonly text: string;
}

const contextOf = ({ cpf, source }: { cpf: string; source: string }): string => `${source} ${cpf}`;

/** @returns whether it was kept. */
export async function keepRawAnswer(
  db: Kysely<Database>,
  sealer: Sealer | undefined,
  raw: RawAnswer,
): Promise<boolean> {
  if (!sealer) return false;
  const { cpf, source } = raw;
  const { keyId: key_id, sealed } = sealer.seal(raw.text, contextOf(raw));
  await db
    .insertInto('raw_answers')
    .values({ cpf, source, key_id, sealed })
    .onConflict((oc) => oc.columns(['cpf', 'source']).doUpdateSet({ key_id, sealed, received_at: sql<Date>`now()` }))
    .execute();
  return true;
}

/**
 * After a change of keys: seals anew what an older one of ours sealed, so that the older one may go. What a key sealed
 * that we do not have stays as it is.
 * @param most rows in one go.
 * @returns how many; fewer than `most`: all are done.
 */
export async function resealRawAnswers(db: Kysely<Database>, sealer: Sealer, most = 100): Promise<number> {
  if (sealer.olderKeyIds.length === 0) return 0;
  return db.transaction().execute(async (tx) => {
    const rows = await tx
      .selectFrom('raw_answers')
      .selectAll()
      .where('key_id', 'in', sealer.olderKeyIds)
      .limit(most)
      .forUpdate()
      .skipLocked()
      .execute();
    for (const row of rows) {
      const text = sealer.open({ keyId: row.key_id, sealed: row.sealed }, contextOf(row));
      const { keyId, sealed } = sealer.seal(text, contextOf(row));
      await tx
        .updateTable('raw_answers')
        .set({ key_id: keyId, sealed })
        .where('cpf', '=', row.cpf)
        .where('source', '=', row.source)
        .execute();
    }
    return rows.length;
  });
}
