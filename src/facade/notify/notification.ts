import type { NotifyEvent } from '../config/notify-schema.ts';
import type { RolloutSet } from '../config/rollout.ts';
import type { FlipSource } from '../rollout/flip.ts';
import type { Path } from '../rollout/route.ts';

/** What a target is told, as it stands in the queue; post.ts makes the body of it. No personal data, no secrets. */

/** Percentages of a route, a state of the kill switch, of a breaker or of an upstream, a verdict. */
export type NotifiedState = RolloutSet | string;

export interface NotifiedChange {
  readonly route: string;
  readonly from: NotifiedState;
  readonly to: NotifiedState;
  /** What the evidence said against a flip; with `forced`, the operator was told so before. */
  readonly against?: string | undefined;
  readonly forced?: true | undefined;
}

export interface Notification extends Partial<NotifiedChange> {
  readonly event: NotifyEvent | 'test';
  /** Of the event: the same for every target and at every try. */
  readonly id: string;
  /** ISO 8601. */
  readonly at: string;
  /** The process in which it happened. */
  readonly instance: string;
  /** Of a flip of several routes, in the place of `route`, `from` and `to`. */
  readonly changes?: readonly NotifiedChange[] | undefined;
  /** Of a breaker, or of an upstream. */
  readonly path?: Path | 'passthrough' | undefined;
  readonly who?: string | undefined;
  readonly source?: FlipSource | undefined;
  readonly why?: string | undefined;
  readonly revision?: number | undefined;
  /** Changes of the same breaker that were not posted, since there were too many. */
  readonly leftOut?: number | undefined;
}
