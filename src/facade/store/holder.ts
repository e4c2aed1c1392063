import { setTimeout as sleep } from 'node:timers/promises';
import type { Store, StoreOptions } from './index.ts';
import { codeOf } from '../../http/error-code.ts';
import { databaseErrorText, rootOf } from './explain-error.ts';
import { isStoreAway, StoreUnavailable } from './unavailable.ts';

/**
 * The store, opened in the background: the facade listens and routes whether there is a database or not. Who needs it
 * says what to do once it is there; a database that is down is tried again until it is up or the process ends.
 */

/** Milliseconds between two tries. */
const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 15_000;
/** Between two looks whether the database still takes writes. */
const LOOK_EVERY_MS = 15_000;

/** What has a deadline of its own ends by that first: what is still waited for then is the database. */
const CUT_SLACK_MS = 500;

/** The migrations are the opener's to bring. */
export type OpenOptions = Omit<StoreOptions, 'migrations'>;

interface StoreHolderOptions extends OpenOptions {
  readonly open: (options: OpenOptions) => Promise<Store>;
  /** Waits between two tries; resolves early when the signal aborts. Default: by the clock. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

const pauseByClock = (ms: number, signal: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);

interface Part {
  /** As operators read it. */
  readonly name: string;
  /** Begins anew when it is called again after it failed. */
  readonly start: (store: Store) => Promise<void> | void;
}

export class StoreHolder {
  readonly #options: StoreHolderOptions | undefined;
  readonly #parts: Part[] = [];
  /** Of parts that could not be started yet, by name. */
  readonly #unstarted = new Map<string, string>();
  readonly #closing = new AbortController();
  readonly #pause: (ms: number, signal: AbortSignal) => Promise<void>;
  #store: Store | undefined;
  #problem: string;
  /** Why the open store takes no writes. */
  #onlyReads: string | undefined;
  #opening: Promise<Store | undefined> | undefined;
  readonly #first = Promise.withResolvers<Store | undefined>();
  /**
   * The store; undefined where there is none, or where an embedded one cannot be had: what it lacks now it will hardly
   * get while we run. A database of the operator's is waited for. Never rejects.
   */
  readonly opened: Promise<Store | undefined> = this.#first.promise;

  /** @param options undefined: there is none, by choice of the operator. */
  constructor(options: StoreHolderOptions | undefined) {
    this.#options = options;
    this.#pause = options?.pause ?? pauseByClock;
    if (!options) this.#first.resolve(undefined);
    this.#problem = options ? 'opening' : 'none';
  }

  get current(): Store | undefined {
    return this.#store;
  }

  /** Undefined while there is a store that takes writes; else what is the matter. For operators: no address, no password. */
  get problem(): string | undefined {
    return this.#store ? this.#onlyReads : this.#problem;
  }

  /** Since the database last answered anything: milliseconds; undefined before it ever did, and where there is none. */
  get silenceMs(): number | undefined {
    const answeredAt = this.#store?.connections.answeredAt;
    return answeredAt === undefined ? undefined : performance.now() - answeredAt;
  }

  /** There is none, and none will come. */
  get isOff(): boolean {
    return this.#options === undefined;
  }

  /** Parts of the facade that failed to start on the open store and are tried again, with the reason. For operators. */
  get unstarted(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#unstarted);
  }

  /**
   * Starts a part of the facade once the store is open, in the order of registration. A part that fails is tried again
   * until it starts, and no other part waits for it.
   */
  whenReady(name: string, start: Part['start']): void {
    this.#parts.push({ name, start });
    if (this.#store) void this.#serve(this.#store);
  }

  start(): void {
    if (!this.#options) return;
    this.#opening = this.#open(this.#options);
    // Who uses the store is not part of its opening: a close must not wait for what waits for the store.
    void this.#opening.then((store) => store && this.#serve(store));
  }

  /**
   * Work that ends with the process and may wait for the database. What is asked of one that has not answered when the
   * time is over fails then, and from then on, so that the work comes to its end without it.
   */
  async cutAfter<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
    const timer = setTimeout(() => {
      this.#options?.log.warn(
        { timeoutMs },
        'the database did not answer in time at the end; it is waited for no longer',
      );
      this.#closing.abort();
      this.#store?.cut();
    }, timeoutMs + CUT_SLACK_MS);
    try {
      return await work;
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#first.resolve(undefined);
    await this.#opening;
    await this.#store?.close();
  }

  /** @returns the store, unless the holder was closed before it was there. */
  async #open(options: StoreHolderOptions): Promise<Store | undefined> {
    const { signal } = this.#closing;
    for (let pause = FIRST_PAUSE_MS; !signal.aborted; pause = Math.min(pause * 2, MAX_PAUSE_MS)) {
      const store = await options.open({ ...options, signal }).catch((error: unknown) => this.#failed(error, pause));
      if (store && signal.aborted) await store.close();
      else if (store) return this.#opened(store);
      await this.#pause(pause, signal);
    }
    return undefined;
  }

  #failed(error: unknown, pause: number): undefined {
    if (this.#closing.signal.aborted) return;
    this.#problem = error instanceof StoreUnavailable ? error.message : `cannot be opened (${this.#reasonOf(error)})`;
    if (this.#options?.databaseUrl === undefined) this.#first.resolve(undefined);
    this.#options?.log.error({ err: error, reason: this.#problem, retryInMs: pause }, 'the database cannot be had');
  }

  #opened(store: Store): Store {
    this.#store = store;
    this.#first.resolve(store);
    this.#options?.log.info({ embedded: store.isEmbedded }, 'the database is there');
    void this.#watchWrites(store);
    return store;
  }

  /**
   * A database that only reads is opened all the same: the flips in it are in force. It is asked for as long as it is open,
   * since a standby may take the place of the primary, or an operator switch writes off, at any time.
   */
  async #watchWrites(store: Store): Promise<void> {
    const { signal } = this.#closing;
    for (let pause = FIRST_PAUSE_MS; !signal.aborted;) {
      const before = this.#onlyReads;
      const reason = await store.readOnly().catch(() => before);
      if (signal.aborted) return;
      this.#onlyReads = reason;
      if (reason === undefined && before !== undefined) this.#options?.log.info('the database takes writes');
      if (reason !== undefined && before === undefined)
        this.#options?.log.error({ reason }, 'the database takes no writes');
      await this.#pause(reason === undefined ? LOOK_EVERY_MS : pause, signal);
      pause = reason === undefined ? FIRST_PAUSE_MS : Math.min(pause * 2, MAX_PAUSE_MS);
    }
  }

  async #serve(store: Store): Promise<void> {
    for (let part = this.#parts.shift(); part; part = this.#parts.shift()) {
      if (!(await this.#begin(part, store, FIRST_PAUSE_MS))) void this.#retry(part, store);
    }
  }

  async #retry(part: Part, store: Store): Promise<void> {
    const { signal } = this.#closing;
    for (let pause = FIRST_PAUSE_MS; !signal.aborted;) {
      await this.#pause(pause, signal);
      pause = Math.min(pause * 2, MAX_PAUSE_MS);
      if (signal.aborted || (await this.#begin(part, store, pause))) return;
    }
  }

  /** The server's own words where they say why nothing can be done; of any other statement they may quote a value. */
  #reasonOf(error: unknown): string {
    if (error instanceof StoreUnavailable) return error.message;
    const code = codeOf(rootOf(error));
    if (code !== '42501' && !isStoreAway(rootOf(error))) return code;
    return databaseErrorText(error, { name: 'DATABASE_URL', url: this.#options?.databaseUrl });
  }

  /** @returns whether it started. */
  async #begin({ name, start }: Part, store: Store, pause: number): Promise<boolean> {
    try {
      await start(store);
    } catch (error) {
      if (this.#closing.signal.aborted) return false;
      const reason = this.#reasonOf(error);
      this.#unstarted.set(name, reason);
      const fields = { err: error, part: name, reason, retryInMs: pause };
      this.#options?.log.error(fields, `${name} could not be started on the database; it is tried again`);
      return false;
    }
    if (this.#unstarted.delete(name)) this.#options?.log.info({ part: name }, `${name} is started on the database`);
    return true;
  }
}
