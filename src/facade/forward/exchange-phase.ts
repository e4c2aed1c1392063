import type { Outcome } from '../rollout/outcome.ts';
import type { Attempt } from './attempt.ts';
import type { HeldAnswer } from './error-answer.ts';
import type { Plan } from './plan.ts';
import type { Upstream } from './upstream.ts';

/**
 * Where an exchange (exchange.ts) stands.
 *
 *   (claiming →) planning → (queued →) asking → answering → answered → closed
 *                            └─→ understanding ─┘          (every phase may close)
 *
 * A failed attempt leads back to `planning`, for the other path, or to `answered`, with the facade's own refusal.
 */
export type Phase =
  /** The database is asked for the Idempotency-Key: nothing was sent. */
  | { readonly kind: 'claiming' }
  /** A path is chosen, and the body is awaited where there is one. */
  | { readonly kind: 'planning' }
  /** The rate budget of the path is waited for. */
  | { readonly kind: 'queued'; readonly upstream: Upstream; readonly plan: Plan }
  /** The path is asked. */
  | { readonly kind: 'asking'; readonly attempt: Attempt }
  /** Its answer passes through. */
  | { readonly kind: 'answering'; readonly attempt: Attempt; readonly isEventStream: boolean }
  /** Its error answer is read whole. */
  | { readonly kind: 'understanding'; readonly attempt: Attempt; readonly held: HeldAnswer }
  /** The whole answer, an upstream's or the facade's own, is written, and on its way to the caller. */
  | { readonly kind: 'answered'; readonly isEventStream: boolean }
  /** The answer has ended or the caller has left: recorded. */
  | { readonly kind: 'closed' };

export const CLAIMING: Phase = { kind: 'claiming' };
export const PLANNING: Phase = { kind: 'planning' };
export const ANSWERED: Phase = { kind: 'answered', isEventStream: false };
export const STREAMED: Phase = { kind: 'answered', isEventStream: true };
export const CLOSED: Phase = { kind: 'closed' };

/** The attempt that is under way. */
export function attemptOf(phase: Phase): Attempt | undefined {
  return 'attempt' in phase ? phase.attempt : undefined;
}

/** What a request came to when its caller leaves. @param attempt that was under way. @param begun the caller has a byte. */
export function leftAt(attempt: Pick<Attempt, 'phase'> | undefined, begun: boolean): Outcome {
  if (attempt) return LEFT[attempt.phase];
  return begun ? 'client_body' : 'client_admit';
}

const LEFT = {
  connect: 'client_admit',
  send: 'client_send',
  respond: 'client_respond',
  body: 'client_body',
  ended: 'client_body',
} as const;
