import type { MetricObject, MetricValue } from 'prom-client';
import type { Variables } from '../config/variables.ts';
import type { LoadedConfig } from '../forward/reload.ts';
import type { BreakerState } from '../forward/breaker.ts';
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
}
/** The kill switch was thrown by hand, or let go. */
interface KillSwitchMessage {
  readonly kind: 'kill';
  readonly on: boolean;
}

export type FromWorker =
  | BreakerMessage
  | KillSwitchMessage
  /** Serves; `adminUrl` is where its own admin listener is. */
  | { readonly kind: 'ready'; readonly url: string; readonly adminUrl: string }
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
  | KillSwitchMessage
  | { readonly kind: 'reload' }
  | { readonly kind: 'measure' }
  | { readonly kind: 'stop' };
