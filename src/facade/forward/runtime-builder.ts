import { isDeepStrictEqual } from 'node:util';
import type { Metrics } from '../observe/metrics.ts';
import { PASSTHROUGH, type Unclaimed } from '../rollout/compile.ts';
import type { Match } from '../rollout/matcher.ts';
import type { Endpoint, Path, RouteModel } from '../rollout/route.ts';
import { stageOf } from '../rollout/stage.ts';
import { answerRewriter } from './answer-rewriter.ts';
import type { BreakerState } from './breaker.ts';
import { Hop, TrustedProxies } from './connection.ts';
import { FailoverBudget, type FailoverSettings } from './failover-budget.ts';
import {
  buildMatcher,
  prepareRoute,
  type RuntimeSnapshot,
  type RouteEntry,
  type UnclaimedEntries,
} from './runtime-snapshot.ts';
import { RouteState, type BreakerListener } from './route-state.ts';
import { Upstream, type UpstreamSettings } from './upstream.ts';
import { UpstreamHealth, type HealthSettings } from './upstream-health.ts';

/**
 * Turns a compiled config into the snapshot that serves, and keeps what outlives it: route states, upstreams and the
 * failover budget. The config was checked before: here nothing can be wrong any more, so there is no half-way to undo.
 */

export interface RuntimeSettings {
  readonly digest: string;
  readonly routes: readonly RouteModel[];
  readonly unclaimed: Unclaimed;
  readonly upstreams: { readonly direct: UpstreamSettings; readonly gateway: UpstreamSettings | undefined };
  /** Undefined: not checked. */
  readonly health: Readonly<Record<Path, HealthSettings | undefined>>;
  readonly failover: FailoverSettings;
  /** Share of every limit, 0..1, that strangers cannot use. */
  readonly knownShare: number;
  readonly trustedProxies: readonly string[];
  readonly forceHeader: boolean;
  readonly killSwitchFile: string | undefined;
  readonly successSample: number;
}

/** Longer than any request may take: an old upstream closes when nothing of the old snapshot can ask for it. */
const RETIREMENT_MS = 120_000;

export class RuntimeBuilder {
  readonly #metrics: Metrics;
  readonly #now: () => number;
  readonly #onBreaker: BreakerListener | undefined;
  readonly #states = new Map<string, RouteState>();
  /** Lives on across reloads. */
  readonly health: Readonly<Record<Path, UpstreamHealth>>;
  readonly #retired = new Set<Upstream>();
  #upstreams: RuntimeSnapshot['upstreams'] | undefined;
  #failover: { settings: RuntimeSettings['failover']; budget: FailoverBudget } | undefined;

  constructor(metrics: Metrics, now: () => number, onBreaker?: BreakerListener) {
    this.#onBreaker = onBreaker;
    this.#metrics = metrics;
    this.#now = now;
    this.health = { direct: new UpstreamHealth(now), gateway: new UpstreamHealth(now) };
    for (const path of ['direct', 'gateway'] as const) {
      this.health[path].onChecked((isBack) => {
        for (const state of this.#states.values()) state.healthChecked(path, isBack);
      });
    }
    metrics.observeInflight(() => this.#inflight());
  }

  /** The next snapshot. Route states are found again by route id. */
  build(settings: RuntimeSettings): RuntimeSnapshot {
    const upstreams = this.#nextUpstreams(settings);
    for (const path of ['direct', 'gateway'] as const)
      this.health[path].configure(settings.health[path], upstreams[path]?.settings.url);
    const entries = settings.routes.map((model) => this.#entry(model, settings.routes));
    const unclaimed = this.#unclaimed(settings.unclaimed);
    this.#forgetOthers(new Set([PASSTHROUGH, ...settings.routes.map(({ id }) => id)]));
    const origins = [upstreams.direct, upstreams.gateway].filter((upstream) => upstream !== undefined);
    return {
      digest: settings.digest,
      loadedAt: new Date(),
      matcher: buildMatcher(entries),
      entries,
      unclaimed,
      upstreams,
      health: this.health,
      failoverBudget: this.#nextBudget(settings.failover),
      knownShare: settings.knownShare,
      hop: hopOf(settings),
      forceHeader: settings.forceHeader,
      longestPinMs: Math.max(0, ...settings.routes.map(({ pinAfterWriteMs }) => pinAfterWriteMs)),
      killSwitchFile: settings.killSwitchFile,
      successSample: settings.successSample,
      rewriters: { direct: answerRewriter('direct', origins), gateway: answerRewriter('gateway', origins) },
    };
  }

  /** The breaker of another process's same route changed. What this process does not have is no news. */
  followBreaker(route: string, path: Path, state: BreakerState, rampStep = 0): void {
    this.#states.get(route)?.breaker(path)?.follow(state, rampStep);
  }

  /** Ends what outlives requests. Call it when the last one has ended. */
  async close(): Promise<void> {
    for (const state of this.#states.values()) state.shutdown();
    const all = [this.#upstreams?.direct, this.#upstreams?.gateway, ...this.#retired];
    await Promise.all(all.flatMap((upstream) => (upstream ? [upstream.destroy()] : [])));
  }

  #entry(model: RouteModel, all: readonly RouteModel[]): RouteEntry {
    const state = this.#state(model);
    const stage = stageOf(model.rollout, model.direct.length > 0);
    this.#metrics.rolloutChanged(model.id, model.gateway.length > 0 ? model.rollout : undefined, stage);
    return { ...prepareRoute(model, all), state };
  }

  /** Reads and writes have one breaker and one count. */
  #unclaimed({ read, write, tunnelIdleMs }: Unclaimed): UnclaimedEntries {
    const state = this.#state(read);
    const matched = (model: RouteModel): Match<RouteEntry> => {
      const endpoint = model.direct[0] as Endpoint;
      return {
        route: { ...prepareRoute(model, []), state },
        dialect: 'direct',
        endpoint,
        directTwin: undefined,
        params: [],
      };
    };
    return { read: matched(read), write: matched(write), tunnelIdleMs };
  }

  #state(model: RouteModel): RouteState {
    let state = this.#states.get(model.id);
    if (state) state.update(model);
    else this.#states.set(model.id, (state = this.#newState(model)));
    return state;
  }

  #newState(model: RouteModel): RouteState {
    return new RouteState(model, this.#metrics, { now: this.#now, onBreaker: this.#onBreaker, health: this.health });
  }

  #forgetOthers(ids: ReadonlySet<string>): void {
    for (const [id, state] of this.#states) {
      if (ids.has(id)) continue;
      this.#states.delete(id);
      state.shutdown();
    }
  }

  #nextUpstreams({ upstreams }: RuntimeSettings): RuntimeSnapshot['upstreams'] {
    const old = this.#upstreams;
    const next = {
      direct: this.#keepOrReplace('direct', old?.direct, upstreams.direct),
      gateway: upstreams.gateway && this.#keepOrReplace('gateway', old?.gateway, upstreams.gateway),
    };
    if (old?.gateway && !next.gateway) this.#retire(old.gateway);
    return (this.#upstreams = next);
  }

  #keepOrReplace(path: 'direct' | 'gateway', old: Upstream | undefined, settings: UpstreamSettings): Upstream {
    if (old && isDeepStrictEqual(old.settings, settings)) return old;
    if (old) this.#retire(old);
    return new Upstream(path, settings, this.#now);
  }

  #retire(upstream: Upstream): void {
    this.#retired.add(upstream);
    setTimeout(() => {
      this.#retired.delete(upstream);
      void upstream.close().catch(() => upstream.destroy());
    }, RETIREMENT_MS).unref();
  }

  #nextBudget(settings: RuntimeSettings['failover']): FailoverBudget {
    if (!this.#failover || !isDeepStrictEqual(this.#failover.settings, settings)) {
      this.#failover = { settings, budget: new FailoverBudget(settings) };
    }
    return this.#failover.budget;
  }

  *#inflight(): Generator<readonly [string, number]> {
    for (const path of ['direct', 'gateway'] as const) {
      let inflight = this.#upstreams?.[path]?.inflight ?? 0;
      for (const upstream of this.#retired) if (upstream.path === path) inflight += upstream.inflight;
      yield [path, inflight];
    }
  }
}

function hopOf({ trustedProxies, upstreams: { direct, gateway } }: RuntimeSettings): Hop {
  return new Hop(new TrustedProxies(trustedProxies), [direct.url, gateway?.url]);
}
