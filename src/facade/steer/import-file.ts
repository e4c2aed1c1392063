import { rolloutsOf } from '../config/rollout.ts';
import type { FlipLog } from '../store/flips.ts';
import type { ImportedFile } from '../store/imported-files.ts';
import { diffFile, type FileChange, type RolloutStoreKind } from './diff-file.ts';
import type { AcceptedFile } from './rollout-store.ts';

export const importedFile = ({ digest, config }: AcceptedFile): ImportedFile => ({
  digest,
  rollouts: rolloutsOf(config),
});

/** Writes down what a file that came into sight flipped. */
export async function importFile(flips: FlipLog, kind: RolloutStoreKind, change: FileChange): Promise<void> {
  await flips.transact(async (tx) => {
    const lastFile = await tx.lastFile();
    const wasImported = await tx.wasImported(change.now.digest);
    const changes = diffFile(kind, change, { lastFile, wasImported, rollouts: tx.rollouts });
    if (!changes) return;
    await tx.imported(change.now);
    const why = change.previous === undefined && changes.length > 0 ? 'found at the start' : undefined;
    await tx.append({ source: 'file', who: 'file', identity: 'file', why, changes });
  });
}
