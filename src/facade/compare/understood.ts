import { successStatus } from '../dialect/success-status.ts';
import { understand } from '../forward/error-answer.ts';
import { decisionOf, type Outcome } from '../rollout/outcome.ts';
import type { UnderstoodError } from '../rollout/api-pair.ts';
import type { RouteModel } from '../rollout/route.ts';
import type { PathAnswer, ErrorReason, PathObservation } from './comparison.ts';
import { decoded, type Decoded } from './decoded.ts';
import { headerOf } from './head.ts';

/**
 * An answer as a caller of the direct dialect would have seen it: the gateway's 500 that is Contact2Sale's own 404 in
 * disguise is a 404, and its 200 for a message is the 201 that the route owes. Judged by the very code that judges live
 * answers, so that parity and the breaker never disagree on what a failure is.
 */
export interface UnderstoodAnswer extends PathObservation {
  readonly answer: PathAnswer;
  readonly decoded: Decoded;
  readonly contentType: string | undefined;
  /** Whoever asked was not let in: 401, 403, 407, or the credentials of the facade or the gateway were not accepted. */
  readonly isRefused: boolean;
}

const REFUSALS: ReadonlySet<number> = new Set([401, 403, 407]);

/** Where the facade or the caller ended it, there is nothing to judge. */
const NOT_JUDGED: Readonly<Partial<Record<Outcome, ErrorReason>>> = {
  facade_rate_budget: 'rate_budget',
  facade_breaker_open: 'unavailable',
  facade_upstream_unhealthy: 'unavailable',
  facade_bulkhead_full: 'unavailable',
  facade_overload: 'unavailable',
  facade_no_gateway: 'unavailable',
  untranslatable: 'untranslatable',
};

/** Why an answer says nothing of its side; undefined when it does. */
export function reasonNotToJudge({ failure }: PathAnswer): ErrorReason | undefined {
  if (failure === undefined) return undefined;
  return NOT_JUDGED[failure] ?? (decisionOf(failure).party === 'client' ? 'no_control' : undefined);
}

/** @param longest bytes that a body may unpack to. */
export function understood(route: RouteModel, answer: PathAnswer, longest: number): UnderstoodAnswer {
  const { rawHeaders, ms } = answer;
  const contentType = headerOf(rawHeaders, 'content-type');
  const encoding = headerOf(rawHeaders, 'content-encoding');
  const plain: Decoded = answer.isComplete ? decoded(answer.body, encoding, longest) : { kind: 'too large' };
  return { answer, ms, contentType, decoded: plain, ...judged(route, answer, plain, contentType) };
}

/** A 403 that the gateway passed on is an answer like that of direct; a 5xx is none, whoever failed. */
const isFailure = ({ outcome, status }: UnderstoodError): boolean =>
  decisionOf(outcome).judge === 'failure' || status >= 500;

function judged(
  route: RouteModel,
  { path, status, failure, ms }: PathAnswer,
  plain: Decoded,
  contentType: string | undefined,
): Pick<UnderstoodAnswer, 'status' | 'isFailed' | 'isRefused'> {
  if (failure !== undefined) return { status: 0, isFailed: true, isRefused: false };
  if (status < 400) return { status: successStatus(route, 'direct', path, status), isFailed: false, isRefused: false };
  const text = plain.kind === 'ok' ? plain.body : Buffer.alloc(0);
  const meant = understand(route.pair, {
    path,
    asked: 'direct',
    isSafe: route.safety === 'safe',
    rule: route.body,
    status,
    contentType,
    body: text,
    durationMs: ms,
  });
  return {
    status: successStatus(route, 'direct', path, meant.status),
    isFailed: isFailure(meant),
    isRefused: REFUSALS.has(meant.status) || meant.outcome === 'upstream_credentials',
  };
}
