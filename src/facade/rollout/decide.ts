import type { Outcome } from './outcome.ts';
import type { Path, Rollout } from './route.ts';

/**
 * Which path a request is meant to take, and why. Pure: the same facts always give the same answer, so that what is
 * explained to an operator is what the data plane does.
 */

export interface DecisionFacts {
  readonly rollout: Rollout;
  readonly hasDirectEndpoint: boolean;
  readonly hasGatewayEndpoint: boolean;
  /** The gateway has an address. */
  readonly gatewayAvailable: boolean;
  readonly killed: boolean;
  readonly callerKnown: boolean;
  readonly method: string;
  /** Every path parameter may be pasted into a URL by the gateway (facade/dialect/path.ts). */
  readonly paramsSafe: boolean;
  /** The side that a known caller forces, when that is allowed. */
  readonly forced: Path | undefined;
  /** The path that the table names for this caller. */
  readonly named: Path | undefined;
  /** The path that served a write of the same sticky value within the route's `pinAfterWrite`. */
  readonly lastWriter: Path | undefined;
  /** Of the sticky value, 0..9999. */
  readonly bucket: number;
}

export type DecisionReason =
  | 'kill switch'
  | 'no gateway configured'
  | 'no gateway endpoint'
  | 'unknown caller'
  | 'HEAD is not known to the gateway'
  | 'path parameter unsafe for the gateway'
  | 'forced by the caller'
  | 'gateway only'
  | 'named caller'
  | 'last writer'
  | 'split';

export type Choice =
  | { readonly path: Path; readonly reason: DecisionReason }
  | { readonly path: undefined; readonly refusal: Outcome; readonly reason: DecisionReason };

const CHOICES = {
  killed: { path: 'direct', reason: 'kill switch' },
  noGateway: { path: 'direct', reason: 'no gateway configured' },
  noEndpoint: { path: 'direct', reason: 'no gateway endpoint' },
  unknown: { path: 'direct', reason: 'unknown caller' },
  head: { path: 'direct', reason: 'HEAD is not known to the gateway' },
  unsafe: { path: 'direct', reason: 'path parameter unsafe for the gateway' },
  forcedDirect: { path: 'direct', reason: 'forced by the caller' },
  forcedGateway: { path: 'gateway', reason: 'forced by the caller' },
  namedDirect: { path: 'direct', reason: 'named caller' },
  namedGateway: { path: 'gateway', reason: 'named caller' },
  writtenDirect: { path: 'direct', reason: 'last writer' },
  writtenGateway: { path: 'gateway', reason: 'last writer' },
  splitDirect: { path: 'direct', reason: 'split' },
  splitGateway: { path: 'gateway', reason: 'split' },
  only: { path: 'gateway', reason: 'gateway only' },
} as const satisfies Record<string, Choice>;

export function decide(facts: DecisionFacts): Choice {
  if (!facts.hasDirectEndpoint) return decideGatewayOnly(facts);
  if (facts.killed) return CHOICES.killed;
  if (!facts.gatewayAvailable) return CHOICES.noGateway;
  if (!facts.hasGatewayEndpoint) return CHOICES.noEndpoint;
  if (!facts.callerKnown) return CHOICES.unknown;
  if (facts.method === 'HEAD') return CHOICES.head;
  if (!facts.paramsSafe) return CHOICES.unsafe;
  if (facts.forced) return facts.forced === 'direct' ? CHOICES.forcedDirect : CHOICES.forcedGateway;
  if (facts.named) return facts.named === 'direct' ? CHOICES.namedDirect : CHOICES.namedGateway;
  if (facts.lastWriter) return facts.lastWriter === 'direct' ? CHOICES.writtenDirect : CHOICES.writtenGateway;
  return facts.bucket < facts.rollout.gateway ? CHOICES.splitGateway : CHOICES.splitDirect;
}

/** There is nothing to fall back on: 0 means that the route is off. */
function decideGatewayOnly(facts: DecisionFacts): Choice {
  if (facts.killed) return { path: undefined, refusal: 'facade_no_gateway', reason: 'kill switch' };
  if (!facts.gatewayAvailable)
    return { path: undefined, refusal: 'facade_no_gateway', reason: 'no gateway configured' };
  if (!facts.callerKnown) return { path: undefined, refusal: 'client_unauthorized', reason: 'unknown caller' };
  if (facts.rollout.gateway === 0) return { path: undefined, refusal: 'facade_no_gateway', reason: 'gateway only' };
  if (!facts.paramsSafe) {
    return { path: undefined, refusal: 'client_bad_request', reason: 'path parameter unsafe for the gateway' };
  }
  return CHOICES.only;
}
