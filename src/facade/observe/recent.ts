/**
 * The last minute of one route and path: how many, how many failed, and how long they took. For the admin API, which
 * must answer "what is it doing now?" without a Prometheus. Twelve slots of five seconds; latencies in buckets that
 * grow by a quarter each, so that a percentile is off by 12 % at most. O(1) to record, nothing allocated.
 */

const SLOTS = 12;
const SLOT_MS = 5_000;
const GROWTH = 1.25;
/** 0.1 ms × 1.25^61 is beyond any deadline. */
const LATENCY_BUCKETS = 62;
const SMALLEST_MS = 0.1;
const LOG_GROWTH = Math.log(GROWTH);

export interface Recent {
  readonly requests: number;
  readonly failures: number;
  /** Milliseconds; null when there was nothing to measure. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

export class RecentMinute {
  readonly #requests = new Uint32Array(SLOTS);
  readonly #failures = new Uint32Array(SLOTS);
  readonly #latencies = new Uint32Array(SLOTS * LATENCY_BUCKETS);
  #at = 0;

  /** @param now milliseconds, monotonic. @param duration milliseconds. */
  record(now: number, duration: number, failed: boolean): void {
    this.#advance(now);
    const slot = this.#at % SLOTS;
    this.#requests[slot] = (this.#requests[slot] as number) + 1;
    if (failed) this.#failures[slot] = (this.#failures[slot] as number) + 1;
    const bucket = duration <= SMALLEST_MS ? 0 : Math.ceil(Math.log(duration / SMALLEST_MS) / LOG_GROWTH);
    const cell = slot * LATENCY_BUCKETS + Math.min(bucket, LATENCY_BUCKETS - 1);
    this.#latencies[cell] = (this.#latencies[cell] as number) + 1;
  }

  read(now: number): Recent {
    this.#advance(now);
    const requests = sum(this.#requests);
    const merged = new Uint32Array(LATENCY_BUCKETS);
    this.#latencies.forEach((count, cell) => (merged[cell % LATENCY_BUCKETS]! += count));
    const percentile = (share: number) => (requests === 0 ? null : quantile(merged, share * requests));
    return {
      requests,
      failures: sum(this.#failures),
      p50: percentile(0.5),
      p95: percentile(0.95),
      p99: percentile(0.99),
    };
  }

  #advance(now: number): void {
    const at = Math.floor(now / SLOT_MS);
    for (let i = Math.max(this.#at + 1, at - SLOTS + 1); i <= at; i++) {
      const slot = i % SLOTS;
      this.#requests[slot] = 0;
      this.#failures[slot] = 0;
      this.#latencies.fill(0, slot * LATENCY_BUCKETS, (slot + 1) * LATENCY_BUCKETS);
    }
    this.#at = at;
  }
}

function sum(counts: Uint32Array): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** Middle of the bucket that holds the rank (of its logarithm: as far from either end), in milliseconds, three digits. */
function quantile(buckets: Uint32Array, rank: number): number {
  let seen = 0;
  let bucket = 0;
  for (; bucket < buckets.length - 1; bucket++) {
    seen += buckets[bucket] as number;
    if (seen >= rank) break;
  }
  return Number((SMALLEST_MS * GROWTH ** (bucket - 0.5)).toPrecision(3));
}
