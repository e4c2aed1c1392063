import type { Outcome } from '../../../src/facade/rollout/outcome.ts';

/** What a fault does to one request that meets it, as far as anybody outside the upstream can know. */

export type Side = 'direct' | 'gateway';

/**
 * How far a request gets.
 * - `unsent`: nothing of it was written to any connection.
 * - `sent`: written, and no answer came; whoever sent it cannot know whether it was received.
 * - `refused`: answered, with a failure of the upstream.
 * - `relayed`: answered, with a failure of the origin behind the upstream; the upstream itself is well.
 * - `begun`: part of an answer came and was passed on.
 * - `served`: answered.
 */
export type Reach = 'unsent' | 'sent' | 'refused' | 'relayed' | 'begun' | 'served';

export interface Fate {
  readonly reach: Reach;
  /** That the caller gets when nobody else is asked. */
  readonly status: number;
  /** By which the facade counts it. */
  readonly outcome: Outcome;
  /** How often the upstream's program sees the head of the request. */
  readonly received: 0 | 1;
}

const fate = (reach: Reach, status: number, outcome: Outcome, received: 0 | 1 = 1): Fate => ({
  reach,
  status,
  outcome,
  received,
});

export const SERVED = fate('served', 200, 'ok');
/** An answer below 500 that is the caller's, whatever it says. */
export const answeredWith = (status: number): Fate => fate('served', status, 'ok');
export const LIMITED = answeredWith(429);
export const REFUSED = fate('unsent', 502, 'upstream_connect', 0);
export const UNREACHED = fate('unsent', 504, 'upstream_connect_timeout', 0);
export const BREAKER_OPEN = fate('unsent', 503, 'facade_breaker_open', 0);
/** The gateway was reached and says that Contact2Sale was not. */
export const ORIGIN_REFUSED = fate('unsent', 502, 'origin_connect');
/** The gateway was reached, and does not accept the facade's token. */
export const NOT_LET_IN = fate('unsent', 502, 'upstream_credentials');
/** The gateway was reached, and does not have the operation. */
export const LACKING = fate('unsent', 502, 'gateway_lacks_operation');
export const BROKEN = fate('sent', 502, 'upstream_respond');
export const SILENT = fate('sent', 504, 'upstream_respond_timeout');
export const SILENT_UNREAD: Fate = { ...SILENT, received: 0 };
/** The gateway's 500 may stand for anything that happened behind it. */
export const ORIGIN_UNKNOWN = fate('sent', 502, 'origin_unknown');
/** The gateway passes on that Contact2Sale answered 5xx. */
export const ORIGIN_ERROR = fate('relayed', 503, 'origin_error');
export const CUT = fate('begun', 200, 'upstream_body');
export const STALLED = fate('begun', 200, 'upstream_body_timeout');
export const failedWith = (status: number): Fate => fate('refused', status, 'upstream_error');
