import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { dashboard, labelVariable, type Section } from '../kit/dashboard.ts';
import { heatmap, q, series, stat, timeline } from '../kit/panels.ts';
import { ofJob, rate } from '../promql.ts';
import { recorded } from '../rules/recording.ts';
import { FAILOVER_SHARE, GATES, OBJECTIVE } from '../settings.ts';

/** One route: is the gateway as good as direct for it, and what happened when it moved? */

const ROUTE = 'route="$route"';
const ofRoute = (metric: string, ...matchers: string[]): string => ofJob(metric, ROUTE, ...matchers);

const now: Section = {
  title: 'Now',
  panels: [
    stat({
      title: 'Planned on the gateway',
      description: 'What the table gives to the gateway.',
      unit: 'percentunit',
      width: 4,
      base: 'blue',
      queries: [q(`max(${ofRoute('facade_rollout_gateway_ratio')})`, 'planned')],
    }),
    stat({
      title: 'Answered by the gateway',
      description:
        'In the last five minutes. Less than planned: strangers, failovers, requests it cannot carry, the kill switch.',
      unit: 'percentunit',
      width: 4,
      base: 'blue',
      queries: [q(`max(${ofRoute(recorded.routeGatewayShare)})`, 'answered')],
    }),
    stat({
      title: 'Shadowed',
      description: 'Share of the reads that are copied to the other path and compared. A write route has none.',
      unit: 'percentunit',
      width: 4,
      base: 'blue',
      queries: [q(`max(${ofRoute('facade_rollout_shadow_ratio')})`, 'shadowed')],
    }),
    stat({
      title: 'Parity, guaranteed',
      description: `The lower bound of the share of matching answers. Green from ${GATES.parity}, the gate.`,
      unit: 'percentunit',
      width: 4,
      decimals: 2,
      base: 'orange',
      thresholds: [[GATES.parity, 'green']],
      queries: [q(`min(${ofRoute('facade_parity_lower_bound')})`, 'parity')],
    }),
    stat({
      title: 'Breaker, gateway',
      description: 'Open: the gateway is not asked for this route.',
      unit: 'short',
      width: 4,
      thresholds: [
        [1, 'orange'],
        [2, 'red'],
      ],
      names: { 0: ['closed', 'green'], 1: ['half-open', 'orange'], 2: ['open', 'red'] },
      queries: [q(`max(${ofRoute('facade_breaker_state', 'path="gateway"')})`, 'gateway')],
    }),
    stat({
      title: 'Autopilot step',
      description: 'The step of the ladder on which the autopilot holds the route. No data: it is steered by hand.',
      unit: 'percentunit',
      width: 4,
      base: 'blue',
      queries: [q(`max(${ofRoute('facade_autopilot_step')})`, 'step')],
    }),
  ],
};

const sideBySide: Section = {
  title: 'The two paths side by side',
  panels: [
    series({
      title: 'Requests answered',
      description: 'By the path that answered.',
      unit: 'reqps',
      queries: [q(rate(ofRoute('facade_requests_total'), 'path'), '{{path}}')],
    }),
    series({
      title: 'Failed attempts',
      description: 'Share of the attempts that failed by a fault of that path, whatever the failover made of it.',
      unit: 'percentunit',
      thresholds: [[1 - OBJECTIVE, 'orange']],
      queries: [q(`max by (path) (${ofRoute(recorded.routeAttemptErrors)})`, '{{path}}')],
    }),
    series({
      title: 'What callers saw fail',
      description: 'Share of the requests that failed for the caller, by the path that answered last.',
      unit: 'percentunit',
      thresholds: [[1 - OBJECTIVE, 'orange']],
      queries: [q(`max by (path) (${ofRoute(recorded.routeRequestErrors)})`, '{{path}}')],
    }),
    ...(['p50', 'p95', 'p99'] as const).map((quantile) =>
      series({
        title: `Latency ${quantile}`,
        description: 'One attempt, from its start to the end of its answer, over five minutes.',
        unit: 's',
        queries: [q(`max by (path) (${ofRoute(recorded.routeUpstreamSeconds(quantile))})`, '{{path}}')],
      }),
    ),
    ...(['direct', 'gateway'] as const).map((path) =>
      heatmap({
        title: `Latency of ${path}`,
        description:
          'How many attempts took how long. Two bands are two kinds of request: look at what tells them apart before comparing averages.',
        unit: 's',
        queries: [q(rate(ofRoute('facade_upstream_duration_seconds_bucket', `path="${path}"`), 'le'), '{{le}}')],
      }),
    ),
    series({
      title: 'Status, direct',
      description:
        'Answers of the direct path by status. Compare with the gateway: 404s on one side only are a finding. The first answer with a status draws nothing: its series begins with it.',
      unit: 'reqps',
      width: 6,
      queries: [q(rate(ofRoute('facade_requests_total', 'path="direct"'), 'status'), '{{status}}')],
    }),
    series({
      title: 'Status, gateway',
      description: 'Answers of the gateway path by status, disguised errors already unwrapped.',
      unit: 'reqps',
      width: 6,
      queries: [q(rate(ofRoute('facade_requests_total', 'path="gateway"'), 'status'), '{{status}}')],
    }),
    series({
      title: 'Attempts by outcome',
      description:
        'What each try came to: who failed and when. The words are explained in src/facade/rollout/outcome.ts.',
      unit: 'reqps',
      width: 12,
      queries: [q(rate(ofRoute('facade_attempts_total'), 'path, outcome'), '{{path}} {{outcome}}')],
    }),
  ],
};

const evidence: Section = {
  title: 'Evidence and flips',
  panels: [
    series({
      title: 'Rollout',
      description: 'What the table gave to the gateway and to the shadow. Steps are flips.',
      unit: 'percentunit',
      max: 1,
      queries: [
        q(`max(${ofRoute('facade_rollout_gateway_ratio')})`, 'gateway'),
        q(`max(${ofRoute('facade_rollout_shadow_ratio')})`, 'shadow'),
      ],
    }),
    series({
      title: 'Parity',
      description:
        'Share of matching answers, and what of it the evidence guarantees. They meet as comparisons pile up.',
      unit: 'percentunit',
      decimals: 2,
      max: 1,
      base: 'red',
      thresholds: [[GATES.parity, 'green']],
      queries: [
        q(`min(${ofRoute('facade_parity_ratio')})`, 'seen'),
        q(`min(${ofRoute('facade_parity_lower_bound')})`, 'guaranteed'),
      ],
    }),
    series({
      title: 'Shadows',
      description:
        'Copied reads by what came of them. A mismatch may differ by itself: parity has that subtracted. noise is direct compared with itself. What differs, grouped: GET /api/parity.',
      unit: 'ops',
      queries: [q(rate(ofRoute('facade_shadow_total'), 'result'), '{{result}}')],
    }),
    series({
      title: 'Gateway against direct',
      description: `Ratio of the p95s; the autopilot rolls back above ${GATES.latencyP95Ratio}. Only while both paths have traffic.`,
      unit: 'x',
      thresholds: [[GATES.latencyP95Ratio, 'red']],
      queries: [q(`max(${ofRoute(recorded.routeLatencyRatio)})`, 'p95 gateway / direct')],
    }),
    series({
      title: 'Failovers',
      description: 'Meant for the gateway, answered by direct, by reason.',
      unit: 'reqps',
      queries: [q(rate(ofRoute('facade_failovers_total'), 'reason'), '{{reason}}')],
    }),
    series({
      title: 'Failover share',
      description: `Of what was meant for the gateway. Alerts above ${FAILOVER_SHARE * 100} %.`,
      unit: 'percentunit',
      thresholds: [[FAILOVER_SHARE, 'red']],
      queries: [q(`max(${ofRoute(recorded.failoverShare)})`, 'failed over')],
    }),
    timeline({
      title: 'Breakers',
      description: 'State of the breakers of both paths.',
      unit: 'short',
      width: 8,
      thresholds: [
        [1, 'orange'],
        [2, 'red'],
      ],
      names: { 0: ['closed', 'green'], 1: ['half-open', 'orange'], 2: ['open', 'red'] },
      queries: [q(`max by (path) (${ofRoute('facade_breaker_state')})`, '{{path}}')],
    }),
    series({
      title: 'Autopilot decisions',
      description: 'What the autopilot decided about this route; why, with the numbers: GET /api/history.',
      unit: 'ops',
      queries: [q(rate(ofRoute('facade_autopilot_decisions_total'), 'decision'), '{{decision}}')],
    }),
    series({
      title: 'Writes read back',
      description: 'Sampled writes by the gateway, read again through direct. Every not_arrived is a finding.',
      unit: 'ops',
      queries: [q(rate(ofRoute('facade_verify_total'), 'result'), '{{result}}')],
    }),
  ],
};

export const route = (): Dashboard =>
  dashboard({
    uid: 'c2s-facade-route',
    title: 'C2S facade / Route',
    description: 'One route: its two paths side by side, the evidence, and what happened when it moved.',
    from: 'now-6h',
    variables: [labelVariable('route', 'Route', ofJob('facade_route_stage'))],
    sections: [now, sideBySide, evidence],
  });
