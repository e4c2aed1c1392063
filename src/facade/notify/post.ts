import { Agent, request } from 'undici';
import { codeOf } from '../../http/error-code.ts';
import { parseRetryAfter } from '../../http/retry-after.ts';
import type { Notification } from './notification.ts';
import { SIGNATURE_HEADER, signatureOf } from './signature.ts';
import type { NotifyTarget } from './target.ts';
import { textOf } from './text.ts';

/** Posts a notification to a target. Redirects are not followed: what is signed for one host is not another's to read. */

export const POST_TIMEOUT_MS = 10_000;
/** What a target answers is of no use; a short answer is read so that its connection serves again. */
const MAX_ANSWER_BYTES = 16 * 1024;
/** Answers after which the same post may succeed. */
const RETRIED: ReadonlySet<number> = new Set([408, 425, 429]);

export interface PostResult {
  /** `retry`: it may succeed later. `refused`: it would be refused again. */
  readonly kind: 'delivered' | 'retry' | 'refused';
  /** The status, or the code of what went wrong: `200`, `ECONNREFUSED`. */
  readonly answer: string;
  /** Milliseconds, where the target says it. */
  readonly retryAfterMs?: number | undefined;
}

/** @param consoleUrl `https://host/console/`; undefined: nothing is linked. */
export function bodyOf(notification: Notification, consoleUrl: string | undefined): string {
  const link = consoleUrl === undefined ? undefined : `${withoutSlash(consoleUrl)}/#/${pageOf(notification)}`;
  // In this order, whatever a database made of it.
  const { event, id, at, instance, route, path, from, to, changes, who, source, why, revision, leftOut } = notification;
  const { against, forced } = notification;
  const change = { route, path, from, to, against, forced, changes, who, source, why, revision, leftOut };
  return JSON.stringify({ text: textOf(notification, link), event, id, at, instance, ...change, link });
}

const withoutSlash = (url: string): string => (url.endsWith('/') ? url.slice(0, -1) : url);
const pageOf = ({ route }: Notification): string =>
  route === undefined || route === 'passthrough' ? 'history' : `routes/${encodeURIComponent(route)}`;

export class Poster {
  /** A connection for each post that is under way: a target that hangs keeps none of another on the same host. */
  readonly #agent = new Agent({ pipelining: 1, allowH2: false, connect: { timeout: POST_TIMEOUT_MS } });

  /** Never rejects. @param timeoutMs for all of it. */
  async post(target: NotifyTarget, body: string, timeoutMs = POST_TIMEOUT_MS): Promise<PostResult> {
    const now = Date.now();
    const signed = target.secret === undefined ? {} : { [SIGNATURE_HEADER]: signatureOf(body, target.secret, now) };
    const headers = { 'content-type': 'application/json', 'user-agent': 'c2s-facade', ...signed };
    const signal = AbortSignal.timeout(timeoutMs);
    const limits = { headersTimeout: timeoutMs, bodyTimeout: timeoutMs };
    try {
      const res = await request(target.url, {
        dispatcher: this.#agent,
        method: 'POST',
        headers,
        body,
        signal,
        ...limits,
      });
      res.body.dump({ limit: MAX_ANSWER_BYTES, signal }).catch(() => undefined);
      const retryAfter = res.headers['retry-after'];
      return resultOf(res.statusCode, parseRetryAfter(retryAfter?.toString(), now));
    } catch (error) {
      return { kind: 'retry', answer: signal.aborted ? `no answer within ${timeoutMs / 1_000} s` : codeOf(error) };
    }
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }
}

function resultOf(status: number, retryAfterMs: number | undefined): PostResult {
  const answer = String(status);
  if (status >= 200 && status < 300) return { kind: 'delivered', answer };
  return status >= 500 || RETRIED.has(status) ? { kind: 'retry', answer, retryAfterMs } : { kind: 'refused', answer };
}
