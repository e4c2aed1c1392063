import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SCRAPE_INTERVAL_S, startBackfilled } from '../kit/backfill.ts';
import { Opened } from '../kit/load.ts';
import { EXACT, numbers, type Numbers, type Shown } from '../kit/panel-numbers.ts';
import { play, ROUTE, type Played } from '../kit/panel-scene.ts';
import { hasPrometheus, type Prometheus, type Sample } from '../kit/prometheus.ts';
import { allPanels, type Panel, type Target } from '../kit/promql.ts';
import { until } from '../kit/upstream.ts';

/**
 * Every query of every panel, by a real Prometheus, against what was sent. The facade is real, and so are its pages of
 * /metrics; fifteen seconds between two scrapes pass by the calendar, so that windows of five minutes and of an hour
 * are evaluated as they stand. Grafana's own variables are what it would write for the last six hours.
 */

const QUIET_S = 3_600;
const queries = allPanels().flatMap(({ name, panel }) =>
  (panel.targets ?? []).map((target) => ({ name, panel, target })),
);

if (!hasPrometheus)
  console.log('prometheus and promtool are not installed: panels are not tested (apt-get install prometheus)');

describe.skipIf(!hasPrometheus)('every panel shows what was sent', () => {
  const opened = new Opened();
  let played: Played;
  let expected: Numbers;
  let prometheus: Prometheus;

  beforeAll(async () => {
    const now = Date.now() / 1_000;
    played = await play(now - (now % SCRAPE_INTERVAL_S));
    const [first] = played.pages;
    prometheus = opened.keep(await startBackfilled(played.pages, (first?.at ?? 0) + QUIET_S));
    expected = numbers(played);
  }, 180_000);
  afterAll(opened.closeAll);

  test('and no panel is without a number, and no number without a panel', () => {
    const asked = queries.map(({ name, target }) => `${name} / ${target.refId}`);
    const known = Object.entries(expected).flatMap(([name, byQuery]) =>
      Object.keys(byQuery).map((id) => `${name} / ${id}`),
    );
    expect(known.sort()).toEqual(asked.sort());
  });

  test.each(queries)('$name / $target.refId', async ({ name, panel, target }) => {
    const all = expected[name]?.[target.refId] ?? [];
    expect(all.length, 'what it must show').toBeGreaterThan(0);
    for (const one of all) {
      const expr = substituted(target.expr, one.route ?? ROUTE);
      const at = one.at === 'now' ? undefined : played.pages[played.instants[one.at]]?.at;
      const found = async (): Promise<string> =>
        problems(byLegend(await prometheus.query(expr, at), panel, target), one).join('\n');
      // Alerts come when their rules are evaluated for the first time.
      if (one.at === 'now') await until(async () => (await found()) === '', `${name} shows it`, 15_000);
      expect(await found(), `${one.at}${one.route ? `, ${one.route}` : ''}: ${expr}`).toBe('');
    }
  });
});

function substituted(expr: string, route: string): string {
  const variables = { $job: 'c2s-facade', $route: route, $instance: '.*', $__rate_interval: '1m', $__range: '6h' };
  return Object.entries(variables).reduce((text, [name, value]) => text.replaceAll(name, value), expr);
}

/** As Grafana would name the lines; the rows of a table by their route. NaN is a gap. */
function byLegend(samples: readonly Sample[], panel: Panel, target: Target): [legend: string, value: number][] {
  const legend = panel.type === 'table' ? '{{route}}' : (target.legendFormat ?? '');
  return samples
    .map(({ metric, value }): [string, number] => [
      legend.replace(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? ''),
      Number(value[1]),
    ])
    .filter(([, value]) => !Number.isNaN(value));
}

function problems(
  shown: readonly (readonly [string, number])[],
  { values, zeros = false, within = EXACT, why }: Shown,
): string[] {
  const missing = Object.keys(values).filter((legend) => !shown.some(([name]) => name === legend));
  const twice = shown.filter(([name], i) => shown.findIndex(([other]) => other === name) !== i);
  const wrong = shown.flatMap(([legend, value]) => {
    const wanted = values[legend];
    if (legend.trim() === '' || /^\s|\s$/.test(legend)) return [`a line without a name: "${legend}" = ${value}`];
    if (wanted === undefined) return zeros && value === 0 ? [] : [`${legend} = ${value}, expected none`];
    const [low, high] = typeof wanted === 'number' ? around(wanted, within) : wanted;
    return value >= low && value <= high
      ? []
      : [`${legend} = ${value}, expected ${low} to ${high}${why ? ` (${why})` : ''}`];
  });
  return [
    ...missing.map((legend) => `${legend} is missing`),
    ...twice.map(([name]) => `${name} is there twice`),
    ...wrong,
  ];
}

const around = (value: number, within: number): readonly [number, number] => {
  const room = Math.abs(value) * within + 1e-9;
  return [value - room, value + room];
};
