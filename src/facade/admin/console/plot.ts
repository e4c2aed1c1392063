import type { Point } from './model.ts';
import { html, useEffect, useRef, useState } from './vendor/preact.js';
import UPlot from './vendor/uplot.js';

interface PlotProps {
  readonly title: string;
  readonly unit: string;
  readonly points: readonly Point[];
  /** The figure of one path at one point; null: nothing to draw. */
  readonly figure: (point: Point, path: 'direct' | 'gateway') => number | null;
}

/** Both paths over time. The plot is drawn once for each colour scheme and then only fed; it takes its colours and its width from the page. */
export function Plot({ title, unit, points, figure }: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  const data = columnsOf(points, figure);
  const isDark = useIsDark();
  useEffect(() => {
    const element = place.current as HTMLDivElement;
    const made = new UPlot(optionsFor(element, unit), data, element);
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      made.destroy();
    };
  }, [isDark]);
  useEffect(() => plot.current?.setData(data), [points.length, points.at(-1)?.at]);
  const last = points.at(-1);
  const said = (path: 'direct' | 'gateway'): string => {
    const value = last ? figure(last, path) : null;
    return value === null ? 'nothing' : `${value.toFixed(1)} ${unit}`;
  };
  return html`<figure>
    <figcaption>${title}, ${unit}</figcaption>
    <div ref=${place} role="img" aria-label=${`${title}: direct ${said('direct')}, gateway ${said('gateway')}`}></div>
  </figure>`;
}

/** A page that is open all day sees the system change its colours at dusk. */
function useIsDark(): boolean {
  const [isDark, setDark] = useState(() => matchMedia(DARK).matches);
  useEffect(() => {
    const dark = matchMedia(DARK);
    const changed = (): void => setDark(dark.matches);
    dark.addEventListener('change', changed);
    return () => dark.removeEventListener('change', changed);
  }, []);
  return isDark;
}

const DARK = '(prefers-color-scheme: dark)';

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const HEIGHT = 180;
/** Seconds. The axis of a single point would span years. */
const SHORTEST = 300;

function columnsOf(points: readonly Point[], figure: PlotProps['figure']): UPlot.AlignedData {
  const before = (points.at(-1)?.at ?? 0) - SHORTEST;
  const isShort = (points[0]?.at ?? Infinity) > before;
  const column = (path: 'direct' | 'gateway') => points.map((point) => figure(point, path));
  const times = points.map(({ at }) => at);
  return isShort
    ? [
        [before, ...times],
        [null, ...column('direct')],
        [null, ...column('gateway')],
      ]
    : [times, column('direct'), column('gateway')];
}

function optionsFor(element: HTMLElement, unit: string): UPlot.Options {
  const colour = (name: string): string => resolved(element, name);
  const axis = { stroke: colour('--quiet'), grid: { stroke: colour('--line') }, ticks: { stroke: colour('--line') } };
  const value = (_: UPlot, shown: number | null): string => (shown === null ? '–' : `${shown.toFixed(1)} ${unit}`);
  return {
    width: element.clientWidth,
    height: HEIGHT,
    scales: { y: { range: (_, low, high) => [0, Math.max(high, low, 1)] } },
    axes: [
      { ...axis, values: (_, times) => times.map((time) => clock.format(time * 1_000)) },
      { ...axis, size: 56 },
    ],
    series: [
      { label: 'time', value: (_, time: number | null) => (time === null ? '–' : clock.format(time * 1_000)) },
      { label: 'direct', stroke: colour('--direct'), width: 2, value },
      { label: 'gateway', stroke: colour('--gateway'), width: 2, value, dash: [6, 3] },
    ],
  };
}

/** A canvas knows no variables and no light-dark(): the colour that they come to here and now. */
function resolved(element: HTMLElement, name: string): string {
  element.style.color = `var(${name})`;
  const { color } = getComputedStyle(element);
  element.style.color = '';
  return color;
}
