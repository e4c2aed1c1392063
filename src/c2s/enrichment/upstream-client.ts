import { request, type Dispatcher } from 'undici';
import { parseRetryAfter } from '../../http/retry-after.ts';

/**
 * One GET to a look-up service, with all that may go wrong as a value. The path holds a phone, an e-mail, a CPF or a
 * key, so no error of undici gets out of here: its messages and causes may name the target. For the same reason no
 * redirect is followed: it would carry the path to a host that nobody configured.
 */

export interface UpstreamClientOptions {
  /** With or without a path; what is asked for goes behind it. */
  readonly baseUrl: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds for the whole exchange, connect to last byte. */
  readonly deadlineMs: number;
  /** Bytes of a body at most. Default 2 MiB: a long dossier has 100 KiB. */
  readonly maxBytes?: number;
  /** Injected; its owner closes it. */
  readonly dispatcher: Dispatcher;
  /** Milliseconds since the epoch; for a Retry-After that is a date. Default: the system clock. */
  readonly now?: () => number;
}

/** Why nothing came of it; `cancelled`: the caller's signal. */
export type Failure = 'deadline' | 'unreachable' | 'connection-lost' | 'too-large' | 'cancelled';

export type Got =
  | { readonly kind: 'answer'; readonly status: number; readonly text: string; readonly retryAfterMs?: number }
  | { readonly kind: 'failed'; readonly reason: Failure };

const MAX_BYTES = 2 * 1024 * 1024;

/** Codes that mean that no connection came about. */
const UNREACHABLE =
  /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT|CERT_\w+|ERR_TLS_\w+|\w+_CERT\w*)$/;

export class UpstreamClient {
  readonly #options: UpstreamClientOptions;
  readonly #origin: string;
  readonly #prefix: string;

  constructor(options: UpstreamClientOptions) {
    const { origin, pathname } = new URL(options.baseUrl);
    this.#options = options;
    this.#origin = origin;
    this.#prefix = pathname.replace(/\/+$/, '');
  }

  /**
   * Asks; never rejects.
   * @param path encoded, with its query
   */
  async get(path: string, signal?: AbortSignal): Promise<Got> {
    const { deadlineMs, dispatcher, headers = {} } = this.#options;
    const deadline = AbortSignal.timeout(deadlineMs);
    try {
      const {
        statusCode,
        headers: answered,
        body,
      } = await request(`${this.#origin}${this.#prefix}${path}`, {
        dispatcher,
        headers: { accept: 'application/json', 'user-agent': 'c2s-facade', ...headers },
        signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
        // One deadline covers all; undici's own would cut a slow dossier at its five minutes or an operator's 10 min.
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      const bytes = await readUpTo(body, this.#options.maxBytes ?? MAX_BYTES);
      if (!bytes) return { kind: 'failed', reason: 'too-large' };
      const retryAfterMs = parseRetryAfter(single(answered['retry-after']), (this.#options.now ?? Date.now)());
      return {
        kind: 'answer',
        status: statusCode,
        text: decode(bytes, single(answered['content-type'])),
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      };
    } catch (error) {
      if (signal?.aborted) return { kind: 'failed', reason: 'cancelled' };
      if (deadline.aborted) return { kind: 'failed', reason: 'deadline' };
      return { kind: 'failed', reason: UNREACHABLE.test(codeOf(error)) ? 'unreachable' : 'connection-lost' };
    }
  }
}

const single = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : '';
}

/** Undefined when there is more; leaving the loop closes the connection. */
async function readUpTo(body: AsyncIterable<unknown>, limit: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += (chunk as Buffer).length;
    if (size > limit) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks, size);
}

/** JSON is UTF-8, but a service that says it writes Latin-1 is believed: names are full of accents. */
function decode(bytes: Buffer, contentType: string | undefined): string {
  const charset = /charset="?([\w-]+)/i.exec(contentType ?? '')?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
}
