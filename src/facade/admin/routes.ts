import type { RuntimeSnapshot, RouteEntry } from '../forward/runtime-snapshot.ts';
import type { HealthResult, HealthState } from '../forward/upstream-health.ts';
import type { Recent, RecentCounts } from '../observe/recent.ts';
import { troubleOf, type Trouble } from '../observe/trouble.ts';
import type { RolloutValues } from '../config/rollout.ts';
import { rolloutValues } from '../rollout/compile.ts';
import type { LastingFault } from '../rollout/outcome.ts';
import type { Path } from '../rollout/route.ts';
import { stageOf, type Stage } from '../rollout/stage.ts';
import type { TimedRoute } from './timeline.ts';

/** GET /api/routes: the resolved table with the stage, the live state, the last minute and the last hour of each path. */

export interface PathView {
  readonly endpoints: readonly string[];
  readonly breaker: string;
  /** Percent of the attempts that a half-open breaker lets through; 0: one probe at a time. Left out: it is not half-open. */
  readonly ramp: number | undefined;
  /** Left out: none. */
  readonly fault: LastingFault | undefined;
  readonly lastMinute: Recent | undefined;
  readonly lastHour: RecentCounts | undefined;
}

export interface RouteView {
  readonly id: string;
  readonly stage: Stage;
  readonly safety: string;
  readonly rollout: RolloutValues;
  readonly deadlines: object;
  /** How the autopilot moves it; null: only humans do. */
  readonly autopilot: 'propose' | 'apply' | null;
  readonly paths: Partial<Record<Path, PathView>>;
  /** Percent of the requests of the last hour that the gateway answered; null: there were none. */
  readonly lastHourShare: number | null;
  /** Left out: no attempt failed. */
  readonly trouble: Trouble | undefined;
}

/** What the health checks of an upstream say. */
export interface UpstreamView {
  readonly health: HealthState;
  /** Of the newest check; left out: there was none. */
  readonly result: HealthResult | undefined;
  readonly status: number | undefined;
  /** Checks that succeeded in a row, and how many it takes; left out: it is not unhealthy, or the newest check failed. */
  readonly recovery?: { readonly succeeded: number; readonly needed: number } | undefined;
}

export function viewUpstreams({ upstreams, health }: RuntimeSnapshot): Partial<Record<Path, UpstreamView>> {
  const views: Partial<Record<Path, UpstreamView>> = {};
  for (const path of ['direct', 'gateway'] as const) {
    const { state, last, recovery } = health[path];
    if (upstreams[path]) views[path] = { health: state, result: last?.result, status: last?.status, recovery };
  }
  return views;
}

/** For the timeline: the same figures, without the words. @param now milliseconds, monotonic */
export function timedRoutes(snapshot: RuntimeSnapshot, now: number): TimedRoute[] {
  return snapshot.entries.map(({ model, state }) => ({
    id: model.id,
    gateway: model.rollout.gateway / 100,
    recent: (path) => (model[path].length === 0 ? undefined : state.recorder.recent(path, now)),
    breaker: (path) => state.breakerState(path),
  }));
}

export function viewRoutes(snapshot: RuntimeSnapshot, now: number): RouteView[] {
  return snapshot.entries.map((entry) => viewRoute(entry, now));
}

function viewRoute({ model, state }: RouteEntry, now: number): RouteView {
  const paths: Partial<Record<Path, PathView>> = {};
  for (const path of ['direct', 'gateway'] as const) {
    if (model[path].length === 0) continue;
    paths[path] = {
      endpoints: model[path].map(({ method, template }) => `${method} ${template}`),
      breaker: state.breakerState(path),
      ramp: state.rampPercent(path),
      fault: state.recorder.faultOf(path),
      lastMinute: state.recorder.recent(path, now),
      lastHour: state.recorder.lastHour(path, now),
    };
  }
  const counts = (path: Path) => ({ minute: paths[path]?.lastMinute, hour: paths[path]?.lastHour });
  return {
    id: model.id,
    stage: stageOf(model.rollout, model.direct.length > 0),
    safety: model.safety,
    rollout: rolloutValues(model),
    deadlines: model.deadlines,
    autopilot: model.autopilot?.mode ?? null,
    paths,
    lastHourShare: shareOf(paths.direct?.lastHour?.requests ?? 0, paths.gateway?.lastHour?.requests ?? 0),
    trouble: troubleOf(counts('direct'), counts('gateway')),
  };
}

const shareOf = (direct: number, gateway: number): number | null =>
  direct + gateway === 0 ? null : Math.round((10_000 * gateway) / (direct + gateway)) / 100;
