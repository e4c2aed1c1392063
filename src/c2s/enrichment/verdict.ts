import type { FaultKind } from '../../http/buffered-exchange.ts';
import type { Got } from './upstream-client.ts';

/**
 * What an answer of a look-up service means before anybody reads its body: both services are judged alike.
 * Three ends: it may be better in a while, it stays so until somebody acts, or there is something to read.
 */

/** `garbled`: an answer that is not what the contract says. */
type UnavailableReason = FaultKind | 'throttled' | 'server-error' | 'garbled';

/** May be better in a while. */
export interface Unavailable {
  readonly kind: 'unavailable';
  readonly reason: UnavailableReason;
  /** What the service asked for, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** Stays as it is until somebody acts: on our credentials, or on what was asked. */
export interface LookUpRefused {
  readonly kind: 'refused';
  readonly reason: 'credentials' | 'query';
}

type LookUpVerdict =
  { readonly kind: 'body'; readonly text: string } | { readonly kind: 'missing' } | Unavailable | LookUpRefused;

export const unavailable = (reason: UnavailableReason, retryAfterMs?: number): Unavailable => ({
  kind: 'unavailable',
  reason,
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
});

export function judge(got: Got): LookUpVerdict {
  if (got.kind === 'failed') return unavailable(got.reason);
  const { status, text, retryAfterMs } = got;
  if (status === 204) return { kind: 'missing' };
  if (status >= 200 && status < 300) return { kind: 'body', text };
  // A page instead of JSON is a server that does not know the path: a wrong base URL must not pass for "nobody".
  if (status === 404) return text.trimStart().startsWith('<') ? unavailable('garbled') : { kind: 'missing' };
  return judgeStatus(status, retryAfterMs) ?? unavailable('garbled', retryAfterMs);
}

/** The part that also holds for a status that stands in the body. Undefined: it says nothing of these. */
export function judgeStatus(status: number, retryAfterMs?: number): Unavailable | LookUpRefused | undefined {
  if (status === 401 || status === 403) return { kind: 'refused', reason: 'credentials' };
  if (status === 429) return unavailable('throttled', retryAfterMs);
  if (status === 408 || status >= 500) return unavailable('server-error', retryAfterMs);
  if (status >= 400) return { kind: 'refused', reason: 'query' };
  return undefined;
}

/** The JSON value, or undefined. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
