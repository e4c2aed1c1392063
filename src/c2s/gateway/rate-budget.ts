import { setTimeout as sleep } from 'node:timers/promises';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { RateBudget as Settings } from './settings.ts';

/** The budget is spent, and waiting would take longer than a caller should wait. */
export class BudgetSpent extends Error {
  override readonly name = 'BudgetSpent';
  /** Seconds until the next request would be granted. */
  readonly retryAfter: number;
  constructor(retryAfter: number) {
    super('the rate budget is spent');
    this.retryAfter = retryAfter;
  }
}

/**
 * What Contact2Sale grants us, spent here before it is refused there: its 429 costs a request and, on some
 * accounts, minutes. A fixed window, as its own limit is one; a request that finds it empty waits for the next.
 */
export class RateBudget {
  readonly #limiter: RateLimiterMemory;
  readonly #longestWait: number;

  readonly #onGranted: (seconds: number) => void;

  /** @param onGranted called with the seconds that a granted request waited */
  constructor({ requests, period, longestWait }: Settings, onGranted: (seconds: number) => void) {
    this.#onGranted = onGranted;
    this.#limiter = new RateLimiterMemory({ points: requests, duration: period / 1_000 });
    this.#longestWait = longestWait;
  }

  /** Resolves when a request may go. Rejects with {@link BudgetSpent}. */
  async take(): Promise<void> {
    const began = performance.now();
    for (;;) {
      const wait = await this.#tryTake();
      const waited = performance.now() - began;
      if (wait === 0) return this.#onGranted(waited / 1_000);
      if (waited + wait > this.#longestWait) throw new BudgetSpent(Math.ceil(wait / 1_000));
      await sleep(wait);
    }
  }

  /** Milliseconds until the next window, or 0 when a request was granted. */
  async #tryTake(): Promise<number> {
    try {
      await this.#limiter.consume('c2s');
      return 0;
    } catch (refusal) {
      if (refusal instanceof RateLimiterRes) return Math.max(1, refusal.msBeforeNext);
      throw refusal;
    }
  }
}
