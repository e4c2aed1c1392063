import type { FailureReason, EnrichmentResult } from './enrichment.ts';
import type { Changes } from './repository.ts';

/** What a step came to: on to the next one, again later, or the end of the enrichment. */
export type StepEnd = Next | Again | End;

interface Next {
  readonly kind: 'next';
  readonly changes: Changes;
}

export interface Again {
  readonly kind: 'again';
  readonly reason: FailureReason;
  /** Milliseconds that the other side asked for. */
  readonly retryAfter?: number | undefined;
  /** Milliseconds; a wait that is part of the plan and no failure. */
  readonly wait?: number | undefined;
  readonly sendOutcome?: string | undefined;
}

export interface End {
  readonly kind: 'end';
  readonly result: EnrichmentResult;
  readonly reason?: FailureReason | undefined;
  readonly sendOutcome?: string | undefined;
  readonly leadId?: string | undefined;
  /** Of the message that the lead shows. */
  readonly marker?: string | undefined;
  /** Whom it is about. */
  readonly cpfs?: readonly string[] | undefined;
}

export const next = (changes: Changes): Next => ({ kind: 'next', changes });
export const again = (reason: FailureReason, more: Omit<Again, 'kind' | 'reason'> = {}): Again => ({
  kind: 'again',
  reason,
  ...more,
});
export const end = (result: EnrichmentResult, more: Omit<End, 'kind' | 'result'> = {}): End => ({
  kind: 'end',
  result,
  ...more,
});
