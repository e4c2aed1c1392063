import type { ApiPair, ErrorAnswer, UnderstoodError } from '../rollout/api-pair.ts';
import { LOOP } from './connection.ts';
import type { AnswerHeaders } from './headers.ts';

/** Error answers, understood by the pair of APIs before breaker, failover or metrics judge by them. */

/** Longest error answer that is read in order to be understood; of a longer one only the status counts. */
const MAX_ERROR_ANSWER_BYTES = 64 * 1024;

/** An error answer that is read whole before anybody is told of it. */
export class HeldAnswer {
  readonly status: number;
  readonly head: AnswerHeaders;
  readonly #chunks: Buffer[] = [];
  #size = 0;

  constructor(status: number, head: AnswerHeaders) {
    this.status = status;
    this.head = head;
  }

  add(chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size <= MAX_ERROR_ANSWER_BYTES) this.#chunks.push(chunk);
  }

  /** Empty where it is longer than what is read. */
  get body(): Buffer {
    return this.#size <= MAX_ERROR_ANSWER_BYTES ? Buffer.concat(this.#chunks) : EMPTY;
  }
}

const EMPTY = Buffer.alloc(0);

/** In the answer of a facade to which an upstream's address led back. */
const LOOP_TYPE = `"urn:c2s-facade:${LOOP.kind}"`;

export function understand(pair: ApiPair, answer: ErrorAnswer): UnderstoodError {
  const { status, body } = answer;
  // The operator's to read, whatever the dialect; it shows nothing of the upstreams.
  if (status === LOOP.status && body.includes(LOOP_TYPE)) {
    return { outcome: 'upstream_error', status, replacement: { contentType: 'application/problem+json', body } };
  }
  return pair.understand(answer);
}
