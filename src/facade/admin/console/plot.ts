import { fixed, timeOf } from './format.ts';
import type { Mark } from './marks.ts';
import { niceTop, pathOf } from './scale.ts';
import { html, useEffect, useRef, useState } from './vendor/preact.js';

/** Lines over time, drawn as SVG so that the style sheet gives the colours, with marks for what happened meanwhile. */

export interface Line {
  readonly name: string;
  /** Class of the style sheet: direct, gateway, failed. */
  readonly kind: string;
  readonly values: readonly (number | null)[];
}

interface PlotProps {
  readonly title: string;
  readonly unit: string;
  /** Seconds since 1970, oldest first; as many as each line has values. */
  readonly at: readonly number[];
  /** Seconds since 1970: what the width of the plot spans. */
  readonly from: number;
  readonly to: number;
  readonly lines: readonly Line[];
  readonly marks: readonly Mark[];
}

const HEIGHT = 150;
const LEFT = 44;
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 20;
/** CSS pixels between two times on the axis, at least. */
const PER_TICK = 90;

/** Digits that tell two values on the axis apart. */
const textOf = (value: number): string =>
  value.toLocaleString(undefined, { maximumSignificantDigits: value >= 100 ? 3 : 2 });

export function Plot({ title, unit, at, from, to, lines, marks }: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const width = useWidth(place);
  const [pointed, setPointed] = useState<number | undefined>(undefined);
  const top = niceTop(Math.max(0, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0))));
  const x = (time: number): number => LEFT + ((time - from) / (to - from)) * (width - LEFT - RIGHT);
  const y = (value: number): number => HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM);
  const last = (values: Line['values']): number | null => values.findLast((value) => value !== null) ?? null;
  const said = lines.map(({ name, values }) => `${name} ${valueText(last(values), unit)}`).join(', ');
  const point = (event: PointerEvent): void => {
    const { left } = (event.currentTarget as SVGElement).getBoundingClientRect();
    const time = from + ((event.clientX - left - LEFT) / (width - LEFT - RIGHT)) * (to - from);
    setPointed(nearest(at, time));
  };
  return html`<figure class="plot">
    <figcaption>
      <span>${title} <span class="quiet">${unit}</span></span>
      <span class="legend" aria-hidden="true">
        ${lines.map(
          ({ name, kind, values }) =>
            html`<span class=${kind}
              ><i></i>${name} ${valueText(pointed === undefined ? last(values) : (values[pointed] ?? null), '')}</span
            >`,
        )}
      </span>
    </figcaption>
    <div ref=${place} role="img" aria-label=${`${title}: ${said}`}>
      <svg
        width=${width}
        height=${HEIGHT}
        aria-hidden="true"
        onPointerMove=${point}
        onPointerLeave=${() => setPointed(undefined)}
      >
        ${[0, 0.5, 1].map(
          (part) =>
            html`<line class="grid" x1=${LEFT} x2=${width - RIGHT} y1=${y(top * part)} y2=${y(top * part)} />
              <text class="tick" x=${LEFT - 6} y=${y(top * part) + 4} text-anchor="end">${textOf(top * part)}</text>`,
        )}
        ${ticksOf(from, to, width).map(
          ([time, text]) => html`<text class="tick" x=${x(time)} y=${HEIGHT - 4} text-anchor="middle">${text}</text>`,
        )}
        ${marks
          .filter((mark) => (mark.until ?? mark.at) >= from && mark.at <= to)
          .map((mark) => html`<${MarkLine} mark=${mark} x=${x} from=${from} to=${to} />`)}
        ${lines.map(({ kind, values }) => {
          const points = values.map((value, i) => (value === null ? null : ([x(at[i] as number), y(value)] as const)));
          return html`<path class=${`line ${kind}`} d=${pathOf(points)} />`;
        })}
        ${
          pointed !== undefined &&
          html`<line
              class="cross"
              x1=${x(at[pointed] as number)}
              x2=${x(at[pointed] as number)}
              y1=${TOP}
              y2=${HEIGHT - BOTTOM}
            />
            <text class="tick" x=${Math.min(x(at[pointed] as number) + 4, width - 120)} y=${TOP + 8}>
              ${timeOf(new Date((at[pointed] as number) * 1_000).toISOString())}
            </text>`
        }
      </svg>
    </div>
  </figure>`;
}

function MarkLine(props: { mark: Mark; x: (time: number) => number; from: number; to: number }) {
  const { mark, x, from, to } = props;
  if (mark.until === undefined)
    return html`<g class=${`mark ${mark.kind}`}>
      <title>${mark.text}</title>
      <line x1=${x(mark.at)} x2=${x(mark.at)} y1=${TOP} y2=${HEIGHT - BOTTOM} />
      <path d=${`M${x(mark.at) - 4} ${TOP - 4}h8l-4 6z`} />
    </g>`;
  const [begin, end] = [x(Math.max(from, mark.at)), x(Math.min(to, mark.until))];
  return html`<rect
    class=${`mark ${mark.kind}`}
    x=${begin}
    y=${TOP}
    width=${Math.max(2, end - begin)}
    height=${HEIGHT - TOP - BOTTOM}
  >
    <title>${mark.text}</title>
  </rect>`;
}

const valueText = (value: number | null, unit: string): string =>
  value === null
    ? '–'
    : `${fixed(value, value >= 10 || Number.isInteger(value) ? 0 : 1)}${unit === '' ? '' : ` ${unit}`}`;

/** Index of the time that is next to this one. */
function nearest(at: readonly number[], time: number): number | undefined {
  if (at.length === 0) return undefined;
  const after = at.findIndex((each) => each >= time);
  if (after <= 0) return after === 0 ? 0 : at.length - 1;
  return time - (at[after - 1] as number) < (at[after] as number) - time ? after - 1 : after;
}

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const DAY_SECONDS = 86_400;
/** Seconds between two times on the axis. */
const TICK_STEPS = [60, 180, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, DAY_SECONDS];

function ticksOf(from: number, to: number, width: number): readonly (readonly [number, string])[] {
  const most = Math.max(1, Math.floor((width - LEFT) / PER_TICK));
  const step = TICK_STEPS.find((each) => (to - from) / each <= most) ?? DAY_SECONDS;
  const zone = new Date(from * 1_000).getTimezoneOffset() * 60;
  const first = Math.ceil((from - zone) / step) * step + zone;
  const format = step >= 43_200 ? day : clock;
  const times = Array.from({ length: Math.max(0, Math.floor((to - first) / step) + 1) }, (_, i) => first + i * step);
  return times.map((time) => [time, format.format(time * 1_000)]);
}

function useWidth(place: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(320);
  useEffect(() => {
    const element = place.current as HTMLElement;
    const measure = (): void => setWidth(Math.max(160, element.clientWidth));
    const resized = new ResizeObserver(measure);
    resized.observe(element);
    measure();
    return () => resized.disconnect();
  }, []);
  return width;
}
