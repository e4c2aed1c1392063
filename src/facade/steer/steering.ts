import { codeOf } from '../../http/error-code.ts';
import { Repeated, Turns } from '../../http/turns.ts';
import { hasVisible } from '../../http/visible.ts';
import { within } from '../../http/within.ts';
import { changedPart, rolloutsOf, type RolloutSet } from '../config/rollout.ts';
import { withRollouts } from '../config/rollouts.ts';
import type { FacadeConfig } from '../config/schema.ts';
import { reasonFields, type FlipChange, type FlipReason, type FlipRecord } from '../rollout/flip.ts';
import type { FlipLog, HistoryQuery, SteerState } from '../store/flips.ts';
import type { Logger } from '../../http/log.ts';
import { admitted, type FlipCheck, type FlipGuard } from './flip-guard.ts';
import type { PendingWrites } from './pending-writes.ts';
import { FlipRefused } from './refused.ts';
import {
  changesForAll,
  type FlipRequest,
  type GuardedRequest,
  type GuardedResult,
  type RequestedChange,
} from './request.ts';
import type { RolloutStore, WentBack } from './rollout-store.ts';
import type { KillSwitchKept, SharedKillSwitch } from './shared-kill-switch.ts';

/**
 * Everything that moves a route, in one place: flips, rollbacks, the kill switch, and the history of all three. Who
 * flips (command line, console, autopilot, a hand in the file) is no matter here but for the record.
 */

interface SteeringOptions {
  readonly rollouts: RolloutStore;
  /** The same that the rollout store writes to. */
  readonly pending: PendingWrites;
  /** What serves now: the file with the flips laid over it. */
  readonly config: () => FacadeConfig;
  readonly killSwitch: SharedKillSwitch;
  readonly guard: FlipGuard;
  readonly log: Logger;
}

/** How far this instance is with what others flip. */
export interface SteeringStatus {
  /** That serves here; undefined: the history was never read. */
  readonly revision: number | undefined;
  /** Revisions that were heard of and do not serve here yet. */
  readonly behind: number;
  /** The last time that the database held less than before, ISO 8601; undefined: never, in this process. */
  readonly wentBack: (WentBack & { readonly at: string }) | undefined;
  /** The kill switch as it was set here is in the database. */
  readonly isKillSwitchKept: boolean;
}

/** Hears of every new revision, whichever instance made it. */
export type FlipListener = (records: readonly FlipRecord[]) => void;

/** Caps how many revisions are told at once to a listener after a long gap. */
const MAX_TOLD = 100;
/** A look that takes longer is given up: the connection that it waits for may have been forgotten by a firewall. */
const LOOK_TIMEOUT_MS = 2_000;
/** What is still to be written down is not waited for longer before a look: a locked table must not hide the others' flips. */
const FLUSH_TIMEOUT_MS = 300;
/** Whoever flips is answered within it, and with it within the time of the admin API (`ANSWER_TIMEOUT_MS`). */
const FLIP_TIMEOUT_MS = 4_200;
/** Of it, what a roll back may take to find out what to flip. */
const TARGET_TIMEOUT_MS = 1_200;

export class Steering {
  readonly #options: SteeringOptions;
  readonly #pending: PendingWrites;
  readonly #rollouts: RolloutStore;
  readonly #killSwitch: SharedKillSwitch;
  readonly #listeners = new Set<FlipListener>();
  readonly #looks = new Repeated(() => this.#look());
  /** Reads of the history, counted when they begin: what an older one finds later is of the past. */
  #asked = 0;
  #answered = 0;
  #revision: number | undefined;
  #newest = 0;
  #wentBack: SteeringStatus['wentBack'];
  /** The newest revision that the listeners were told of; undefined: none yet, and the past is no news. */
  #told: number | undefined;
  readonly #tellings = new Turns();
  /** The file holds the kill switch on, here. */
  #isHeldByFile = false;

  constructor(options: SteeringOptions) {
    this.#options = options;
    this.#pending = options.pending;
    this.#rollouts = options.rollouts;
    this.#killSwitch = options.killSwitch;
  }

  /** The history is there: takes over what it says. Rejects when it cannot be read yet; `look` tries again. */
  async attach(flips: FlipLog): Promise<void> {
    this.#pending.attach(flips);
    await this.look();
  }

  get status(): SteeringStatus {
    const behind = this.#revision === undefined ? 0 : Math.max(0, this.#newest - this.#revision);
    const { isCarriedOut: isKillSwitchKept } = this.#killSwitch;
    return { revision: this.#revision, behind, wentBack: this.#wentBack, isKillSwitchKept };
  }

  /** Looks whether something else is in force than what serves, and serves it. Whoever asks meanwhile shares the next. */
  look(): Promise<void> {
    return this.#looks.run();
  }

  /** Somebody says that there is this revision. */
  heardOf(revision: number): void {
    this.#newest = Math.max(this.#newest, revision);
  }

  /** @throws FlipRefused */
  flip(request: GuardedRequest): Promise<GuardedResult> {
    return this.#flip(request, performance.now() + FLIP_TIMEOUT_MS);
  }

  /** Every route with two endpoints. @throws FlipRefused */
  flipAll(set: RolloutSet, request: Omit<GuardedRequest, 'changes'>): Promise<GuardedResult> {
    return this.flip({ ...request, changes: changesForAll(this.#options.config(), set) });
  }

  /**
   * Back to the rollouts of a revision, or to before the last flip. The way back is itself a flip in the history.
   * Routes that left the table since stay out. @throws FlipRefused
   */
  async rollback(
    revision: number | undefined,
    request: Omit<GuardedRequest, 'changes' | 'source'>,
  ): Promise<GuardedResult> {
    const deadline = performance.now() + FLIP_TIMEOUT_MS;
    const changes = await within(TARGET_TIMEOUT_MS, this.#changesTo(revision)).catch(refusedOrUnavailable);
    return this.#flip({ ...request, source: 'rollback', changes }, deadline);
  }

  /** @param deadline milliseconds, monotonic. */
  async #flip({ force = false, ...request }: GuardedRequest, deadline: number): Promise<GuardedResult> {
    if (force && !hasVisible(request.why ?? ''))
      throw new FlipRefused('invalid', 'force wants a why: write the reason');
    let guard: readonly FlipCheck[] = [];
    const admit = (changes: readonly FlipChange[]): readonly FlipChange[] => {
      guard = this.#check(request, changes);
      return request.dryRun ? changes : admitted(changes, guard, force);
    };
    const { result: made, inForce } = await this.#rollouts.flip(request, admit, deadline - performance.now());
    const { flips } = this.#pending;
    const result = { ...made, guard };
    if (request.dryRun || result.changes.length === 0 || !flips) return result;
    // Who flips and then resumes the autopilot must not be paused by his own flip, told of too late.
    const read = within(Math.max(0, deadline - performance.now()), this.#read(flips));
    // The flip is made: where it cannot be read back, what it made serves.
    await read.catch((error: unknown) => {
      this.#options.log.warn({ err: error }, 'a flip that was made cannot be read back now');
      if (inForce && ++this.#asked) this.#serve(inForce, this.#asked);
    });
    return result;
  }

  /** The autopilot is not asked: its gates want more. */
  #check({ source }: FlipRequest, changes: readonly FlipChange[]): readonly FlipCheck[] {
    if (source === 'autopilot') return [];
    const next = new Map(changes.map(({ route, to }) => [route, to]));
    return this.#options.guard(changes, withRollouts(this.#options.config(), next).config);
  }

  async #changesTo(revision: number | undefined): Promise<RequestedChange[]> {
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
    return [...then].flatMap(([route, values]): RequestedChange[] => {
      const current = now.get(route);
      return current ? [{ route, set: changedPart(current, values) }] : [];
    });
  }

  /** The kill switch of all instances, at once here. @returns where the order is, within a second. Never rejects. */
  async setKillSwitch(on: boolean, reason: FlipReason): Promise<KillSwitchKept> {
    const kept = await this.#killSwitch.set(on, reason);
    // Else the history tells of it.
    if (!kept.isRecorded)
      this.#options.log.info(
        { to: on ? 'on' : 'off', ...reasonFields(reason), kept: kept.where },
        'kill switch set; the history does not have it yet',
      );
    this.#lookLater();
    return kept;
  }

  /** Another worker of the same primary set it. */
  followKillSwitch(on: boolean): void {
    this.#killSwitch.follow(on);
  }

  /** What the other worker set is where a look finds it. */
  killSwitchSettled(): void {
    this.#killSwitch.settled();
    this.#lookLater();
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
    await this.#written();
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
    // Each by itself: whichever cannot be written, the others' flips are read.
    await Promise.all([
      this.#written(),
      within(FLUSH_TIMEOUT_MS, this.#killSwitch.carryOut(flips)).catch(() => undefined),
    ]);
    await this.#read(flips);
  }

  /** What happened here is in the history, if it takes it soon. */
  async #written(): Promise<void> {
    await within(FLUSH_TIMEOUT_MS, this.#pending.flush()).catch(() => false);
  }

  async #read(flips: FlipLog): Promise<void> {
    const asked = ++this.#asked;
    const { mark } = this.#killSwitch;
    const state = await within(LOOK_TIMEOUT_MS, flips.state());
    this.#killSwitch.heard(mark, state);
    if (this.#serve(state, asked)) await this.#tellings.take(() => this.#tell(flips, state.revision));
  }

  /** @returns false: what was asked for later is known already. */
  #serve(state: SteerState, asked: number): boolean {
    if (asked < this.#answered) return false;
    this.#answered = asked;
    const wentBack = this.#rollouts.serve(state);
    this.#newest = wentBack ? state.revision : Math.max(this.#newest, state.revision);
    this.#revision = state.revision;
    if (wentBack) this.#wentBack = { ...wentBack, at: new Date().toISOString() };
    return true;
  }

  async #tell(flips: FlipLog, revision: number): Promise<void> {
    const after = this.#told;
    if (after !== undefined && revision > after && this.#listeners.size > 0) {
      const news = await flips.list({ after, limit: MAX_TOLD });
      for (const listener of this.#listeners) listener(news);
    }
    this.#told = revision;
  }

  #lookLater(): void {
    this.look().catch((error: unknown) => {
      this.#options.log.warn({ err: error }, 'the history cannot be read now');
    });
  }

  #flips(): FlipLog {
    const { flips } = this.#pending;
    if (flips) return flips;
    throw new FlipRefused('unavailable', 'the history is not there yet: its database is starting or cannot be reached');
  }
}

function refusedOrUnavailable(error: unknown): never {
  if (error instanceof FlipRefused) throw error;
  throw new FlipRefused('unavailable', `the history cannot be read now (${codeOf(error)}); nothing was changed`, {
    cause: error,
  });
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
