import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const MAX_ID_LENGTH = 128;

/** The caller's x-request-id when it is sane (1–128 of A–Z a–z 0–9 - _ . :), else a new UUID. It goes into logs and headers. */
export function requestIdOf(given: string | string[] | undefined): string {
  return givenRequestId(given) ?? randomUUID();
}

const ids = new WeakMap<IncomingMessage, string>();

/**
 * The id of a request that is no route's, the same in its answer, its log lines and its trace. A request of a route has
 * it in its exchange, which needs no look-up.
 */
export function requestIdFor(req: IncomingMessage): string {
  let id = ids.get(req);
  if (id === undefined) ids.set(req, (id = requestIdOf(req.headers['x-request-id'])));
  return id;
}

/** The caller's own, when it is sane. */
export function givenRequestId(given: string | string[] | undefined): string | undefined {
  return typeof given === 'string' && isSane(given) ? given : undefined;
}

function isSane(id: string): boolean {
  if (id.length === 0 || id.length > MAX_ID_LENGTH) return false;
  for (let i = 0; i < id.length; i++) {
    const c = id.charCodeAt(i);
    const isAlphanumeric = (c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a);
    // - . : _
    if (!isAlphanumeric && c !== 0x2d && c !== 0x2e && c !== 0x3a && c !== 0x5f) return false;
  }
  return true;
}
