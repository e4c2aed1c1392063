import { within } from '../../http/within.ts';
import { isSameRollout, rolloutsOf, rolloutText, type Rollouts, type RolloutValues } from '../config/rollout.ts';
import { withRollouts } from '../config/rollouts.ts';
import type { FacadeConfig } from '../config/schema.ts';
import { unifiedDiff } from '../config/unified-diff.ts';
import type { FlipChange, FlipRecord } from '../rollout/flip.ts';
import type { FlipLog, SteerState, SteerTransaction } from '../store/flips.ts';
import { CommitUnknown } from '../store/unavailable.ts';
import type { Logger } from '../../http/log.ts';
import { codeOf } from '../../http/error-code.ts';
import type { ImportedFile } from '../store/imported-files.ts';
import type { PendingWrites } from './pending-writes.ts';
import { FlipRefused } from './refused.ts';
import { changesOf, expectRevision, type FlipRequest } from './request.ts';
import { editedRollouts } from './diff-file.ts';
import type { FileGuard } from './flip-guard.ts';
import { importedFile, importFile } from './import-file.ts';
import type { AcceptedFile, Admit, Flipped, RolloutStore, WentBack } from './rollout-store.ts';

/** For what was changed in the file before, and for the look that comes after the flip: of less than five seconds. */
const FLUSH_TIMEOUT_MS = 600;
const LOOK_AFTER_MS = 700;

/**
 * Several instances: the rollouts are in the database. Every instance lays the rollouts of the database over the routes of its file,
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
  #guardEdits: FileGuard | undefined;
  /** `resolve` has another answer than the last one, whatever the next look finds. */
  #isStale = false;

  constructor(pending: PendingWrites, log: Logger) {
    this.#pending = pending;
    this.#log = log;
  }

  accept(file: AcceptedFile): void {
    const now = importedFile(file);
    if (this.#file?.digest !== now.digest) this.#changed(this.#file?.rollouts, now, file.config);
    this.#file = now;
    this.#written = file.config;
  }

  resolve(written: FacadeConfig): FacadeConfig {
    const { config, refused } = withRollouts(written, new Map([...this.#rollouts, ...this.#unsaved]));
    for (const { route, reasons } of refused) {
      this.#log.warn({ route, reasons }, 'a rollout of the store does not fit this file; the route is as written');
    }
    return config;
  }

  subscribe(listener: () => void): void {
    this.#listeners.add(listener);
  }

  guardEdits(guard: FileGuard): void {
    this.#guardEdits = guard;
  }

  async flip(request: FlipRequest, admit: Admit, timeoutMs: number): Promise<Flipped> {
    const { flips } = this.#pending;
    const deadline = performance.now() + timeoutMs;
    // What was changed in the file before comes first in the history too.
    if (!flips || !(await within(FLUSH_TIMEOUT_MS, this.#pending.flush()).catch(() => false)))
      throw unavailable(undefined);
    const decided: { made?: Flipped } = {};
    const work = async (tx: SteerTransaction): Promise<Flipped> =>
      (decided.made = await this.#decide(tx, request, admit));
    try {
      return await flips.transact(work, deadline - performance.now() - LOOK_AFTER_MS);
    } catch (error) {
      if (error instanceof FlipRefused) throw error;
      if (!(error instanceof CommitUnknown) || !decided.made) throw unavailable(error);
      if (!decided.made.inForce) return decided.made;
      return this.#settle(flips, decided.made, deadline - performance.now());
    }
  }

  serve({ revision, rollouts }: SteerState): WentBack | undefined {
    const before = this.#revision;
    if (!this.#isStale && revision === before && areSame(rollouts, this.#rollouts)) return undefined;
    this.#isStale = false;
    this.#revision = revision;
    this.#rollouts = rollouts;
    this.#log.info({ revision }, 'rollouts changed');
    for (const listener of this.#listeners) listener();
    if (revision >= before) return undefined;
    this.#log.error({ revision, before }, 'the database went back: flips after this revision are gone from it');
    return { from: before, to: revision };
  }

  /**
   * Nobody said whether it was carried out. A transaction that locks the row which every flip locks waits until the one in
   * question has ended; then the history tells. @throws FlipRefused when it was not carried out, and when it cannot be
   * known.
   */
  async #settle(flips: FlipLog, made: Flipped, timeoutMs: number): Promise<Flipped> {
    const revision = made.result.revision ?? 0;
    const look = async (): Promise<boolean> => {
      const newest = await flips.transact((tx) => Promise.resolve(tx.revision), timeoutMs);
      if (newest < revision) return false;
      const written = await flips.list({ after: revision - 1, before: revision + 1, limit: 1 });
      return made.result.changes.every((change) => written.some((line) => isLineOf(line, change)));
    };
    const isCarriedOut = await within(timeoutMs, look()).catch(() => undefined);
    if (isCarriedOut) return made;
    if (isCarriedOut === false) throw unavailable(undefined, 'the connection was lost, and nothing was changed');
    throw new FlipRefused(
      'uncertain',
      `the flip may have been carried out: the database was lost at its end; look at revision ${revision} of the history (c2s-facade history) before you flip again`,
    );
  }

  async #decide(tx: SteerTransaction, request: FlipRequest, admit: Admit): Promise<Flipped> {
    const { changes: requested, dryRun, expectRevision: expected, ...reason } = request;
    expectRevision(expected, tx.revision);
    const { config } = withRollouts(this.#written as FacadeConfig, tx.rollouts);
    const before = rolloutsOf(config);
    const asked = changesOf(requested, before);
    const { refused } = withRollouts(config, new Map(asked.map(({ route, to }) => [route, to])));
    if (refused.length > 0) {
      throw new FlipRefused('invalid', refused.flatMap(({ reasons }) => reasons).join('\n'));
    }
    const changes = admit(asked);
    const diff = diffOf(before, changes);
    if (dryRun || changes.length === 0) return { result: { revision: tx.revision, changes, diff }, inForce: undefined };
    const revision = await tx.append({ ...reason, changes });
    const rollouts = new Map([...tx.rollouts, ...changes.map(({ route, to }) => [route, to] as const)]);
    return { result: { revision, changes, diff }, inForce: { revision, rollouts, killSwitch: tx.killSwitch } };
  }

  #changed(previous: Rollouts | undefined, now: ImportedFile, config: FacadeConfig): void {
    const inForce = new Map([...this.#rollouts, ...this.#unsaved]);
    const changed = previous ? editedRollouts(previous, now.rollouts, inForce) : [];
    const against = this.#guardEdits?.(changed, config);
    for (const { route, to } of changed) this.#unsaved.set(route, to);
    this.#pending.add(async (flips: FlipLog) => {
      await importFile(flips, 'database', { previous, now, against });
      for (const { route, to } of changed) if (this.#unsaved.get(route) === to) this.#unsaved.delete(route);
      // Now the database has it, even when another instance handed the same file in before and somebody flipped since.
      this.#isStale = true;
    });
    void this.#pending.flush();
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

const areSame = (a: Rollouts, b: Rollouts): boolean =>
  a.size === b.size &&
  [...a].every(([route, rollout]) => {
    const other = b.get(route);
    return other !== undefined && isSameRollout(rollout, other);
  });

const isLineOf = (line: FlipRecord, { route, from, to }: FlipChange): boolean =>
  line.kind === 'flip' && line.route === route && isSameRollout(line.from, from) && isSameRollout(line.to, to);

/** The driver gives no code to a connection that ends in the midst of a query. */
const whyOf = (error: unknown): string => {
  if (error === undefined) return 'not reached yet';
  const code = codeOf(error);
  return code === 'Error' ? 'the connection was lost' : code;
};

function unavailable(error: unknown, why = whyOf(error)): FlipRefused {
  const message = `the database, where the rollouts are kept, cannot be used (${why})`;
  const remedy = 'mend it and try again; the kill switch works without it, and so does an edit of the config file';
  return new FlipRefused('unavailable', `${message}; ${remedy}`, { cause: error });
}
