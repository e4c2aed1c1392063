import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/**
 * A request's body on its way to an upstream. undici destroys the stream that it is given when an attempt fails, and
 * to destroy an IncomingMessage is to cut the caller's connection before it has its answer. So undici gets this
 * instead: backpressure goes through, destruction stays here. Nothing is read before undici asks, so an attempt that
 * never sent anything leaves the body whole for the next.
 */
export class RequestBody extends Readable {
  readonly #source: IncomingMessage;
  #begun = false;

  constructor(source: IncomingMessage) {
    super({ highWaterMark: 64 * 1024 });
    this.#source = source;
  }

  /** Something was read from the caller: the body cannot be sent from its beginning any more. */
  get begun(): boolean {
    return this.#begun;
  }

  override _read(): void {
    if (!this.#begun) {
      this.#begun = true;
      if (this.#source.readableEnded) return this.#onEnd();
      this.#source.on('data', this.#onData).on('end', this.#onEnd);
    }
    this.#source.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#source.off('data', this.#onData).off('end', this.#onEnd);
    // Held back and forgotten, the caller's connection would serve no next request and notice no leaving.
    if (this.#begun) this.#source.resume();
    callback(error);
  }

  readonly #onData = (chunk: Buffer): void => {
    if (!this.push(chunk)) this.#source.pause();
  };

  readonly #onEnd = (): void => {
    this.push(null);
  };
}

/** Tells a sender that is slow from one that went silent, by how many bytes have come at each look. */
export class ProgressWatch {
  #bytes = 0;
  #movedAt: number;

  /** @param now milliseconds, monotonic. */
  constructor(now: number) {
    this.#movedAt = now;
  }

  /** Did nothing come between two looks for so long? @param bytes that have come so far. @param now, idle milliseconds. */
  isSilent(bytes: number, now: number, idle: number): boolean {
    if (bytes !== this.#bytes) this.#movedAt = now;
    this.#bytes = bytes;
    return now - this.#movedAt >= idle;
  }
}

/**
 * A body on its way to us, before anybody is asked for it. It is there when it is whole, or as much of it as a request
 * keeps before anybody reads (64 KiB). Nothing is taken out, so that whoever is asked finds it from its beginning.
 */
export class Arrival {
  readonly #req: IncomingMessage;
  readonly #progress: ProgressWatch;
  #isAwaited = true;

  /** @param now milliseconds, monotonic. @param done is called once, later; never when the caller leaves before. */
  constructor(req: IncomingMessage, now: number, done: () => void) {
    this.#req = req;
    this.#progress = new ProgressWatch(now);
    const look = (): void => {
      const isHere = req.complete || req.readableLength >= req.readableHighWaterMark;
      if (!isHere || !this.#isAwaited) return;
      req.off('readable', look).off('end', look);
      this.#isAwaited = false;
      done();
    };
    // A body that is announced and empty ends without having been readable.
    req.on('readable', look).on('end', look);
    if (req.complete) queueMicrotask(look);
  }

  get isAwaited(): boolean {
    return this.#isAwaited;
  }

  /** It is still awaited, and between two looks nothing of it came for so long. @param now, idle milliseconds. */
  isSilent(now: number, idle: number): boolean {
    return this.#isAwaited && this.#progress.isSilent(this.#req.readableLength, now, idle);
  }
}

/** Does the head announce a body? */
export function announcesBody({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

export type Collected =
  | { readonly kind: 'whole'; readonly body: Buffer }
  /** @param begin what was read of it: the limit and at most one piece more. */
  | { readonly kind: 'too-large'; readonly begin: readonly Buffer[] };

/** A body that is being read into memory. */
export interface Collecting {
  /** So many came. */
  readonly bytes: number;
  /** Gives it up: what was read is let go of, and nobody is told any more. */
  cancel(): void;
}

/** Reads a body into memory, up to `limit` bytes. Does not settle when the caller leaves: whoever waits is told by `close`. */
export function collectBody(req: IncomingMessage, limit: number, done: (collected: Collected) => void): Collecting {
  const chunks: Buffer[] = [];
  let size = 0;
  const onData = (chunk: Buffer): void => {
    size += chunk.length;
    chunks.push(chunk);
    if (size > limit) settle({ kind: 'too-large', begin: chunks });
  };
  const onEnd = (): void => settle({ kind: 'whole', body: Buffer.concat(chunks, size) });
  const cancel = (): void => void req.off('data', onData).off('end', onEnd);
  const settle = (collected: Collected): void => {
    cancel();
    done(collected);
  };
  if (req.readableEnded) onEnd();
  else req.on('data', onData).on('end', onEnd);
  return {
    get bytes() {
      return size;
    },
    cancel,
  };
}
