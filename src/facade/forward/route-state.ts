import { isDeepStrictEqual } from 'node:util';
import type { Metrics } from '../observe/metrics.ts';
import { RouteRecorder } from '../observe/recorder.ts';
import type { Path, RouteModel, ServedPath } from '../rollout/route.ts';
import { Breaker, type BreakerState, type HealthGate } from './breaker.ts';

/**
 * Hears of every breaker that changed, and of each step of its ramp.
 * @param isFollowed by what another process saw. @param rampStep 0 unless it climbs.
 */
export type BreakerListener = (
  route: string,
  path: Path,
  state: BreakerState,
  isFollowed: boolean,
  rampStep: number,
) => void;

/** What breakers hear of, whatever route they are of. */
interface BreakerSurroundings {
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  readonly onBreaker?: BreakerListener | undefined;
  readonly health?: Readonly<Record<Path, HealthGate>> | undefined;
}

/**
 * What lives on across reloads of one route: its breakers and its counters. A reload never resets a breaker of a route
 * that stayed; one whose settings changed is replaced, and opens again at once if it was open.
 */
export class RouteState {
  readonly recorder: RouteRecorder;
  readonly #metrics: Metrics;
  readonly #surroundings: BreakerSurroundings;
  readonly #breakers: Partial<Record<Path, Breaker>> = {};
  #model: RouteModel;

  constructor(model: RouteModel, metrics: Metrics, surroundings: BreakerSurroundings) {
    this.#surroundings = surroundings;
    this.#model = model;
    this.#metrics = metrics;
    const paths = pathsOf(model);
    const method = (model.direct[0] ?? model.gateway[0])?.method ?? 'GET';
    // A route may gain a path at the next reload; what no route claims has one for good.
    const recorded: ServedPath[] = model.servedAs.direct === 'direct' ? ['direct', 'gateway'] : [model.servedAs.direct];
    this.recorder = new RouteRecorder(metrics, model.id, recorded, method, model.success.direct);
    for (const path of paths) this.#tell(path, 'closed');
  }

  /** Takes over the settings of a new table. */
  update(model: RouteModel): void {
    const isChanged = !isDeepStrictEqual(model.breaker, this.#model.breaker);
    this.#changeEndpoints(pathsOf(this.#model), pathsOf(model));
    this.#model = model;
    if (!isChanged) return;
    for (const path of pathsOf(model)) {
      const old = this.#breakers[path];
      if (!old) continue;
      const wasOpen = old.state !== 'closed';
      old.shutdown();
      delete this.#breakers[path];
      if (wasOpen && model.breaker.enabled) this.breaker(path)?.open();
      else this.#tell(path, 'closed');
    }
  }

  /** A route that gained an endpoint has a breaker to show, one that lost an endpoint has none left. */
  #changeEndpoints(before: readonly Path[], after: readonly Path[]): void {
    const { id } = this.#model;
    for (const path of after) if (!before.includes(path)) this.#tell(path, 'closed');
    for (const path of before) {
      if (after.includes(path)) continue;
      this.#breakers[path]?.shutdown();
      delete this.#breakers[path];
      this.#metrics.breakerState.remove({ route: id, path });
    }
  }

  /** The breaker of a path, made when it is first needed; undefined when the route has none. */
  breaker(path: Path): Breaker | undefined {
    if (!this.#model.breaker.enabled) return undefined;
    return (this.#breakers[path] ??= this.#createBreaker(path));
  }

  #createBreaker(path: Path): Breaker {
    const { now, onBreaker, health } = this.#surroundings;
    const breaker = new Breaker(this.#model.breaker, {
      now,
      ...(health && { health: health[path] }),
      isOfWrites: () => this.#model.safety === 'unsafe',
      onChange: (state, isFollowed) => {
        this.#tell(path, state);
        onBreaker?.(this.#model.id, path, state, isFollowed, breaker.rampStep);
      },
    });
    return breaker;
  }

  /** Percent of the attempts that the ramp of a path's breaker lets through; undefined: it is not half-open. */
  rampPercent(path: Path): number | undefined {
    return this.#breakers[path]?.rampPercent;
  }

  /** There is news of the health checks of a path. @param isBack it was unhealthy, and is well again. */
  healthChecked(path: Path, isBack: boolean): void {
    const breaker = this.#breakers[path];
    if (isBack) breaker?.rampUp();
    breaker?.healthChecked();
  }

  /** The state of a path's breaker, without making one. */
  breakerState(path: Path): Breaker['state'] {
    return this.#breakers[path]?.state ?? 'closed';
  }

  #tell(path: Path, state: BreakerState): void {
    this.#metrics.breakerChanged(this.#model.id, this.#model.servedAs[path], state);
  }

  /** The route left the table, or the process ends. */
  shutdown(): void {
    for (const breaker of Object.values(this.#breakers)) breaker.shutdown();
    this.#metrics.routeLeft(this.#model.id);
  }
}

function pathsOf(model: RouteModel): Path[] {
  return (['direct', 'gateway'] as const).filter((path) => model[path].length > 0);
}
