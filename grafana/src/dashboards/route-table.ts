import { TableSortByFieldStateBuilder } from '@grafana/grafana-foundation-sdk/common';
import type { DynamicConfigValue } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { DATASOURCE, instant, q } from '../kit/panels.ts';
import { ofJob, select } from '../promql.ts';
import { recorded } from '../rules/recording.ts';
import { GATES, OBJECTIVE } from '../settings.ts';
import { ROUTE_ROW_LINK } from './shared.ts';

/** Every route in a row, its two paths next to each other: the migration board. */

interface Column {
  readonly title: string;
  readonly expr: string;
  readonly unit: string;
  /** Above the limit the cell is red; with `least`, below it. */
  readonly limit?: number;
  readonly least?: boolean;
}

const perRoute = (series: string, path: string): string =>
  `max by (route) (${select(series, 'job=~"$job"', `path="${path}"`)})`;

const COLUMNS: readonly Column[] = [
  { title: 'Planned', expr: `max by (route) (${ofJob('facade_rollout_gateway_ratio')})`, unit: 'percentunit' },
  { title: 'On the gateway', expr: `max by (route) (${ofJob(recorded.routeGatewayShare)})`, unit: 'percentunit' },
  { title: 'Shadowed', expr: `max by (route) (${ofJob('facade_rollout_shadow_ratio')})`, unit: 'percentunit' },
  { title: 'Requests', expr: `sum by (route) (${ofJob(recorded.routeRequests)})`, unit: 'reqps' },
  {
    title: 'Failed, direct',
    expr: perRoute(recorded.routeAttemptErrors, 'direct'),
    unit: 'percentunit',
    limit: 1 - OBJECTIVE,
  },
  {
    title: 'Failed, gateway',
    expr: perRoute(recorded.routeAttemptErrors, 'gateway'),
    unit: 'percentunit',
    limit: 1 - OBJECTIVE,
  },
  { title: 'p95, direct', expr: perRoute(recorded.routeUpstreamSeconds('p95'), 'direct'), unit: 's' },
  { title: 'p95, gateway', expr: perRoute(recorded.routeUpstreamSeconds('p95'), 'gateway'), unit: 's' },
  {
    title: 'Parity',
    expr: `min by (route) (${ofJob('facade_parity_lower_bound')})`,
    unit: 'percentunit',
    limit: GATES.parity,
    least: true,
  },
  { title: 'Autopilot step', expr: `max by (route) (${ofJob('facade_autopilot_step')})`, unit: 'percentunit' },
];

const REF_IDS = 'ABCDEFGHIJ';

function look({ unit, limit, least }: Column): DynamicConfigValue[] {
  const properties: DynamicConfigValue[] = [{ id: 'unit', value: unit }];
  if (limit === undefined) return properties;
  const [below, above] = least ? ['red', 'green'] : ['green', 'red'];
  const steps = [
    { value: null, color: below },
    { value: limit, color: above },
  ];
  return [
    ...properties,
    { id: 'thresholds', value: { mode: 'absolute', steps } },
    { id: 'custom.cellOptions', value: { type: 'color-text' } },
  ];
}

export function routeTable(): TableBuilder {
  const builder = new TableBuilder()
    .title('Routes')
    .description('Every route with its two paths side by side, in the last five minutes. A click opens its page.')
    .unit('short')
    .datasource(DATASOURCE)
    .span(24)
    .height(12)
    .targets(COLUMNS.map(({ expr, title }, i) => instant(q(expr, title), i)))
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: { Time: true },
        renameByName: {
          route: 'Route',
          ...Object.fromEntries(COLUMNS.map(({ title }, i) => [`Value #${REF_IDS[i]}`, title])),
        },
      },
    })
    .filterable(true)
    .sortBy([new TableSortByFieldStateBuilder().displayName('Requests').desc(true)]);
  for (const column of COLUMNS) builder.overrideByName(column.title, look(column));
  const openRoute = { title: 'Open this route', url: ROUTE_ROW_LINK.replace('fields.route', 'fields.Route') };
  return builder.overrideByName('Route', [{ id: 'links', value: [openRoute] }]);
}
