import type { MetricObject, MetricValue } from 'prom-client';
import type { BreakerState } from '../forward/breaker.ts';
import type { Path } from '../rollout/route.ts';

/** What the primary and its workers tell each other. Closed unions; both ends are the same version of the same program. */

/** What a registry holds, as prom-client serialises it. */
export type Measured = (Pick<MetricObject, 'name' | 'help' | 'type' | 'aggregator'> & {
  readonly values: MetricValue<string>[];
})[];

export interface BreakerNews {
  readonly kind: 'breaker';
  readonly route: string;
  readonly path: Path;
  readonly state: BreakerState;
}
/** The kill switch was thrown by hand, or let go. */
export interface KillNews {
  readonly kind: 'kill';
  readonly on: boolean;
}

export type FromWorker =
  | BreakerNews
  | KillNews
  /** Serves; the first one says where its own admin listener is. */
  | { readonly kind: 'ready'; readonly url: string; readonly adminUrl: string | undefined }
  /** The first one has loaded a changed config file: so should the others. */
  | { readonly kind: 'reloaded' }
  | { readonly kind: 'measured'; readonly metrics: Measured };

export type ToWorker =
  BreakerNews | KillNews | { readonly kind: 'reload' } | { readonly kind: 'measure' } | { readonly kind: 'stop' };
