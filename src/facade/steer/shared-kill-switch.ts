import type { Logger } from '../../http/log.ts';
import { Repeated } from '../../http/turns.ts';
import { within } from '../../http/within.ts';
import type { FlipReason } from '../rollout/flip.ts';
import type { FlipLog, SteerState, SteerTransaction } from '../store/flips.ts';
import { CommitUnknown } from '../store/unavailable.ts';
import type { KillSwitchFile, KillSwitchOrder } from './kill-switch-file.ts';

/**
 * The kill switch that all instances share. It waits for nothing: what is set here acts here at once, and is carried to
 * the database when that takes it. Until then it is in a file, and no look at the database undoes it. While it is on the
 * file says so, too: a process that starts begins with it on until a look at the database tells otherwise.
 */

interface SharedKillSwitchOptions {
  /** Of this instance. */
  readonly local: { set(on: boolean): void; /** On until it is set. */ suspect(): void };
  /** Other instances set it in a database, which has not been asked yet. */
  readonly isShared: boolean;
  /** The other workers of the same primary. They are told what is set here, never what a look found: each looks itself. */
  readonly others: { ordered(on: boolean): void; settled(): void };
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
  #orders: readonly KillSwitchOrder[];
  readonly #carrying: Repeated;
  /** Counts up with every order, and with every one that the database took: what was read before is of the past. */
  #mark: Mark = 0;
  /** How often it was switched on here. */
  #setOn = 0;
  /** What the database last said; undefined: nothing yet, and the switch is as the file has it. */
  #said: boolean | undefined = false;
  /** On for want of an answer alone. */
  #isSuspected = false;
  /** The newest revision that was read or written. */
  #known = -1;
  /** What another worker set, until the database has it: what a look finds till then is older. */
  #followed: boolean | undefined;
  #flips: FlipLog | undefined;
  /** That it is on, for the next process. */
  #standing: KillSwitchOrder | undefined;

  constructor(options: SharedKillSwitchOptions) {
    this.#options = options;
    const kept = options.file.read();
    const orders = kept.filter(({ isRecorded }) => isRecorded !== true);
    this.#orders = options.file.isOwner ? orders : [];
    this.#standing = kept.find(({ isRecorded }) => isRecorded);
    this.#carrying = new Repeated(() => this.#carry());
    const newest = orders.at(-1) ?? this.#standing;
    if (options.file.isUnread && newest?.on !== true) {
      this.#doubt();
      return;
    }
    if (!newest) {
      if (options.isShared) this.#suspect();
      return;
    }
    options.log.warn({ on: newest.on }, 'the kill switch is as it was set before the restart');
    options.local.set(newest.on);
    this.#known = this.#standing?.known ?? this.#known;
    // What is only remembered is no order: the first look at the database decides.
    if (newest.isRecorded) this.#said = undefined;
    else if (options.file.isOwner) options.others.ordered(newest.on);
  }

  /** No request goes to the gateway before it is known that the switch is off. */
  #suspect(): void {
    this.#isSuspected = true;
    this.#said = undefined;
    this.#options.local.suspect();
  }

  /** Only who sets it from now on knows better: what a database says may be older than what cannot be read. */
  #doubt(): void {
    this.#options.log.error('the kill switch is on, for nobody can read whether it was; end it by "kill-switch off"');
    this.#options.local.suspect();
  }

  #act(on: boolean): void {
    this.#isSuspected = false;
    this.#options.local.set(on);
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
    if (mark !== this.#mark || !this.isCarriedOut || this.#followed !== undefined) return;
    // A history of this process alone holds what was set here, and nothing that others set.
    if (this.#flips?.isLasting === false) {
      if (this.#isSuspected) this.#act(false);
      return;
    }
    // Restored, or a standby that lacks the end: that the switch was on is newer than what is read here.
    if (revision < this.#known && this.#said === true && !killSwitch) {
      this.#order(this.#lost(revision));
      return void this.#carrying.run().catch(() => undefined);
    }
    this.#known = revision;
    if (killSwitch === this.#said) return;
    this.#said = killSwitch;
    this.#stand(killSwitch, revision);
    void this.#keep();
    this.#act(killSwitch);
  }

  /** Another worker of the same primary set it, and carries it to the database. */
  follow(on: boolean): void {
    this.#mark++;
    this.#followed = on;
    if (on) this.#setOn++;
    else this.#withdraw();
    this.#act(on);
  }

  /** The database has what was followed, or whoever was to carry it there is gone. */
  settled(): void {
    if (this.#followed === undefined) return;
    this.#mark++;
    this.#said = this.#followed;
    this.#followed = undefined;
    this.#stand(this.#said, this.#known);
    void this.#keep();
  }

  /** An off ends what is on, also what was set here and is nowhere else yet. */
  #withdraw(): void {
    this.#orders = this.#orders.filter(({ on }) => !on);
    this.#standing = undefined;
    void this.#keep();
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
    this.#followed = undefined;
    this.#orders = [...this.#orders, order];
    if (!order.on) this.#standing = undefined;
    this.#act(order.on);
    // Each finds by itself that a database went back.
    if (!order.isRestored) this.#options.others.ordered(order.on);
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
      // The others do not see a history of this process alone.
      if (this.isCarriedOut && flips.isLasting) this.#options.others.settled();
    } finally {
      await within(FILE_TIMEOUT_MS, this.#keep()).catch(() => undefined);
    }
  }

  /** An end of the switch ends no switch that somebody else set since: of the two, all direct is the safe one. */
  async #carryOne(flips: FlipLog, order: KillSwitchOrder): Promise<void> {
    const { on, known, own = [], isRestored = false, ...reason } = order;
    let wrote: number | undefined;
    const isWithdrawn = (): boolean => !this.#orders.includes(order);
    const work = async (tx: SteerTransaction): Promise<{ revision: number; is: boolean }> => {
      // In a database that went back anything may have come since.
      const last = await (known > tx.revision ? tx.lastSwitch(-1) : tx.lastSwitch(known, own));
      const isOutdone = isWithdrawn() || (isRestored ? last !== undefined : !on && last === true);
      if (isOutdone) return { revision: tx.revision, is: tx.killSwitch };
      const revision = await tx.append({ ...reason, changes: [], killSwitch: on });
      wrote = revision > tx.revision ? revision : undefined;
      return { revision, is: on };
    };
    const { revision, is } = await flips.transact(work).catch((error: unknown) => {
      // It may be there all the same, and is then found by the next try, which writes nothing.
      if (error instanceof CommitUnknown) this.#replace(order, [{ ...order, own: withOwn(order, wrote) }]);
      throw error;
    });
    if (isWithdrawn()) return;
    this.#replace(order, []);
    // What was set here before is no news to what was set here after it.
    const mine = withOwn(order, wrote);
    this.#orders = this.#orders.map((later) => (mine.length > 0 ? { ...later, own: withOwn(later, ...mine) } : later));
    this.#mark++;
    this.#said = is;
    this.#known = revision;
    if (flips.isLasting) this.#stand(is, revision);
    else this.#standing = on ? order : undefined;
    if (is === on) return;
    this.#options.log.warn({ on: is }, 'the kill switch is as another instance set it since');
    if (this.isCarriedOut) this.#act(is);
  }

  #replace(order: KillSwitchOrder, by: readonly KillSwitchOrder[]): void {
    this.#orders = this.#orders.flatMap((one) => (one === order ? by : [one]));
  }

  /** The database says that it is on, or that it is not. */
  #stand(on: boolean, known: number): void {
    this.#standing = on ? { ...OF_THE_DATABASE, on, known, isRecorded: true } : undefined;
  }

  /** On disk is what no database has, and that the switch is on. */
  #keep(): Promise<string | undefined> {
    return this.#options.file.keep([...(this.#standing ? [this.#standing] : []), ...this.#orders]);
  }
}

/** Who set it stands in the history. */
const OF_THE_DATABASE = { source: 'api', who: 'the history says who', identity: 'facade', why: undefined } as const;

const withOwn = ({ own = [] }: KillSwitchOrder, ...more: readonly (number | undefined)[]): number[] => [
  ...own,
  ...more.filter((one) => one !== undefined),
];

function whereIn(file: string | undefined, { isLasting, on }: { isLasting: boolean; on: boolean }): string {
  if (file !== undefined)
    return isLasting ? `in ${file} until the database has it` : `in ${file}: there is no database`;
  if (!isLasting && !on) return 'in memory: there is no database, and a restart begins with it off';
  return 'in memory only, for no file can be written: a restart before the database has it loses it';
}
