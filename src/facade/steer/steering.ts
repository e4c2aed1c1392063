import { Turns } from '../../http/turns.ts';
import type { RolloutSet } from '../config/edit.ts';
import type { FacadeConfig } from '../config/schema.ts';
import { rolloutsOf, type FlipReason, type FlipRecord } from '../rollout/flip.ts';
import type { FlipLog, HistoryQuery } from '../store/flips.ts';
import type { TruthKind } from './file-flips.ts';
import { FileTruth } from './file-truth.ts';
import { Outbox } from './outbox.ts';
import { FlipRefused } from './refused.ts';
import { changesForAll, type FlipRequest, type FlipResult, type RequestedChange } from './request.ts';
import { StoreTruth } from './store-truth.ts';
import type { Truth, TruthOptions } from './truth.ts';

/**
 * Everything that moves a route, in one place: flips, rollbacks, the kill switch, and the history of all three. Who
 * flips (command line, console, autopilot, a hand in the file) is no matter here but for the record.
 */

export interface SteeringOptions extends TruthOptions {
  readonly truth: TruthKind;
  /** What serves now: the file with the flips laid over it. */
  readonly config: () => FacadeConfig;
  readonly killSwitch: () => { readonly on: boolean; set(on: boolean): void };
}

/** Hears of every new revision, whichever instance made it. */
export type FlipListener = (records: readonly FlipRecord[]) => void;

/** Revisions that are told at once to a listener; nobody waits for what he missed of a year. */
const MOST_TOLD = 100;

export class Steering {
  readonly #options: SteeringOptions;
  readonly #outbox: Outbox;
  readonly #truth: Truth;
  readonly #listeners = new Set<FlipListener>();
  /** The newest revision that the listeners were told of; undefined: none yet, and the past is no news. */
  #told: number | undefined;
  /** The file holds the kill switch on, here. */
  #isHeldByFile = false;
  /** What the store last said of the kill switch. */
  #killed = false;
  readonly #turns = new Turns();

  constructor(options: SteeringOptions) {
    this.#options = options;
    this.#outbox = new Outbox(options.log);
    this.#truth =
      options.truth === 'store' ? new StoreTruth(options, this.#outbox) : new FileTruth(options, this.#outbox);
  }

  /** For the loader: what is in force of a config that was just read. */
  readonly take = (written: FacadeConfig, text: string): FacadeConfig => this.#truth.take(written, text);

  /** The history is there: takes over what it says. Rejects when it cannot be read yet; `look` tries again. */
  async attach(flips: FlipLog): Promise<void> {
    this.#outbox.attach(flips);
    await this.look();
  }

  /** Looks whether there is a new revision, and serves it. */
  look(): Promise<void> {
    return this.#turns.take(() => this.#look());
  }

  /** @throws FlipRefused */
  async flip(request: FlipRequest): Promise<FlipResult> {
    const result = await this.#truth.flip(request);
    // Who flips and then resumes the autopilot must not be paused by his own flip, told of too late.
    if (!request.dryRun && result.changes.length > 0) await this.#lookNow();
    return result;
  }

  /** Every row with two faces. @throws FlipRefused */
  flipAll(set: RolloutSet, request: Omit<FlipRequest, 'changes'>): Promise<FlipResult> {
    return this.flip({ ...request, changes: changesForAll(this.#options.config(), set) });
  }

  /**
   * Back to the rollouts of a revision, or to before the last flip. The way back is itself a flip in the history.
   * Routes that left the table since stay out. @throws FlipRefused
   */
  async rollback(revision: number | undefined, request: Omit<FlipRequest, 'changes' | 'source'>): Promise<FlipResult> {
    const flips = this.#flips();
    await this.#outbox.flush();
    const { revision: newest } = await flips.state();
    const target = revision ?? (await lastFlip(flips)) - 1;
    if (target < 0 || target > newest) {
      throw new FlipRefused('unknown', `there is no revision ${target}; the history goes from 0 to ${newest}`);
    }
    const then = await flips.rolloutsAt(target);
    if (!then)
      throw new FlipRefused('unknown', `the history does not reach back to ${target}: it is kept in memory only`);
    const now = rolloutsOf(this.#options.config());
    const changes = [...then].flatMap(([route, values]): RequestedChange[] => {
      const current = now.get(route);
      if (!current) return [];
      const set = Object.fromEntries(
        Object.entries(values).filter(([key, value]) => current[key as keyof typeof current] !== value),
      );
      return [{ route, set }];
    });
    return this.flip({ ...request, source: 'rollback', changes });
  }

  /**
   * The kill switch, at once. It needs no database: the other instances and the history hear of it when they can.
   * @returns whether they have.
   */
  async setKillSwitch(on: boolean, reason: FlipReason): Promise<boolean> {
    this.#options.killSwitch().set(on);
    this.#outbox.add(async (flips) => {
      await flips.transact((tx) => tx.append({ ...reason, changes: [], killSwitch: on }));
      this.#killed = on;
    });
    const isWritten = await this.#outbox.flush();
    this.#lookLater();
    return isWritten;
  }

  /**
   * Who holds the kill switch on here. A file that came or went is told in the history; it is of this machine, so it
   * switches no other.
   */
  noteKillSwitch(by: readonly string[]): void {
    const isHeld = by.includes('file');
    if (isHeld === this.#isHeldByFile) return;
    this.#isHeldByFile = isHeld;
    const why = `server.killSwitchFile ${isHeld ? 'is there' : 'is gone'}`;
    const line = { source: 'file', who: 'file', identity: 'file', why, changes: [], killSwitchFile: isHeld } as const;
    this.#outbox.add(async (flips) => void (await flips.transact((tx) => tx.append(line))));
    this.#lookLater();
  }

  /** @throws FlipRefused while there is no history yet. */
  async history(query: HistoryQuery): Promise<{ revision: number; flips: FlipRecord[] }> {
    const flips = this.#flips();
    await this.#outbox.flush();
    const [{ revision }, found] = await Promise.all([flips.state(), flips.list(query)]);
    return { revision, flips: found };
  }

  /** The history itself, once there is one: for the burn-down. */
  get flips(): FlipLog | undefined {
    return this.#outbox.flips;
  }

  /** @returns how to hear no more. */
  subscribe(listener: FlipListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #look(): Promise<void> {
    const { flips } = this.#outbox;
    if (!flips) return;
    await this.#truth.catchUp();
    const { revision, killSwitch } = await flips.state();
    // A switch thrown here that the store does not have yet is newer than what the store says.
    if (this.#outbox.isEmpty && killSwitch !== this.#killed) {
      this.#killed = killSwitch;
      this.#options.killSwitch().set(killSwitch);
    }
    await this.#tell(flips, revision);
  }

  async #tell(flips: FlipLog, revision: number): Promise<void> {
    const after = this.#told;
    if (after !== undefined && revision > after && this.#listeners.size > 0) {
      const news = await flips.list({ after, limit: MOST_TOLD });
      for (const listener of this.#listeners) listener(news);
    }
    this.#told = revision;
  }

  #lookLater(): void {
    void this.#lookNow();
  }

  /** Never rejects. */
  async #lookNow(): Promise<void> {
    await this.look().catch((error: unknown) => {
      this.#options.log.warn({ err: error }, 'the history cannot be read now');
    });
  }

  #flips(): FlipLog {
    const { flips } = this.#outbox;
    if (flips) return flips;
    throw new FlipRefused('unavailable', 'the history is not there yet: its database is starting or cannot be reached');
  }
}

async function lastFlip(flips: FlipLog): Promise<number> {
  let before: number | undefined;
  for (;;) {
    const page = await flips.list({ before, limit: 20 });
    const found = page.find(({ kind }) => kind === 'flip');
    if (found) return found.revision;
    before = page.at(-1)?.revision;
    if (before === undefined)
      throw new FlipRefused('unknown', 'nothing was flipped yet, so there is nothing to roll back');
  }
}
