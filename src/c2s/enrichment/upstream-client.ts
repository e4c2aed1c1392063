import type { Dispatcher } from 'undici';
import { exchange, UpstreamFault, type Ending, type FaultKind } from '../../http/buffered-exchange.ts';
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
  /** For the whole exchange, connect to last byte. */
  readonly deadlineMs: number;
  /** Of a body. Default 2 MiB: a long dossier has 100 KiB. */
  readonly maxBytes?: number;
  /** Injected; its owner closes it. */
  readonly dispatcher: Dispatcher;
  /** Milliseconds since the epoch; for a Retry-After that is a date. Default: the system clock. */
  readonly now?: () => number;
}

export type Got =
  | { readonly kind: 'answer'; readonly status: number; readonly text: string; readonly retryAfterMs?: number }
  | { readonly kind: 'failed'; readonly reason: FaultKind };

const MAX_BYTES = 2 * 1024 * 1024;

export class UpstreamClient {
  readonly #options: UpstreamClientOptions;
  readonly #origin: string;
  readonly #prefix: string;
  /** Names and values in turn. */
  readonly #headers: string[];

  constructor(options: UpstreamClientOptions) {
    const { origin, pathname } = new URL(options.baseUrl);
    const headers = { accept: 'application/json', 'user-agent': 'c2s-facade', ...options.headers };
    this.#options = options;
    this.#origin = origin;
    this.#prefix = pathname.replace(/\/+$/, '');
    this.#headers = Object.entries(headers).flat();
  }

  /**
   * Asks; never rejects.
   * @param path encoded, with its query
   */
  async get(path: string, signal?: AbortSignal): Promise<Got> {
    if (signal?.aborted) return { kind: 'failed', reason: 'caller-left' };
    const { deadlineMs, maxBytes: maxAnswerBytes = MAX_BYTES, dispatcher, now = Date.now } = this.#options;
    const request = { origin: this.#origin, method: 'GET', path: this.#prefix + path, headers: this.#headers } as const;
    const ending: Ending = { left: false };
    const leave = (): void => ending.end?.();
    signal?.addEventListener('abort', leave);
    try {
      const { status, headers, body } = await exchange(dispatcher, request, { deadlineMs, maxAnswerBytes }, ending);
      const retryAfterMs = parseRetryAfter(headers['retry-after'], now());
      const text = decode(body, headers['content-type']);
      return { kind: 'answer', status, text, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
    } catch (error) {
      return { kind: 'failed', reason: error instanceof UpstreamFault ? error.kind : 'connection-lost' };
    } finally {
      signal?.removeEventListener('abort', leave);
    }
  }
}

/** JSON is UTF-8, but a service that says it writes Latin-1 is believed: names are full of accents. */
function decode(bytes: Uint8Array, contentType: string | undefined): string {
  const charset = /charset="?([\w-]+)/i.exec(contentType ?? '')?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
}
