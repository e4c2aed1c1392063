import { readFileSync, readdirSync } from 'node:fs';
import { parser } from '@prometheus-io/lezer-promql';
import { parse } from 'yaml';

/** Reads the committed dashboards and rules as Grafana and Prometheus would, and every expression in them. */

export interface Expression {
  /** Where it stands, for the report of a failed test. */
  readonly at: string;
  /** `condition`: it returns nothing while all is well (alerts, annotations); `value`: it always says something. */
  readonly kind: 'value' | 'condition';
  readonly expr: string;
}

export interface Target {
  readonly expr: string;
  readonly refId: string;
  readonly legendFormat?: string;
  readonly datasource: { readonly uid: string };
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title?: string;
  readonly description?: string;
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly Target[];
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string;
      readonly min?: number;
      readonly max?: number;
      readonly thresholds?: { readonly steps: readonly { readonly value: number | null; readonly color: string }[] };
      readonly mappings?: readonly { readonly options: object }[];
    };
  };
  readonly options?: { readonly legend?: { readonly showLegend?: boolean; readonly show?: boolean } };
}

export interface Board {
  readonly file: string;
  readonly uid: string;
  readonly title: string;
  readonly refresh: string;
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] };
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly query: string | { readonly query: string } }[];
  };
}

export interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export function boards(): Board[] {
  return readdirSync('grafana/dashboards').map((file) => ({
    ...(JSON.parse(readFileSync(`grafana/dashboards/${file}`, 'utf8')) as Board),
    file,
  }));
}

export interface NamedPanel {
  /** `file / title`; with the type behind it where a dashboard has two of that title. */
  readonly name: string;
  readonly panel: Panel;
}

/** Every panel that shows a value. */
export function allPanels(): NamedPanel[] {
  return boards().flatMap(({ file, panels }) => {
    const shown = panels.filter(({ type }) => type !== 'row');
    return shown.map((panel) => {
      const isTwice = shown.filter(({ title }) => title === panel.title).length > 1;
      return { name: `${file} / ${panel.title}${isTwice ? ` / ${panel.type}` : ''}`, panel };
    });
  });
}

export function rules(): Rule[] {
  return ['recording', 'alerts'].flatMap((name) => {
    const text = readFileSync(`grafana/prometheus/rules/${name}.yml`, 'utf8');
    return (parse(text) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);
  });
}

/** What Grafana would put in the place of its variables. */
const VARIABLES: Readonly<Record<string, string>> = {
  $job: 'c2s-facade',
  $route: 'leads.get',
  $instance: '.*',
  $__rate_interval: '1m',
  $__range: '1h',
};

function substituted(expr: string): string {
  return Object.entries(VARIABLES).reduce((text, [name, value]) => text.replaceAll(name, value), expr);
}

/** Every expression of every panel, variable, annotation, recording rule and alert. */
export function expressions(): Expression[] {
  const ofBoards = boards().flatMap(({ file, panels, annotations }): Expression[] => [
    ...panels.flatMap(({ title = '', targets = [] }) =>
      targets.map(({ expr, refId }) => ({ at: `${file} / ${title} / ${refId}`, kind: 'value' as const, expr })),
    ),
    ...annotations.list.map(({ name, expr }) => ({ at: `${file} / ${name}`, kind: 'condition' as const, expr })),
  ]);
  const ofRules = rules().map(({ record, alert, expr }): Expression =>
    record ? { at: record, kind: 'value', expr } : { at: alert ?? '', kind: 'condition', expr },
  );
  return [...ofBoards, ...ofRules].map((one) => ({ ...one, expr: substituted(one.expr) }));
}

export interface Parsed {
  /** What Prometheus would refuse; empty when it is well-formed. */
  readonly errors: readonly string[];
  readonly metrics: readonly string[];
  /** The same with `bool` at every comparison: it returns series whether or not the comparison holds. */
  readonly asBool: string;
}

const COMPARISONS = new Set(['Gtr', 'Lss', 'Gte', 'Lte', 'Eql', 'Neq']);

export function parsePromql(expr: string): Parsed {
  const errors: string[] = [];
  const metrics = new Set<string>();
  const insertAt: number[] = [];
  parser.parse(expr).iterate({
    enter(node) {
      const text = expr.slice(node.from, node.to);
      if (node.type.isError) errors.push(`not PromQL from "${expr.slice(node.from, node.from + 30)}"`);
      // The grammar takes an offset anywhere; Prometheus only behind a selector, which never ends in a parenthesis.
      if (node.name === 'Offset' && expr.slice(0, node.from).trimEnd().endsWith(')')) {
        errors.push(`offset behind something else than a selector at ${node.from}`);
      }
      if (node.name === 'Identifier' && node.node.parent?.name === 'VectorSelector') metrics.add(text);
      const isComparison = COMPARISONS.has(node.name) && node.node.parent?.name === 'BinaryExpr';
      if (isComparison && node.node.nextSibling?.name !== 'BoolModifier') insertAt.push(node.to);
    },
  });
  const asBool = insertAt.reduceRight((text, at) => `${text.slice(0, at)} bool${text.slice(at)}`, expr);
  return { errors, metrics: [...metrics], asBool };
}
