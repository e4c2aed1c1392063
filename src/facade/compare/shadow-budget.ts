import type { Logger } from '../../http/log.ts';

/**
 * How many requests the comparison may make in a day (UTC): `compare.perDay`, of all routes together and of single ones.
 * Every request of it counts, whichever way it goes: shadows, the second look of direct against direct, read-backs. Both
 * paths end in the same legacy API. Live requests are not asked for.
 *
 * Each day has a count of its own, so that a clock that jumps, to either side, finds what was spent and refills nothing.
 * With a store the instances lease from one count, a few at a time, and what is leased is spent without asking; without
 * one each process has its exact part, and counts from its start.
 */

/** Where the days are counted; facade/store/shadow-budget.ts has it in Postgres. */
export interface BudgetStore {
  lease(day: string, scope: string, wanted: number, limit: number): Promise<{ granted: number; used: number }>;
  release(day: string, scope: string, count: number): Promise<void>;
  prune(before: string): Promise<void>;
}

export interface BudgetLimits {
  /** Requests a day; undefined: no limit. */
  readonly perDay: number | undefined;
  /** By route, beside that of all. */
  readonly routes: ReadonlyMap<string, number>;
}

interface BudgetOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** There is a store, or there will be one: until it is attached nothing is spent, for others may have. */
  readonly hasStore: boolean;
  /** Among the processes of this machine, counted from 0. */
  readonly place: number;
  readonly workers: number;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

export interface BudgetView {
  readonly perDay: number;
  readonly left: number;
  readonly isSpent: boolean;
}

export interface ShadowBudgetView {
  /** Of all routes together; undefined: no limit. */
  readonly all: BudgetView | undefined;
  readonly routes: Readonly<Record<string, BudgetView>>;
  /** ISO 8601: when the next day begins. */
  readonly resetsAt: string;
  /** All instances share the count; else it is this process's, from its start on. */
  readonly isShared: boolean;
}

interface DayCount {
  /** In all, as far as is known; with what is leased. */
  used: number;
  /** Leased from the store, and not spent. */
  lease: number;
  /** The store had nothing left. */
  isEmpty: boolean;
  isTold: boolean;
}

interface Scope {
  limit: number;
  readonly days: Map<string, DayCount>;
  /** A lease is under way. */
  asking: Promise<void> | undefined;
}

const DAY_MS = 24 * 3_600_000;
/** A clock that was wrong by more than that many days may spend anew. */
const DAYS_KEPT = 8;
/** Part of a day's budget that an instance leases at once: so much may be left unspent by one that dies. */
const LEASE_PART = 0.02;
const ALL = '';

export class ShadowBudget {
  readonly #options: BudgetOptions;
  readonly #scopes = new Map<string, Scope>();
  #store: BudgetStore | undefined;
  #prunedOn = '';

  constructor(options: BudgetOptions) {
    this.#options = options;
  }

  /** After every load of the config. What was spent today stays spent. */
  configure({ perDay, routes }: BudgetLimits): void {
    const limits = new Map([...(perDay === undefined ? [] : [[ALL, perDay] as const]), ...routes]);
    for (const [name, scope] of this.#scopes) if (!limits.has(name)) void this.#drop(name, scope);
    for (const [name, limit] of limits) {
      const scope = this.#scopes.get(name) ?? { limit, days: new Map<string, DayCount>(), asking: undefined };
      this.#scopes.set(name, scope);
      if (scope.limit !== limit) this.#today(scope).isEmpty = false;
      scope.limit = limit;
      this.#refill(name, scope);
    }
  }

  attach(store: BudgetStore): void {
    this.#store = store;
    for (const [name, scope] of this.#scopes) this.#refill(name, scope);
  }

  /** Nothing may be copied or read back of this route today. */
  isSpent(route: string): boolean {
    return this.#of(route).some(([, scope]) => this.#isScopeSpent(scope));
  }

  /** One request. False: none is left, or none is leased yet. Takes from all or from none. */
  take(route: string): boolean {
    const scopes = this.#of(route);
    const isThere = scopes.every(([, scope]) => this.#here(scope) > 0);
    for (const [name, scope] of scopes) {
      const today = this.#today(scope);
      if (isThere && this.#options.hasStore) today.lease--;
      else if (isThere) today.used++;
      this.#refill(name, scope);
      this.#tellSpent(name, scope);
    }
    return isThere;
  }

  /** Every few seconds: sees what others spent, and the next day. Never rejects. */
  async tick(): Promise<void> {
    for (const [name, scope] of this.#scopes) {
      this.#tellDay(name, scope);
      if (this.#store) await (scope.asking ?? this.#ask(name, scope, this.#wanted(scope)));
      this.#tellSpent(name, scope);
    }
    await this.#prune();
  }

  view(): ShadowBudgetView {
    const views = Array.from(this.#scopes, ([name, scope]) => [name, this.#viewOf(scope)] as const);
    return {
      all: views.find(([name]) => name === ALL)?.[1],
      routes: Object.fromEntries(views.filter(([name]) => name !== ALL)),
      resetsAt: new Date((Math.floor(this.#options.now() / DAY_MS) + 1) * DAY_MS).toISOString(),
      isShared: this.#options.hasStore,
    };
  }

  /** Gives back what is leased. Never rejects. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.#scopes, ([name, scope]) => this.#drop(name, scope)));
  }

  #of(route: string): [string, Scope][] {
    return [ALL, route].flatMap((name): [string, Scope][] => {
      const scope = this.#scopes.get(name);
      return scope ? [[name, scope]] : [];
    });
  }

  get #day(): string {
    return new Date(this.#options.now()).toISOString().slice(0, 10);
  }

  #today(scope: Scope): DayCount {
    const day = this.#day;
    let today = scope.days.get(day);
    if (!today) {
      scope.days.set(day, (today = { used: 0, lease: 0, isEmpty: false, isTold: false }));
      const [oldest] = scope.days.size > DAYS_KEPT ? [...scope.days.keys()].toSorted() : [];
      if (oldest !== undefined) scope.days.delete(oldest);
    }
    return today;
  }

  /** This process's part where there is no store: the parts of all workers are the whole. */
  #limit({ limit }: Scope): number {
    const { hasStore, place, workers } = this.#options;
    return hasStore ? limit : Math.floor(limit / workers) + (place < limit % workers ? 1 : 0);
  }

  /** Requests that may be made without asking anybody. */
  #here(scope: Scope): number {
    const today = this.#today(scope);
    return this.#options.hasStore ? today.lease : this.#limit(scope) - today.used;
  }

  #isScopeSpent(scope: Scope): boolean {
    return this.#here(scope) <= 0 && (!this.#options.hasStore || this.#today(scope).isEmpty);
  }

  #viewOf(scope: Scope): BudgetView {
    const { used, lease } = this.#today(scope);
    const perDay = this.#limit(scope);
    return { perDay, left: Math.max(0, perDay - used + lease), isSpent: this.#isScopeSpent(scope) };
  }

  /** Before the lease is at its end, so that nothing is left out for want of an answer. */
  #refill(name: string, scope: Scope): void {
    const { lease, isEmpty } = this.#today(scope);
    if (!this.#store || scope.asking || isEmpty || lease * 2 > batchOf(scope)) return;
    void this.#ask(name, scope, this.#wanted(scope));
  }

  #wanted(scope: Scope): number {
    return Math.max(0, batchOf(scope) - this.#today(scope).lease);
  }

  /** Never rejects: without an answer nothing is granted, and the next tick asks again. */
  #ask(name: string, scope: Scope, wanted: number): Promise<void> {
    const day = this.#day;
    const today = this.#today(scope);
    scope.asking = (async () => {
      try {
        const leased = await this.#store?.lease(day, name, wanted, scope.limit);
        if (!leased) return;
        today.lease += leased.granted;
        today.used = leased.used;
        today.isEmpty = leased.used >= scope.limit;
      } catch (err) {
        this.#options.log.warn({ err }, 'the shadow budget could not be leased from the store: shadows wait for it');
      } finally {
        scope.asking = undefined;
      }
    })();
    return scope.asking;
  }

  async #drop(name: string, scope: Scope): Promise<void> {
    this.#scopes.delete(name);
    await scope.asking;
    for (const [day, count] of scope.days) {
      const { lease } = count;
      count.lease = 0;
      if (lease > 0) await this.#store?.release(day, name, lease).catch(() => undefined);
    }
  }

  async #prune(): Promise<void> {
    const day = this.#day;
    if (!this.#store || this.#scopes.size === 0 || this.#prunedOn === day) return;
    this.#prunedOn = day;
    const before = new Date(this.#options.now() - DAYS_KEPT * DAY_MS).toISOString().slice(0, 10);
    await this.#store.prune(before).catch(() => undefined);
  }

  #tellSpent(name: string, scope: Scope): void {
    const today = this.#today(scope);
    if (today.isTold || !this.#isScopeSpent(scope)) return;
    today.isTold = true;
    const facts = { perDay: scope.limit, ...(name !== ALL && { route: name }) };
    this.#options.log.info(
      facts,
      'the shadow budget of the day is spent: shadows and read-backs pause until 00:00 UTC',
    );
  }

  /** A new day after one that was spent. */
  #tellDay(name: string, scope: Scope): void {
    const today = this.#day;
    if (this.#isScopeSpent(scope)) return;
    for (const [day, count] of scope.days) {
      if (!count.isTold || day === today) continue;
      count.isTold = false;
      const facts = { perDay: scope.limit, ...(name !== ALL && { route: name }) };
      this.#options.log.info(facts, 'a new day: shadows and read-backs go on');
    }
  }
}

/** Small, so that little is lost with an instance; and never more than an instance may soon spend. */
const batchOf = ({ limit }: Scope): number => Math.max(1, Math.ceil(limit * LEASE_PART));
