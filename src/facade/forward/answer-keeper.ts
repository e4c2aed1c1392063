import type { KeptAnswer } from './idempotency-key.ts';

/** Of one answer; a longer one is told again without its body. */
const MAX_BODY_BYTES = 256 * 1024;

/** Keeps an answer while it is passed on, so that it can be told again. */
export class AnswerKeeper {
  #status = 0;
  #headers: readonly string[] = [];
  #chunks: Buffer[] = [];
  #size = 0;

  /** @param headers of the upstream, cleaned, before the facade's own are added. */
  begin(status: number, headers: readonly string[]): void {
    this.#status = status;
    this.#headers = headers.filter((_, i) => !OF_ONE_TRANSFER.has((headers[i & ~1] as string).toLowerCase()));
  }

  data(chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size <= MAX_BODY_BYTES) this.#chunks.push(chunk);
    else this.#chunks = [];
  }

  /** @param isComplete the upstream's answer came to its end. */
  answer(isComplete: boolean): KeptAnswer {
    const isWhole = isComplete && this.#size <= MAX_BODY_BYTES;
    return { status: this.#status, headers: this.#headers, body: isWhole ? Buffer.concat(this.#chunks) : undefined };
  }
}

/** Of this transfer, or of this caller's session: a second answer has its own. */
const OF_ONE_TRANSFER = new Set(['content-length', 'transfer-encoding', 'connection', 'date', 'via', 'set-cookie']);
