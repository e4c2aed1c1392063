import type { FacadeConfig } from '../config/schema.ts';
import type { TableSchema } from '../config/table-schema.ts';
import type { Variables } from '../config/variables.ts';
import type { Logger } from '../../http/log.ts';
import type { FlipChange } from '../rollout/flip.ts';
import type { SteerState } from '../store/flips.ts';
import { DatabaseRolloutStore } from './database-rollout-store.ts';
import type { RolloutStoreKind } from './diff-file.ts';
import { FileRolloutStore } from './file-rollout-store.ts';
import type { FileGuard } from './flip-guard.ts';
import type { PendingWrites } from './pending-writes.ts';
import type { FlipRequest, FlipResult } from './request.ts';

/** A config file that was accepted, as it is written. */
export interface AcceptedFile {
  readonly text: string;
  /** Of the text. */
  readonly digest: string;
  readonly config: FacadeConfig;
}

/**
 * Where the rollouts in force are kept: in the file (file-rollout-store.ts) or in the database
 * (database-rollout-store.ts). A store knows nothing of whoever serves them: it is told of files, is asked for the
 * rollouts, and tells when they change.
 */
export interface RolloutStore {
  /** A config file was accepted: what somebody changed in it is a flip. Comes before `resolve` of the same file. */
  accept(file: AcceptedFile): void;
  /** The rollouts in force, laid over the routes of an accepted file. Changes nothing. */
  resolve(config: FacadeConfig): FacadeConfig;
  /** Told when `resolve` has another answer for the same file. */
  subscribe(listener: () => void): void;
  /** Makes the flip; with a file it serves then. @param timeoutMs for all of it. @throws FlipRefused */
  flip(request: FlipRequest, admit: Admit, timeoutMs: number): Promise<Flipped>;
  /** Asked of what an edit of the file changes while this facade runs. */
  guardEdits(guard: FileGuard): void;
  /** What a look at the history found, newer than any before. @returns whether it went back: it is older than before. */
  serve(state: SteerState): WentBack | undefined;
}

/** Told of what would change, before it does. @returns it as the history is to have it. @throws FlipRefused */
export type Admit = (changes: readonly FlipChange[]) => readonly FlipChange[];

export interface Flipped {
  readonly result: FlipResult;
  /** What is in force with it, for whoever cannot look; undefined: it serves already. */
  readonly inForce: SteerState | undefined;
}

/** The database holds less than it did: it was restored, or a standby took over that lacks the end. */
export interface WentBack {
  readonly from: number;
  readonly to: number;
}

/** The config file, as a flip edits it. */
export interface EditedFile {
  readonly file: string;
  /** Left out: the engine's alone. */
  readonly schema?: TableSchema | undefined;
  readonly variables: () => Variables;
  /** Reads the file again, now; resolves when it serves, or was refused. */
  readonly reload: () => Promise<void>;
}

interface CreateOptions extends EditedFile {
  readonly kind: RolloutStoreKind;
  readonly pending: PendingWrites;
  readonly log: Logger;
}

export function createRolloutStore({ kind, pending, log, ...file }: CreateOptions): RolloutStore {
  return kind === 'database' ? new DatabaseRolloutStore(pending, log) : new FileRolloutStore(file, pending);
}
