import { isDeepStrictEqual } from 'node:util';
import type { Pool } from 'undici';
import { createUpstreamPool } from '../../http/upstream-pool.ts';
import type { Path } from '../rollout/route.ts';
import { checkHealth } from './health-call.ts';
import type { RuntimeSnapshot } from './runtime-snapshot.ts';
import type { Upstream } from './upstream.ts';
import type { HealthCheck, HealthSettings, UpstreamHealth } from './upstream-health.ts';

/**
 * The health checks of both upstreams: one timer and one connection for each that is configured, none otherwise. They are
 * no traffic: no bulkhead, no breaker, no request metric and no trace sees them.
 */

interface HealthChecksOptions {
  readonly health: Readonly<Record<Path, UpstreamHealth>>;
  /** Told of every check, counted or not. */
  readonly onCheck: (path: Path, check: HealthCheck) => void;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** 0..1 */
  readonly random: () => number;
}

/** Checks of instances that started together drift apart by so much of the interval, in both directions. */
const JITTER = 0.1;
/** Milliseconds that the first check waits at most. */
const MAX_FIRST_WAIT_MS = 1_000;

export class HealthChecks {
  readonly #options: HealthChecksOptions;
  readonly #loops: Partial<Record<Path, Loop>> = {};

  constructor(options: HealthChecksOptions) {
    this.#options = options;
  }

  /** Checks what the table says from now on; what did not change goes on as it was. */
  use({ upstreams, health }: Pick<RuntimeSnapshot, 'upstreams' | 'health'>): void {
    for (const path of ['direct', 'gateway'] as const) {
      const upstream = upstreams[path];
      const { settings } = health[path];
      const old = this.#loops[path];
      if (upstream && settings && old?.isFor(upstream, settings)) continue;
      old?.close();
      delete this.#loops[path];
      if (upstream && settings) this.#loops[path] = new Loop(path, upstream, settings, this.#options);
    }
  }

  close(): void {
    for (const loop of Object.values(this.#loops)) loop.close();
  }
}

class Loop {
  readonly #path: Path;
  readonly #upstream: Upstream;
  readonly #settings: HealthSettings;
  readonly #options: HealthChecksOptions;
  readonly #pool: Pool;
  #timer: NodeJS.Timeout;
  #isClosed = false;

  constructor(path: Path, upstream: Upstream, settings: HealthSettings, options: HealthChecksOptions) {
    const { keepAliveMs, connectTimeoutMs, maxConnectionAgeMs } = upstream.settings;
    this.#path = path;
    this.#upstream = upstream;
    this.#settings = settings;
    this.#options = options;
    const connection = { keepAliveMs, maxConnectionAgeMs };
    this.#pool = createUpstreamPool(upstream.origin, 1, {
      ...connection,
      connectTimeoutMs: Math.min(connectTimeoutMs, settings.timeoutMs),
    });
    this.#timer = this.#after(Math.min(settings.intervalMs, MAX_FIRST_WAIT_MS) * options.random());
  }

  /** The upstream is kept by a reload that does not change it. */
  isFor(upstream: Upstream, settings: HealthSettings): boolean {
    return upstream === this.#upstream && isDeepStrictEqual(settings, this.#settings);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    void this.#pool.destroy();
  }

  #after(ms: number): NodeJS.Timeout {
    return setTimeout(() => void this.#check(), ms).unref();
  }

  async #check(): Promise<void> {
    const { now, onCheck, random } = this.#options;
    const { rateBudget, prefix } = this.#upstream;
    const mayAsk = !rateBudget || (await rateBudget.takeSpare());
    if (this.#isClosed) return;
    const skipped: HealthCheck = { result: 'skipped', tookMs: 0 };
    const check = mayAsk ? await checkHealth(this.#pool, prefix, this.#settings, now) : skipped;
    if (this.#isClosed) return;
    this.#timer = this.#after(this.#settings.intervalMs * (1 - JITTER + 2 * JITTER * random()));
    onCheck(this.#path, check);
  }
}
