import { named, read } from './api.ts';
import type { Figure, Point, RouteJson, TimelineJson, Snapshot } from './model.ts';
import { Plot } from './plot.ts';
import { html, useEffect, useRef, useState } from './vendor/preact.js';

/** The last hour of a route: what the facade remembers, and then what comes in live. */

/** Seconds. */
const SHOWN = 3_600;
const FIGURES: readonly Figure[] = ['requests', 'failures', 'attempts', 'failedAttempts', 'failovers', 'p95'];
type PathName = 'direct' | 'gateway';

export function OverTime({ route, snapshot }: { route: RouteJson; snapshot: Snapshot }) {
  const points = usePoints(route, snapshot);
  return html`<section aria-labelledby="over-time">
    <h2 id="over-time">The last hour</h2>
    <p class="quiet">Each point is the minute before it.</p>
    <div class="plots">
      <${Plot} title="Rate" unit="attempts/s" points=${points} figure=${rate} />
      <${Plot} title="Failed attempts" unit="%" points=${points} figure=${failures} />
      <${Plot} title="95th percentile" unit="ms" points=${points} figure=${p95} />
    </div>
  </section>`;
}

type ReadFigure = (point: Point, path: 'direct' | 'gateway') => number | null;
const rate: ReadFigure = ({ paths }, path) => {
  const attempts = paths[path]?.attempts ?? null;
  return attempts === null ? null : attempts / 60;
};
const failures: ReadFigure = ({ paths }, path) => {
  const { attempts, failedAttempts } = paths[path] ?? {};
  return attempts && typeof failedAttempts === 'number' ? (100 * failedAttempts) / attempts : null;
};
const p95: ReadFigure = ({ paths }, path) => paths[path]?.p95 ?? null;

/** Live points from the first moment; the past is put before them when it arrives. */
function usePoints(route: RouteJson, snapshot: Snapshot): readonly Point[] {
  const points = useRef<Point[]>([]);
  const [, setLoaded] = useState(false);
  useEffect(() => {
    let isWanted = true;
    read<TimelineJson>(`routes/${named(route.id)}/timeline`).then(
      (series) => {
        const first = points.current[0]?.at ?? Infinity;
        if (!isWanted) return;
        points.current.unshift(...pointsOf(series).filter(({ at }) => at < first));
        setLoaded(true);
      },
      // Without a past the plots begin now; that the facade does not answer is said at the top of the page.
      () => undefined,
    );
    return () => {
      isWanted = false;
    };
  }, [route.id]);
  const now = snapshot.at / 1_000;
  const seen = points.current;
  if (seen.at(-1)?.at !== now) {
    const { direct, gateway } = route.paths;
    seen.push({ at: now, paths: { direct: direct?.lastMinute, gateway: gateway?.lastMinute } });
    while ((seen[0] as Point).at < now - SHOWN) seen.shift();
  }
  return seen;
}

/** Columns to rows. */
function pointsOf({ at, paths }: TimelineJson): Point[] {
  return at.map((time, i) => {
    const of = (path: PathName) =>
      Object.fromEntries(FIGURES.map((figure) => [figure, paths[path][figure][i] ?? null])) as Record<
        Figure,
        number | null
      >;
    return { at: time, paths: { direct: of('direct'), gateway: of('gateway') } };
  });
}
