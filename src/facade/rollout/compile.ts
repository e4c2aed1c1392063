import type { ApiPair } from './api-pair.ts';
import { endpointsOf, isParameter, parametersOf, type EndpointConfig } from '../config/endpoint.ts';
import { rolloutOf, type RolloutValues } from '../config/rollout.ts';
import { safetyOf } from '../config/safety.ts';
import type { FacadeConfig, RouteConfig } from '../config/schema.ts';
import type {
  AutopilotSettings,
  BreakerSettings,
  CompareRules,
  Endpoint,
  Path,
  Rollout,
  RouteModel,
  VerifyRule,
} from './route.ts';

/**
 * RouteConfig → RouteModel: defaults merged in, percentages to buckets, parameters to indexes. The config was checked before; here nothing can be wrong any more.
 */

type Defaults = FacadeConfig['defaults'];

/** Id and path of what no route claims, in metrics, logs and answers; no route may have it (facade/config/schema.ts). */
export const PASSTHROUGH = 'passthrough';
const CLAIMED: RouteModel['servedAs'] = { direct: 'direct', gateway: 'gateway' };

/** One model for each route, in the order of the file. */
export function compileRoutes(config: FacadeConfig, pair: ApiPair): RouteModel[] {
  return config.routes.map((route) => compileRoute(route, config, pair));
}

/** The two routes of what no route claims: they differ in what may be sent again. */
export interface Unclaimed {
  /** GET and HEAD. */
  readonly read: RouteModel;
  /** Every other method, also one that HTTP does not define. */
  readonly write: RouteModel;
  /** For so long both sides of a WebSocket may be silent. */
  readonly tunnelIdleMs: number;
}

/** Requests that no route claims, as a route with a direct path alone: everything that holds for a route holds for them. */
export function compileUnclaimed(config: FacadeConfig, pair: ApiPair): Unclaimed {
  const { tunnelIdle, ...passthrough } = config.passthrough;
  const rollout = { gateway: 0, shadow: 0, fallback: 'none' } as const;
  const compiled = compileRoute({ ...passthrough, id: PASSTHROUGH, direct: 'GET /', rollout }, config, pair);
  const read: RouteModel = { ...compiled, servedAs: { direct: PASSTHROUGH, gateway: 'gateway' } };
  return { read, write: { ...read, safety: 'unsafe' }, tunnelIdleMs: tunnelIdle };
}

function compileRoute(route: RouteConfig, { defaults, compare }: FacadeConfig, pair: ApiPair): RouteModel {
  const direct = endpointsOf(route.direct);
  const gateway = endpointsOf(route.gateway);
  const [canonical] = [...direct, ...gateway];
  const params = canonical ? parametersOf(canonical) : [];
  const compileEndpoint = (endpoint: EndpointConfig) => compileSegments(endpoint, params);
  return {
    id: route.id,
    pair,
    servedAs: CLAIMED,
    params,
    direct: direct.map(compileEndpoint),
    gateway: gateway.map(compileEndpoint),
    safety: safetyOf(route),
    rollout: compileRollout(route, params),
    success: { ...pair.success, ...route.success },
    query: route.query ?? {},
    body: route.body,
    compare: compileCompare(route, compare),
    verify: compileVerify(route),
    maxBodyBytes: route.maxBody ?? defaults.maxBody,
    callers: compileCallers({ ...defaults.callers, ...route.callers }),
    pinAfterWriteMs: safetyOf(route) === 'safe' ? (route.pinAfterWrite ?? defaults.pinAfterWrite) : 0,
    deadlines: { ...defaults.deadlines, ...route.deadlines },
    breaker: compileBreaker({ ...defaults.breaker, ...route.breaker }),
    autopilot: route.autopilot && compileAutopilot(route.autopilot, defaults.autopilot),
  };
}

function compileSegments({ method, template, segments }: EndpointConfig, params: readonly string[]): Endpoint {
  return {
    method,
    template,
    segments: segments.map((segment) => (isParameter(segment) ? params.indexOf(segment.slice(1)) : segment)),
  };
}

/** 0.29 % × 100 is 28.999999999999996 in binary; the schema allows two decimals, so rounding only undoes that. */
const buckets = (percentage: number) => Math.round(percentage * 100);

/** The rollout of a model in the operator's words again: what {@link compileRollout} was given. */
export function rolloutValues({ rollout, params }: Pick<RouteModel, 'rollout' | 'params'>): RolloutValues {
  const { gateway, shadow, stickyBy, fallback } = rollout;
  return { gateway: gateway / 100, shadow: shadow / 100, stickyBy: params[stickyBy] ?? 'caller', fallback };
}

function compileRollout(route: RouteConfig, params: readonly string[]): Rollout {
  const { gateway, shadow, stickyBy, fallback } = rolloutOf(route);
  return {
    gateway: buckets(gateway),
    shadow: buckets(shadow),
    // A parameter that is itself called `caller` wins: it is what the route's own path says.
    stickyBy: params.indexOf(stickyBy),
    // Without a direct endpoint there is nothing to fall back to, whatever the route says.
    fallback: route.direct === undefined ? 'none' : fallback,
  };
}

function compileCallers(named: Readonly<Record<string, Path>>): RouteModel['callers'] {
  const entries = Object.entries(named);
  return entries.length === 0 ? undefined : new Map(entries);
}

function compileCompare({ compare }: RouteConfig, all: FacadeConfig['compare']): CompareRules {
  const union = (own: readonly string[] = [], common: readonly string[]) => [...new Set([...common, ...own])];
  return {
    ignore: union(compare?.ignore, all.ignore),
    headers: union(compare?.headers, all.headers),
    tolerate: (compare?.tolerate ?? []).map(({ path, number, time }) => ({ path, number, time })),
    unordered: compare?.unordered ?? [],
    ready: { ...all.ready, ...compare?.ready },
  };
}

function compileVerify({ verify }: RouteConfig): VerifyRule | undefined {
  if (!verify) return undefined;
  const { read, sample, after, minSamples, fields } = verify;
  return { read, sample: buckets(sample), afterMs: after, minSamples, fields };
}

function compileBreaker({ window, slowCall, reset, rampStep, ...rest }: Defaults['breaker']): BreakerSettings {
  return { ...rest, windowMs: window, slowCallMs: slowCall, resetMs: reset, rampStepMs: rampStep };
}

function compileAutopilot(
  own: NonNullable<RouteConfig['autopilot']>,
  defaults: Defaults['autopilot'],
): AutopilotSettings {
  const { hold, coolDown, ...rest } = { ...defaults, ...own };
  const gates = { ...defaults.gates, ...own.gates };
  return {
    ...rest,
    hold,
    coolDown,
    gates: {
      ...gates,
      parity: gates.parity === 'none' ? undefined : gates.parity,
      latencyFloor: gates.latencyFloor,
    },
  };
}
