import type { Pool } from 'undici';
import type { Upstream } from '../forward/upstream.ts';
import { createUpstreamPool } from '../../http/upstream-pool.ts';

/**
 * The way out of shadows to one upstream: connections of their own, so that one that hangs there holds no connection
 * and no place in the bulkhead that live traffic might want. It follows the upstream that serves; what is under way on
 * the old one ends there.
 */
export class ShadowLane {
  readonly #connections: number;
  #upstream: Upstream | undefined;
  #pool: Pool | undefined;

  /** @param connections as many as there are shadows at once. */
  constructor(connections: number) {
    this.#connections = connections;
  }

  pool(upstream: Upstream): Pool {
    if (this.#pool && this.#upstream === upstream) return this.#pool;
    void this.#pool?.close();
    this.#upstream = upstream;
    return (this.#pool = createUpstreamPool(upstream.origin, this.#connections, upstream.settings));
  }

  /** What is under way ends by itself. */
  close(): void {
    void this.#pool?.close();
  }

  async destroy(): Promise<void> {
    await this.#pool?.destroy();
  }
}
