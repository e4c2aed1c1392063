import { request, type Dispatcher } from 'undici';
import { parseRetryAfter } from '../forward/retry-after.ts';

/**
 * One GET to a look-up service, with all that may go wrong as a value. The path holds a phone, an e-mail, a CPF or a
 * key, so no error of undici gets out of here: its messages and causes may name the target.
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
  /** Milliseconds since the epoch; for a Retry-After that is a date. */
  readonly now: () => number;
}

export type Failure = 'deadline' | 'unreachable' | 'connection-lost' | 'too-large' | 'cancelled';

export type Got =
  | { readonly kind: 'answer'; readonly status: number; readonly text: string; readonly retryAfterMs?: number }
  | { readonly kind: 'failed'; readonly reason: Failure };

const MAX_BYTES = 2 * 1024 * 1024;
