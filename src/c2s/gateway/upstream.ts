import type { Pool } from 'undici';
import { createUpstreamPool } from '../../http/upstream-pool.ts';
import { exchange, UpstreamFault } from './exchange.ts';
import type { Ending, FaultKind, UpstreamAnswer, UpstreamRequest } from './exchange.ts';
import type { RateBudget } from './rate-budget.ts';
import { DEFAULTS } from './settings.ts';

/**
 * The way to one upstream: a pool of kept connections (the Python gateway opened one per request, which cost it
 * 20 ms of CPU each), one deadline over all attempts, and a second attempt for reads that a lost connection cost.
 */

interface UpstreamSettings {
  readonly baseUrl: string;
  /** Milliseconds. */
  readonly connectTimeout: number;
  /** Milliseconds, all attempts together. */
  readonly deadline: number;
  readonly maxInflight: number;
  /** Asked before every attempt. */
  readonly budget?: Pick<RateBudget, 'take'> | undefined;
  readonly onAttempt?: (result: FaultKind | 'answered') => void;
}

/** One retry: it covers the idle connection that the peer was just closing. More would multiply load on a sick CRM. */
const READ_ATTEMPTS = 2;

/** As much is under way as the settings allow; nothing was sent. */
export class UpstreamBusy extends Error {
  override readonly name = 'UpstreamBusy';
}

export class Upstream {
  readonly #pool: Pool;
  readonly #prefix: string;
  readonly #settings: UpstreamSettings;
  #inflight = 0;

  constructor(settings: UpstreamSettings) {
    const url = new URL(settings.baseUrl);
    this.#settings = settings;
    this.#prefix = url.pathname.replace(/\/+$/, '');
    this.#pool = createUpstreamPool(url.origin, {
      connections: settings.maxInflight,
      keepAliveMs: DEFAULTS.keepAlive,
      connectMs: settings.connectTimeout,
      maxConnectionAgeMs: DEFAULTS.maxConnectionAge,
    });
  }

  get inflight(): number {
    return this.#inflight;
  }

  /**
   * Asks. Rejects with {@link UpstreamFault}, {@link UpstreamBusy} or what the budget says. `ending` gives up for a
   * caller that left: before anything is sent always, afterwards when its owner says so.
   */
  async ask(request: UpstreamRequest, ending: Ending): Promise<UpstreamAnswer> {
    if (this.#inflight >= this.#settings.maxInflight) throw new UpstreamBusy('busy');
    const until = performance.now() + this.#settings.deadline;
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
    const { budget, onAttempt } = this.#settings;
    if (budget) await budget.take();
    if (ending.left) throw new UpstreamFault('caller-left', true);
    const deadline = until - performance.now();
    if (deadline <= 0) throw new UpstreamFault('deadline', true);
    try {
      const answer = await exchange(this.#pool, request, { deadline, maxAnswer: DEFAULTS.maxAnswer }, ending);
      onAttempt?.('answered');
      return answer;
    } catch (error) {
      if (error instanceof UpstreamFault) onAttempt?.(error.kind);
      throw error;
    }
  }

  /** Waits for requests under way, then closes the connections. */
  close(): Promise<void> {
    return this.#pool.close();
  }
}

const mayRepeat = (fault: UpstreamFault): boolean => fault.kind === 'connection-lost' || fault.kind === 'unreachable';
