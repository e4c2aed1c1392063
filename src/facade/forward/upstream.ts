import type { Pool } from 'undici';
import type { Path } from '../rollout/route.ts';
import { createUpstreamPool, type ConnectionSettings } from '../../http/upstream-pool.ts';
import { RateBudget, type RateBudgetSettings } from '../../http/rate-budget.ts';
import { strangersPart, type CallerStanding } from '../../http/standing.ts';

/**
 * One side's way out: its pool of connections, its bulkhead and its rate budget. Lives on across reloads as long as
 * its settings stay; a changed one is replaced, and the old pool closes when what runs on it has ended.
 */

/** Of the connect deadlines the one of the defaults: a pool has one for all its routes. */
export interface UpstreamSettings extends ConnectionSettings {
  /** Base URL, without a slash at the end; may hold a path prefix. */
  readonly url: string;
  readonly maxInflight: number;
  /** Share of the places, 0..1, that strangers cannot take. */
  readonly knownShare: number;
  readonly rateBudget: RateBudgetSettings | undefined;
}

export class Upstream {
  readonly path: Path;
  readonly settings: UpstreamSettings;
  readonly pool: Pool;
  readonly origin: string;
  /** Path of the base URL, put before every path that is sent: `''` or `/prefix`. */
  readonly prefix: string;
  readonly rateBudget: RateBudget | undefined;
  inflight = 0;
  readonly #strangersAtMost: number;
  #strangers = 0;

  constructor(path: Path, settings: UpstreamSettings, now: () => number) {
    const url = new URL(settings.url);
    this.path = path;
    this.settings = settings;
    this.#strangersAtMost = strangersPart(settings.maxInflight, settings.knownShare);
    this.origin = url.origin;
    this.prefix = url.pathname === '/' ? '' : url.pathname.replace(/\/$/, '');
    this.rateBudget = settings.rateBudget && new RateBudget(settings.rateBudget, now);
    this.pool = createUpstreamPool(url.origin, settings.maxInflight, settings);
  }

  /** Takes a place in the bulkhead; false when all are taken. Give it back with {@link leave}, as the same. */
  enter(standing: CallerStanding): boolean {
    if (this.inflight >= this.settings.maxInflight) return false;
    if (standing === 'stranger') {
      if (this.#strangers >= this.#strangersAtMost) return false;
      this.#strangers++;
    }
    this.inflight++;
    return true;
  }

  leave(standing: CallerStanding): void {
    if (standing === 'stranger') this.#strangers--;
    this.inflight--;
  }

  /** Ends when everything under way has ended. */
  async close(): Promise<void> {
    this.rateBudget?.close();
    await this.pool.close();
  }

  /** Ends now. */
  async destroy(): Promise<void> {
    this.rateBudget?.close();
    await this.pool.destroy();
  }
}
