import type { Path } from '../rollout/route.ts';
import type { InboundRequest } from './exchange.ts';
import type { RouteEntry } from './runtime-snapshot.ts';

/**
 * Where the comparison listens in. The exchange only copies references while it answers, and hands them over when the
 * caller has its answer: whatever happens behind a sink can neither slow, change nor fail an answer.
 */
export interface ShadowSink {
  /** Bytes of an answer that are worth keeping; 0 when there is no room for another copy now. */
  captureBytes(entry: RouteEntry): number;
  /** A safe request was answered, whole. */
  onAnswer(asked: InboundRequest, captured: ResponseBuffer): void;
  /** Part of the write is sampled: its body is held, so that what arrived can be read back and compared with it. */
  wantsWrite(entry: RouteEntry): boolean;
  /** The gateway answered a write with success. @param body as the caller sent it. */
  onWrite(asked: InboundRequest, body: Buffer): void;
  /** Bytes of direct's answer to a request that `saw` will be shown; 0: of this one nobody wants to know more. */
  sampleBytes(entry: RouteEntry): number;
  /**
   * One of the live requests, whatever its path and outcome: what callers ask for, whether it is shadowed or not.
   * @param captured what the caller was told, whole, where it was kept.
   */
  onLiveRequest(asked: InboundRequest, captured: ResponseBuffer | undefined): void;
}

/** Every so many requests one is shown to {@link ShadowSink.onLiveRequest}. */
export const SEEN_EVERY = 16;

/** An upstream's answer as it came, kept by reference while it is passed on. */
export class ResponseBuffer {
  readonly #room: number;
  path: Path = 'direct';
  status = 0;
  rawHeaders: readonly (Buffer | string)[] = [];
  chunks: Buffer[] = [];
  size = 0;
  /** Milliseconds to the head of the answer: what follows depends on how fast the caller reads. */
  ms = 0;

  /** @param room bytes of the body that are kept. */
  constructor(room: number) {
    this.#room = room;
  }

  /** False: the body is longer than what is kept, and only its beginning is here. */
  get isComplete(): boolean {
    return this.size <= this.#room;
  }

  begin(path: Path, status: number, rawHeaders: readonly (Buffer | string)[], ms: number): void {
    this.path = path;
    this.status = status;
    this.rawHeaders = rawHeaders;
    this.ms = ms;
    this.chunks = [];
    this.size = 0;
  }

  data(chunk: Buffer): void {
    this.size += chunk.length;
    if (this.isComplete) this.chunks.push(chunk);
    else this.chunks = [];
  }
}
