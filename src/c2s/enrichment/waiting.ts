/**
 * Who waits for an enrichment. One of this process is heard at once; one that another process works on is looked at now
 * and then, which costs nothing while nobody waits.
 */

/** Milliseconds between two looks. */
const LOOK_INTERVAL_MS = 400;

export class Waiting {
  readonly #waiters = new Map<string, Set<() => void>>();

  /** Something came of it. */
  heard(id: string): void {
    for (const look of this.#waiters.get(id) ?? []) look();
  }

  /** Resolves when something was heard, or it is time to look. @param longest milliseconds. */
  next(id: string, longest: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiters = this.#waiters.get(id) ?? new Set();
    this.#waiters.set(id, waiters.add(resolve));
    const timer = setTimeout(resolve, Math.min(LOOK_INTERVAL_MS, longest));
    return promise.finally(() => {
      clearTimeout(timer);
      waiters.delete(resolve);
      if (waiters.size === 0) this.#waiters.delete(id);
    });
  }
}
