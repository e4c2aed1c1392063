import type { Choice } from '../rollout/decide.ts';
import { isShadowed } from '../rollout/split.ts';
import type { Path } from '../rollout/route.ts';
import type { InboundRequest } from './exchange.ts';
import { isConditional } from './headers.ts';
import { announcesBody } from '../../http/request-body.ts';
import { ResponseBuffer, SEEN_EVERY, type ShadowSink } from './shadow-sink.ts';

/** What the comparison wants of one request. Most requests have none. */
export interface SamplingDecision {
  /** The answer is kept. */
  readonly capture: ResponseBuffer | undefined;
  /** And a copy of the request is to be sent the other way. */
  readonly isShadowed: boolean;
  /** One of those that {@link ShadowSink.onLiveRequest} is shown. */
  readonly isSeen: boolean;
  /** The body of a write is kept, to be read back. */
  readonly isReadBack: boolean;
}

/** Of all requests. */
let requestsBegun = 0;

/**
 * Is this request compared? Only what the table itself sent its way is: strangers never reach the gateway. Nor is what they
 * ask for shown to the coverage: a query that no known caller sends would be missing in every comparison, for ever.
 * @param bucket of the route's sticky value.
 */
export function sampleOf(
  shadowSink: ShadowSink,
  { match, req, standing }: InboundRequest,
  choice: Choice,
  bucket: number,
): SamplingDecision | undefined {
  if (standing === 'stranger') return undefined;
  const isSeen = requestsBegun++ % SEEN_EVERY === 0;
  if (choice.reason !== 'split') return isSeen ? SEEN : undefined;
  const { rollout, safety } = match.route.model;
  if (safety !== 'safe') {
    const isReadBack = choice.path === 'gateway' && announcesBody(req) && shadowSink.wantsWrite(match.route);
    if (!isReadBack && !isSeen) return undefined;
    const room = isSeen && choice.path === 'direct' ? shadowSink.sampleBytes(match.route) : 0;
    return { capture: bufferOf(room), isShadowed: false, isSeen, isReadBack };
  }
  const shadowed = rollout.shadow > 0 && isShadowed(rollout, bucket);
  const isLookedAt = shadowed || (isSeen && choice.path === 'direct');
  if (!isLookedAt || announcesBody(req) || isConditional(req.headers)) return isSeen ? SEEN : undefined;
  const capture = bufferOf(shadowed ? shadowSink.captureBytes(match.route) : shadowSink.sampleBytes(match.route));
  return { capture, isShadowed: shadowed, isSeen, isReadBack: false };
}

const bufferOf = (room: number): ResponseBuffer | undefined => (room > 0 ? new ResponseBuffer(room) : undefined);

const SEEN: SamplingDecision = { capture: undefined, isShadowed: false, isSeen: true, isReadBack: false };

/** How the request ended. */
interface Ended {
  /** One attempt, answered, and the caller has all of it: what failed over or was cut shows nothing that could be compared. */
  readonly isPlain: boolean;
  readonly path: Path;
  readonly status: number;
  /** The caller's body, where it was held. */
  readonly body: Buffer | undefined;
}

/** Gives the comparison what it asked for. */
export function handOver(
  shadowSink: ShadowSink,
  sample: SamplingDecision,
  asked: InboundRequest,
  { isPlain, path, status, body }: Ended,
): void {
  const { capture, isSeen, isReadBack } = sample;
  if (capture && sample.isShadowed && isPlain) shadowSink.onAnswer(asked, capture);
  if (isReadBack && body && isPlain && path === 'gateway' && status < 300) shadowSink.onWrite(asked, body);
  if (isSeen) shadowSink.onLiveRequest(asked, isPlain ? capture : undefined);
}
