import type { Pool } from 'undici';
import { createUpstreamPool } from '../../http/upstream-pool.ts';
import type { RateBudget } from '../../http/rate-budget.ts';
import { exchange, UpstreamFault } from '../../http/buffered-exchange.ts';
import type { Ending, FaultKind, UpstreamAnswer, UpstreamRequest } from '../../http/buffered-exchange.ts';
import { DEFAULTS } from './settings.ts';

/**
 * The way to one upstream: a pool of kept connections (the Python gateway opened one per request, which cost it
 * 20 ms of CPU each), one deadline over all attempts, and a second attempt for reads that a lost connection cost.
 */

interface CrmSettings {
  readonly baseUrl: string;
  readonly connectTimeoutMs: number;
  /** All attempts together. */
  readonly deadlineMs: number;
  readonly maxInflight: number;
  /** Asked before every attempt. */
  readonly budget?: RateBudget | undefined;
  /** @param waitedMs in the queue of the budget */
  readonly onGranted?: (waitedMs: number) => void;
  readonly onAttempt?: (result: FaultKind | 'answered') => void;
}

/** One retry: it covers the idle connection that the peer was just closing. More would multiply load on a sick CRM. */
const READ_ATTEMPTS = 2;

/** The budget is spent, and waiting would take longer than a caller should wait; nothing was sent. */
export class BudgetSpent extends Error {
  override readonly name = 'BudgetSpent';
  /** Seconds until the next request would be granted. */
  readonly retryAfter: number;

  constructor(retryAfterMs: number) {
    super('the rate budget is spent');
    this.retryAfter = Math.ceil(retryAfterMs / 1_000);
  }
}

/** As much is under way as the settings allow; nothing was sent. */
export class UpstreamBusy extends Error {
  override readonly name = 'UpstreamBusy';
}

export class CrmClient {
  readonly #pool: Pool;
  readonly #prefix: string;
  readonly #settings: CrmSettings;
  #inflight = 0;

  constructor(settings: CrmSettings) {
    const url = new URL(settings.baseUrl);
    this.#settings = settings;
    this.#prefix = url.pathname.replace(/\/+$/, '');
    this.#pool = createUpstreamPool(url.origin, settings.maxInflight, { ...DEFAULTS, ...settings });
  }

  get inflight(): number {
    return this.#inflight;
  }

  /**
   * Asks. Rejects with {@link UpstreamFault}, {@link UpstreamBusy} or {@link BudgetSpent}. `ending` gives up for a
   * caller that left: before anything is sent always, afterwards when its owner says so.
   */
  async ask(request: UpstreamRequest, ending: Ending): Promise<UpstreamAnswer> {
    if (this.#inflight >= this.#settings.maxInflight) throw new UpstreamBusy('busy');
    const until = performance.now() + this.#settings.deadlineMs;
    const sent = { ...request, path: this.#prefix + request.path };
    const attempts = request.method === 'GET' ? READ_ATTEMPTS : 1;
    this.#inflight++;
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          return await this.#attempt(sent, until, ending);
        } catch (error) {
          if (attempt >= attempts || !(error instanceof UpstreamFault) || !mayRepeat(error)) throw error;
        }
      }
    } finally {
      this.#inflight--;
    }
  }

  async #attempt(request: UpstreamRequest, until: number, ending: Ending): Promise<UpstreamAnswer> {
    const { onAttempt } = this.#settings;
    await this.#takeFromBudget();
    if (ending.left) throw new UpstreamFault('caller-left', true);
    const deadlineMs = until - performance.now();
    if (deadlineMs <= 0) throw new UpstreamFault('deadline', true);
    try {
      const answer = await exchange(
        this.#pool,
        request,
        { deadlineMs, maxAnswerBytes: DEFAULTS.maxAnswerBytes },
        ending,
      );
      onAttempt?.('answered');
      return answer;
    } catch (error) {
      if (error instanceof UpstreamFault) onAttempt?.(error.kind);
      throw error;
    }
  }

  async #takeFromBudget(): Promise<void> {
    const { budget, onGranted } = this.#settings;
    if (!budget) return;
    const waitedMs = await new Promise<number>((granted, reject) => {
      budget.take({ granted, refused: (retryAfterMs) => reject(new BudgetSpent(retryAfterMs)) }, 'known');
    });
    onGranted?.(waitedMs);
  }

  /** Waits for requests under way, then closes the connections. */
  close(): Promise<void> {
    this.#settings.budget?.close();
    return this.#pool.close();
  }
}

const mayRepeat = (fault: UpstreamFault): boolean => fault.kind === 'connection-lost' || fault.kind === 'unreachable';
