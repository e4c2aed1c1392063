import { revisionOf } from '../config/load.ts';
import type { FacadeConfig } from '../config/schema.ts';
import { rolloutsOf } from '../config/rollout.ts';
import type { FlipLog } from '../store/flips.ts';
import type { ImportedFile } from '../store/revisions.ts';
import { diffFile, type FileChange, type RolloutStoreKind } from './diff-file.ts';

export const importedFile = (text: string, written: FacadeConfig): ImportedFile => ({
  revision: revisionOf(text),
  rollouts: rolloutsOf(written),
});

/** Writes down what a file that came into sight flipped. */
export async function importFile(flips: FlipLog, kind: RolloutStoreKind, seen: FileChange): Promise<void> {
  await flips.transact(async (tx) => {
    const lastFile = await tx.lastFile();
    const wasImported = await tx.wasImported(seen.now.revision);
    const changes = diffFile(kind, seen, { lastFile, wasImported, rollouts: tx.rollouts });
    if (!changes) return;
    await tx.imported(seen.now);
    const why = seen.previous === undefined && changes.length > 0 ? 'found at the start' : undefined;
    await tx.append({ source: 'file', who: 'file', identity: 'file', why, changes });
  });
}
