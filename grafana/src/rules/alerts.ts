import { failedAttempt, failedRequest } from '../outcomes.ts';
import { events, known, quantile, select } from '../promql.ts';
import {
  DOCS,
  EVENT_LOOP_LAG,
  FAILOVER_SHARE,
  GATES,
  JOB,
  OBJECTIVE,
  OPEN_FILES_SHARE,
  RATE_BUDGET_WAIT,
} from '../settings.ts';
import type { AlertRule, RuleGroup, Severity } from './group.ts';
import { recorded, type Window } from './recording.ts';

/**
 * The alerts. `critical` is for what callers suffer from now; everything that the facade still covers up (a gateway
 * that fails but whose reads fail over) is a `warning`: it needs a person, not at night. Each has its section in
 * docs/alerts.md. A threshold that is also drawn in a panel comes from settings.ts.
 */

const ofFacade = `job="${JOB}"`;

interface Alert {
  readonly name: string;
  readonly expr: string;
  readonly for: string;
  readonly severity: Severity;
  readonly summary: string;
  readonly description: string;
}

function alert({ name, expr, severity, summary, description, ...rest }: Alert): AlertRule {
  const runbook_url = `${DOCS}/alerts.md#${name.toLowerCase()}`;
  return { alert: name, expr, for: rest.for, labels: { severity }, annotations: { summary, description, runbook_url } };
}

interface Burn {
  readonly name: string;
  /** Of the budget of 30 days: this factor spends it in 30 days / factor. */
  readonly factor: number;
  readonly long: Window;
  readonly short: Window;
  readonly for: string;
  readonly severity: Severity;
}

/**
 * Multi-window, multi-burn-rate alerts by the SRE workbook: the long window says that it matters, the short one that it
 * still goes on, so that the alert ends soon after the trouble. On a quiet night a handful of requests would be a
 * large share: fewer than ten failures alert nobody.
 */
const BURNS: readonly Burn[] = [
  { name: 'FacadeErrorBudgetBurnFast', factor: 14.4, long: '1h', short: '5m', for: '2m', severity: 'critical' },
  { name: 'FacadeErrorBudgetBurnMedium', factor: 6, long: '6h', short: '30m', for: '15m', severity: 'critical' },
  { name: 'FacadeErrorBudgetBurnSlow', factor: 1, long: '3d', short: '6h', for: '1h', severity: 'warning' },
];
const BUDGET = 1 - OBJECTIVE;
const LEAST_FAILURES = 10;

/** Seconds. The autopilot's gate takes a faster direct for this fast, and so does the alert. */
const SLOW_FROM = Number((GATES.latencyP95Ratio * GATES.latencyFloor).toPrecision(6));

/** Rounded: 14.4 × 0.005 is not 0.072 in binary. */
const times = (factor: number): string => String(Number((factor * BUDGET).toPrecision(6)));

function atLeast(selector: string, window: string): string {
  return `sum by (job, path) (increase(${selector}[${window}])) >= ${LEAST_FAILURES}`;
}

function burn({ name, factor, long, short, severity, ...rest }: Burn): AlertRule {
  return alert({
    name,
    expr: [
      `${recorded.requestErrors(long)} > ${times(factor)}`,
      `and ${recorded.requestErrors(short)} > ${times(factor)}`,
      `and ${atLeast(select('facade_requests_total', failedRequest), long)}`,
    ].join('\n'),
    for: rest.for,
    severity,
    summary: `Requests that the {{ $labels.path }} path answers fail at ${factor} times the allowed rate`,
    description: `{{ $value | humanizePercentage }} of what {{ $labels.path }} answered in the last ${long} failed by a fault of an upstream or of the facade; ${times(factor * 100)} % is the limit here. At this rate the error budget of 30 days lasts ${Math.round((30 / factor) * 10) / 10} days.`,
  });
}

function callers(): AlertRule[] {
  // Instances that share a database show the same numbers. What was answered 5xx, and callers that left, are not in it.
  const unknown = select('facade_unknown_writes', 'state=~"open|not_arrived|cannot_tell"', 'cause=~"upstream|facade"');
  return [
    alert({
      name: 'FacadeDown',
      expr: `up{${ofFacade}} == 0`,
      for: '1m',
      severity: 'critical',
      summary: 'The facade at {{ $labels.instance }} does not answer on its admin listener',
      description:
        'Prometheus could not read its metrics for a minute. If the process is gone, its callers have no way to Contact2Sale.',
    }),
    alert({
      name: 'FacadeMissing',
      expr: `absent(up{${ofFacade}}) or max by (job) (up{${ofFacade}}) == 0`,
      for: '5m',
      severity: 'critical',
      summary: 'Prometheus can read no facade',
      description: `For five minutes no target with job="${JOB}" was there, or none answered. Nothing else here can alert until one is back.`,
    }),
    ...BURNS.map(burn),
    alert({
      name: 'FacadeShedding',
      expr: `${events('facade_shed_total', 'job, reason', '5m')} >= ${LEAST_FAILURES}`,
      for: '1m',
      severity: 'critical',
      summary: 'The facade has more to do than it can and turns requests away',
      description:
        '{{ $value | humanize }} requests in five minutes were answered 503 before anything was done with them, for too many {{ $labels.reason }} (lag: the event loop comes late). They are in no other count of failures.',
    }),
    alert({
      name: 'FacadeUnknownWrites',
      expr: `sum by (job, route) (max by (job, route, state, cause) ${known(unknown)}) > 0`,
      for: '0m',
      severity: 'critical',
      summary: 'Writes of {{ $labels.route }} may or may not have been carried out',
      description:
        '{{ $value | humanize }} writes were cut off after they may have been received, and are not worked off: the facade still looks for them, or they did not arrive, or somebody must look in the CRM. None was sent again. c2s-facade unknown-writes lists them.',
    }),
  ];
}

function paths(): AlertRule[] {
  const stillOpen = (path: string): string =>
    `max by (job, route) (min_over_time(facade_breaker_state{path="${path}"}[2m])) > 0`;
  const waited = quantile(0.95, 'facade_rate_budget_wait_seconds_bucket', 'job, upstream', '5m');
  return [
    alert({
      name: 'FacadePathFailing',
      expr: [
        `${recorded.attemptErrors('1h')} > ${times(BURNS[0]?.factor ?? 1)}`,
        `and ${recorded.attemptErrors('5m')} > ${times(BURNS[0]?.factor ?? 1)}`,
        `and ${atLeast(select('facade_attempts_total', failedAttempt), '1h')}`,
      ].join('\n'),
      for: '2m',
      severity: 'warning',
      summary: 'Attempts on the {{ $labels.path }} path fail',
      description:
        '{{ $value | humanizePercentage }} of the attempts of the last hour failed. Callers may notice nothing as long as the other path answers for it; the failover budget does not last for ever.',
    }),
    alert({
      name: 'FacadeGatewayCredentials',
      expr: `${events('facade_attempts_total{outcome="upstream_credentials"}', 'job, route', '30m')} > 0`,
      for: '2m',
      severity: 'warning',
      summary: 'The gateway does not accept our token on {{ $labels.route }}',
      description:
        'Requests were answered 401 or 403 though their callers are known. Direct answers in its place where the route has fallback: direct; otherwise callers see 502. /readyz names the variable to check.',
    }),
    alert({
      name: 'FacadeDirectCredentials',
      expr: `${events('facade_direct_unauthorized_total', 'job', '10m')} > 0`,
      for: '2m',
      severity: 'critical',
      summary: 'Contact2Sale does not accept the token of the facade',
      description:
        '{{ $value | humanize }} answers of the direct path to known callers were 401 in ten minutes. The facade shows its own token in their place, so no caller can mend it. /readyz names the variable to check and the routes.',
    }),
    alert({
      name: 'FacadeGatewayLacksOperation',
      expr: `${events('facade_attempts_total{outcome="gateway_lacks_operation"}', 'job, route', '30m')} > 0`,
      for: '2m',
      severity: 'warning',
      summary: 'The gateway does not have the operation of {{ $labels.route }}',
      description:
        'It answered 404, 405 or 501 for the operation itself. Direct answers in its place where the route has fallback: direct; otherwise callers see 502.',
    }),
    alert({
      name: 'FacadeGatewayBreakerOpen',
      expr: stillOpen('gateway'),
      for: '1m',
      severity: 'warning',
      summary: 'The breaker of {{ $labels.route }} keeps the gateway out',
      description:
        'It has not been closed for minutes: its probes fail, too. Direct answers in its place, where the row has fallback: direct.',
    }),
    alert({
      name: 'FacadeDirectBreakerOpen',
      expr: stillOpen('direct'),
      for: '1m',
      severity: 'critical',
      summary: 'The breaker of {{ $labels.route }} keeps Contact2Sale out',
      description:
        'It has not been closed for minutes: its probes fail, too. What the direct path serves of this route is answered 503.',
    }),
    alert({
      name: 'FacadeUpstreamUnhealthy',
      expr: 'min by (job, upstream) (facade_upstream_healthy) == 0',
      for: '1m',
      severity: 'warning',
      summary: 'The health checks of {{ $labels.upstream }} fail',
      description:
        'Of the gateway: direct answers in its place where the route has fallback: direct; the others ask it all the same. Direct is asked in any case.',
    }),
    alert({
      name: 'FacadeFailovers',
      expr: `${recorded.failoverShare} > ${FAILOVER_SHARE}\nand sum by (job, route) (increase(facade_failovers_total{reason!="untranslatable"}[10m])) >= ${LEAST_FAILURES}`,
      for: '10m',
      severity: 'warning',
      summary: 'Direct answers for the gateway on {{ $labels.route }}',
      description:
        '{{ $value | humanizePercentage }} of what was meant for the gateway went to direct instead. The callers are served, but the migration of this route is not.',
    }),
    alert({
      name: 'FacadeGatewaySlow',
      expr: `${recorded.routeLatencyRatio} > ${GATES.latencyP95Ratio}\nand on (job, route) ${recorded.routeUpstreamSeconds('p95')}{path="gateway"} > ${SLOW_FROM}\nand on (job, route) ${recorded.routeAttempts}{path="gateway"} > 0.1`,
      for: '30m',
      severity: 'warning',
      summary: 'The gateway is slower than direct on {{ $labels.route }}',
      description: `Its p95 is {{ $value | humanize }} times that of direct; ${GATES.latencyP95Ratio} is where the autopilot rolls the route back. Below ${SLOW_FROM} s nothing counts as slow.`,
    }),
    alert({
      name: 'FacadeRateBudgetExhausted',
      expr: [
        `${events('facade_attempts_total{outcome="facade_rate_budget"}', 'job, path', '5m')} > 0`,
        `or max by (job, path) (label_replace(${waited}, "path", "$1", "upstream", "(.*)")) > ${RATE_BUDGET_WAIT}`,
      ].join('\n'),
      for: '5m',
      severity: 'warning',
      summary: 'The rate budget of {{ $labels.path }} is spent',
      description: `For five minutes requests were refused for want of it, or waited longer than ${RATE_BUDGET_WAIT} s. Whoever is refused is answered 503 with Retry-After.`,
    }),
    alert({
      name: 'FacadeBulkheadFull',
      expr: `${events('facade_attempts_total{outcome="facade_bulkhead_full"}', 'job, path', '5m')} > 0`,
      for: '5m',
      severity: 'warning',
      summary: 'Too many requests at once on the {{ $labels.path }} path',
      description:
        '{{ $value | humanize }} requests in five minutes found maxInflight requests under way before them and were refused.',
    }),
  ];
}

function migration(): AlertRule[] {
  return [
    alert({
      name: 'FacadeParityBelowGate',
      expr: [
        `min by (job, route) ${known('facade_parity_ratio')} < ${GATES.parity}`,
        'and max by (job, route) (facade_rollout_gateway_ratio) > 0',
        `and sum by (job, route) (increase(facade_shadow_total{result=~"match|mismatch"}[1h])) >= ${LEAST_FAILURES}`,
      ].join('\n'),
      for: '5m',
      severity: 'warning',
      summary: 'The gateway answers {{ $labels.route }} differently from direct',
      description: `Only {{ $value | humanizePercentage }} of the compared answers match, and callers of this route are served by the gateway. The gate is ${GATES.parity}.`,
    }),
    alert({
      name: 'FacadeDirectDrift',
      expr: `max by (job, route) ${known('facade_direct_drift{level="warning"}')} > 0`,
      for: '5m',
      severity: 'warning',
      summary: 'Direct answers {{ $labels.route }} otherwise than in the week before',
      description:
        '{{ $value }} places of the answers of direct vanished or have another type. That is drift of direct, and not the fault of the gateway, which may answer as direct did before. Accept it when it is the new normal.',
    }),
    alert({
      name: 'FacadeWritesNotVerified',
      expr: `${events('facade_verify_total{result="not_arrived"}', 'job, route', '1h')} > 0`,
      for: '0m',
      severity: 'critical',
      summary: 'Writes of {{ $labels.route }} by the gateway did not arrive as asked',
      description:
        '{{ $value | humanize }} writes that the gateway had confirmed were read back through direct in the last hour and found missing or altered.',
    }),
    alert({
      name: 'FacadeKillSwitchOn',
      expr: `max by (job) ${known('facade_kill_switch')} == 1`,
      for: '1h',
      severity: 'warning',
      summary: 'The kill switch has been on for an hour',
      description:
        'Everything goes direct, whatever the table says. Nobody migrates while it is on, and it is easily forgotten.',
    }),
    alert({
      name: 'FacadeStoreDown',
      expr: `facade_store_up{${ofFacade}} == 0`,
      for: '1m',
      severity: 'warning',
      summary: 'The database does not answer {{ $labels.instance }}',
      description:
        'It was never there, or has not answered for more than 15 s. Requests are served; flips are neither made nor heard of there, and the kill switch acts on the instance on which it is set.',
    }),
    alert({
      name: 'FacadeSteeringBehind',
      expr: `(max by (job) (facade_steering_revision{${ofFacade}}) - on (job) group_right () max by (job, instance) (facade_steering_revision)) > 0 or max by (job, instance) (facade_steering_behind{${ofFacade}}) > 0`,
      for: '1m',
      severity: 'critical',
      summary: '{{ $labels.instance }} does not serve the newest flips',
      description:
        'It is {{ $value }} revisions behind: the same caller is split differently from instance to instance, and a roll back does not act there.',
    }),
    alert({
      name: 'FacadeConfigReloadFailed',
      expr: 'facade_config_last_reload_success == 0',
      for: '5m',
      severity: 'warning',
      summary: 'The facade at {{ $labels.instance }} refused its newest config file',
      description: 'The table from before serves. If the process restarts now, it will not start.',
    }),
    alert({
      name: 'FacadeTablesDiffer',
      expr: 'count by (job) (count by (job, digest) (facade_config_info)) > 1',
      for: '10m',
      severity: 'warning',
      summary: 'Instances of the facade serve different tables',
      description:
        '{{ $value }} rollout tables are in service at once: the same caller may be split differently from request to request.',
    }),
  ];
}

function inside(): AlertRule[] {
  return [
    alert({
      name: 'FacadeJobsDead',
      expr: `sum by (job) (max by (job, state) ${known('facade_dead_letters')}) > 0`,
      for: '5m',
      severity: 'warning',
      summary: 'Enrichment jobs were given up',
      description:
        '{{ $value }} failed at every try, were refused, or ended without anybody knowing whether the message went out. Somebody must look at their leads: c2s-facade dead-letters.',
    }),
    alert({
      name: 'FacadeEnrichmentDown',
      expr: `facade_enrichment_up{${ofFacade}} == 0`,
      for: '5m',
      severity: 'warning',
      summary: 'The enrichment of {{ $labels.instance }} takes no orders',
      description:
        'Its database, or the queue on it, could not be used since the start. Pushes are refused with 503, and senders that do not repeat them lose leads.',
    }),
    alert({
      name: 'FacadeEventLoopLag',
      expr: `nodejs_eventloop_lag_p99_seconds{${ofFacade}} > ${EVENT_LOOP_LAG}`,
      for: '5m',
      severity: 'warning',
      summary: 'The event loop of {{ $labels.instance }} is late',
      description:
        'Its p99 lag is {{ $value | humanizeDuration }}, which every request pays. The process has too much to do, or something holds it.',
    }),
    alert({
      name: 'FacadeWorkersMissing',
      expr: `facade_workers{${ofFacade}, state="missing"} > 0`,
      for: '5m',
      severity: 'warning',
      summary: '{{ $labels.instance }} lacks {{ $value }} of its workers',
      description: 'They die as soon as they are started, or do not come up. The others carry their load.',
    }),
    alert({
      name: 'FacadeLogDropped',
      expr: `${events(`facade_log_dropped_total{${ofFacade}}`, 'job, instance', '10m')} > 0`,
      for: '1m',
      severity: 'warning',
      summary: '{{ $labels.instance }} drops lines of its log',
      description:
        '{{ $value | humanize }} lines in ten minutes could not be written: standard output is full or gone, or whoever reads it stalls. Traffic goes on, but the log has gaps.',
    }),
    alert({
      name: 'FacadeNotificationsGivenUp',
      expr: `${events(`facade_notifications_total{${ofFacade}, result=~"given_up|dropped"}`, 'job, event, result', '1h')} > 0`,
      for: '0m',
      severity: 'warning',
      summary: 'Nobody was told of a change of {{ $labels.event }}',
      description:
        '{{ $value | humanize }} posts to a target of notify were {{ $labels.result }} in the last hour. given_up: the target refused the post, or did not take it within 24 hours. dropped: no database had it, and there was no room in memory.',
    }),
    alert({
      name: 'FacadeOpenFiles',
      expr: `process_open_fds{${ofFacade}} / process_max_fds{${ofFacade}} > ${OPEN_FILES_SHARE}`,
      for: '5m',
      severity: 'warning',
      summary: '{{ $labels.instance }} runs out of file descriptors',
      description: '{{ $value | humanizePercentage }} are in use. Without one no connection can be accepted or opened.',
    }),
  ];
}

export function alertRules(): RuleGroup<AlertRule>[] {
  return [
    { name: 'c2s-facade-callers', rules: callers() },
    { name: 'c2s-facade-upstreams', rules: paths() },
    { name: 'c2s-facade-migration', rules: migration() },
    { name: 'c2s-facade-process', rules: inside() },
  ];
}
