import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { FaultKind } from '../../http/buffered-exchange.ts';
import { GC_BUCKETS } from '../../http/gc-buckets.ts';
import { GATEWAY_OPERATIONS } from './operations.ts';
import type { OperationId } from './operations.ts';

/**
 * The gateway's numbers. Labels are operation ids and closed unions only, so their count has an end; children are
 * made at the start, so that a first error is a rise from 0, and held, because a look-up per request costs as much
 * as the request. `none` is what no operation claims.
 */

export type OperationLabel = OperationId | 'none';
const LABELS: readonly OperationLabel[] = [...GATEWAY_OPERATIONS.map(({ id }) => id), 'none'];
const CLASSES = ['2xx', '3xx', '4xx', '5xx'] as const;
type AttemptResult = FaultKind | 'answered';
const RESULTS: readonly AttemptResult[] = [
  'answered',
  'unreachable',
  'connection-lost',
  'unusable-answer',
  'deadline',
  'caller-left',
];
/** Seconds. A lead takes tens of milliseconds; a silent CRM runs into the deadline at 20 s. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30];

/** What the metrics look at when they are collected. */
interface Observed {
  inflight(): number;
  tokenRefused(): boolean;
  /** Log lines that were dropped so far. */
  droppedLogLines(): number;
}

export class GatewayMetrics {
  readonly #registry = new Registry();
  readonly #requests = new Map<string, Counter.Internal>();
  readonly #durations = new Map<string, Histogram.Internal<'operation'>>();
  readonly #attempts = new Map<string, Counter.Internal>();
  readonly #refused: Counter<'reason'>;
  readonly #unauthorized: Counter;
  readonly #campaigns: Counter<'result'>;
  readonly #reloads: Counter<'file' | 'result'>;
  readonly #waits: Histogram;

  constructor(observed: Observed) {
    const registers = [this.#registry];
    this.#makeRequestMetrics(registers);
    this.#refused = new Counter({
      name: 'gateway_callers_refused_total',
      help: 'Requests without a known key, or beyond its rights',
      labelNames: ['reason'],
      registers,
    });
    for (const reason of ['unknown', 'reads-only']) this.#refused.inc({ reason }, 0);
    this.#unauthorized = new Counter({
      name: 'gateway_c2s_unauthorized_total',
      help: 'Times Contact2Sale refused our token, with 401 or 403',
      registers,
    });
    this.#campaigns = new Counter({
      name: 'gateway_campaign_lookups_total',
      help: 'Campaign look-ups; unmapped ones need a row in campaigns.json',
      labelNames: ['result'],
      registers,
    });
    for (const result of ['mapped', 'unmapped']) this.#campaigns.inc({ result }, 0);
    this.#reloads = new Counter({
      name: 'gateway_config_reloads_total',
      help: 'Config files read again',
      labelNames: ['file', 'result'],
      registers,
    });
    this.#waits = new Histogram({
      name: 'gateway_rate_budget_wait_seconds',
      help: 'Time that requests waited for the rate budget',
      buckets: BUCKETS,
      registers,
    });
    gauge(registers, 'gateway_c2s_inflight', 'Requests under way at Contact2Sale', () => observed.inflight());
    gauge(registers, 'gateway_c2s_token_refused', '1 while Contact2Sale refuses every token we have', () =>
      Number(observed.tokenRefused()),
    );
    const dropped = new Counter({
      name: 'gateway_log_dropped_total',
      help: 'Log lines that were dropped: standard output was full or gone, or its reader had stalled',
      registers,
      collect: (): void => {
        dropped.reset();
        dropped.inc(observed.droppedLogLines());
      },
    });
    collectDefaultMetrics({ register: this.#registry, gcDurationBuckets: GC_BUCKETS });
  }

  #makeRequestMetrics(registers: Registry[]): void {
    const requests = new Counter({
      name: 'gateway_requests_total',
      help: 'Requests answered',
      labelNames: ['operation', 'status'],
      registers,
    });
    const durations = new Histogram({
      name: 'gateway_request_duration_seconds',
      help: 'From the head of a request to its answer',
      labelNames: ['operation'],
      buckets: BUCKETS,
      registers,
    });
    const attempts = new Counter({
      name: 'gateway_upstream_attempts_total',
      help: 'Attempts at an upstream, retries included',
      labelNames: ['result'],
      registers,
    });
    for (const operation of LABELS) {
      for (const status of CLASSES) {
        const child = requests.labels({ operation, status });
        child.inc(0);
        this.#requests.set(`${operation} ${status[0]}`, child);
      }
      this.#durations.set(operation, durations.labels({ operation }));
    }
    for (const result of RESULTS) {
      const child = attempts.labels({ result });
      child.inc(0);
      this.#attempts.set(result, child);
    }
  }

  /** @param seconds from the head of the request to its answer */
  answered(operation: OperationLabel, status: number, seconds: number): void {
    this.#requests.get(`${operation} ${Math.floor(status / 100)}`)?.inc();
    this.#durations.get(operation)?.observe(seconds);
  }

  attempted(result: AttemptResult): void {
    this.#attempts.get(result)?.inc();
  }

  callerRefused(reason: 'unknown' | 'reads-only'): void {
    this.#refused.inc({ reason });
  }

  unauthorized(): void {
    this.#unauthorized.inc();
  }

  campaign(mapped: boolean): void {
    this.#campaigns.inc({ result: mapped ? 'mapped' : 'unmapped' });
  }

  reloaded(file: string, result: 'ok' | 'refused'): void {
    this.#reloads.inc({ file, result });
  }

  waited(seconds: number): void {
    this.#waits.observe(seconds);
  }

  /** Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}

function gauge(registers: Registry[], name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers,
    collect() {
      this.set(read());
    },
  });
}
