import type { ServerResponse } from 'node:http';
import type { AnswerBody } from '../rollout/api-pair.ts';
import { decisionOf, type Outcome } from '../rollout/outcome.ts';
import type { Path, RouteModel } from '../rollout/route.ts';
import { bodiless, hasNoBody, reasonPhrase } from './headers.ts';
import { sendProblem } from '../../http/problem.ts';
import type { AnswerKeeper } from './answer-keeper.ts';
import type { KeptAnswer } from './idempotency-key.ts';
import { isUnknownWrite, refusalFor, type RefusalFacts } from './refusals.ts';

/** The answer to the caller: an upstream's, streamed or rewritten, or the facade's own; with the headers that say who served. */
export class CallerAnswer {
  readonly #res: ServerResponse;
  readonly #route: RouteModel;
  readonly #requestId: string;
  /** Bytes that the upstream's answer announced. */
  #announced = -1;
  /** The whole answer, come in one piece: written together with its end, in one system call and not two. */
  #whole: Buffer | undefined;
  /** Its status allows no body (RFC 9110 15.3.5, 15.3.6), whatever the upstream sent. */
  #isBodiless = false;
  /** What the request came to, once that is known. */
  outcome: Outcome | undefined;
  /** The path that was asked before may have received it: what the next one says of itself is not the whole truth. */
  mayHaveArrived = false;
  /** No path was sent any of it, or the one before had refused it unread. */
  isUnsent = false;
  /** Keeps what the caller is told of an upstream. */
  keeper: AnswerKeeper | undefined;
  /** `x-facade-idempotency`: what became of the caller's Idempotency-Key. */
  idempotency: 'replayed' | 'ignored' | undefined;
  /** The caller has left, and the answer is only kept. Its status, once it is known. */
  #unheard: number | undefined;

  constructor(res: ServerResponse, route: RouteModel, requestId: string) {
    this.#res = res;
    this.#route = route;
    this.#requestId = requestId;
  }

  /** The caller has, or will have, a byte: nothing may be sent again. */
  get begun(): boolean {
    return this.#res.headersSent;
  }

  /** Everything is on its way to the caller. */
  get finished(): boolean {
    return this.#res.writableFinished;
  }

  /** The caller left: nothing is written any more. */
  leave(): void {
    this.#unheard = this.#res.headersSent ? this.#res.statusCode : 0;
  }

  get status(): number {
    if (this.#unheard) return this.#unheard;
    return this.#res.headersSent ? this.#res.statusCode : decisionOf(this.outcome ?? 'client_admit').status;
  }

  /** An upstream's head. @param headers cleaned, name and value alternating. */
  begin(path: Path, status: number, statusText: string | undefined, headers: string[], contentLength?: string): void {
    this.keeper?.begin(status, headers);
    if (this.#unheard !== undefined) return void (this.#unheard = status);
    this.#isBodiless = hasNoBody(status);
    if (this.#isBodiless) headers = bodiless(status, headers);
    else if (contentLength !== undefined) this.#announced = Number(contentLength);
    this.#pushOwn(path, headers);
    const phrase = reasonPhrase(statusText);
    if (phrase === undefined) this.#res.writeHead(status, headers);
    else this.#res.writeHead(status, phrase, headers);
  }

  /** One piece of an upstream's body; false when the caller should be waited for (`drain`). */
  write(chunk: Buffer): boolean {
    if (this.#isBodiless) return true;
    this.keeper?.data(chunk);
    if (this.#unheard !== undefined) return true;
    if (chunk.length === this.#announced) {
      this.#whole = chunk;
      return true;
    }
    return this.#res.write(chunk) || this.#res.destroyed;
  }

  end(): void {
    this.outcome ??= 'ok';
    if (this.#unheard !== undefined) return;
    if (this.#whole) this.#res.end(this.#whole);
    else this.#res.end();
  }

  /** An upstream's answer in other words. @param headers those of the upstream. */
  endWith(path: Path, status: number, { contentType, body }: AnswerBody, headers: readonly string[]): void {
    const kept = withoutBody(headers);
    if (contentType !== undefined) kept.push('content-type', contentType);
    kept.push('content-length', String(body.length));
    this.begin(path, status, undefined, kept);
    this.keeper?.data(body);
    if (this.#unheard === undefined) this.#res.end(body);
  }

  /** What the first request with the same Idempotency-Key was told, or would have been. */
  replay(path: Path, { status, headers, body }: KeptAnswer): void {
    this.outcome = 'ok';
    this.idempotency = 'replayed';
    const told = body ? [...headers] : withoutBody(headers);
    this.begin(path, status, undefined, [...told, 'content-length', String(body?.length ?? 0)]);
    this.#res.end(body);
    this.outcome = 'idempotency_replayed';
  }

  /** The facade answers by itself. */
  refuse(path: Path, outcome: Outcome, facts: Omit<RefusalFacts, 'isUnknown'>): void {
    this.outcome = outcome;
    if (this.#unheard !== undefined) return;
    const headers: string[] = [];
    this.#pushOwn(path, headers);
    // What is still to come of the body would otherwise be taken for the next request.
    if (outcome === 'client_timeout') headers.push('connection', 'close');
    sendProblem(
      this.#res,
      refusalFor(outcome, this.#route.pair.names, { ...facts, isUnknown: this.isUnknownWrite(outcome) }),
      this.#requestId,
      headers,
    );
  }

  /** Cut short, so that the caller can tell that it is not whole. */
  cut(outcome: Outcome): void {
    this.outcome ??= outcome;
    if (this.#unheard === undefined) this.abort();
  }

  /** Ends the connection under an answer that is not whole. */
  abort(): void {
    const res = this.#res;
    // Of a body that is told by the end of the connection alone, to a caller of HTTP/1.0, a clean end would be the whole.
    const endsWithConnection = res.headersSent && !res.chunkedEncoding && this.#announced < 0;
    if (endsWithConnection) res.socket?.resetAndDestroy();
    res.destroy();
  }

  #pushOwn(path: Path, headers: string[]): void {
    const { id, servedAs } = this.#route;
    headers.push('x-request-id', this.#requestId, 'x-facade-route', id, 'x-facade-path', servedAs[path]);
    if (this.idempotency !== undefined) headers.push('x-facade-idempotency', this.idempotency);
    const { outcome } = this;
    if (outcome === undefined || outcome === 'ok') return;
    headers.push('x-facade-outcome', this.isUnknownWrite(outcome) ? 'unknown' : outcome);
  }

  /** Nobody can say whether it was carried out. */
  isUnknownWrite(outcome: Outcome): boolean {
    const isSafe = this.#route.safety === 'safe';
    return (isUnknownWrite(outcome, isSafe) && !this.isUnsent) || (this.mayHaveArrived && !isSafe);
  }
}

const withoutBody = (headers: readonly string[]): string[] =>
  headers.filter((_, i) => !ABOUT_THE_BODY.has((headers[i & ~1] as string).toLowerCase()));

/** What an upstream said of a body that is not sent (RFC 9110 8, 14.4; RFC 9530; RFC 9421). */
const ABOUT_THE_BODY = new Set([
  'content-type',
  'content-length',
  'content-encoding',
  'content-language',
  'content-location',
  'content-disposition',
  'content-range',
  'accept-ranges',
  'etag',
  'last-modified',
  'content-md5',
  'digest',
  'content-digest',
  'repr-digest',
  'signature',
  'signature-input',
]);
