import type { Transaction } from 'kysely';
import type { Rollouts } from '../config/rollout.ts';
import type { Database } from './schema.ts';
import { storedJson } from './stored-json.ts';

/** The config files whose rollouts were imported, so that each is imported once, by whichever instance comes first. */

export interface ImportedFile {
  /** Of its text (`digestOf`). */
  readonly digest: string;
  readonly rollouts: Rollouts;
}

export async function lastImportedFile(tx: Transaction<Database>): Promise<ImportedFile | undefined> {
  const row = await tx
    .selectFrom('applied_files')
    .select(['revision', 'rollouts'])
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row && { digest: row.revision, rollouts: new Map(Object.entries(row.rollouts)) };
}

export async function wasImported(tx: Transaction<Database>, digest: string): Promise<boolean> {
  const row = await tx.selectFrom('applied_files').select('id').where('revision', '=', digest).executeTakeFirst();
  return row !== undefined;
}

export async function recordImportedFile(tx: Transaction<Database>, file: ImportedFile): Promise<void> {
  const rollouts = storedJson(Object.fromEntries(file.rollouts));
  await tx.insertInto('applied_files').values({ revision: file.digest, rollouts }).execute();
}
