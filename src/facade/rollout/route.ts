import type { ApiPair, Dialect, Path } from './api-pair.ts';
import type { BodyRule, QueryRule, RouteCompareConfig, VerifyConfig } from '../config/schema.ts';

/**
 * The rollout table as a model: immutable, compiled once per reload from the config, swapped whole.
 * Nothing here knows of sockets; what lives on across reloads (breakers, counters) is RouteState, in forward/.
 */

export type { Dialect, Path };
/** The name under which a path is counted, logged and shown to callers: direct is `passthrough` where no route claims the request. */
export type ServedPath = Path | 'passthrough';
export type Safety = 'safe' | 'idempotent' | 'unsafe';
export type Fallback = 'direct' | 'none';

/** One spelling of an operation: method and path template. */
export interface Endpoint {
  readonly method: string;
  /** As written: `/integration/leads/:leadId/create_tag`. */
  readonly template: string;
  /** Path segments; a parameter is its index into `RouteModel.params`, a literal is its text. */
  readonly segments: readonly (string | number)[];
}

export interface Rollout {
  /** Buckets of 10,000 that the gateway serves: percentage × 100. */
  readonly gateway: number;
  /** Buckets of 10,000 whose safe requests are shadowed. */
  readonly shadow: number;
  /** Index into `RouteModel.params`, or -1: the caller. */
  readonly stickyBy: number;
  readonly fallback: Fallback;
}

/** Milliseconds; `/api/routes` shows them by these names. */
export interface Deadlines {
  readonly connect: number;
  readonly firstByte: number;
  readonly idle: number;
  readonly total: number;
}

export interface BreakerSettings {
  readonly enabled: boolean;
  readonly windowMs: number;
  readonly volumeThreshold: number;
  /** 0..1 */
  readonly errorRate: number;
  readonly slowCallMs: number;
  /** 0..1 */
  readonly slowRate: number;
  readonly resetMs: number;
  /** The longest that a step of the ramp lasts; 0: the first success closes it. */
  readonly rampStepMs: number;
}

/** How the autopilot moves a route. */
export interface AutopilotSettings {
  readonly mode: 'propose' | 'apply';
  /** Percentages, rising. */
  readonly steps: readonly number[];
  /** Milliseconds. */
  readonly hold: number;
  readonly minRequests: number;
  /** Milliseconds, of the first time. */
  readonly coolDown: number;
  readonly gates: {
    /** 0..1; undefined: the route writes and cannot be shadowed. */
    readonly parity: number | undefined;
    /** 0..1 */
    readonly errorRateDelta: number;
    readonly latencyP95Ratio: number;
    /** Milliseconds. */
    readonly latencyFloor: number;
  };
}

/** What of two answers does not count when they are compared: the route's rules on top of those of all routes. */
export interface CompareRules {
  /** JSONPaths (RFC 9535), known to be valid. */
  readonly ignore: readonly string[];
  /** Response headers that must agree; small letters. */
  readonly headers: readonly string[];
  readonly tolerate: readonly Tolerance[];
  readonly unordered: RouteCompareConfig['unordered'];
  readonly ready: ReadyLimits;
}

interface Tolerance {
  /** JSONPath. */
  readonly path: string;
  readonly number: number | undefined;
  /** Milliseconds. */
  readonly time: number | undefined;
}

/** What a route must show before it is called ready. */
export interface ReadyLimits {
  /** 0..1: the lower end of the interval. */
  readonly parity: number;
  readonly errorRateDelta: number;
  readonly latencyP95Ratio: number;
}

/** How a write is read back. */
export interface VerifyRule {
  /** Id of the route to read by. */
  readonly read: string;
  /** Buckets of 10,000 that are read back. */
  readonly sample: number;
  /** The wait before the read. */
  readonly afterMs: number;
  /** Writes that must have arrived, and none not, before the route counts as proved. */
  readonly minSamples: number;
  /** JSONPath into the answer, by the field's name on the gateway endpoint. */
  readonly fields: VerifyConfig['fields'];
}

export interface RouteModel {
  readonly id: string;
  /** The two APIs that its paths belong to. */
  readonly pair: ApiPair;
  readonly servedAs: Readonly<Record<Path, ServedPath>>;
  /** Names of the path parameters, the same set on every endpoint. */
  readonly params: readonly string[];
  /** The first is canonical, the others are aliases. Empty: the route has no such endpoint. */
  readonly direct: readonly Endpoint[];
  readonly gateway: readonly Endpoint[];
  readonly safety: Safety;
  readonly rollout: Rollout;
  readonly success: { readonly direct?: number | undefined; readonly gateway?: number | undefined };
  readonly query: QueryRule;
  readonly body: BodyRule | undefined;
  readonly compare: CompareRules;
  readonly verify: VerifyRule | undefined;
  readonly maxBodyBytes: number;
  /** Known callers that always take one path, by their id; undefined: none is named. */
  readonly callers: ReadonlyMap<string, Path> | undefined;
  /** Of a read: for so many milliseconds after a write of its sticky value it takes the path of the write. 0: off, or a write. */
  readonly pinAfterWriteMs: number;
  readonly deadlines: Deadlines;
  readonly breaker: BreakerSettings;
  /** Undefined: only humans flip it. */
  readonly autopilot: AutopilotSettings | undefined;
}
