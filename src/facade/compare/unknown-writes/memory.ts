import type {
  Looked,
  Settlement,
  UnknownWrite,
  UnknownWriteCount,
  UnknownWritesQuery,
  UnknownWriteStore,
} from '../../store/unknown-write.ts';
import { isWorkedOff } from '../../store/unknown-write.ts';

/** The unknown writes of this process alone, where there is no database: the newest, and lost with a restart. */
export class MemoryUnknownWrites implements UnknownWriteStore {
  readonly isLasting = false;
  readonly #maxWrites: number;
  /** Oldest first. */
  readonly #writes = new Map<string, UnknownWrite>();

  constructor(maxWrites = 1_000) {
    this.#maxWrites = maxWrites;
  }

  add(writes: readonly UnknownWrite[]): Promise<void> {
    for (const write of writes) this.#writes.set(write.id, write);
    for (const id of this.#disposable()) {
      if (this.#writes.size <= this.#maxWrites) break;
      this.#writes.delete(id);
    }
    return Promise.resolve();
  }

  take(now: Date, leaseMs: number, limit: number): Promise<UnknownWrite[]> {
    const due = [...this.#writes.values()]
      .filter(({ state, nextLookAt }) => state === 'open' && nextLookAt !== null && nextLookAt <= now)
      .sort((a, b) => Number(a.nextLookAt) - Number(b.nextLookAt))
      .slice(0, limit);
    for (const write of due) this.#change(write, { nextLookAt: new Date(now.getTime() + leaseMs) });
    return Promise.resolve(due);
  }

  looked(id: string, looked: Looked): Promise<void> {
    const write = this.#writes.get(id);
    if (write?.state === 'open') {
      const checks = looked.nextLookAt === null ? null : write.checks;
      this.#change(write, { ...looked, looks: write.looks + 1, checks });
    }
    return Promise.resolve();
  }

  list({ state, route, limit, after }: UnknownWritesQuery): Promise<UnknownWrite[]> {
    const newest = [...this.#writes.values()].reverse();
    const begin = after === undefined ? 0 : newest.findIndex(({ id }) => id === after) + 1;
    const wanted = newest
      .slice(after !== undefined && begin === 0 ? newest.length : begin)
      .filter((write) => (!state || write.state === state) && (route === undefined || write.route === route));
    return Promise.resolve(wanted.slice(0, limit));
  }

  counts(): Promise<UnknownWriteCount[]> {
    const counts = new Map<string, UnknownWriteCount>();
    for (const { route, state, cause } of this.#writes.values()) {
      if (state === 'under_way') continue;
      const key = `${route} ${state} ${cause}`;
      counts.set(key, { route, state, cause, count: (counts.get(key)?.count ?? 0) + 1 });
    }
    return Promise.resolve([...counts.values()]);
  }

  settle(ids: readonly string[], settlement: Settlement): Promise<string[]> {
    const settled = ids.filter((id) => {
      const write = this.#writes.get(id);
      if (!write || write.state === 'settled') return false;
      this.#change(write, { state: 'settled', settlement, nextLookAt: null, checks: null });
      return true;
    });
    return Promise.resolve(settled);
  }

  prune(workedOffBefore: Date, anyBefore: Date): Promise<void> {
    for (const { id, at, state } of this.#writes.values()) {
      if (at < anyBefore || (at < workedOffBefore && isWorkedOff(state))) this.#writes.delete(id);
    }
    return Promise.resolve();
  }

  #change(write: UnknownWrite, change: Partial<UnknownWrite>): void {
    this.#writes.set(write.id, { ...write, ...change });
  }

  /** What is worked off goes first. */
  #disposable(): string[] {
    const all = [...this.#writes.values()];
    return [...all.filter(({ state }) => isWorkedOff(state)), ...all.filter(({ state }) => !isWorkedOff(state))].map(
      ({ id }) => id,
    );
  }
}
