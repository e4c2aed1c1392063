import type { Socket } from 'node:net';
import { errors } from 'undici';
import { MalformedAnswer } from './malformed-answer.ts';
import { StatusLineReader } from './status-line.ts';
import type { UpstreamCall } from './upstream-call.ts';

/**
 * What is known of the connection that a client of a pool has open: undici shows neither its socket nor the bytes of a
 * status line, and cannot be told after a request was sent that its connection must not serve another one.
 */
export class Carrier {
  readonly #statusLine = new StatusLineReader();
  #socket: Socket | undefined;
  #isBusy = false;
  /** It ends with the answer that is under way. */
  #isSpent = false;
  /** The connection was reset, or failed otherwise: what undici calls the end of an answer is none. */
  #isBroken = false;
  /** The call whose head came, and of whose body nothing did. */
  #bodyless: UpstreamCall | undefined;

  /** @param maxAgeMs a connection that is older serves no further request. */
  adopt(socket: Socket, maxAgeMs: number): void {
    this.#socket = socket;
    this.#isBusy = this.#isSpent = this.#isBroken = false;
    this.#watchReads(socket);
    const timer = setTimeout(() => this.#retire(socket), maxAgeMs).unref();
    socket.once('close', () => clearTimeout(timer));
    // Before undici's own listener, which takes a reset for the end of a body that only the connection ends.
    socket.once('error', () => (this.#isBroken = true));
  }

  /** A request is about to be written. */
  begin(): void {
    this.#isBusy = true;
    this.#bodyless = undefined;
    this.#statusLine.expect();
  }

  /** The reason phrase that undici hands on is the one that came. */
  get isReasonWhole(): boolean {
    return !this.#statusLine.isSplit;
  }

  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** The upstream spoke HTTP/1.0. */
  get isHttp10(): boolean {
    return this.#statusLine.isHttp10;
  }

  answerBegins(call: UpstreamCall, status: number): void {
    this.#bodyless = call;
    if (mayCloseAfter(status)) this.#isSpent = true;
  }

  bodyBegins(): void {
    this.#bodyless = undefined;
  }

  /** The request has ended, well or not. */
  end(): void {
    this.#isBusy = false;
    this.#bodyless = undefined;
    if (this.#isSpent) close(this.#socket);
  }

  /** Never in the middle of a request: what is under way ends first. */
  #retire(socket: Socket): void {
    if (this.#socket !== socket) return;
    this.#isSpent = true;
    if (!this.#isBusy) close(socket);
  }

  /**
   * undici takes bytes by `read()`, and asks again when the parser has gone through them: the one place that sees what
   * came before the parser does, and that knows when a packet has been dealt with.
   */
  #watchReads(socket: Socket): void {
    const read = socket.read.bind(socket) as (size?: number) => Buffer | null;
    socket.read = (size?: number): Buffer | null => {
      const call = this.#bodyless;
      if (call) {
        this.#bodyless = undefined;
        call.headIsAlone();
      }
      const chunk = read(size);
      if (chunk === null || !this.#statusLine.isExpecting) return chunk;
      const fault = this.#statusLine.read(chunk);
      if (fault === undefined) return chunk;
      socket.destroy(new MalformedAnswer(fault));
      return null;
    };
  }
}

/** As undici closes one by itself: with this error what is still written of a request's body ends, and nothing fails. */
function close(socket: Socket | undefined): void {
  socket?.destroy(new errors.InformationalError('reset'));
}

/**
 * Servers close after these without having said so. uvicorn ends the connection after the `500 text/plain` of an
 * unhandled exception; 408 and 413 say that the request was not read to its end. The next request would meet the close:
 * a write of another caller would then be *unknown* for nothing. A new connection is cheap, and these are rare.
 */
function mayCloseAfter(status: number): boolean {
  return status >= 500 || status === 408 || status === 413;
}
