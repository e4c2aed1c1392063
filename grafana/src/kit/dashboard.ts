import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
  type Dashboard,
  type Panel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { JOB } from '../settings.ts';
import { known, ofJob } from '../promql.ts';
import { DATASOURCE } from './panels.ts';

/** The frame that every dashboard has: data source and job as variables, marks of what changed, links to the others. */

const TAG = 'c2s-facade';

interface Built<T> {
  build(): T;
}

export interface Section {
  readonly title: string;
  readonly panels: readonly Built<Panel>[];
}

export interface DashboardOptions {
  /** Stable for good: bookmarks and links hold on to it. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** How far back it looks when it opens. */
  readonly from: string;
  readonly variables?: readonly QueryVariableBuilder[];
  readonly sections: readonly Section[];
}

/** A variable that lists the values of a label. */
export function labelVariable(name: string, label: string, selector: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query({ query: `label_values(${selector}, ${name})`, refId: `variable-${name}` })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc);
}

export function dashboard(options: DashboardOptions): Dashboard {
  const builder = new DashboardBuilder(options.title)
    .uid(options.uid)
    .description(options.description)
    .tags([TAG])
    .time({ from: options.from, to: 'now' })
    .refresh('30s')
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'))
    .withVariable(labelVariable('job', 'Job', 'facade_config_info').current({ text: JOB, value: JOB }))
    .link(
      new DashboardLinkBuilder('Facade')
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .asDropdown(false)
        .includeVars(true)
        .keepTime(true),
    )
    .annotations(marks());
  for (const variable of options.variables ?? []) builder.withVariable(variable);
  for (const { title, panels } of options.sections) {
    builder.withRow(new RowBuilder(title));
    for (const panel of panels) builder.withPanel(panel);
  }
  const built = builder.build();
  built.panels?.forEach((panel, i) => (panel.id = i + 1));
  // The builders put links and annotations into a menu, where nobody on call would look for them.
  for (const hidden of [...(built.links ?? []), ...(built.annotations.list ?? [])]) delete hidden.placement;
  return built;
}

/** What changed, drawn into every panel over time: most of what a graph shows after such a mark, the mark explains. */
function marks(): AnnotationQueryBuilder[] {
  const info = ofJob('facade_config_info');
  const fresh = `max by (digest) (${info}) unless max by (digest) ${known(info, 'offset 1m')}`;
  return [
    mark('New table', 'blue', fresh, 'The table with the digest {{digest}} serves'),
    mark(
      'Flips',
      'orange',
      `max by (route) (changes(${ofJob('facade_rollout_gateway_ratio')}[1m])) > 0`,
      'The share of {{route}} on the gateway changed',
    ),
    mark(
      'Refused table',
      'red',
      `sum(increase(${ofJob('facade_config_reloads_total', 'result="failure"')}[1m])) > 0`,
      'A config file was refused; the old table serves',
    ),
    mark(
      'Kill switch',
      'dark-red',
      `max(${ofJob('facade_kill_switch')}) == 1`,
      'Every route direct by the kill switch',
    ),
  ];
}

function mark(name: string, colour: string, expr: string, title: string): AnnotationQueryBuilder {
  return new AnnotationQueryBuilder()
    .name(name)
    .datasource(DATASOURCE)
    .enable(true)
    .iconColor(colour)
    .expr(expr)
    .step('60s')
    .titleFormat(title);
}
