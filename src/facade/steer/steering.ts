import { Turns } from '../../http/turns.ts';
import { changedPart, rolloutsOf, type RolloutSet } from '../config/rollout.ts';
import type { FacadeConfig } from '../config/schema.ts';
import type { FlipReason, FlipRecord } from '../rollout/flip.ts';
import type { FlipLog, HistoryQuery } from '../store/flips.ts';
import type { Logger } from '../../http/log.ts';
import type { PendingWrites } from './pending-writes.ts';
import { FlipRefused } from './refused.ts';
import { changesForAll, type FlipRequest, type FlipResult, type RequestedChange } from './request.ts';
import type { RolloutStore } from './rollout-store.ts';

/**
 * Everything that moves a route, in one place: flips, rollbacks, the kill switch, and the history of all three. Who
 * flips (command line, console, autopilot, a hand in the file) is no matter here but for the record.
 */

export interface SteeringOptions {
  readonly rollouts: RolloutStore;
  /** The same that the rollout store writes to. */
  readonly pending: PendingWrites;
  /** What serves now: the file with the flips laid over it. */
  readonly config: () => FacadeConfig;
  readonly killSwitch: { set(on: boolean): void };
  readonly log: Logger;
}

/** Hears of every new revision, whichever instance made it. */
export type FlipListener = (records: readonly FlipRecord[]) => void;

/** Revisions that are told at once to a listener; nobody waits for what he missed of a year. */
const MOST_TOLD = 100;

export class Steering {
  readonly #options: SteeringOptions;
  readonly #pending: PendingWrites;
  readonly #rollouts: RolloutStore;
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
    this.#pending = options.pending;
    this.#rollouts = options.rollouts;
  }

  /** The history is there: takes over what it says. Rejects when it cannot be read yet; `look` tries again. */
  async attach(flips: FlipLog): Promise<void> {
    this.#pending.attach(flips);
    await this.look();
  }

  /** Looks whether there is a new revision, and serves it. */
  look(): Promise<void> {
    return this.#turns.take(() => this.#look());
  }

  /** @throws FlipRefused */
  async flip(request: FlipRequest): Promise<FlipResult> {
    const result = await this.#rollouts.flip(request);
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
    await this.#pending.flush();
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
      return current ? [{ route, set: changedPart(current, values) }] : [];
    });
    return this.flip({ ...request, source: 'rollback', changes });
  }

  /**
   * The kill switch, at once. It needs no database: the other instances and the history hear of it when they can.
   * @returns whether they have.
   */
  async setKillSwitch(on: boolean, reason: FlipReason): Promise<boolean> {
    this.#options.killSwitch.set(on);
    this.#pending.add(async (flips) => {
      await flips.transact((tx) => tx.append({ ...reason, changes: [], killSwitch: on }));
      this.#killed = on;
    });
    const isWritten = await this.#pending.flush();
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
    this.#pending.add(async (flips) => void (await flips.transact((tx) => tx.append(line))));
    this.#lookLater();
  }

  /** @throws FlipRefused while there is no history yet. */
  async history(query: HistoryQuery): Promise<{ revision: number; flips: FlipRecord[] }> {
    const flips = this.#flips();
    await this.#pending.flush();
    const [{ revision }, found] = await Promise.all([flips.state(), flips.list(query)]);
    return { revision, flips: found };
  }

  /** The history itself, once there is one: for the burn-down. */
  get flips(): FlipLog | undefined {
    return this.#pending.flips;
  }

  /** @returns how to hear no more. */
  subscribe(listener: FlipListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #look(): Promise<void> {
    const { flips } = this.#pending;
    if (!flips) return;
    await this.#rollouts.catchUp();
    const { revision, killSwitch } = await flips.state();
    // A switch thrown here that the store does not have yet is newer than what the store says.
    if (this.#pending.isEmpty && killSwitch !== this.#killed) {
      this.#killed = killSwitch;
      this.#options.killSwitch.set(killSwitch);
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
    const { flips } = this.#pending;
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
