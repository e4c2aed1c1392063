/**
 * Keeps a book and a store in step: loads what counts at the start, then every few seconds writes what changed here and
 * reads what others wrote. A store that fails costs nothing but delay: what could not be written is written next time.
 */

/** What is kept in step. */
interface KeptBook<R> {
  /** What changed since the last call. */
  takeDirty(): R[];
  /** Rows that could not be stored. */
  putBack(rows: readonly R[]): void;
  /** What others stored, or this process before a restart. */
  absorb(rows: readonly R[]): void;
}

/** Where rows are kept; facade/store/parity.ts has it in Postgres. */
interface RowStore<R> {
  save(rows: readonly R[]): Promise<void>;
  /** Rows written since the mark of an earlier call, and a new mark. Undefined: all. */
  since(mark: string | undefined): Promise<{ readonly rows: readonly R[]; readonly mark: string }>;
  /** Removes rows of stretches that began before. */
  prune(before: number): Promise<void>;
}

interface KeepOptions<R> {
  readonly book: KeptBook<R>;
  readonly store: RowStore<R>;
  /** Calls back every few seconds until it is closed; one call at a time. */
  readonly every: (work: () => Promise<void>) => { close(): void };
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds: rows older than this are pruned. Asked each time, for a reload may lengthen the window. */
  readonly keepFor: () => number;
  readonly onError: (error: unknown) => void;
}

const HOUR = 3_600_000;

/** Loads before it returns; a store that cannot be read is told to `onError`, and the book begins empty. */
export async function keepEvidence<R>(options: KeepOptions<R>): Promise<EvidenceKeeper<R>> {
  const keeper = new EvidenceKeeper(options);
  await keeper.begin();
  return keeper;
}

export class EvidenceKeeper<R> {
  readonly #options: KeepOptions<R>;
  #timer: { close(): void } | undefined;
  #mark: string | undefined;
  #prunedAt = -Infinity;

  constructor(options: KeepOptions<R>) {
    this.#options = options;
  }

  async begin(): Promise<void> {
    await this.#attempt(() => this.#load());
    this.#timer = this.#options.every(() => this.flush());
  }

  /** Writes and reads once, now. Never rejects. */
  async flush(): Promise<void> {
    await this.#attempt(() => this.#save());
    await this.#attempt(() => this.#load());
    await this.#attempt(() => this.#prune());
  }

  /** Forgets a route here and, by way of the store, on all instances and for good. @throws what the store throws, and then nothing is forgotten. */
  async forget(row: R): Promise<void> {
    const { book, store } = this.#options;
    await store.save([row]);
    book.absorb([row]);
  }

  /** Stops, and writes what is left. Never rejects. */
  async close(): Promise<void> {
    this.#timer?.close();
    await this.#attempt(() => this.#save());
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#options.onError(error);
    }
  }

  async #save(): Promise<void> {
    const { book, store } = this.#options;
    const rows = book.takeDirty();
    if (rows.length === 0) return;
    try {
      await store.save(rows);
    } catch (error) {
      book.putBack(rows);
      throw error;
    }
  }

  async #load(): Promise<void> {
    const { book, store } = this.#options;
    const { rows, mark } = await store.since(this.#mark);
    this.#mark = mark;
    book.absorb(rows);
  }

  async #prune(): Promise<void> {
    const { store, now, keepFor } = this.#options;
    if (now() - this.#prunedAt < HOUR) return;
    this.#prunedAt = now();
    await store.prune(now() - keepFor());
  }
}
