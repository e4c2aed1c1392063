import { decisionOf, type Outcome } from '../rollout/outcome.ts';
import type { ApiPair } from '../rollout/api-pair.ts';
import type { Problem } from '../../http/problem.ts';

type Names = ApiPair['names'];

/** For an outcome whose sentence names no side. */
export const NO_NAMES: Names = { direct: '', gateway: '' };

/**
 * What the facade says when it answers by itself: one sentence for every outcome, with what the caller can do. `{direct}`
 * and `{gateway}` stand for the names of the two sides, `{Direct}` and `{Gateway}` for them at the begin of a sentence,
 * `{loss}` for what the path would lose.
 */
const DETAILS: Partial<Record<Outcome, string>> = {
  upstream_connect: 'The upstream could not be reached. Nothing was sent; the request may be repeated.',
  upstream_connect_timeout: 'The upstream took no connection in time. Nothing was sent; the request may be repeated.',
  upstream_send: 'The connection to the upstream broke while the request was sent.',
  upstream_send_timeout: 'The upstream stopped taking the request.',
  upstream_respond: 'The upstream closed the connection without an answer, or its answer cannot be read as HTTP.',
  upstream_respond_timeout: 'The upstream did not answer in time.',
  upstream_credentials:
    '{Gateway} does not accept the token of the facade. Nothing was done; an operator must correct it.',
  gateway_lacks_operation: '{Gateway} does not have this operation. Nothing was done.',
  origin_connect: '{Gateway} could not reach {direct}. Nothing arrived there; the request may be repeated.',
  origin_unknown: '{Gateway} got no usable answer from {direct}.',
  origin_timeout: '{Direct} did not answer {gateway} in time.',
  facade_breaker_open: 'The upstream of this route is failing and is given a pause. Nothing was sent; try again later.',
  facade_upstream_unhealthy: 'The health checks of this upstream fail. Nothing was sent; try again later.',
  facade_bulkhead_full: 'All places to this upstream are taken. Nothing was sent; try again later.',
  facade_rate_budget: 'The rate budget of the upstream is spent. Nothing was sent; try again later.',
  facade_overload: 'The facade has more to do than it can. Nothing was sent; try again in a moment.',
  facade_no_gateway: 'This route is served by {gateway} alone, which is switched off or not configured.',
  untranslatable:
    'The path that serves this route cannot carry the request without losing a part of it{loss}. Nothing was sent.',
  client_bad_request: 'The request cannot be forwarded: its path or a header holds what HTTP does not allow there.',
  client_unauthorized: 'This route needs a known token: send Authorization: Bearer <token>.',
  client_method: 'The route does not know this method.',
  client_too_large: 'The body is larger than this route can take.',
  client_timeout: 'The request did not arrive in time.',
  idempotency_in_progress:
    'A request with this Idempotency-Key is under way, or the facade is finding out whether it was carried out. Nothing was sent; ask again later with the same key.',
  idempotency_mismatch:
    'This Idempotency-Key came with another request within the last 24 hours. Nothing was sent; use a new key for a new request.',
  idempotency_malformed:
    'Idempotency-Key must stand once, with 1 to 255 visible ASCII characters, quoted or not. Nothing was sent.',
  idempotency_unknown:
    'A request with this Idempotency-Key was sent before, its end is not known, and it was not repeated.',
  idempotency_unavailable:
    'The Idempotency-Key cannot be looked up: the database does not answer. Nothing was sent; try again later.',
};

/** Of a write that one path may have received and the other was never sent. */
const NOT_ASKED_AGAIN = '{Gateway} may have received the request, and {direct} could not be asked.';

/** Added where nobody can say whether a write arrived. */
const UNKNOWN = ' Whether it was carried out is not known: look before you repeat it.';

/** Nobody can say whether the write arrived. @param isSafe the request only reads. */
export function isUnknownWrite(outcome: Outcome, isSafe: boolean): boolean {
  const { delivery, party, judge } = decisionOf(outcome);
  if (isSafe || party === 'facade') return false;
  // A 5xx of the legacy API that the gateway passes on is no failure of the gateway, and says as little of the write.
  return delivery === 'unknown' || (delivery === 'answered' && (judge === 'failure' || outcome === 'origin_error'));
}

export interface RefusalFacts {
  /** A write may have been received. */
  readonly isUnknown?: boolean;
  readonly retryAfterMs?: number | undefined;
  /** What the path would lose, with the name of the field. */
  readonly loss?: string | undefined;
}

/** The problem that a caller gets for an outcome. @param names of the two sides. */
export function refusalFor(outcome: Outcome, names: Names, facts: RefusalFacts = {}): Problem {
  const { isUnknown = false, retryAfterMs, loss } = facts;
  const { status, delivery } = decisionOf(outcome);
  const told = loss === undefined ? '' : `: ${loss}`;
  const unknown = isUnknown ? UNKNOWN : '';
  const sentence = isUnknown && delivery === 'unsent' ? NOT_ASKED_AGAIN : DETAILS[outcome];
  return {
    status: status || 502,
    kind: outcome.replaceAll('_', '-'),
    detail: named(sentence ?? 'The request could not be served.', names).replace('{loss}', () => told) + unknown,
    retryAfter: retryAfterMs === undefined ? undefined : Math.max(1, Math.ceil(retryAfterMs / 1000)),
  };
}

function named(sentence: string, names: Names): string {
  return sentence.replace(/\{(direct|gateway)\}/gi, (_, side: string) => {
    const name = names[side.toLowerCase() as keyof Names];
    return side[0] === side[0]?.toUpperCase() ? capitalised(name) : name;
  });
}

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
