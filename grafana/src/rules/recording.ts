import { failedAttempt, failedRequest } from '../outcomes.ts';
import { quantile, rate, select, share } from '../promql.ts';
import type { RecordingRule, RuleGroup } from './group.ts';

/**
 * What dashboards and alerts ask again and again and what costs most: ratios over long windows, quantiles, and the two
 * paths of a route set against each other. Named level:metric:operation, as is the custom; instances are summed, jobs
 * are not, so that a staging facade in the same Prometheus stays apart.
 */

const requests = 'facade_requests_total';
const attempts = 'facade_attempts_total';
const TWO_PATHS = 'path=~"direct|gateway"';

/** The windows of the burn alerts, and five minutes for everything else. */
export const WINDOWS = ['5m', '30m', '1h', '6h', '3d'] as const;
export type Window = (typeof WINDOWS)[number];
const QUANTILES = { p50: 0.5, p95: 0.95, p99: 0.99 } as const;
export type Quantile = keyof typeof QUANTILES;

/** The recorded series, by what they say. */
export const recorded = {
  gatewayShare: 'job:facade_gateway_share:ratio_rate5m',
  /** What callers got, by the path that answered. */
  requestErrors: (window: Window) => `job_path:facade_request_errors:ratio_rate${window}`,
  /** How each path did, failovers or not. */
  attemptErrors: (window: Window) => `job_path:facade_attempt_errors:ratio_rate${window}`,
  requestSeconds: (q: Quantile) => `job:facade_request_duration_seconds:${q}_rate5m`,
  upstreamSeconds: (q: Quantile) => `job_path:facade_upstream_duration_seconds:${q}_rate5m`,
  routeRequests: 'job_route_path:facade_requests:rate5m',
  routeGatewayShare: 'job_route:facade_gateway_share:ratio_rate5m',
  routeRequestErrors: 'job_route_path:facade_request_errors:ratio_rate5m',
  routeAttempts: 'job_route_path:facade_attempts:rate5m',
  routeAttemptErrors: 'job_route_path:facade_attempt_errors:ratio_rate5m',
  routeUpstreamSeconds: (q: Quantile) => `job_route_path:facade_upstream_duration_seconds:${q}_rate5m`,
  /** Gateway against direct: 1 is as fast. */
  routeLatencyRatio: 'job_route:facade_upstream_p95:gateway_over_direct',
  /** Gateway against direct: 0 is as good, above 0 the gateway is worse. */
  routeErrorDelta: 'job_route:facade_attempt_errors:gateway_minus_direct',
  failoverShare: 'job_route:facade_failovers:ratio_rate5m',
} as const;

function errors(metric: string, failed: string, by: string, window: string): string {
  return share(rate(select(metric, failed), by, window), rate(metric, by, window));
}

function gatewayShare(by: string): string {
  return share(rate(select(requests, 'path="gateway"'), by, '5m'), rate(select(requests, TWO_PATHS), by, '5m'));
}

/**
 * Of the requests that the split gave to the gateway: those it answered, and those that went over. Those that it
 * cannot carry are none of its failures: they were never meant for it.
 */
function failoverShare(by: string): string {
  const over = rate(select('facade_failovers_total', 'reason!="untranslatable"'), by, '5m');
  const answered = rate(select(requests, 'path="gateway"'), by, '5m');
  return share(over, `(${answered} + (${over} or 0 * ${answered}))`);
}

const each = <T>(values: readonly T[], rule: (value: T) => RecordingRule): RecordingRule[] => values.map(rule);
const quantiles = Object.entries(QUANTILES) as [Quantile, number][];

export function recordingRules(): RuleGroup<RecordingRule>[] {
  const { routeAttemptErrors, routeUpstreamSeconds } = recorded;
  const p95 = routeUpstreamSeconds('p95');
  const upstream = (path: string, series: string): string => select(series, `path="${path}"`);
  return [
    {
      name: 'c2s-facade-paths',
      rules: [
        { record: recorded.gatewayShare, expr: gatewayShare('job') },
        ...each(WINDOWS, (window) => ({
          record: recorded.requestErrors(window),
          expr: errors(requests, failedRequest, 'job, path', window),
        })),
        ...each(['5m', '1h'] as const, (window) => ({
          record: recorded.attemptErrors(window),
          expr: errors(attempts, failedAttempt, 'job, path', window),
        })),
        ...each(quantiles, ([name, value]) => ({
          record: recorded.requestSeconds(name),
          expr: quantile(value, 'facade_request_duration_seconds_bucket', 'job', '5m'),
        })),
        ...each(quantiles, ([name, value]) => ({
          record: recorded.upstreamSeconds(name),
          expr: quantile(value, 'facade_upstream_duration_seconds_bucket', 'job, path', '5m'),
        })),
      ],
    },
    {
      name: 'c2s-facade-routes',
      rules: [
        { record: recorded.routeRequests, expr: rate(requests, 'job, route, path', '5m') },
        { record: recorded.routeGatewayShare, expr: gatewayShare('job, route') },
        {
          record: recorded.routeRequestErrors,
          expr: errors(requests, failedRequest, 'job, route, path', '5m'),
        },
        { record: recorded.routeAttempts, expr: rate(attempts, 'job, route, path', '5m') },
        { record: routeAttemptErrors, expr: errors(attempts, failedAttempt, 'job, route, path', '5m') },
        ...each(quantiles, ([name, value]) => ({
          record: routeUpstreamSeconds(name),
          expr: quantile(value, 'facade_upstream_duration_seconds_bucket', 'job, route, path', '5m'),
        })),
        { record: recorded.failoverShare, expr: failoverShare('job, route') },
      ],
    },
    {
      // After the others, whose series they compare.
      name: 'c2s-facade-comparisons',
      rules: [
        {
          record: recorded.routeLatencyRatio,
          expr: `${upstream('gateway', p95)} / ignoring (path) ${upstream('direct', p95)}`,
        },
        {
          record: recorded.routeErrorDelta,
          expr: `${upstream('gateway', routeAttemptErrors)} - ignoring (path) ${upstream('direct', routeAttemptErrors)}`,
        },
      ],
    },
  ];
}
