import { codeOf } from '../../http/error-code.ts';
import { readText } from '../../http/read-file.ts';
import { Turns } from '../../http/turns.ts';
import { within } from '../../http/within.ts';
import type { SteerState } from '../store/flips.ts';
import { halfWritten } from '../config/half-written.ts';
import { editRollout, EditRefused } from '../config/edit.ts';
import type { FacadeConfig } from '../config/schema.ts';
import { FileChanged, writeConfig } from '../config/write.ts';
import type { FlipChange } from '../rollout/flip.ts';
import type { ImportedFile } from '../store/imported-files.ts';
import type { PendingWrites } from './pending-writes.ts';
import { FlipRefused } from './refused.ts';
import { changesOf, expectRevision, type FlipRequest, type FlipResult } from './request.ts';
import { editedRollouts } from './diff-file.ts';
import type { FileGuard } from './flip-guard.ts';
import { importedFile, importFile } from './import-file.ts';
import type { AcceptedFile, Admit, EditedFile, Flipped, RolloutStore } from './rollout-store.ts';

/** A flip of the file does not wait longer for the history, before and after it. */
const HISTORY_TIMEOUT_MS = 1_000;

/**
 * One instance: the rollouts are in the config file. A flip edits the file and has it loaded, so that what serves is what is
 * written, whoever looks; the history is written afterwards, and a database that is down keeps nobody from flipping.
 */
export class FileRolloutStore implements RolloutStore {
  readonly #edited: EditedFile;
  readonly #pending: PendingWrites;
  #text = '';
  #file: ImportedFile | undefined;
  /** What a flip of ours is writing: seen in the file, it is nobody's edit by hand. */
  #own: string | undefined;
  #guardEdits: FileGuard | undefined;
  /** Flips follow one another: each is an edit of the text that the one before left. */
  readonly #turns = new Turns();

  constructor(edited: EditedFile, pending: PendingWrites) {
    this.#edited = edited;
    this.#pending = pending;
  }

  accept(file: AcceptedFile): void {
    const { text } = file;
    if (this.#file && text === this.#text) return;
    const now = importedFile(file);
    const previous = this.#file?.rollouts;
    this.#text = text;
    this.#file = now;
    if (text === this.#own) return;
    const against = previous && this.#guardEdits?.(editedRollouts(previous, now.rollouts), file.config);
    this.#pending.add((flips) => importFile(flips, 'file', { previous, now, against }));
    void this.#pending.flush();
  }

  /** What the file says is in force. */
  resolve(config: FacadeConfig): FacadeConfig {
    return config;
  }

  /** Rollouts change with the file only, and whoever accepts the file knows of that. */
  subscribe(): void {
    return;
  }

  guardEdits(guard: FileGuard): void {
    this.#guardEdits = guard;
  }

  async flip(request: FlipRequest, admit: Admit): Promise<Flipped> {
    return { result: await this.#turns.take(() => this.#flip(request, admit)), inForce: undefined };
  }

  /** What the history says is not in force. */
  serve(): undefined {
    return undefined;
  }

  async #flip(request: FlipRequest, admit: Admit): Promise<FlipResult> {
    const { file, schema, variables, reload } = this.#edited;
    let before = await readTable(file);
    if (before !== this.#text) {
      // Somebody saved it a moment ago: that is a flip of its own, before this one.
      const half = halfWritten(before, this.#text);
      if (half) throw new FlipRefused('conflict', stillWritten(file, half.sign));
      await reload();
      before = await readTable(file);
    }
    const revision = await this.#revision(request.expectRevision);
    const asked = changesOf(request.changes, this.#file?.rollouts ?? new Map());
    const { text, diff } = edited(before, request.changes, variables(), file, schema);
    const changes = admit(asked);
    if (request.dryRun || changes.length === 0) return { revision, changes, diff };
    await this.#write(before, text);
    return { revision: await this.#record(request, changes), changes, diff };
  }

  /** The newest revision, null when nobody can tell; but who expects one must be told. */
  async #revision(expected: number | undefined): Promise<number | null> {
    const state = await within(HISTORY_TIMEOUT_MS, this.#state()).catch(() => undefined);
    if (state) expectRevision(expected, state.revision);
    else if (expected !== undefined) {
      throw new FlipRefused('unavailable', 'the history cannot be read now; flip without expecting a revision');
    }
    return state?.revision ?? null;
  }

  /** Undefined: what happened before cannot be written down now. */
  async #state(): Promise<SteerState | undefined> {
    return (await this.#pending.flush()) ? this.#pending.flips?.state() : undefined;
  }

  async #write(before: string, text: string): Promise<void> {
    const { file, reload } = this.#edited;
    this.#own = text;
    try {
      await writeConfig(file, { text: before }, text);
      await reload();
    } catch (error) {
      throw writeRefused(file, error);
    } finally {
      this.#own = undefined;
    }
    if (this.#text === text) return;
    throw new FlipRefused('conflict', `${file} was changed by somebody else right after the flip; look at it`);
  }

  async #record({ changes: _, ...reason }: FlipRequest, changes: readonly FlipChange[]): Promise<number | null> {
    const file = this.#file as ImportedFile;
    let revision: number | null = null;
    this.#pending.add((flips) =>
      flips.transact(async (tx) => {
        await tx.imported(file);
        revision = await tx.append({ ...reason, changes });
      }),
    );
    await within(HISTORY_TIMEOUT_MS, this.#pending.flush()).catch(() => false);
    return revision;
  }
}

const stillWritten = (file: string, sign: string): string =>
  `${file} looks half written: ${sign}; nothing was flipped. Wait some seconds and flip again, or put the file back`;

function edited(...flip: Parameters<typeof editRollout>): ReturnType<typeof editRollout> {
  try {
    return editRollout(...flip);
  } catch (error) {
    if (error instanceof EditRefused) throw new FlipRefused('invalid', error.message, { cause: error });
    throw error;
  }
}

async function readTable(file: string): Promise<string> {
  try {
    return await readText(file);
  } catch (error) {
    const remedy = 'put it back; the table that was read last serves on, and the kill switch works without it';
    throw new FlipRefused('read-only', `${file} cannot be read (${codeOf(error)}); ${remedy}`, { cause: error });
  }
}

function writeRefused(file: string, error: unknown): FlipRefused {
  if (error instanceof FileChanged) return new FlipRefused('conflict', error.message, { cause: error });
  const remedy = 'make the file and its directory writable, edit it where it comes from, or set DATABASE_URL';
  return new FlipRefused('read-only', `${file} cannot be written (${codeOf(error)}); ${remedy}`, { cause: error });
}
