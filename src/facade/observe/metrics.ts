import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { GC_BUCKETS } from '../../http/gc-buckets.ts';
import { STAGES, type Stage } from '../rollout/stage.ts';
import { CellCounter, CellHistogram } from './cells.ts';

/**
 * The metrics of what every request goes through; those of a feature stand beside it (compare/metrics.ts,
 * compare/autopilot/metrics.ts, steer/burn-down.ts), on the same registry. Dashboards and alerts rely on their names. Labels are route ids and
 * closed unions only, never anything a caller can choose. Children are created at 0 when a route is first seen, so
 * that the first rate is right, and held by RouteRecorder, so that no label is looked up per request. An `aggregator`
 * says what several workers on one page come to, where it is not their sum.
 */

/** Seconds: from a fast read over the LAN to the total deadline. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25];

/**
 * The same and bounds in between, each at most two thirds above the last: the autopilot compares the percentiles of the
 * two paths on these, and bounds that are 2.5 apart would hide that one takes twice as long.
 */
export const UPSTREAM_BUCKETS: readonly number[] = [
  0.005, 0.0075, 0.01, 0.015, 0.02, 0.025, 0.035, 0.05, 0.07, 0.1, 0.14, 0.19, 0.25, 0.35, 0.5, 0.7, 1, 1.4, 1.9, 2.5,
  3.5, 5, 7, 10, 15, 25,
];

interface RolloutBuckets {
  readonly gateway: number;
  readonly shadow: number;
}

export type BreakerStateName = 'closed' | 'half-open' | 'open';
const BREAKER_VALUES: Readonly<Record<BreakerStateName, number>> = { closed: 0, 'half-open': 1, open: 2 };

export class Metrics {
  readonly registry = new Registry();
  readonly requests = new CellCounter({
    name: 'facade_requests_total',
    help: 'Requests answered, by the path that answered.',
    labelNames: ['route', 'path', 'method', 'status', 'outcome'] as const,
    registers: [this.registry],
  });
  readonly requestDuration = new CellHistogram({
    name: 'facade_request_duration_seconds',
    help: 'From the request head to the end of the answer, over all attempts; of a WebSocket to its opening.',
    labelNames: ['route', 'path'] as const,
    buckets: BUCKETS,
    registers: [this.registry],
  });
  readonly upstreamDuration = new CellHistogram({
    name: 'facade_upstream_duration_seconds',
    help: 'One attempt, from its start to the end of its answer.',
    labelNames: ['route', 'path'] as const,
    buckets: [...UPSTREAM_BUCKETS],
    registers: [this.registry],
  });
  readonly attempts = new CellCounter({
    name: 'facade_attempts_total',
    help: 'Attempts, by outcome: a failover cannot make a dead gateway look green here.',
    labelNames: ['route', 'path', 'outcome'] as const,
    registers: [this.registry],
  });
  readonly failovers = new Counter({
    name: 'facade_failovers_total',
    help: 'Requests that were meant for the gateway and went to direct instead, by the reason.',
    labelNames: ['route', 'reason'] as const,
    registers: [this.registry],
  });
  readonly directUnauthorized = new CellCounter({
    name: 'facade_direct_unauthorized_total',
    help: 'Answers 401 of direct to known callers, in whose place the facade showed its own token: that token is not accepted.',
    labelNames: ['route'] as const,
    registers: [this.registry],
  });
  readonly breakerState = new Gauge({
    name: 'facade_breaker_state',
    help: 'State of the breaker: 0 closed, 1 half-open, 2 open.',
    labelNames: ['route', 'path'] as const,
    aggregator: 'max',
    registers: [this.registry],
  });
  readonly gatewayRatio = new Gauge({
    name: 'facade_rollout_gateway_ratio',
    help: 'Share of the sticky values that the table gives to the gateway, 0 to 1. No series: the route has no gateway endpoint.',
    labelNames: ['route'] as const,
    aggregator: 'max',
    registers: [this.registry],
  });
  readonly shadowRatio = new Gauge({
    name: 'facade_rollout_shadow_ratio',
    help: 'Share of the safe requests that the table shadows, 0 to 1.',
    labelNames: ['route'] as const,
    aggregator: 'max',
    registers: [this.registry],
  });
  readonly routeStage = new Gauge({
    name: 'facade_route_stage',
    help: '1 for the stage that the route is in, 0 for the others.',
    labelNames: ['route', 'stage'] as const,
    aggregator: 'max',
    registers: [this.registry],
  });
  readonly shed = new CellCounter({
    name: 'facade_shed_total',
    help: 'Requests that were refused before anything was done with them, by what there was too much of.',
    labelNames: ['reason'] as const,
    registers: [this.registry],
  });
  readonly killSwitch = new Gauge({
    name: 'facade_kill_switch',
    help: '1 while everything is direct by the kill switch.',
    aggregator: 'max',
    registers: [this.registry],
  });
  readonly rateBudgetWait = new Histogram({
    name: 'facade_rate_budget_wait_seconds',
    help: 'Time that requests waited for the rate budget of an upstream.',
    labelNames: ['upstream'] as const,
    buckets: BUCKETS,
    registers: [this.registry],
  });
  readonly reloads = new Counter({
    name: 'facade_config_reloads_total',
    help: 'Loads of the config file, by result.',
    labelNames: ['result'] as const,
    registers: [this.registry],
  });
  readonly lastReloadSuccess = new Gauge({
    name: 'facade_config_last_reload_success',
    help: '1 when the newest config file was good, 0 when it was refused and the old table serves.',
    aggregator: 'min',
    registers: [this.registry],
  });
  readonly configInfo = new Gauge({
    name: 'facade_config_info',
    help: 'The digest of the table that serves.',
    labelNames: ['digest'] as const,
    aggregator: 'first',
    registers: [this.registry],
  });

  readonly upstreamHealthy = new Gauge({
    name: 'facade_upstream_healthy',
    help: '1 while the health checks of an upstream succeed, 0 while it is unhealthy; nothing before the first verdict.',
    labelNames: ['upstream'] as const,
    aggregator: 'min',
    registers: [this.registry],
  });
  readonly healthChecks = new Counter({
    name: 'facade_upstream_health_checks_total',
    help: 'Health checks of an upstream, by how they ended.',
    labelNames: ['upstream', 'result'] as const,
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry, gcDurationBuckets: GC_BUCKETS });
    for (const result of ['success', 'failure']) this.reloads.inc({ result }, 0);
    for (const upstream of ['direct', 'gateway']) this.rateBudgetWait.zero({ upstream });
    this.killSwitch.set(0);
  }

  /** Health checks of an upstream begin. */
  healthConfigured(upstream: string, results: readonly string[]): void {
    for (const result of results) this.healthChecks.inc({ upstream, result }, 0);
  }

  /** @param isHealthy undefined: nobody can say. */
  healthChanged(upstream: string, isHealthy: boolean | undefined): void {
    if (isHealthy === undefined) this.upstreamHealthy.remove({ upstream });
    else this.upstreamHealthy.set({ upstream }, isHealthy ? 1 : 0);
  }

  /** Serves facade_inflight from the upstreams themselves, at scrape time. */
  observeInflight(read: () => Iterable<readonly [upstream: string, inflight: number]>): void {
    const gauge = new Gauge({
      name: 'facade_inflight',
      help: 'Requests under way to an upstream.',
      labelNames: ['upstream'] as const,
      registers: [this.registry],
      collect: () => {
        for (const [upstream, inflight] of read()) gauge.set({ upstream }, inflight);
      },
    });
  }

  /** Serves what the shedding of overload goes by, at scrape time. */
  observeOverload(read: () => { readonly connections: number; readonly admitted: number }): void {
    const connections = new Gauge({
      name: 'facade_connections',
      help: 'Open connections of callers.',
      registers: [this.registry],
      collect: (): void => connections.set(read().connections),
    });
    const admitted = new Gauge({
      name: 'facade_admitted_ratio',
      help: 'Share of the requests of known callers that the lateness of the event loop lets in, 0 to 1.',
      registers: [this.registry],
      aggregator: 'min',
      collect: (): void => admitted.set(read().admitted),
    });
  }

  /** Serves facade_log_dropped_total from where the lines are dropped, at scrape time. */
  observeLog(read: () => number): void {
    countDroppedLines(this.registry, read);
  }

  breakerChanged(route: string, path: string, state: BreakerStateName): void {
    this.breakerState.set({ route, path }, BREAKER_VALUES[state]);
  }

  /**
   * @param rollout buckets of 10,000; undefined: the route has no gateway endpoint. It can never move, and a share of 0 would
   * count it among those that have not moved yet.
   */
  rolloutChanged(route: string, rollout: RolloutBuckets | undefined, stage: Stage): void {
    if (rollout) {
      this.gatewayRatio.set({ route }, rollout.gateway / 10_000);
      this.shadowRatio.set({ route }, rollout.shadow / 10_000);
    } else for (const ratio of [this.gatewayRatio, this.shadowRatio]) ratio.remove({ route });
    for (const one of STAGES) this.routeStage.set({ route, stage: one }, one === stage ? 1 : 0);
  }

  /** A route left the table: what it counted stays, what it is goes. */
  routeLeft(route: string): void {
    this.gatewayRatio.remove({ route });
    this.shadowRatio.remove({ route });
    for (const stage of STAGES) this.routeStage.remove({ route, stage });
    for (const path of ['direct', 'gateway']) this.breakerState.remove({ route, path });
  }

  reloaded(digest: string): void {
    this.reloads.inc({ result: 'success' });
    this.lastReloadSuccess.set(1);
    this.configInfo.reset();
    this.configInfo.set({ digest }, 1);
  }

  reloadFailed(): void {
    this.reloads.inc({ result: 'failure' });
    this.lastReloadSuccess.set(0);
  }
}

/** Of a process without routes too: the primary of several workers has a log of its own. @param read lines so far. */
export function countDroppedLines(registry: Registry, read: () => number): void {
  const dropped = new Counter({
    name: 'facade_log_dropped_total',
    help: 'Log lines that were dropped: standard output was full or gone, or its reader had stalled.',
    registers: [registry],
    collect: (): void => {
      dropped.reset();
      dropped.inc(read());
    },
  });
}
