import type { BreakerStateName } from '../../observe/metrics.ts';
import type { AutopilotSettings } from '../../rollout/route.ts';
import type { Pace } from '../pace.ts';
import type { FlipFacts, ParityFacts, ReadBackFacts } from './facts.ts';
import type { Gates } from './gates.ts';
import type { AutopilotState, AutopilotStep } from './machine.ts';
import type { Tallies } from './tally.ts';

/** What the runner needs of the rest of the house. Each port is one sentence long; app.ts says who stands behind it. */

export interface RouteNow {
  readonly id: string;
  readonly settings: AutopilotSettings;
  /** Percentage in force. */
  readonly gateway: number;
  readonly flip: FlipFacts;
}

/** What the comparison has shown of a route. */
export interface Proof {
  readonly parity: ParityFacts | undefined;
  readonly readBacks: ReadBackFacts | undefined;
  readonly pace: Pace | undefined;
  /** As the facts have it. */
  readonly pausedBy?: string | undefined;
}

/** Cumulative counters of one route in one process. */
export interface Reading {
  /** Of the process: counters of another one begin at 0 again. */
  readonly instance: string;
  readonly route: string;
  readonly tallies: Tallies;
  /** Of the gateway path. */
  readonly breaker: BreakerStateName;
}

export interface FlipOrder {
  readonly route: string;
  /** Percentages; it must be refused when the route is no longer at `from`. */
  readonly from: number;
  readonly to: number;
  readonly why: string;
  readonly evidence: DecisionEvidence;
}

/** The numbers that led to a decision. */
export interface DecisionEvidence {
  readonly gates: Gates;
  readonly parity: ParityFacts | undefined;
  readonly readBacks: ReadBackFacts | undefined;
  readonly traffic: Record<'direct' | 'gateway', { readonly attempts: number; readonly failures: number }>;
}

/** A step that is left to a human. */
export interface ProposedStep {
  readonly route: string;
  /** Percentages. */
  readonly from: number;
  readonly to: number;
  readonly why: string;
}

/** What a human is to do who agrees. */
export interface Proposal {
  /** Unified: of the config file or, where the database holds the rollouts, of the list of rollouts. */
  readonly diff: string;
  /** As it is typed. */
  readonly command: string;
}

/** What a human is shown of a route. */
export interface Report {
  readonly route: string;
  readonly mode: AutopilotSettings['mode'];
  readonly phase: AutopilotState['phase'];
  readonly gateway: number;
  readonly steps: readonly number[];
  /** ISO 8601; of the phase. */
  readonly since: string;
  readonly until: string | undefined;
  readonly decision: AutopilotStep['kind'];
  readonly why: string;
  readonly evidence: DecisionEvidence;
  readonly proposal: ({ readonly gateway: number } & Proposal) | undefined;
  /** ISO 8601: when it was looked at. */
  readonly at: string;
}

export interface DecisionRecord {
  readonly at: string;
  readonly route: string;
  readonly decision: AutopilotStep['kind'];
  readonly from: number;
  readonly to: number;
  readonly why: string;
  readonly evidence: DecisionEvidence;
}

export interface ManualOverride {
  readonly route: string;
  readonly kind: 'pause' | 'resume';
  /** As it is shown. */
  readonly by: string;
}

export interface Kept {
  readonly state: AutopilotState;
  readonly report: Report;
}

/** What a leader begins a tick with, and how it ends it. */
export interface Turn {
  /** By route. */
  readonly kept: ReadonlyMap<string, Kept>;
  /** In the order in which they were given. */
  readonly orders: readonly ManualOverride[];
  /**
   * Keeps the new states, and with them what came of the orders: both or neither. @throws when another leader has kept
   * states since this turn began, as one does that takes over from a process that stood still.
   */
  end(kept: readonly Kept[]): Promise<void>;
}

/** What outlives a tick, and with a store a process: the truth of all instances. */
export interface Memory {
  load(): Promise<ReadonlyMap<string, Kept>>;
  /** Of whoever leads. */
  turn(): Promise<Turn>;
  record(decision: DecisionRecord): Promise<void>;
  /** Newest first. */
  history(route: string, limit: number): Promise<readonly DecisionRecord[]>;
  /** Of a human, for whoever leads. */
  order(order: ManualOverride): Promise<void>;
  /** Of this process, for whoever leads. */
  publish(readings: readonly Reading[]): Promise<void>;
  /** The newest of every process that lives. */
  readings(): Promise<readonly Reading[]>;
}

export interface AutopilotPorts {
  /** Epoch milliseconds. */
  now(): number;
  /** Every route that is on autopilot. */
  routes(): readonly RouteNow[];
  isKilled(): boolean;
  /** Of this process. */
  read(): readonly Reading[];
  proof(route: string): Proof;
  /** @throws Error saying why it was not made. @returns the revision of the flip, as {@link RouteNow} will show it. */
  flip(order: FlipOrder): Promise<string>;
  propose(route: string, gateway: number): Promise<Proposal>;
  /** Hears of every proposal. */
  onProposal?(step: ProposedStep): void;
  /** Only one instance decides. */
  isLeader(): boolean;
  readonly memory: Memory;
}
