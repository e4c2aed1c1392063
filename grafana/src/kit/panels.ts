import {
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
  BigValueColorMode,
  BigValueGraphMode,
  VisibilityMode,
  type DataSourceRef,
} from '@grafana/grafana-foundation-sdk/common';
import {
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as HeatmapBuilder, YAxisConfigBuilder } from '@grafana/grafana-foundation-sdk/heatmap';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as SeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

/**
 * The few kinds of panel that the dashboards are made of. What every panel must have (title, a description that says
 * how to read it, unit, data source, a legend) is a parameter or set here, so that none can lack it.
 */

/** The data source is a variable of the dashboard: nothing here knows how somebody's Grafana calls it. */
export const DATASOURCE: DataSourceRef = { type: 'prometheus', uid: '${datasource}' };

export interface Query {
  readonly expr: string;
  readonly legend: string;
}

export interface PanelOptions {
  readonly title: string;
  /** How to read it, and what to do about it. */
  readonly description: string;
  /** A unit of Grafana: `reqps`, `s`, `percentunit`, `bytes`, `short`… */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** Of 24 columns. */
  readonly width?: number;
  readonly height?: number;
  readonly min?: number;
  readonly max?: number;
  readonly decimals?: number;
  /** From which value on which colour; below the first it is `base`. */
  readonly thresholds?: readonly (readonly [from: number, colour: string])[];
  readonly base?: string;
  /** What values are called. */
  readonly names?: Readonly<Record<string, readonly [text: string, colour: string]>>;
}

export interface SeriesOptions extends PanelOptions {
  readonly stacked?: boolean;
  /** A range of its own, for what moves in weeks. */
  readonly range?: string;
}

export const q = (expr: string, legend: string): Query => ({ expr, legend });

const REF_IDS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

function target({ expr, legend }: Query, i: number): DataqueryBuilder {
  return new DataqueryBuilder()
    .refId(REF_IDS[i] as string)
    .datasource(DATASOURCE)
    .expr(expr)
    .legendFormat(legend);
}

/** One value a route, for the rows of a table. */
export function instant(query: Query, i: number): DataqueryBuilder {
  return target(query, i).instant().format(PromQueryFormat.Table);
}

function thresholds({ thresholds: steps = [], base = 'green' }: PanelOptions): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([{ value: null, color: base }, ...steps.map(([value, color]) => ({ value, color }))]);
}

function mappings({ names = {} }: PanelOptions): ValueMapping[] {
  const entries = Object.entries(names).map(([value, [text, color]], index) => [value, { text, color, index }]);
  return entries.length === 0
    ? []
    : [{ type: MappingType.ValueToText, options: Object.fromEntries(entries) as Record<string, object> }];
}

/** What all kinds have in common; the builders share these methods, but no type. */
function common<B extends SeriesBuilder | StatBuilder | TimelineBuilder>(
  builder: B,
  options: PanelOptions,
  size: { readonly width: number; readonly height: number },
): B {
  builder.title(options.title).description(options.description).unit(options.unit).datasource(DATASOURCE);
  builder.thresholds(thresholds(options)).mappings(mappings(options));
  builder.span(options.width ?? size.width).height(options.height ?? size.height);
  if (options.min !== undefined) builder.min(options.min);
  if (options.max !== undefined) builder.max(options.max);
  if (options.decimals !== undefined) builder.decimals(options.decimals);
  return builder;
}

/** A number with its recent course behind it. Green, unless the thresholds say otherwise. */
export function stat(options: PanelOptions): StatBuilder {
  const builder = common(new StatBuilder(), options, { width: 3, height: 4 })
    .targets(options.queries.map(target))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .colorMode(BigValueColorMode.Value)
    .graphMode(options.names ? BigValueGraphMode.None : BigValueGraphMode.Area)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false).fields(''));
  return builder.noValue('no data');
}

const legend = (): VizLegendOptionsBuilder =>
  new VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(LegendDisplayMode.Table)
    .placement(LegendPlacement.Bottom)
    .calcs(['lastNotNull', 'mean', 'max']);

const tooltip = (): VizTooltipOptionsBuilder =>
  new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending);

/** The paths have the same colours on every panel; everything else is coloured by its name. */
const PATH_COLOURS = { direct: 'blue', gateway: 'orange', passthrough: 'gray' };

/** Lines over time; thresholds are drawn as dashed lines. */
export function series(options: SeriesOptions): SeriesBuilder {
  const builder = common(new SeriesBuilder(), options, { width: 8, height: 8 })
    .targets(options.queries.map(target))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName))
    .legend(legend())
    .tooltip(tooltip())
    .fillOpacity(options.stacked ? 60 : 8)
    .showPoints(VisibilityMode.Never)
    .axisSoftMin(0);
  for (const [path, fixedColor] of Object.entries(PATH_COLOURS)) {
    builder.overrideByRegexp(`/^${path}$/`, [{ id: 'color', value: { mode: 'fixed', fixedColor } }]);
  }
  if (options.stacked) builder.stacking(new StackingConfigBuilder().mode(StackingMode.Normal));
  if (options.thresholds) {
    builder.thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  }
  if (options.range) builder.timeFrom(options.range);
  return builder;
}

/** States over time, a line each. */
export function timeline(options: PanelOptions): TimelineBuilder {
  return common(new TimelineBuilder(), options, { width: 12, height: 8 })
    .targets(options.queries.map(target))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .legend(legend().displayMode(LegendDisplayMode.List).calcs([]))
    .showValue(VisibilityMode.Never)
    .noValue('none');
}

/** How a duration is spread, over time; the query is a rate by `le`. */
export function heatmap({ title, description, unit, queries, width = 12, height = 8 }: PanelOptions): HeatmapBuilder {
  return new HeatmapBuilder()
    .title(title)
    .description(description)
    .unit(unit)
    .datasource(DATASOURCE)
    .span(width)
    .height(height)
    .targets(queries.map((query, i) => target(query, i).format(PromQueryFormat.Heatmap)))
    .yAxis(new YAxisConfigBuilder().unit(unit))
    .showLegend();
}
