import { Pool } from 'undici';
import { exchange, UpstreamFault } from './exchange.ts';
import type { Ending, UpstreamAnswer, UpstreamRequest } from './exchange.ts';
import { DEFAULTS } from './settings.ts';

/**
 * The way to one upstream: a pool of kept connections (the Python gateway opened one per request, which cost it
 * 20 ms of CPU each), one deadline over all attempts, and a second attempt for reads that a lost connection cost.
 */

export interface UpstreamSettings {
  readonly baseUrl: string;
  /** Milliseconds. */
  readonly connectTimeout: number;
  /** Milliseconds, all attempts together. */
  readonly deadline: number;
  readonly maxInflight: number;
}

/** One retry: it covers the idle connection that the peer was just closing. More would multiply load on a sick CRM. */
const READ_ATTEMPTS = 2;

export class Upstream {
  readonly #pool: Pool;
  readonly #prefix: string;
  readonly #settings: UpstreamSettings;
  #inflight = 0;

  constructor(settings: UpstreamSettings) {
    const url = new URL(settings.baseUrl);
    this.#settings = settings;
    this.#prefix = url.pathname.replace(/\/+$/, '');
    this.#pool = new Pool(url.origin, {
      connections: settings.maxInflight,
      pipelining: 1,
      keepAliveTimeout: DEFAULTS.keepAlive,
      keepAliveMaxTimeout: DEFAULTS.keepAlive,
      connect: { timeout: settings.connectTimeout },
    });
  }

  get inflight(): number {
    return this.#inflight;
  }

  get full(): boolean {
    return this.#inflight >= this.#settings.maxInflight;
  }

  /** Asks. Rejects with {@link UpstreamFault}. `ending.end()` gives up, for a caller that left. */
  async ask(request: UpstreamRequest, ending: Ending): Promise<UpstreamAnswer> {
    const until = performance.now() + this.#settings.deadline;
    const sent = { ...request, path: this.#prefix + request.path };
    const attempts = request.method === 'GET' ? READ_ATTEMPTS : 1;
    this.#inflight++;
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          const limits = { deadline: Math.max(1, until - performance.now()), maxAnswer: DEFAULTS.maxAnswer };
          return await exchange(this.#pool, sent, limits, ending);
        } catch (error) {
          if (attempt >= attempts || !(error instanceof UpstreamFault) || !mayRepeat(error)) throw error;
        }
      }
    } finally {
      this.#inflight--;
    }
  }

  /** Waits for requests under way, then closes the connections. */
  close(): Promise<void> {
    return this.#pool.close();
  }
}

const mayRepeat = (fault: UpstreamFault): boolean => fault.kind === 'connection-lost' || fault.kind === 'unreachable';
