import { Turns } from '../../http/turns.ts';
import { isSameRollout, rolloutsOf, rolloutText, type Rollouts, type RolloutValues } from '../config/rollout.ts';
import { withRollouts } from '../config/rollouts.ts';
import type { FacadeConfig } from '../config/schema.ts';
import { unifiedDiff } from '../config/unified-diff.ts';
import type { FlipChange } from '../rollout/flip.ts';
import type { FlipLog, SteerTransaction } from '../store/flips.ts';
import type { Logger } from '../../http/log.ts';
import { codeOf } from '../../http/error-code.ts';
import type { ImportedFile } from '../store/revisions.ts';
import type { PendingWrites } from './pending-writes.ts';
import { FlipRefused } from './refused.ts';
import { changesOf, expectRevision, type FlipRequest, type FlipResult } from './request.ts';
import type { FileChange } from './diff-file.ts';
import { importedFile, importFile } from './import-file.ts';
import type { AcceptedFile, RolloutStore } from './rollout-store.ts';

/**
 * Several instances: the rollouts are in the database. Every instance lays the rollouts of the database over the rows of its file,
 * and looks again when it is told of a new revision. The file stays a way to flip: a change of it under a running
 * instance acts here at once and is handed to the store, which tells the others (diff-file.ts).
 */
export class DatabaseRolloutStore implements RolloutStore {
  readonly #pending: PendingWrites;
  readonly #log: Logger;
  readonly #listeners = new Set<() => void>();
  #file: ImportedFile | undefined;
  #written: FacadeConfig | undefined;
  #rollouts: Rollouts = new Map();
  #revision = -1;
  /** Of a file that was changed here and that the store does not have yet. */
  readonly #unsaved = new Map<string, RolloutValues>();
  readonly #turns = new Turns();

  constructor(pending: PendingWrites, log: Logger) {
    this.#pending = pending;
    this.#log = log;
  }

  accept(file: AcceptedFile): void {
    const now = importedFile(file);
    if (this.#file?.revision !== now.revision) this.#changed({ previous: this.#file?.rollouts, now });
    this.#file = now;
    this.#written = file.config;
  }

  resolve(written: FacadeConfig): FacadeConfig {
    const { config, refused } = withRollouts(written, new Map([...this.#rollouts, ...this.#unsaved]));
    for (const { route, reasons } of refused) {
      this.#log.warn({ route, reasons }, 'a rollout of the store does not fit this file; the row is as written');
    }
    return config;
  }

  subscribe(listener: () => void): void {
    this.#listeners.add(listener);
  }

  async flip(request: FlipRequest): Promise<FlipResult> {
    const { flips } = this.#pending;
    // What was changed in the file before comes first in the history too.
    if (!flips || !(await this.#pending.flush())) throw unavailable(undefined);
    const result = await flips.transact((tx) => this.#decide(tx, request)).catch(refusedOrUnavailable);
    await this.catchUp();
    return result;
  }

  /** Serves the newest revision of the store. One after another: an older answer must not come in after a newer one. */
  catchUp(): Promise<void> {
    return this.#turns.take(() => this.#catchUp());
  }

  async #catchUp(): Promise<void> {
    const { flips } = this.#pending;
    if (!flips) return;
    await this.#pending.flush();
    const { revision, rollouts } = await flips.state();
    if (revision <= this.#revision) return;
    this.#revision = revision;
    this.#rollouts = rollouts;
    this.#log.info({ revision }, 'rollouts changed');
    for (const listener of this.#listeners) listener();
  }

  async #decide(tx: SteerTransaction, request: FlipRequest): Promise<FlipResult> {
    const { changes: requested, dryRun, expectRevision: expected, ...reason } = request;
    expectRevision(expected, tx.revision);
    const { config } = withRollouts(this.#written as FacadeConfig, tx.rollouts);
    const before = rolloutsOf(config);
    const changes = changesOf(requested, before);
    const { refused } = withRollouts(config, new Map(changes.map(({ route, to }) => [route, to])));
    if (refused.length > 0) {
      throw new FlipRefused('invalid', refused.flatMap(({ reasons }) => reasons).join('\n'));
    }
    const diff = diffOf(before, changes);
    if (dryRun || changes.length === 0) return { revision: tx.revision, changes, diff };
    return { revision: await tx.append({ ...reason, changes }), changes, diff };
  }

  #changed(change: FileChange): void {
    const changed = [...change.now.rollouts].filter(([route, to]) => {
      const before = change.previous?.get(route);
      return before !== undefined && !isSameRollout(before, to);
    });
    for (const [route, to] of changed) this.#unsaved.set(route, to);
    this.#pending.add(async (flips: FlipLog) => {
      await importFile(flips, 'database', change);
      for (const [route, to] of changed) if (this.#unsaved.get(route) === to) this.#unsaved.delete(route);
      // Now the store has it, even when another instance handed the same file in before and somebody flipped since.
      this.#revision = -1;
    });
    void this.catchUp().catch((error: unknown) => this.#log.warn({ err: error }, 'the store cannot be read'));
  }
}

function diffOf(before: Rollouts, changes: readonly FlipChange[]): string {
  const after = new Map([...before, ...changes.map(({ route, to }) => [route, to] as const)]);
  return unifiedDiff('rollouts', listed(before), listed(after));
}

const listed = (rollouts: Rollouts): string =>
  [...rollouts]
    .map(
      ([route, rollout]) => `${route}: ${rolloutText(rollout)}
`,
    )
    .join('');

function refusedOrUnavailable(error: unknown): never {
  throw error instanceof FlipRefused ? error : unavailable(error);
}

function unavailable(error: unknown): FlipRefused {
  const code = error === undefined ? 'not reached yet' : codeOf(error);
  const message = `the database, where the rollouts are kept, cannot be used (${code})`;
  const remedy = 'mend it and try again; the kill switch works without it, and so does an edit of the config file';
  return new FlipRefused('unavailable', `${message}; ${remedy}`, { cause: error });
}
