import type { MetricObject, MetricValue } from 'prom-client';
import type { Variables } from '../config/variables.ts';
import type { TableSummary } from '../steer/table-summary.ts';
import type { LoadedConfig } from '../forward/reload.ts';
import type { BreakerState } from '../forward/breaker.ts';
import type { HealthCheck } from '../forward/upstream-health.ts';
import type { Path } from '../rollout/route.ts';

/** What the primary and its workers tell each other. Closed unions; both ends are the same version of the same program. */

/** What a registry holds, as prom-client serialises it. */
export type MeasuredWorker = (Pick<MetricObject, 'name' | 'help' | 'type' | 'aggregator'> & {
  readonly values: MetricValue<string>[];
})[];

export interface BreakerMessage {
  readonly kind: 'breaker';
  readonly route: string;
  readonly path: Path;
  readonly state: BreakerState;
  /** Of one that is half-open and climbs; left out: it does not. */
  readonly rampStep?: number;
}
/** The first worker has checked an upstream: one asks for all. */
export interface HealthMessage {
  readonly kind: 'health';
  readonly upstream: Path;
  readonly check: HealthCheck;
}
/** The kill switch was thrown by hand, or let go: an order, which the database may not have yet. */
interface KillSwitchMessage {
  readonly kind: 'kill';
  readonly on: boolean;
}
/** What a worker ordered is carried out, or nobody is left to do it: each may go by the database again. */
interface SettledMessage {
  readonly kind: 'kill-settled';
}

export type FromWorker =
  | BreakerMessage
  | HealthMessage
  | KillSwitchMessage
  | SettledMessage
  /** What is in force in this worker, by whatever it heard: no order to the others, each of which looks itself. */
  | { readonly kind: 'killed'; readonly on: boolean }
  /** Serves; `adminUrl` is where its own admin listener is. */
  | { readonly kind: 'ready'; readonly url: string; readonly adminUrl: string; readonly table: TableSummary }
  /** The first one has loaded a changed config file: so should the others. */
  | { readonly kind: 'reloaded' }
  /** This is what serves here: a worker that comes later begins with it, whatever the file holds by then. */
  | { readonly kind: 'loaded'; readonly config: LoadedConfig }
  | { readonly kind: 'measured'; readonly metrics: MeasuredWorker };

/** What a worker begins with, so that it is as the others are. */
export interface BeginMessage {
  readonly kind: 'begin';
  /** The .env file as the primary found it at its start: the environment is read once. */
  readonly envFile: Variables;
  /** The last config that was loaded by any worker; undefined before the first. */
  readonly config: LoadedConfig | undefined;
}

export type ToWorker =
  | BeginMessage
  | BreakerMessage
  | HealthMessage
  | KillSwitchMessage
  | SettledMessage
  | { readonly kind: 'reload' }
  | { readonly kind: 'measure' }
  | { readonly kind: 'stop' };
