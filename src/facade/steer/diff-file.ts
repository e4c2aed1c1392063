import { isSameRollout, type Rollouts } from '../config/rollout.ts';
import type { FlipChange } from '../rollout/flip.ts';
import type { ImportedFile } from '../store/imported-files.ts';

/**
 * What a config file that comes into sight means for the rollouts. Pure.
 *
 * Seen by a running instance, a change of the file is a human's flip of the rows that differ from the file before. Seen
 * at a start it may be only the file that was always there: with the rollouts in the database, one that was imported once
 * must not undo what was flipped since, and only a new one (a new image, say) flips what differs from the last one.
 * Several instances see the same file: whoever comes first imports it.
 */

/** Where the rollouts in force are kept: in the file of the one instance, or in the database that several share. */
export type RolloutStoreKind = 'file' | 'database';

export interface FileChange {
  /** Of the file before; undefined at a start. */
  readonly previous: Rollouts | undefined;
  readonly now: ImportedFile;
  /** What the evidence said against the edit, by route. */
  readonly against?: ReadonlyMap<string, string> | undefined;
}

export interface KnownFiles {
  readonly lastFile: ImportedFile | undefined;
  /** Whether `now` was ever imported. */
  readonly wasImported: boolean;
  /** What the database holds of every route that was ever flipped. */
  readonly rollouts: Rollouts;
}

/** The flips to make; undefined when there is nothing to import. */
export function diffFile(kind: RolloutStoreKind, change: FileChange, known: KnownFiles): FlipChange[] | undefined {
  const { previous, now, against } = change;
  if (known.lastFile?.digest === now.digest) return undefined;
  if (previous === undefined && kind === 'database' && known.wasImported) return undefined;
  const base = previous ?? known.lastFile?.rollouts;
  // The first file of all is where the history begins.
  if (!base) return [];
  return [...now.rollouts].flatMap(([route, to]) => {
    const before = base.get(route);
    if (before && isSameRollout(before, to)) return [];
    const inForce = kind === 'database' ? known.rollouts.get(route) : undefined;
    // A new route is no flip, unless the database remembers one of that name.
    const from = inForce ?? before;
    return from === undefined || isSameRollout(from, to) ? [] : [{ route, from, to, against: against?.get(route) }];
  });
}

/** What an edit changes of routes that were there before. @param inForce where a route serves otherwise than the file before said. */
export function editedRollouts(previous: Rollouts, now: Rollouts, inForce: Rollouts = new Map()): FlipChange[] {
  return [...now].flatMap(([route, to]) => {
    const before = previous.get(route);
    return before === undefined || isSameRollout(before, to) ? [] : [{ route, from: inForce.get(route) ?? before, to }];
  });
}
