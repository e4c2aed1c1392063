import type { Logger } from '../../http/log.ts';
import { Repeated } from '../../http/turns.ts';
import { within } from '../../http/within.ts';
import type { FlipReason } from '../rollout/flip.ts';
import type { FlipLog, SteerState } from '../store/flips.ts';
import type { KillSwitchFile, KillSwitchOrder } from './kill-switch-file.ts';

/**
 * The kill switch that all instances share. It waits for nothing: what is set here acts here at once, and is carried to
 * the database when that takes it. Until then it is in a file, and no look at the database undoes it.
 */

interface SharedKillSwitchOptions {
  /** Of this instance. */
  readonly local: { set(on: boolean): void };
  readonly file: KillSwitchFile;
  readonly log: Logger;
}

/** Where the order is, in words for an operator. */
export interface KillSwitchKept {
  /** The history has it. */
  readonly isRecorded: boolean;
  readonly where: string;
}

/** Who sets the switch is answered within the three of them. */
const LOOK_TIMEOUT_MS = 200;
const STORE_TIMEOUT_MS = 300;
const FILE_TIMEOUT_MS = 500;

/** A point in time by which it can be told whether a look at the database is older than what was set here. */
type Mark = number;

export class SharedKillSwitch {
  readonly #options: SharedKillSwitchOptions;
  /** What the database does not have yet, oldest first. */
  readonly #orders: KillSwitchOrder[];
  readonly #carrying: Repeated;
  /** Counts up with every order, and with every one that the database took: what was read before is of the past. */
  #mark: Mark = 0;
  /** How often it was switched on here. */
  #setOn = 0;
  /** What the database last said. */
  #said = false;
  /** The newest revision that was read or written. */
  #known = -1;
  #flips: FlipLog | undefined;
  /** That it is on, where no database ever has it. */
  #unlasting: KillSwitchOrder | undefined;

  constructor(options: SharedKillSwitchOptions) {
    this.#options = options;
    const orders = options.file.read();
    this.#orders = options.file.isOwner ? orders : [];
    this.#carrying = new Repeated(() => this.#carry());
    const newest = orders.at(-1);
    if (!newest) return;
    options.log.warn({ on: newest.on }, 'the kill switch is as it was set before the restart');
    options.local.set(newest.on);
  }

  /** Every order is where it outlives this process. */
  get isCarriedOut(): boolean {
    return this.#orders.length === 0;
  }

  /**
   * *On* acts at once. *Off* first asks the database what it ends: who switches off means the switch that is on now, also
   * where this instance has not heard of it yet. @returns where the order is, within a second, whatever the database does.
   * Never rejects.
   */
  async set(on: boolean, reason: FlipReason): Promise<KillSwitchKept> {
    if (on) this.#setOn++;
    const before = this.#setOn;
    if (!on) await this.#hearOfOthers();
    // Whoever switched on meanwhile came later, and was answered that it is on.
    if (!on && before !== this.#setOn)
      return { isRecorded: false, where: 'nowhere: it was switched on again meanwhile' };
    this.#order({ ...reason, on, known: this.#known });
    const carried = this.#carrying.run().then(() => this.isCarriedOut);
    const isLasting = this.#flips?.isLasting ?? true;
    const isSoon = this.#flips ? await within(STORE_TIMEOUT_MS, carried).catch(() => false) : false;
    const file = isSoon && isLasting ? undefined : await within(FILE_TIMEOUT_MS, this.#keep()).catch(() => undefined);
    // The database may have taken it while the file was written, and then no file holds it.
    const isRecorded = this.#flips !== undefined && this.isCarriedOut;
    return { isRecorded, where: isRecorded && isLasting ? 'in the database' : whereIn(file, { isLasting, on }) };
  }

  /** Carries out what is still to be; never rejects. @param flips the history, from now on. */
  carryOut(flips: FlipLog): Promise<void> {
    this.#flips = flips;
    return this.isCarriedOut ? Promise.resolve() : this.#carrying.run().catch(() => undefined);
  }

  /** Before a look at the database. */
  get mark(): Mark {
    return this.#mark;
  }

  /** What a look found that began at `mark`. */
  heard(mark: Mark, { revision, killSwitch }: SteerState): void {
    if (mark !== this.#mark || !this.isCarriedOut) return;
    // Restored, or a standby that lacks the end: that the switch was on is newer than what is read here.
    if (revision < this.#known && this.#said && !killSwitch) {
      this.#order(this.#lost(revision));
      return void this.#carrying.run().catch(() => undefined);
    }
    this.#known = revision;
    if (killSwitch === this.#said) return;
    this.#said = killSwitch;
    this.#options.local.set(killSwitch);
  }

  async #hearOfOthers(): Promise<void> {
    const look = async (): Promise<void> => {
      const state = await this.#flips?.state();
      if (state) this.#known = Math.max(this.#known, state.revision);
    };
    // A database that does not answer has the next best answer: what another instance set since then stays on.
    await within(LOOK_TIMEOUT_MS, look()).catch(() => undefined);
  }

  #order(order: KillSwitchOrder): void {
    this.#mark++;
    this.#orders.push(order);
    this.#options.local.set(order.on);
  }

  #lost(revision: number): KillSwitchOrder {
    const why = `was on at revision ${this.#known}; the database went back to ${revision}`;
    const reason = { source: 'api', who: 'c2s-facade', identity: 'facade', why } as const;
    return { ...reason, on: true, known: revision, isRestored: true };
  }

  async #carry(): Promise<void> {
    const flips = this.#flips;
    if (!flips) return;
    try {
      for (let order = this.#orders[0]; order; order = this.#orders[0]) await this.#carryOne(flips, order);
    } finally {
      await within(FILE_TIMEOUT_MS, this.#keep()).catch(() => undefined);
    }
  }

  /** An end of the switch ends no switch that somebody else set since: of the two, all direct is the safe one. */
  async #carryOne(flips: FlipLog, order: KillSwitchOrder): Promise<void> {
    const { on, known, isRestored = false, ...reason } = order;
    const since = isRestored ? known : Math.max(known, this.#known);
    const { revision, is } = await flips.transact(async (tx) => {
      // In a database that went back anything may have come since.
      const last = await tx.lastSwitch(since > tx.revision ? -1 : since);
      if (isRestored ? last !== undefined : !on && last === true) return { revision: tx.revision, is: tx.killSwitch };
      return { revision: await tx.append({ ...reason, changes: [], killSwitch: on }), is: on };
    });
    this.#orders.shift();
    this.#unlasting = on && !flips.isLasting ? order : undefined;
    this.#mark++;
    this.#said = is;
    this.#known = revision;
    if (is === on) return;
    this.#options.log.warn({ on: is }, 'the kill switch is as another instance set it since');
    if (this.isCarriedOut) this.#options.local.set(is);
  }

  /** On disk is what no database has; where there is none, that the switch is on. */
  #keep(): Promise<string | undefined> {
    return this.#options.file.keep([...(this.#unlasting ? [this.#unlasting] : []), ...this.#orders]);
  }
}

function whereIn(file: string | undefined, { isLasting, on }: { isLasting: boolean; on: boolean }): string {
  if (file !== undefined)
    return isLasting ? `in ${file} until the database has it` : `in ${file}: there is no database`;
  if (!isLasting && !on) return 'in memory: there is no database, and a restart begins with it off';
  return 'in memory only, for no file can be written: a restart before the database has it loses it';
}
