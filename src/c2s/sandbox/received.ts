import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';

/**
 * What arrived, so that a test can assert "arrived exactly once". A request is noted when its body has ended (or was
 * cut off) and before a fault can strike: a request that was answered with a reset still counts as received.
 */
export interface ReceivedRequest {
  /** ISO 8601, from the stand-in's clock. */
  readonly at: string;
  readonly method: string;
  /** Raw, escapes and all, without the query. */
  readonly path: string;
  /** Raw, without the question mark. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  /** Names in the case in which they were sent. */
  readonly rawHeaders: readonly string[];
  readonly authorization: string | undefined;
  readonly rawBody: string;
  /** The body as JSON; undefined when it is empty or is not JSON. */
  readonly body: unknown;
  /** False: the caller left in the middle of the body. */
  readonly complete: boolean;
}

const MAX_ENTRIES = 10_000;
/** Characters of raw bodies that are kept in all, so that a test with large uploads cannot exhaust the memory. */
const MAX_TEXT_BYTES = 64 * 1024 * 1024;

export class ReceivedLog {
  readonly #entries: ReceivedRequest[] = [];
  readonly #byRequest = new WeakMap<IncomingMessage, ReceivedRequest>();
  readonly #now: () => number;
  #text = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Oldest first; the array is live and holds the last 10,000. */
  get entries(): readonly ReceivedRequest[] {
    return this.#entries;
  }

  clear(): void {
    this.#entries.length = 0;
    this.#text = 0;
  }

  /** The entry of a request that went through {@link middleware}. */
  of(req: IncomingMessage): ReceivedRequest {
    const entry = this.#byRequest.get(req);
    if (!entry) throw new Error('the request did not pass the recorder');
    return entry;
  }

  /** Reads the body to its end and notes the request. After it, `req` is consumed: take the body from {@link of}. */
  middleware() {
    return async (req: IncomingMessage, _res: ServerResponse, next: () => void): Promise<void> => {
      const { text, complete } = await readText(req);
      const entry = this.#entry(req, text, complete);
      this.#byRequest.set(req, entry);
      this.#keep(entry);
      if (complete) next();
    };
  }

  #entry(req: IncomingMessage, rawBody: string, complete: boolean): ReceivedRequest {
    const [path, query] = splitTarget(req.url ?? '/');
    return {
      at: new Date(this.#now()).toISOString(),
      method: req.method ?? 'GET',
      path,
      query,
      headers: req.headers,
      rawHeaders: req.rawHeaders,
      authorization: req.headers.authorization,
      rawBody,
      body: asJson(rawBody),
      complete,
    };
  }

  #keep(entry: ReceivedRequest): void {
    this.#text += entry.rawBody.length;
    this.#entries.push(entry);
    while (this.#entries.length > MAX_ENTRIES || (this.#text > MAX_TEXT_BYTES && this.#entries.length > 1)) {
      this.#text -= this.#entries.shift()?.rawBody.length ?? 0;
    }
  }
}

/** A request target cut at its first question mark: raw path and raw query. */
export function splitTarget(target: string): [path: string, query: string] {
  const mark = target.indexOf('?');
  return mark < 0 ? [target, ''] : [target.slice(0, mark), target.slice(mark + 1)];
}

async function readText(req: IncomingMessage): Promise<{ text: string; complete: boolean }> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch {
    return { text: Buffer.concat(chunks).toString(), complete: false };
  }
  return { text: Buffer.concat(chunks).toString(), complete: true };
}

function asJson(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
