import { decodesTo } from '../dialect/path.ts';
import type { RequestDecision } from '../observe/request-line.ts';
import { PASSTHROUGH } from '../rollout/compile.ts';
import { decide, type Choice, type DecisionReason } from '../rollout/decide.ts';
import type { Match } from '../rollout/matcher.ts';
import type { Path } from '../rollout/route.ts';
import { stageOf } from '../rollout/stage.ts';
import { bucketOfParam } from '../rollout/split.ts';
import type { Caller } from './callers.ts';
import { judgeForce, type ForceVerdict } from './force-header.ts';
import type { PreparedRoute, RouteEntry } from './runtime-snapshot.ts';

/**
 * From a matched request to the facts that facade/rollout/decide.ts decides by. Apart from the exchange, so that what is
 * explained to an operator is worked out by the very code that serves.
 */

interface Circumstances {
  readonly gatewayAvailable: boolean;
  /** The kill switch is on. */
  readonly killed: boolean;
  /** What {@link forcedBy} its header. */
  readonly forced: Path | undefined;
  /** Path of the last write of its sticky value, while a read is pinned to it. */
  readonly lastWriter: Path | undefined;
  /** {@link bucketFor} it. */
  readonly bucket: number;
}

/** Which path a request is meant to take, and why. @param caller undefined: unknown. */
export function choose(
  match: Match<PreparedRoute>,
  method: string,
  caller: Caller | undefined,
  { gatewayAvailable, killed, forced, lastWriter, bucket }: Circumstances,
): Choice {
  const { model } = match.route;
  return decide({
    rollout: model.rollout,
    hasDirectEndpoint: model.direct.length > 0,
    hasGatewayEndpoint: model.gateway.length > 0,
    gatewayAvailable,
    killed,
    callerKnown: caller !== undefined,
    method,
    paramsSafe: paramsSafe(match),
    forced,
    named: caller && model.callers?.get(caller.id),
    lastWriter,
    bucket,
  });
}

/**
 * What the force header of a known caller comes to; undefined: none was sent, or the caller is unknown, who never takes the
 * gateway. @param secret FORCE_HEADER_SECRET
 */
export function forcedBy(
  sent: string | readonly string[] | undefined,
  secret: string | undefined,
  { route }: Match<PreparedRoute>,
  caller: Caller | undefined,
): ForceVerdict | undefined {
  if (sent === undefined || !caller) return undefined;
  return judgeForce(sent, secret, { route: route.model.id, caller: caller.id, at: Date.now() });
}

/** The bucket of the route's sticky value, 0..9999. */
export function bucketFor({ route, params }: Match<PreparedRoute>, caller: Caller | undefined): number {
  const { stickyBy } = route.model.rollout;
  return stickyBy < 0 ? (caller?.bucket ?? 0) : bucketOfParam(params[stickyBy] as string);
}

/** What the log says of a decision; undefined where no route claims the request. */
export function decisionLine(
  match: Match<RouteEntry>,
  caller: Caller | undefined,
  reason: DecisionReason,
): RequestDecision | undefined {
  const { model, state } = match.route;
  if (model.id === PASSTHROUGH) return undefined;
  const stage = stageOf(model.rollout, model.direct.length > 0);
  const breaker = model.gateway.length > 0 ? state.breakerState('gateway') : undefined;
  return { stage, bucket: bucketFor(match, caller), reason, breaker };
}

/** May every path parameter be pasted into a URL by the gateway, and reach the operation that was asked for? */
export function paramsSafe({ route, params }: Match<PreparedRoute>): boolean {
  const { gateway } = route.model.pair;
  for (const param of params) if (!gateway.takesParameter(param)) return false;
  const [first] = params;
  for (const literal of route.reserved) if (decodesTo(first as string, literal)) return false;
  return true;
}
