import type { IncomingMessage } from 'node:http';
import {
  announcesBody,
  Arrival,
  collectBody,
  ProgressWatch,
  RequestBody,
  type Collecting,
} from '../../http/request-body.ts';

/**
 * The body of one request, from the caller to whoever is asked: awaited, then held in memory or streamed. It says
 * whether it can still be sent from its beginning, and who keeps whom waiting.
 */
export class InboundBody {
  readonly #req: IncomingMessage;
  #arrival: Arrival | undefined;
  #collecting: Collecting | undefined;
  #progress: ProgressWatch | undefined;
  #held: Buffer | undefined;
  #streamed: RequestBody | undefined;
  /** It was read until it was found to be too long to be held, and what was read was put back. */
  #isPutBack = false;

  /** Undefined where the head announces no body. */
  static of(req: IncomingMessage): InboundBody | undefined {
    return announcesBody(req) ? new InboundBody(req) : undefined;
  }

  private constructor(req: IncomingMessage) {
    this.#req = req;
  }

  /** The whole body, where it is held in memory. */
  get held(): Buffer | undefined {
    return this.#held;
  }

  /** It is whole, or as much of it is here as is kept before anybody reads: an upstream may be asked. */
  get hasArrived(): boolean {
    return this.#held !== undefined || this.#isPutBack || (this.#arrival !== undefined && !this.#arrival.isAwaited);
  }

  /** Part of it was handed on: nobody else can get it from its beginning. */
  get isSpent(): boolean {
    return this.#streamed?.begun === true;
  }

  /** @param now milliseconds, monotonic. @param done is called later, once {@link hasArrived}; never when the caller leaves before. */
  await(now: number, done: () => void): void {
    this.#arrival ??= new Arrival(this.#req, now, done);
  }

  /** By its head, or since it was read that far. Not asked for then, the body may stay where it is. */
  isLongerThan(bytes: number): boolean {
    return this.#isPutBack || Number(this.#req.headers['content-length'] ?? 0) > bytes;
  }

  /**
   * Reads all of it into memory; a longer one can still be sent from its beginning.
   * @param now milliseconds, monotonic. @param done told whether it is {@link held}; never when the caller leaves before.
   */
  hold(maxBytes: number, now: number, done: (isHeld: boolean) => void): void {
    this.#progress = new ProgressWatch(now);
    this.#collecting = collectBody(this.#req, maxBytes, (collected) => {
      if (collected.kind === 'whole') this.#held = collected.body;
      else this.#putBack(collected.begin);
      done(collected.kind === 'whole');
    });
  }

  #putBack(begin: readonly Buffer[]): void {
    this.#req.pause();
    this.#req.unshift(Buffer.concat(begin));
    this.#isPutBack = true;
  }

  /** What an attempt sends. */
  toSend(): Buffer | RequestBody {
    return this.#held ?? (this.#streamed = new RequestBody(this.#req));
  }

  /** It is still awaited, and nothing of it came for so long. @param now, idle milliseconds. */
  isSilent(now: number, idle: number): boolean {
    const { bytes } = this.#collecting ?? {};
    if (bytes !== undefined && !this.hasArrived) return this.#progress?.isSilent(bytes, now, idle) === true;
    return this.#arrival?.isSilent(now, idle) === true;
  }

  /** Is it the caller that keeps the upstream waiting for the rest? */
  get isOwed(): boolean {
    return this.#streamed !== undefined && !this.#req.complete && this.#streamed.readableLength === 0;
  }

  /** Nobody takes it any more. Kept back, it would stop its connection: no next request, and no notice of the caller leaving. */
  release(): void {
    if (!this.isSpent) this.#req.resume();
  }
}
