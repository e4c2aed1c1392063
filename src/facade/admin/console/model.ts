/** What the admin API says, as far as the console shows it. Everything that may be absent is marked so. */

/** Requests by the path that answered at last, attempts by the path that was tried. */
export interface RecentCounts {
  readonly requests: number;
  readonly failures: number;
  readonly attempts: number;
  readonly failedAttempts: number;
  /** Failed attempts of this path that direct was asked for instead. */
  readonly failovers: number;
}

export interface LastMinute extends RecentCounts {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

export interface PathJson {
  readonly endpoints: readonly string[];
  readonly breaker: 'closed' | 'half-open' | 'open';
  /** Percent of the attempts that a half-open breaker lets through; 0: one probe at a time. */
  readonly ramp?: number;
  /** Why the path serves no request of the route, as `facade_attempts_total` counts it. */
  readonly fault?: 'upstream_credentials' | 'gateway_lacks_operation';
  readonly lastMinute?: LastMinute;
  readonly lastHour?: RecentCounts;
}

export interface RolloutJson {
  readonly gateway: number;
  readonly shadow: number;
  readonly stickyBy: string;
  readonly fallback: string;
}

export interface RouteJson {
  readonly id: string;
  readonly stage: string;
  readonly safety: string;
  readonly rollout: RolloutJson;
  /** How the autopilot moves it; null: only humans do. */
  readonly autopilot: 'propose' | 'apply' | null;
  readonly paths: { readonly direct?: PathJson; readonly gateway?: PathJson };
  readonly parity?: ParitySummaryJson;
  /** Percent of the requests of the last hour that the gateway answered; null: there were none. */
  readonly lastHourShare: number | null;
  /** What fails, in a sentence; down: at least half of the attempts of a path did in the last minute. */
  readonly trouble?: { readonly text: string; readonly isDown: boolean };
}

/** The short form, for the board. */
export interface ParitySummaryJson {
  readonly verdict: string;
  /** 0..1; undefined while nothing was compared. */
  readonly ratio?: number | undefined;
  readonly compared: number;
  /** Places at which direct drifts; left out: none. */
  readonly drift?: number;
}

export interface BudgetJson {
  readonly perDay: number;
  readonly left: number;
  readonly isSpent: boolean;
}

/** Requests that the comparison may make in a day (UTC). */
export interface ShadowBudgetJson {
  readonly all?: BudgetJson;
  readonly routes: Readonly<Record<string, BudgetJson>>;
  readonly resetsAt: string;
}

/** What direct answers otherwise than in the week before. */
export interface DriftJson {
  readonly findings: readonly {
    readonly answers: string;
    readonly path: string;
    readonly level: 'info' | 'warning';
    readonly text: string;
    readonly since: string;
  }[];
  readonly answers: number;
  readonly learntFrom?: string;
  readonly isLearnt: boolean;
}

/** Of what the instances share. */
export interface Shared {
  /** `open`, `none`, or what is wrong with it. */
  readonly database?: string;
  /** Seconds since the database last answered; left out: there is none, or it never did. */
  readonly databaseSilence?: number;
  readonly steering: {
    readonly revision?: number;
    readonly behind: number;
    readonly isKillSwitchKept: boolean;
    readonly wentBack?: { readonly from: number; readonly to: number; readonly at: string };
  };
  /** Parts that could not be started yet, with the reason. */
  readonly unstarted?: Readonly<Record<string, string>>;
}

/** What the health checks of an upstream say. */
export interface UpstreamJson {
  readonly health: 'unchecked' | 'unknown' | 'unproven' | 'healthy' | 'unhealthy';
  /** Of the newest check. */
  readonly result?: string;
  readonly status?: number;
}

export interface Snapshot {
  /** Milliseconds since 1970, by the clock of the facade. */
  readonly at: number;
  readonly digest: string;
  readonly killSwitch: boolean;
  /** Of the comparison; left out: no limit is written. */
  readonly shadowBudget?: ShadowBudgetJson;
  /** Who holds it on. */
  readonly killSwitchBy: readonly string[];
  readonly gateway: boolean;
  /** An older facade does not say. */
  readonly upstreams?: { readonly direct?: UpstreamJson; readonly gateway?: UpstreamJson };
  /** Of an extension: what is below /api beside the engine's own. */
  readonly extensionRoutes: readonly string[];
  /** An older facade does not say. */
  readonly shared?: Shared;
  readonly routes: readonly RouteJson[];
}

export type PathName = 'direct' | 'gateway';
type Column = readonly (number | null)[];
export type Figure = keyof LastMinute | 'breaker';

/** GET /api/routes/:id/timeline: columns of equal length, oldest first. */
export interface TimelineJson {
  /** Seconds from one point to the next. */
  readonly step: number;
  /** Seconds since 1970. */
  readonly at: readonly number[];
  readonly gateway: Column;
  readonly paths: Readonly<Record<PathName, Readonly<Record<Figure, Column>>>>;
}

/** GET /api/timeline: the last 15 minutes of every busy route. */
export interface SparklinesJson {
  /** Seconds since 1970. */
  readonly at: readonly number[];
  readonly routes: Readonly<Record<string, SparklineJson>>;
}

export type SparklineJson = Readonly<Record<PathName, { readonly attempts: Column; readonly failedAttempts: Column }>>;

/** A line of the history; a flip of several routes is several lines of one revision. */
export type HistoryLine = {
  readonly revision: number;
  readonly at: string;
  readonly source: string;
  readonly who: string;
  readonly why?: string;
} & (
  | ({ readonly kind: 'flip'; readonly forced?: true; readonly against?: string } & FlipChangeJson)
  | { readonly kind: 'kill-switch'; readonly from: boolean; readonly to: boolean }
);

export interface FlipChangeJson {
  readonly route: string;
  readonly from: RolloutJson;
  readonly to: RolloutJson;
}

export interface HistoryJson {
  /** The newest there is, whatever was asked for. */
  readonly revision: number;
  readonly flips: readonly HistoryLine[];
  /** Where it is kept, and whether for good. */
  readonly kept: string;
}

/** What a flip or a rollback came to, or with `dryRun` would come to. */
export interface FlipResultJson {
  readonly revision: number | null;
  readonly changes: readonly FlipChangeJson[];
  /** An older facade does not say. */
  readonly guard?: readonly FlipCheckJson[];
}

/** What the evidence says of a flip of one route. */
export interface FlipCheckJson {
  readonly route: string;
  readonly verdict: string;
  readonly because: readonly string[];
  readonly warnings: readonly { readonly message: string; readonly remedy: string }[];
  readonly gatewayLacksOperation: boolean;
  /** Half a sentence of its breaker and its health; an older facade does not say. */
  readonly gatewayTrouble?: { readonly text: string; readonly isDown: boolean };
  /** What stands against it; empty: it needs no force. */
  readonly needsForce: readonly string[];
}

/** A share or a ratio with its interval; null: of nothing. */
export interface IntervalJson {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

export type DifferenceStandingJson = 'known' | 'noise' | 'fault' | 'suspect';

export interface DifferenceGroupJson {
  /** JSON pointer; empty: the answer as a whole. */
  readonly path: string;
  readonly kind: string;
  readonly from: string;
  readonly to: string;
  readonly standing: DifferenceStandingJson;
  /** Direct against the gateway. */
  readonly cross: { readonly count: number; readonly of: number };
  /** Direct against direct. */
  readonly noise: { readonly count: number; readonly of: number };
  readonly ledger?: { readonly why: string; readonly owner: string };
  readonly isExpired: boolean;
  /** Direct answers otherwise there than in the week before. */
  readonly directChanged?: true;
}

/** Of the parity report what a route's page shows. */
export interface ParityReportJson {
  readonly window: { readonly from?: string; readonly shadows: number };
  readonly counts: Readonly<Record<'match' | 'noisy' | 'mismatch' | 'ignored' | 'error' | 'data', number>>;
  readonly errors: Readonly<Record<string, number>>;
  readonly noise: { readonly samples: number; readonly wanted: number; readonly differing: IntervalJson };
  readonly parity: IntervalJson & { readonly wanted: number };
  readonly groups: readonly DifferenceGroupJson[];
  readonly drift?: DriftJson;
  readonly proposedRules?: string;
  readonly failures: { readonly control: IntervalJson; readonly candidate: IntervalJson };
  readonly latency?: { readonly ratio: Readonly<Record<'p50' | 'p95' | 'p99', IntervalJson>> };
  readonly readBacks?: {
    readonly arrived: number;
    readonly notArrived: number;
    readonly cannotTell: number;
    readonly share: IntervalJson;
  };
  readonly coverage: { readonly unseen: readonly string[] };
  readonly verdict: { readonly kind: string; readonly text: string };
}

interface GateJson {
  readonly state: 'green' | 'waiting' | 'broken';
  readonly why: string;
}

export interface AutopilotDecisionJson {
  readonly at: string;
  readonly decision: string;
  readonly from: number;
  readonly to: number;
  readonly why: string;
}

/** What it made of the route at its last look. */
export interface AutopilotReport {
  readonly route: string;
  readonly mode: string;
  readonly phase: string;
  readonly gateway: number;
  readonly steps: readonly number[];
  readonly since: string;
  readonly until?: string;
  readonly decision: string;
  readonly why: string;
  readonly evidence: { readonly gates: Readonly<Record<string, GateJson>> };
  readonly proposal?: { readonly gateway: number; readonly diff: string; readonly command: string };
  readonly at: string;
}

/** Before its first look there are only decisions, of a life before. */
export type AutopilotView = Partial<AutopilotReport> & { readonly decisions: readonly AutopilotDecisionJson[] };

export interface ServedJson {
  readonly direct: number;
  readonly gateway: number;
  /** Of the gateway, 0..1; null: nothing was served. */
  readonly share: number | null;
}

export interface RouteMigrationJson {
  readonly id: string;
  /** False: one side alone has the operation. */
  readonly hasBothEndpoints: boolean;
  readonly stage: string;
  readonly since: string;
  readonly days: number;
  readonly gateway: number;
  readonly lastDay: ServedJson;
  readonly lastDirectUse: string | null;
  readonly lastDirectOnlyUse: string | null;
  readonly safeToDeleteSince: string | null;
  /** What is missing for that, in words. */
  readonly missing: readonly string[];
}

/** The burn-down. */
export interface MigrationJson {
  /** Before this nothing is known. */
  readonly observedSince: string;
  readonly stages: Readonly<Record<string, number>>;
  readonly lastDay: ServedJson;
  readonly oldPaths: { readonly safeToDelete: number; readonly of: number };
  /** Oldest first. */
  readonly days: readonly ({ readonly day: string } & ServedJson)[];
  readonly routes: readonly RouteMigrationJson[];
}

/** GET /api/dead-letters, of an extension that has them. */
export interface DeadLetters {
  readonly counts: { readonly failed: number; readonly unknown: number };
  /** Newest first. */
  readonly deadLetters: readonly DeadLetterJson[];
  /** There are more. */
  readonly next?: string;
}

export interface DeadLetterJson {
  readonly id: string;
  readonly leadId: string;
  readonly state: 'failed' | 'unknown';
  readonly result: string;
  readonly reason: string | null;
  readonly step: string;
  readonly finishedAt: string;
}

export type UnknownWriteStateJson = 'open' | 'arrived' | 'not_arrived' | 'cannot_tell' | 'settled';

/** GET /api/unknown-writes. */
export interface UnknownWritesJson {
  readonly kept: string;
  readonly counts: Readonly<Record<UnknownWriteStateJson, number>>;
  /** Newest first. */
  readonly unknownWrites: readonly UnknownWriteJson[];
  /** There are more. */
  readonly next?: string;
}

export interface UnknownWriteJson {
  readonly id: string;
  readonly at: string;
  readonly route: string;
  readonly method: string;
  readonly template: string;
  readonly params: readonly string[];
  readonly caller: string | null;
  readonly requestId: string;
  readonly path: string;
  /** Null: the process ended. */
  readonly outcome: string | null;
  readonly state: UnknownWriteStateJson;
  readonly why: string | null;
  readonly missing: readonly string[];
  readonly shape: object;
  readonly settlement: { readonly who: string; readonly why: string } | null;
}

/** GET /api/parity/:route/samples: pairs of answers, redacted. */
export interface SamplesJson {
  readonly samples: readonly SampleJson[];
}

export interface SampleJson {
  readonly at: string;
  readonly differences: readonly string[];
  readonly control: SampleSideJson;
  readonly candidate: SampleSideJson;
}

export interface SampleSideJson {
  readonly path: PathName;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly failure?: string;
  readonly ms: number;
  readonly body: string;
}

/** GET /api/needs: what waits for a human. */
export interface NeedsJson {
  readonly unknownWrites: number;
  /** Of extensions, by their path below /api. */
  readonly waiting: Readonly<Record<string, number>>;
}

/** GET /api/discovery: what callers ask that no route claims. */
export interface DiscoveryJson {
  readonly unclaimed: readonly {
    readonly method: string;
    readonly template: string;
    readonly count: number;
    readonly lastSeen: string;
  }[];
}

/** GET /api/config. */
export interface ConfigJson {
  readonly file: string;
  readonly digest: string;
  readonly loadedAt: string;
  readonly gateway: string;
  readonly lastError?: { readonly at: string; readonly problems: readonly string[] } | null;
}

/** POST /api/explain. */
export interface ExplainJson {
  readonly killSwitch: boolean;
  readonly caller: string | null;
  readonly explanation: Readonly<Record<string, unknown>> & { readonly kind: string };
  readonly breakers?: { readonly direct: string; readonly gateway: string };
}
