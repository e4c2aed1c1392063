import { DashboardLinkBuilder, type Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { dashboard, type Section } from '../kit/dashboard.ts';
import { q, series, stat, timeline } from '../kit/panels.ts';
import { heldBack } from '../outcomes.ts';
import { ofJob, rate, share } from '../promql.ts';
import { recorded } from '../rules/recording.ts';
import { FAILOVER_SHARE, GATES, OBJECTIVE } from '../settings.ts';
import { BREAKER, ROUTE_LINK } from './shared.ts';
import { routeTable } from './route-table.ts';

/** Where the migration stands, how the two paths compare, and whether anything needs a hand. The page to open first. */

const plan = `max by (route) (${ofJob('facade_rollout_gateway_ratio')})`;
const shadow = `max by (route) (${ofJob('facade_rollout_shadow_ratio')})`;
const routesWhere = (condition: string): string => `count(${condition}) or vector(0)`;

const now: Section = {
  title: 'Now',
  panels: [
    stat({
      title: 'Traffic on the gateway',
      description: 'Share of the requests on the table that the gateway answered in the last five minutes.',
      unit: 'percentunit',
      base: 'blue',
      queries: [q(ofJob(recorded.gatewayShare), 'gateway')],
    }),
    stat({
      title: 'Migrated',
      description: 'Share of the traffic that has moved, as the facade itself counts it (GET /api/migration).',
      unit: 'percentunit',
      base: 'blue',
      queries: [q(`max(${ofJob('facade_migration_ratio')})`, 'migrated')],
    }),
    stat({
      title: 'Callers failed',
      description: `Share of the requests in the last five minutes that failed by a fault of an upstream or of the facade, on the worse path. The objective allows ${percent(1 - OBJECTIVE)}.`,
      unit: 'percentunit',
      decimals: 2,
      thresholds: [
        [1 - OBJECTIVE, 'orange'],
        [14.4 * (1 - OBJECTIVE), 'red'],
      ],
      queries: [q(`max(${ofJob(recorded.requestErrors('5m'))})`, 'failed')],
    }),
    stat({
      title: 'p95 for callers',
      description: 'From the request head to the end of the answer, failovers included, over all routes.',
      unit: 's',
      base: 'blue',
      queries: [q(ofJob(recorded.requestSeconds('p95')), 'p95')],
    }),
    stat({
      title: 'Breakers not closed',
      description: 'Breakers that keep an upstream out, or try it again. Which: see "Breakers" below.',
      unit: 'short',
      thresholds: [[1, 'red']],
      queries: [q(`count(${BREAKER} > 0) or vector(0)`, 'not closed')],
    }),
    stat({
      title: 'Kill switch',
      description: 'On: everything is direct, whatever the table says.',
      unit: 'short',
      thresholds: [[1, 'red']],
      names: { 0: ['off', 'green'], 1: ['ON', 'red'] },
      queries: [q(`max(${ofJob('facade_kill_switch')})`, 'kill switch')],
    }),
    stat({
      title: 'Newest table',
      description: 'Refused: an instance did not take the newest config file and serves the table from before.',
      unit: 'short',
      base: 'red',
      thresholds: [[1, 'green']],
      names: { 0: ['refused', 'red'], 1: ['serves', 'green'] },
      queries: [q(`min(${ofJob('facade_config_last_reload_success')})`, 'newest table')],
    }),
    stat({
      title: 'Alerts firing',
      description: 'What each means and what to do: docs/alerts.md.',
      unit: 'short',
      thresholds: [[1, 'red']],
      queries: [q('count(ALERTS{alertname=~"Facade.*", alertstate="firing"}) or vector(0)', 'firing')],
    }),
  ],
};

const burnDown: Section = {
  title: 'Burn-down',
  panels: [
    series({
      title: 'Routes by stage',
      description:
        'Burn-down of the migration over 30 days: it is done when all are on the gateway. Canary: some of the traffic; shadow: none, but reads are copied and compared. A retired route counts as gateway; one without a gateway endpoint can never move and is not counted.',
      unit: 'short',
      stacked: true,
      decimals: 0,
      range: '30d',
      queries: [
        q(routesWhere(`${plan} == 1`), 'gateway'),
        q(routesWhere(`(${plan} > 0) < 1`), 'canary'),
        q(routesWhere(`${plan} == 0 and ${shadow} > 0`), 'shadow'),
        q(routesWhere(`${plan} == 0 and ${shadow} == 0`), 'direct'),
      ],
    }),
    series({
      title: 'Share of the traffic on the gateway',
      description:
        'What the gateway answered, and the share that is migrated as the facade counts it, over 30 days. A dip without a flip is failovers.',
      unit: 'percentunit',
      max: 1,
      range: '30d',
      queries: [
        q(ofJob(recorded.gatewayShare), 'answered by the gateway'),
        q(`max(${ofJob('facade_migration_ratio')})`, 'migrated'),
      ],
    }),
    series({
      title: 'Planned share, by route',
      description: 'What the table gives to the gateway. Every step is a flip: by hand, by the autopilot, or back.',
      unit: 'percentunit',
      max: 1,
      range: '30d',
      queries: [q(plan, '{{route}}')],
    }).dataLinks([link()]),
    routeTable(),
  ],
};

const sideBySide: Section = {
  title: 'The two paths side by side',
  panels: [
    series({
      title: 'Requests answered',
      description: 'By the path that answered. Passthrough is what no route claims.',
      unit: 'reqps',
      queries: [q(rate(ofJob('facade_requests_total'), 'path'), '{{path}}')],
    }),
    series({
      title: 'Failed attempts',
      description:
        'Share of the attempts on each path that failed. Failovers hide nothing here: a dead gateway is at 100 % though its callers are served.',
      unit: 'percentunit',
      thresholds: [[1 - OBJECTIVE, 'orange']],
      queries: [q(ofJob(recorded.attemptErrors('5m')), '{{path}}')],
    }),
    series({
      title: 'What callers saw fail',
      description: 'Share of the requests that failed for the caller, by the path that answered last.',
      unit: 'percentunit',
      thresholds: [[1 - OBJECTIVE, 'orange']],
      queries: [q(ofJob(recorded.requestErrors('5m')), '{{path}}')],
    }),
    ...(['p50', 'p95', 'p99'] as const).map((quantile) =>
      series({
        title: `Latency ${quantile}`,
        description:
          'One attempt, from its start to the end of its answer. The paths may carry different routes: compare a route on its own page.',
        unit: 's',
        queries: [q(ofJob(recorded.upstreamSeconds(quantile)), '{{path}}')],
      }),
    ),
  ],
};

const ratios: Section = {
  title: 'Gateway against direct, by route',
  panels: [
    series({
      title: 'Latency ratio (p95)',
      description: `The gateway's p95 over that of direct, for routes that use both. 1: as fast. The autopilot takes a route back above ${GATES.latencyP95Ratio}.`,
      unit: 'x',
      thresholds: [[GATES.latencyP95Ratio, 'red']],
      queries: [q(ofJob(recorded.routeLatencyRatio), '{{route}}')],
    }).dataLinks([link()]),
    series({
      title: 'Error difference',
      description: `Failed share of the gateway's attempts less that of direct's. 0: as good. The autopilot takes a route back above ${percent(GATES.errorRateDelta)}.`,
      unit: 'percentunit',
      thresholds: [[GATES.errorRateDelta, 'red']],
      queries: [q(ofJob(recorded.routeErrorDelta), '{{route}}')],
    }).dataLinks([link()]),
    series({
      title: 'Parity',
      description: `Share of the compared answers that match: what the evidence guarantees (the lower bound of the interval). The gate is ${GATES.parity}; a low bound with few comparisons only says that more are needed. A route that was never compared has no line.`,
      unit: 'percentunit',
      decimals: 2,
      max: 1,
      thresholds: [[GATES.parity, 'green']],
      base: 'red',
      queries: [q(`min by (route) (${ofJob('facade_parity_lower_bound')})`, '{{route}}')],
    }).dataLinks([link()]),
    series({
      title: 'Shadows',
      description:
        'Copied reads by what came of them. Many errors or ignored ones mean little evidence, whatever the parity. A mismatch may differ by itself: parity has that subtracted. noise is direct compared with itself.',
      unit: 'ops',
      queries: [q(rate(ofJob('facade_shadow_total'), 'result'), '{{result}}')],
    }),
    series({
      title: 'Autopilot decisions',
      description: 'What the autopilot decided; why, with the numbers, is in the history (GET /api/history).',
      unit: 'ops',
      queries: [q(rate(ofJob('facade_autopilot_decisions_total'), 'decision'), '{{decision}}')],
    }),
    series({
      title: 'Writes read back',
      description:
        'Writes served by the gateway that were read again through direct. not_arrived is a write that did not arrive as asked.',
      unit: 'ops',
      queries: [q(rate(ofJob('facade_verify_total'), 'result'), '{{result}}')],
    }),
  ],
};

const safety: Section = {
  title: 'Safety',
  panels: [
    timeline({
      title: 'Breakers',
      description: 'The breakers that were not closed at some time in the chosen range. None is how it should be.',
      unit: 'short',
      thresholds: [
        [1, 'orange'],
        [2, 'red'],
      ],
      names: { 0: ['closed', 'green'], 1: ['half-open', 'orange'], 2: ['open', 'red'] },
      queries: [
        q(
          `${BREAKER} and max by (route, path) (max_over_time(${ofJob('facade_breaker_state')}[$__range] @ end())) > 0`,
          '{{route}} {{path}}',
        ),
      ],
    }),
    timeline({
      title: 'Health checks',
      description:
        'Of each upstream, the worst instance. No data: none is configured, or none has succeeded or failed often enough yet.',
      unit: 'short',
      base: 'red',
      thresholds: [[1, 'green']],
      names: { 0: ['unhealthy', 'red'], 1: ['healthy', 'green'] },
      queries: [q(`min by (upstream) (${ofJob('facade_upstream_healthy')})`, '{{upstream}}')],
    }),
    series({
      title: 'Failovers',
      description:
        'Meant for the gateway, answered by direct, by reason. untranslatable is no failure: the gateway could not have carried that request whole.',
      unit: 'reqps',
      width: 6,
      queries: [q(rate(ofJob('facade_failovers_total'), 'reason'), '{{reason}}')],
    }),
    series({
      title: 'Failover share, by route',
      description: `Of what was meant for the gateway. Alerts above ${percent(FAILOVER_SHARE)}.`,
      unit: 'percentunit',
      width: 6,
      thresholds: [[FAILOVER_SHARE, 'red']],
      queries: [q(ofJob(recorded.failoverShare), '{{route}}')],
    }).dataLinks([link()]),
    series({
      title: 'Unknown writes',
      description:
        'Writes of which nobody can say whether they arrived, by what looking for them came to. They are never sent again; c2s-facade unknown-writes lists them. No data: there is none.',
      unit: 'short',
      width: 6,
      queries: [
        q(
          `sum by (state) (max by (route, state, cause) (${ofJob('facade_unknown_writes', 'state!="settled"')}))`,
          '{{state}}',
        ),
      ],
    }),
    series({
      title: 'Held back by the facade',
      description: 'Attempts that were not made: breaker open, too many at once (bulkhead), rate budget spent.',
      unit: 'reqps',
      width: 6,
      queries: [q(rate(ofJob('facade_attempts_total', heldBack), 'path, outcome'), '{{path}} {{outcome}}')],
    }),
    series({
      title: 'Config loads',
      description:
        'Tables taken and refused, in each five minutes. A refused one is listed with every error on GET /api/config.',
      unit: 'short',
      width: 6,
      queries: [q(`sum by (result) (increase(${ofJob('facade_config_reloads_total')}[5m]))`, '{{result}}')],
    }),
    series({
      title: 'Kill switch',
      description: 'Instances on which it is on: those serve every route by direct.',
      unit: 'short',
      decimals: 0,
      width: 6,
      thresholds: [[1, 'red']],
      queries: [q(`sum(${ofJob('facade_kill_switch')})`, 'instances')],
    }),
    series({
      title: 'Passthrough',
      description: 'Share of the requests that no route claims. What they are: GET /api/discovery.',
      unit: 'percentunit',
      width: 24,
      height: 6,
      queries: [
        q(
          share(
            `sum(rate(${ofJob('facade_requests_total', 'path="passthrough"')}[$__rate_interval]))`,
            `sum(rate(${ofJob('facade_requests_total')}[$__rate_interval]))`,
          ),
          'passthrough',
        ),
      ],
    }),
  ],
};

function link(): DashboardLinkBuilder {
  return new DashboardLinkBuilder('Open this route').url(ROUTE_LINK);
}

function percent(ratio: number): string {
  return `${Number((ratio * 100).toPrecision(3))} %`;
}

export const overview = (): Dashboard =>
  dashboard({
    uid: 'c2s-facade-overview',
    title: 'C2S facade / Migration overview',
    description: 'Where the migration from direct to the gateway stands, how the two paths compare, what needs a hand.',
    from: 'now-6h',
    sections: [now, burnDown, sideBySide, ratios, safety],
  });
