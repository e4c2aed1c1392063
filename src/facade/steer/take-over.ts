import { revisionOf } from '../config/load.ts';
import type { FacadeConfig } from '../config/schema.ts';
import { rolloutsOf } from '../rollout/flip.ts';
import type { FlipLog } from '../store/flips.ts';
import type { AppliedFile } from '../store/revisions.ts';
import { flipsOfFile, type SeenFile, type TruthKind } from './file-flips.ts';

export const appliedFile = (text: string, written: FacadeConfig): AppliedFile => ({
  revision: revisionOf(text),
  rollouts: rolloutsOf(written),
});

/** Writes down what a file that came into sight flipped. */
export async function takeOver(flips: FlipLog, truth: TruthKind, seen: SeenFile): Promise<void> {
  await flips.transact(async (tx) => {
    const lastFile = await tx.lastFile();
    const wasApplied = await tx.wasApplied(seen.now.revision);
    const changes = flipsOfFile(truth, seen, { lastFile, wasApplied, rollouts: tx.rollouts });
    if (!changes) return;
    await tx.applied(seen.now);
    const why = seen.previous === undefined && changes.length > 0 ? 'found at the start' : undefined;
    await tx.append({ source: 'file', who: 'file', identity: 'file', why, changes });
  });
}
