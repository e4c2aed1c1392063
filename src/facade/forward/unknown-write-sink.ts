import type { Outcome } from '../rollout/outcome.ts';
import type { Path } from '../rollout/route.ts';
import type { UnknownWrite } from '../store/unknown-write.ts';
import type { InboundRequest } from './exchange.ts';

/** How a write ended of which nobody knows whether it was carried out. */
export interface UnknownEnd {
  /** The one that was asked last. */
  readonly path: Path;
  readonly outcome: Outcome;
  /** Of the answer to the caller; 0: none. */
  readonly status: number;
  /** As the caller sent it, where it was held. */
  readonly body: Buffer | undefined;
}

/** Where writes of unknown fate are handed over, after their callers were answered. It can neither slow nor fail an answer. */
export interface UnknownWriteSink {
  onUnknown(asked: InboundRequest, end: UnknownEnd): void;
  /**
   * What would be listed of a write that is about to be sent: state `under_way`. Nothing is kept of it here.
   * @param body as the caller sent it
   */
  describe(asked: InboundRequest, body: Buffer | undefined): UnknownWrite;
  /** The same once its end is known to be unknown. */
  describeEnd(asked: InboundRequest, end: UnknownEnd, id: string): UnknownWrite;
}
