import type { Outcome } from '../rollout/outcome.ts';
import type { Deadlines } from '../rollout/route.ts';
import type { AttemptPhase } from './attempt.ts';

/** Which deadline of an attempt has passed, and whose fault that is. Pure. */

interface WaitingTimer {
  readonly phase: AttemptPhase;
  /** Milliseconds since a byte last moved. */
  readonly silent: number;
  /** The total deadline of the request has passed. */
  readonly isOver: boolean;
  /** It is the caller that keeps the upstream waiting: for the rest of its body, or with reading the answer. */
  readonly isCallerSlow: boolean;
}

/** The pool's own connect deadline comes first and knows more; this one bounds what waits for a place in the pool. */
const CONNECT_GRACE = 500;

/** What the attempt came to, or undefined: it may go on. */
export function expiryOf(
  { phase, silent, isOver, isCallerSlow }: WaitingTimer,
  deadlines: Deadlines,
): Outcome | undefined {
  switch (phase) {
    case 'connect':
      return isOver || silent >= deadlines.connect + CONNECT_GRACE ? 'upstream_connect_timeout' : undefined;
    case 'send':
      if (!isOver && silent < deadlines.idle) return undefined;
      return isCallerSlow ? 'client_timeout' : 'upstream_send_timeout';
    case 'respond':
      return isOver || silent >= deadlines.firstByte ? 'upstream_respond_timeout' : undefined;
    case 'body':
      if (!isOver && silent < deadlines.idle) return undefined;
      return isCallerSlow ? 'client_timeout' : 'upstream_body_timeout';
    case 'ended':
      return undefined;
  }
}
