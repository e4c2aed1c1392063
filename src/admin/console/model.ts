/** What the admin API says, as far as the console shows it. Everything that may be absent is marked so. */

export interface LastMinute {
  readonly requests: number;
  readonly failures: number;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

export interface PathView {
  readonly faces: readonly string[];
  readonly breaker: 'closed' | 'half-open' | 'open';
  readonly lastMinute?: LastMinute;
}

export interface Rollout {
  readonly gateway: number;
  readonly shadow: number;
  readonly stickyBy: string;
  readonly fallback: string;
}

export interface RouteView {
  readonly id: string;
  readonly stage: string;
  readonly safety: string;
  readonly rollout: Rollout;
  readonly paths: { readonly direct?: PathView; readonly gateway?: PathView };
  readonly parity?: ParityView;
}

/** The short form, for the board. */
export interface ParityView {
  readonly verdict: string;
  /** 0..1; undefined while nothing was compared. */
  readonly ratio?: number | undefined;
  readonly compared: number;
}

export interface Snapshot {
  readonly revision: string;
  readonly killSwitch: boolean;
  readonly gateway: boolean;
  readonly routes: readonly RouteView[];
}

/** One point of a route's timeline: a minute's figures, taken every few seconds. */
export interface Point {
  /** Seconds since 1970. */
  readonly at: number;
  readonly paths: Readonly<Record<'direct' | 'gateway', LastMinute | undefined>>;
  readonly gateway: number;
}

/** A line of the history; a flip of several routes is several lines of one revision. */
export type HistoryLine = {
  readonly revision: number;
  readonly at: string;
  readonly source: string;
  readonly who: string;
  readonly why?: string;
} & (
  | { readonly kind: 'flip'; readonly route: string; readonly from: Rollout; readonly to: Rollout }
  | { readonly kind: 'kill-switch'; readonly from: boolean; readonly to: boolean }
);

export interface History {
  readonly history: readonly HistoryLine[];
}

/** Of the parity report what a route's page shows. */
export interface ParityReport {
  readonly window: { readonly from?: string; readonly shadows: number };
  readonly counts: {
    readonly match: number;
    readonly mismatch: number;
    readonly ignored: number;
    readonly error: number;
  };
  readonly parity: { readonly value: number | null; readonly low: number | null; readonly high: number | null };
  readonly groups: readonly { readonly text: string; readonly standing: string }[];
  readonly coverage: { readonly unseen: readonly string[] };
  readonly verdict: { readonly kind: string; readonly text: string };
}

export interface AutopilotReport {
  readonly mode: string;
  readonly phase: string;
  readonly steps: readonly number[];
  readonly since: string;
  readonly until?: string;
  readonly decision: string;
  readonly why: string;
  readonly proposal?: { readonly gateway: number; readonly diff: string };
}
