/**
 * What an attempt, and in the end a request, came to. The union is closed: every value names who failed (client,
 * facade, upstream) and when (admit, connect, send, respond, body), and carries every decision that follows from it.
 * Nobody else decides by status code or error text.
 */

type Party = 'client' | 'facade' | 'upstream';
type OutcomePhase = 'admit' | 'connect' | 'send' | 'respond' | 'body';

/**
 * What the other side may have received.
 * - `unsent`: nothing of the request reached it, so it may go elsewhere, writes included.
 * - `unknown`: it may have been received and acted on; only what is safe to repeat may be sent again.
 * - `answered`: it was received and answered.
 */
type Delivery = 'unsent' | 'unknown' | 'answered';

interface OutcomeFacts {
  readonly party: Party;
  readonly phase: OutcomePhase;
  readonly delivery: Delivery;
  /** Status that the facade answers with, or 0: the upstream's own status is passed on. */
  readonly status: number;
  /** What the breaker learns. Only faults of the upstream count; `neutral` is counted nowhere. */
  readonly judge: 'success' | 'failure' | 'neutral';
}

const decision = (
  party: Party,
  phase: OutcomePhase,
  delivery: Delivery,
  status: number,
  judge: OutcomeFacts['judge'] = 'neutral',
): OutcomeFacts => ({ party, phase, delivery, status, judge });

export const OUTCOMES = {
  /** The upstream answered below 500 and the answer ended. */
  ok: decision('upstream', 'body', 'answered', 0, 'success'),
  /** The upstream answered 5xx. */
  upstream_error: decision('upstream', 'respond', 'answered', 0, 'failure'),
  /** The gateway passed on a 5xx of Contact2Sale: no fault of the gateway. */
  origin_error: decision('upstream', 'respond', 'answered', 0),
  /** The gateway answered that Contact2Sale could not be reached: nothing arrived there. */
  origin_connect: decision('upstream', 'respond', 'unsent', 502, 'failure'),
  /** The gateway answered, but in a way that says nothing about what Contact2Sale did. */
  origin_unknown: decision('upstream', 'respond', 'unknown', 502, 'failure'),
  /** The same after the gateway's own deadline for Contact2Sale. */
  origin_timeout: decision('upstream', 'respond', 'unknown', 504, 'failure'),
  /**
   * The gateway passed on a 403 of the origin, which refused this request or the gateway's token. Nothing was done, and direct
   * tells which; a caller who asks for what is forbidden must not move a breaker.
   */
  origin_forbidden: decision('upstream', 'respond', 'unsent', 0),
  /** The gateway does not accept the token that the facade or the gateway holds: an operator's fault, not the caller's. */
  upstream_credentials: decision('upstream', 'respond', 'unsent', 502, 'failure'),
  /** The gateway does not have the operation of the route. */
  gateway_lacks_operation: decision('upstream', 'respond', 'unsent', 502, 'failure'),
  /** Refused, DNS, TLS. */
  upstream_connect: decision('upstream', 'connect', 'unsent', 502, 'failure'),
  upstream_connect_timeout: decision('upstream', 'connect', 'unsent', 504, 'failure'),
  /** Reset while the request was on its way. */
  upstream_send: decision('upstream', 'send', 'unknown', 502, 'failure'),
  upstream_send_timeout: decision('upstream', 'send', 'unknown', 504, 'failure'),
  /** Reset, closed or garbage before the answer began. */
  upstream_respond: decision('upstream', 'respond', 'unknown', 502, 'failure'),
  upstream_respond_timeout: decision('upstream', 'respond', 'unknown', 504, 'failure'),
  /** Cut in the middle of the answer. */
  upstream_body: decision('upstream', 'body', 'answered', 502, 'failure'),
  upstream_body_timeout: decision('upstream', 'body', 'answered', 504, 'failure'),
  facade_breaker_open: decision('facade', 'connect', 'unsent', 503),
  /** Its health checks fail, and direct can answer in its place. */
  facade_upstream_unhealthy: decision('facade', 'connect', 'unsent', 503),
  facade_bulkhead_full: decision('facade', 'connect', 'unsent', 503),
  facade_rate_budget: decision('facade', 'connect', 'unsent', 503),
  /** Shed before anything was done with it: the process has too much to do (facade/forward/overload.ts). */
  facade_overload: decision('facade', 'admit', 'unsent', 503),
  /** A gateway-only route while no gateway may be used. */
  facade_no_gateway: decision('facade', 'admit', 'unsent', 503),
  /** The gateway path cannot carry the request without losing something. */
  untranslatable: decision('facade', 'admit', 'unsent', 422),
  client_bad_request: decision('client', 'admit', 'unsent', 400),
  client_unauthorized: decision('client', 'admit', 'unsent', 401),
  client_method: decision('client', 'admit', 'unsent', 405),
  client_too_large: decision('client', 'admit', 'unsent', 413),
  /** The caller was too slow with its body, or with reading the answer. */
  client_timeout: decision('client', 'send', 'unknown', 408),
  /** The request came with an Idempotency-Key that was used before: answered with what the first one came to. */
  idempotency_replayed: decision('client', 'respond', 'answered', 0),
  /** The request with the same key is still under way, or the facade still looks whether it was carried out. */
  idempotency_in_progress: decision('client', 'admit', 'unsent', 409),
  /** The same key with another request. */
  idempotency_mismatch: decision('client', 'admit', 'unsent', 422),
  idempotency_malformed: decision('client', 'admit', 'unsent', 400),
  /** Nobody can say whether the first request with this key was carried out. */
  idempotency_unknown: decision('client', 'respond', 'unknown', 502),
  /** The database that holds the keys does not answer. */
  idempotency_unavailable: decision('facade', 'admit', 'unsent', 503),
  /** The caller left, before the upstream was asked. */
  client_admit: decision('client', 'admit', 'unsent', 499),
  /** The caller left while its request was being sent. */
  client_send: decision('client', 'send', 'unknown', 499),
  client_respond: decision('client', 'respond', 'unknown', 499),
  client_body: decision('client', 'body', 'answered', 499),
} as const satisfies Record<string, OutcomeFacts>;

export type Outcome = keyof typeof OUTCOMES;

/** It meets every request of the route alike, until an operator has corrected something. */
export type LastingFault = 'upstream_credentials' | 'gateway_lacks_operation';

export function isLastingFault(outcome: Outcome): outcome is LastingFault {
  return outcome === 'upstream_credentials' || outcome === 'gateway_lacks_operation';
}

/** The decisions that follow from an outcome. */
export function decisionOf(outcome: Outcome): OutcomeFacts {
  return OUTCOMES[outcome];
}
