import type { GeneratedAlways, JSONColumnType } from 'kysely';
import type { RolloutValues } from '../../config/rollout.ts';
import type { FlipSource } from '../../rollout/flip.ts';
import type { Stamp } from './stamp.ts';

/** Reads as the value itself; is written as its text, since the driver takes an array for one of Postgres's own. */
type Json<T> = JSONColumnType<T & object, string, string>;

interface FlipsTable {
  id: GeneratedAlways<number>;
  revision: number;
  at: Stamp;
  source: FlipSource;
  who: string;
  identity: string;
  why: string | null;
  /** Null: the kill switch. */
  route: string | null;
  from: Json<RolloutValues | { readonly on: boolean }>;
  to: Json<RolloutValues | { readonly on: boolean }>;
  evidence: Json<object> | null;
  /** What the evidence said against the flip. */
  against: string | null;
}

export type Grain = 'minute' | 'hour' | 'day';

interface TrafficTable {
  grain: Grain;
  /** The beginning of the minute, hour or day, UTC. */
  at: Date;
  route: string;
  path: string;
  /** Of minutes only; empty for hours and days, which would else multiply with every start of a container. */
  instance: string;
  requests: number;
  failures: number;
  failovers: number;
  untranslatable: number;
}

export interface SteerTables {
  steering: { id: boolean; revision: number; kill_switch: boolean };
  rollouts: { route: string; rollout: Json<RolloutValues>; revision: number };
  flips: FlipsTable;
  applied_files: {
    id: GeneratedAlways<number>;
    /** A digest: the column is older than the name. */
    revision: string;
    rollouts: Json<Readonly<Record<string, RolloutValues>>>;
    applied_at: Stamp;
  };
  traffic: TrafficTable;
}
