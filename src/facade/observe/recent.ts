/**
 * The last minute and the last hour of one route and path: how many, how many failed, and how long they took. For the
 * admin API, which must answer "what is it doing now?" without a Prometheus. Twelve slots of five seconds; latencies in
 * buckets that grow by a quarter each, so that a percentile is off by 12 % at most. O(1) to record, nothing allocated;
 * the hour is added up when a slot ends, so that it costs a request nothing.
 */

const SLOTS = 12;
const SLOT_MS = 5_000;
/** Slots of one bucket of the hour: a minute. */
const SLOTS_PER_MINUTE = 12;
const MINUTES = 60;
const GROWTH = 1.25;
/** 0.1 ms × 1.25^61 is beyond any deadline. */
const LATENCY_BUCKETS = 62;
const SMALLEST_MS = 0.1;
const LOG_GROWTH = Math.log(GROWTH);

/** Requests by the path that answered at last, and attempts by the path that was tried. */
export interface RecentCounts {
  readonly requests: number;
  readonly failures: number;
  /** A request may take two, one on each path. What was turned away unsent (breaker, bulkhead, budget) is one, too. */
  readonly attempts: number;
  readonly failedAttempts: number;
  /** Failed attempts of this path that direct was asked for instead. */
  readonly failovers: number;
}

export interface Recent extends RecentCounts {
  /** Milliseconds; null when there was nothing to measure. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

const REQUESTS = 0;
const FAILURES = 1;
const ATTEMPTS = 2;
const FAILED_ATTEMPTS = 3;
const FAILOVERS = 4;
const COUNTS = 5;

export class RecentTraffic {
  readonly #counts = new Uint32Array(SLOTS * COUNTS);
  readonly #hour = new Uint32Array(MINUTES * COUNTS);
  readonly #latencies = new Uint32Array(SLOTS * LATENCY_BUCKETS);
  #at = 0;

  /** A request that this path answered. @param now milliseconds, monotonic. @param duration milliseconds. */
  record(now: number, duration: number, failed: boolean): void {
    this.#count(now, REQUESTS);
    if (failed) this.#count(now, FAILURES);
    const bucket = duration <= SMALLEST_MS ? 0 : Math.ceil(Math.log(duration / SMALLEST_MS) / LOG_GROWTH);
    const cell = (this.#at % SLOTS) * LATENCY_BUCKETS + Math.min(bucket, LATENCY_BUCKETS - 1);
    this.#latencies[cell] = (this.#latencies[cell] as number) + 1;
  }

  /** @param now milliseconds, monotonic. */
  attempt(now: number, failed: boolean): void {
    this.#count(now, ATTEMPTS);
    if (failed) this.#count(now, FAILED_ATTEMPTS);
  }

  /** @param now milliseconds, monotonic. */
  failover(now: number): void {
    this.#count(now, FAILOVERS);
  }

  /** The last minute. */
  read(now: number): Recent {
    this.#advance(now);
    const counts = countsOf(this.#counts);
    const { requests } = counts;
    const merged = new Uint32Array(LATENCY_BUCKETS);
    this.#latencies.forEach((count, cell) => (merged[cell % LATENCY_BUCKETS]! += count));
    const percentile = (share: number) => (requests === 0 ? null : quantile(merged, share * requests));
    return { ...counts, p50: percentile(0.5), p95: percentile(0.95), p99: percentile(0.99) };
  }

  /** The last hour, in whole minutes: 59 and the one that runs. */
  readHour(now: number): RecentCounts {
    this.#advance(now);
    const current = (this.#at % SLOTS) * COUNTS;
    return countsOf(this.#hour, this.#counts.subarray(current, current + COUNTS));
  }

  #count(now: number, which: number): void {
    this.#advance(now);
    const cell = (this.#at % SLOTS) * COUNTS + which;
    this.#counts[cell] = (this.#counts[cell] as number) + 1;
  }

  #advance(now: number): void {
    const at = Math.floor(now / SLOT_MS);
    if (at <= this.#at) return;
    this.#addToHour(at);
    for (let i = Math.max(this.#at + 1, at - SLOTS + 1); i <= at; i++) {
      const slot = i % SLOTS;
      this.#counts.fill(0, slot * COUNTS, (slot + 1) * COUNTS);
      this.#latencies.fill(0, slot * LATENCY_BUCKETS, (slot + 1) * LATENCY_BUCKETS);
    }
    this.#at = at;
  }

  /** The slot that ends goes to its minute; minutes that were passed over are emptied. */
  #addToHour(at: number): void {
    const minute = Math.floor(this.#at / SLOTS_PER_MINUTE);
    const from = (this.#at % SLOTS) * COUNTS;
    const to = (minute % MINUTES) * COUNTS;
    for (let i = 0; i < COUNTS; i++) this.#hour[to + i]! += this.#counts[from + i] as number;
    const next = Math.floor(at / SLOTS_PER_MINUTE);
    for (let i = Math.max(minute + 1, next - MINUTES + 1); i <= next; i++) {
      const first = (i % MINUTES) * COUNTS;
      this.#hour.fill(0, first, first + COUNTS);
    }
  }
}

function countsOf(...tables: readonly Uint32Array[]): RecentCounts {
  const sum = (which: number) =>
    tables.reduce((total, table) => {
      for (let cell = which; cell < table.length; cell += COUNTS) total += table[cell] as number;
      return total;
    }, 0);
  return {
    requests: sum(REQUESTS),
    failures: sum(FAILURES),
    attempts: sum(ATTEMPTS),
    failedAttempts: sum(FAILED_ATTEMPTS),
    failovers: sum(FAILOVERS),
  };
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
