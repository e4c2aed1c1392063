import type { Transaction } from 'kysely';
import type { Rollouts } from '../rollout/flip.ts';
import type { Database } from './schema.ts';
import { storedJson } from './stored-json.ts';

/** The config files whose rollouts were taken over, so that each is taken over once, by whichever instance comes first. */

export interface AppliedFile {
  /** Of its text (`revisionOf`). */
  readonly revision: string;
  readonly rollouts: Rollouts;
}

export async function lastAppliedFile(tx: Transaction<Database>): Promise<AppliedFile | undefined> {
  const row = await tx
    .selectFrom('applied_files')
    .select(['revision', 'rollouts'])
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row && { revision: row.revision, rollouts: new Map(Object.entries(row.rollouts)) };
}

export async function wasApplied(tx: Transaction<Database>, revision: string): Promise<boolean> {
  const row = await tx.selectFrom('applied_files').select('id').where('revision', '=', revision).executeTakeFirst();
  return row !== undefined;
}

export async function recordAppliedFile(tx: Transaction<Database>, file: AppliedFile): Promise<void> {
  const rollouts = storedJson(Object.fromEntries(file.rollouts));
  await tx.insertInto('applied_files').values({ revision: file.revision, rollouts }).execute();
}
