import { named, read } from './api.ts';
import { useLatest } from './load.ts';
import type { HistoryJson, PathName, RouteJson, TimelineJson } from './model.ts';
import { breakerMarks, flipMarks, type Mark } from './marks.ts';
import { Plot, type Line } from './plot.ts';
import { html, useState } from './vendor/preact.js';

/** A route over time, with what was done to it: attempts, failed attempts and failovers, latency. */

/** Seconds. */
const RANGES = { '15m': 900, '1h': 3_600, '24h': 86_400, '7d': 604_800 } as const;
type Range = keyof typeof RANGES;
const RANGE_NAMES: Readonly<Record<Range, string>> = { '15m': '15 min', '1h': '1 h', '24h': '24 h', '7d': '7 days' };
const PERCENTILES = ['p50', 'p95', 'p99'] as const;
const PATHS = ['direct', 'gateway'] as const;
/** A flip of the past week is among the newest of a route that is moved step by step. */
const MAX_FLIPS = 100;

interface OverTimeProps {
  readonly route: RouteJson;
  readonly beat: number;
  readonly flips: number;
  /** Milliseconds since 1970, of the facade. */
  readonly now: number;
}

export function OverTime({ route, beat, flips, now }: OverTimeProps) {
  const [range, setRange] = useState<Range>('15m');
  const [percentile, setPercentile] = useState<(typeof PERCENTILES)[number]>('p95');
  const timeline = useLatest(
    () => read<TimelineJson>(`routes/${named(route.id)}/timeline?range=${range}`),
    [range, beat],
  );
  const history = useLatest(
    () => read<HistoryJson>(`history?limit=${MAX_FLIPS}&route=${named(route.id)}`),
    [route.id, flips],
  );
  const to = now / 1_000;
  const span = { at: timeline?.at ?? [], from: to - RANGES[range], to };
  const marks = [...breakerMarks(timeline, to), ...flipMarks(history?.flips ?? [])];
  const lines = (name: (typeof PERCENTILES)[number] | 'attempts'): Line[] =>
    PATHS.filter((path) => route.paths[path]).map((path) => ({
      name: path,
      kind: path,
      values: timeline?.paths[path][name] ?? [],
    }));
  return html`<section aria-labelledby="over-time" class="panel">
    <div class="bar">
      <h2 id="over-time">Over time</h2>
      <span class="choices">
        <${Choice} label="Percentile" options=${PERCENTILES} value=${percentile} onValue=${setPercentile} />
        <${Choice}
          label="Range"
          options=${Object.keys(RANGES)}
          names=${RANGE_NAMES}
          value=${range}
          onValue=${setRange}
        />
      </span>
    </div>
    <div class="plots">
      <${Plot} title="Attempts" unit="/min" ...${span} marks=${marks} lines=${lines('attempts')} />
      <${Plot} title="Failures" unit="/min" ...${span} marks=${marks} lines=${failureLines(route, timeline)} />
      <${Plot} title=${`Latency, ${percentile}`} unit="ms" ...${span} marks=${marks} lines=${lines(percentile)} />
    </div>
    <${Marks} marks=${marks.filter((mark) => (mark.until ?? mark.at) >= span.from)} />
    <p class="quiet small">
      Each point is the minute before it${range === '15m' ? '' : '; latency and breaker at their worst'}. Kept by this
      process; for longer there is Prometheus.
    </p>
  </section>`;
}

/** What the marks of the plots are, for those who cannot point at them. */
function Marks({ marks }: { marks: readonly Mark[] }) {
  if (marks.length === 0) return null;
  return html`<details class="small">
    <summary>${marks.length} ${marks.length === 1 ? 'mark' : 'marks'} in this range</summary>
    <ul class="plain">
      ${marks.map(({ at, text }) => html`<li>${new Date(at * 1_000).toLocaleString()}: ${text}</li>`)}
    </ul>
  </details>`;
}

interface ChoiceProps {
  readonly label: string;
  readonly options: readonly string[];
  readonly names?: Readonly<Record<string, string>>;
  readonly value: string;
  readonly onValue: (value: string) => void;
}

/** One of a few, beside one another. */
export function Choice({ label, options, names = {}, value, onValue }: ChoiceProps) {
  return html`<div class="choice" role="group" aria-label=${label}>
    ${options.map(
      (option) =>
        html`<button aria-pressed=${option === value} onClick=${() => onValue(option)}>
          ${names[option] ?? option}
        </button>`,
    )}
  </div>`;
}

function failureLines(route: RouteJson, timeline: TimelineJson | undefined): Line[] {
  const values = (path: PathName, figure: 'failedAttempts' | 'failovers') => timeline?.paths[path][figure] ?? [];
  return [
    ...(route.paths.direct
      ? [{ name: 'direct', kind: 'failed direct-failed', values: values('direct', 'failedAttempts') }]
      : []),
    ...(route.paths.gateway
      ? [
          { name: 'gateway', kind: 'failed', values: values('gateway', 'failedAttempts') },
          { name: 'failovers', kind: 'failovers', values: values('gateway', 'failovers') },
        ]
      : []),
  ];
}
