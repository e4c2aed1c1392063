import { Turns } from '../../http/turns.ts';
import type { Rollouts, RolloutValues } from '../config/rollout.ts';
import { forcedOf, type FlipChange, type FlipRecord } from '../rollout/flip.ts';
import type { FlipLog, HistoryQuery, NewFlip, SteerState, SteerTransaction } from '../store/flips.ts';
import type { ImportedFile } from '../store/imported-files.ts';

/**
 * The history where there is no store: of this process only, and of its last flips only. What is in force does not
 * depend on it: without a database the config file holds the rollouts.
 */

/** Lines; a year of busy steering, some hundred bytes each. */
const MAX_FLIPS = 1_000;

export class MemoryFlips implements FlipLog {
  readonly isLasting: boolean = false;
  readonly #now: () => Date;
  readonly #since: Date;
  readonly #most: number;
  #lastFile: ImportedFile | undefined;
  /** Digests of the files that were imported, oldest first; of a file each holds nothing more. */
  readonly #imported: string[] = [];
  #state: SteerState = { revision: 0, killSwitch: false, rollouts: new Map() };
  /** Oldest first. */
  #records: FlipRecord[] = [];
  /** The newest revision that is forgotten. */
  #forgotten = 0;
  readonly #turns = new Turns();

  constructor(now: () => Date, most = MAX_FLIPS) {
    this.#now = now;
    this.#since = now();
    this.#most = most;
  }

  state(): Promise<SteerState> {
    return Promise.resolve(this.#state);
  }

  transact<T>(work: (tx: SteerTransaction) => Promise<T>): Promise<T> {
    return this.#turns.take(() => this.#run(work));
  }

  list({ route, before = Infinity, after = 0, limit }: HistoryQuery): Promise<FlipRecord[]> {
    const found = this.#records.filter(
      (record) =>
        record.revision < before &&
        record.revision > after &&
        (route === undefined || (record.kind === 'flip' && record.route === route)),
    );
    const revisions = [...new Set(found.map(({ revision }) => revision))].toReversed().slice(0, limit);
    return Promise.resolve(revisions.flatMap((one) => found.filter(({ revision }) => revision === one)));
  }

  rolloutsAt(revision: number): Promise<Rollouts | undefined> {
    if (revision < this.#forgotten) return Promise.resolve(undefined);
    const then = new Map<string, RolloutValues>();
    for (const record of this.#records) {
      if (record.revision <= revision || record.kind !== 'flip' || then.has(record.route)) continue;
      then.set(record.route, record.from);
    }
    return Promise.resolve(then);
  }

  since(): Promise<Date> {
    return Promise.resolve(this.#since);
  }

  /** What `work` wrote is kept only if it did not throw. */
  async #run<T>(work: (tx: SteerTransaction) => Promise<T>): Promise<T> {
    const writes: (() => void)[] = [];
    const before = this.#state;
    const result = await work({
      ...before,
      lastFile: () => Promise.resolve(this.#lastFile),
      wasImported: (digest) => Promise.resolve(this.#imported.includes(digest)),
      imported: (file) => {
        writes.push(() => this.#importFile(file));
        return Promise.resolve();
      },
      lastSwitch: (revision, but) => Promise.resolve(this.#lastSwitch(revision, but)),
      append: (flip) => {
        const { changes, killSwitch = before.killSwitch, killSwitchFile } = flip;
        const isSwitched = killSwitch !== before.killSwitch || killSwitchFile !== undefined;
        if (changes.length === 0 && !isSwitched) return Promise.resolve(before.revision);
        writes.push(() => this.#append(flip, killSwitch));
        return Promise.resolve(before.revision + 1);
      },
    });
    for (const write of writes) write();
    return result;
  }

  #lastSwitch(after: number, but: readonly number[] = []): boolean | undefined {
    const isSwitch = (one: FlipRecord) => one.kind === 'kill-switch' && one.source !== 'file' && one.revision > after;
    const last = this.#records.findLast((one) => isSwitch(one) && !but.includes(one.revision));
    return last?.kind === 'kill-switch' ? last.to : undefined;
  }

  /** A file that is rewritten all the time must not be remembered all the time. */
  #importFile(file: ImportedFile): void {
    this.#lastFile = file;
    this.#imported.push(file.digest);
    if (this.#imported.length > this.#most) this.#imported.shift();
  }

  #append({ changes, killSwitch: _, killSwitchFile, ...reason }: NewFlip, killSwitch: boolean): void {
    const from = this.#state.killSwitch;
    const revision = this.#state.revision + 1;
    const common = { ...reason, revision, at: this.#now() };
    this.#records.push(
      ...changes.map(({ against, ...change }: FlipChange): FlipRecord => {
        return { ...common, ...change, ...forcedOf(reason.source, against), kind: 'flip' };
      }),
    );
    if (killSwitch !== from) this.#records.push({ ...common, kind: 'kill-switch', from, to: killSwitch });
    if (killSwitchFile !== undefined) {
      this.#records.push({ ...common, kind: 'kill-switch', from: !killSwitchFile, to: killSwitchFile });
    }
    const gone = this.#records.splice(0, Math.max(0, this.#records.length - this.#most));
    this.#forgotten = gone.at(-1)?.revision ?? this.#forgotten;
    const rollouts = new Map([...this.#state.rollouts, ...changes.map(({ route, to }) => [route, to] as const)]);
    this.#state = { revision, killSwitch, rollouts };
  }
}
