import { createHash, createHmac, hkdfSync } from 'node:crypto';
import { Sealer } from '../store/seal.ts';

/**
 * The request header Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07). The draft's value is a quoted string
 * (RFC 9651, 3.3.3); most clients send it bare, as Stripe's do, so that both are taken and mean the same.
 */

export const MAX_KEY_LENGTH = 255;

/** `"…"` with `\"` and `\\` escaped, or bare. Of a bare one no quote, backslash, comma or semicolon. */
const QUOTED = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/;
const BARE = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+$/;

/** The key of a request; undefined: malformed, empty, too long, or sent twice. @param raw names and values alternating. */
export function readIdempotencyKey(raw: readonly string[]): string | undefined {
  let written: string | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    if ((raw[i] as string).toLowerCase() !== 'idempotency-key') continue;
    if (written !== undefined) return undefined;
    written = raw[i + 1];
  }
  const value = written?.trim() ?? '';
  if (value.length > 2 * MAX_KEY_LENGTH + 2) return undefined;
  const key = QUOTED.exec(value)?.[1]?.replace(/\\(["\\])/g, '$1') ?? (BARE.test(value) ? value : '');
  return key.length >= 1 && key.length <= MAX_KEY_LENGTH ? key : undefined;
}

/** What a write is, beside its body: however its address is spelt. */
export interface KeyedRequest {
  readonly method: string;
  /** Route, dialect and path parameters, decoded; of a request that no route claims its raw path. */
  readonly operation: readonly string[];
  readonly query: string;
  readonly contentType: string | undefined;
}

/** An answer, as it is told again. */
export interface KeptAnswer {
  readonly status: number;
  /** Name and value alternating. */
  readonly headers: readonly string[];
  /** Undefined: it was too long to be kept, or was cut. */
  readonly body: Buffer | undefined;
}

/**
 * What is derived of a key. The key itself is kept nowhere: the database has its hash, which names the row, and what needs a
 * secret is made of the key. So an answer can be opened by nobody but whoever shows the key again. That is as strong as
 * the key is hard to guess: a UUID is.
 */
export class DerivedKey {
  /** Names the row. */
  readonly id: Buffer;
  readonly #secret: Buffer;
  readonly #sealer: Sealer;

  /** @param scope the caller: of each a key names one write, at whatever address (as Stripe's do). */
  constructor(key: string, scope: string) {
    this.id = createHash('sha256')
      .update(JSON.stringify([scope, key]))
      .digest();
    this.#secret = Buffer.from(hkdfSync('sha256', key, scope, 'c2s-facade idempotency fingerprint', 32));
    this.#sealer = new Sealer([Buffer.from(hkdfSync('sha256', key, scope, 'c2s-facade idempotency answer', 32))]);
  }

  /** The same for the same request only. */
  fingerprint({ method, operation, query, contentType }: KeyedRequest, body: Buffer | undefined): Buffer {
    const head = JSON.stringify([method, operation, query, contentType ?? '', body === undefined]);
    return createHmac('sha256', this.#secret)
      .update(`${head}\n`)
      .update(body ?? '')
      .digest();
  }

  seal({ headers, body }: KeptAnswer): Buffer {
    const text = JSON.stringify({ headers, body: body?.toString('base64') });
    return this.#sealer.seal(text, this.id.toString('hex')).sealed;
  }

  /** @throws Error when a bit of it was changed. */
  open(status: number, sealed: Buffer): KeptAnswer {
    const text = this.#sealer.open({ keyId: this.#sealer.keyId, sealed }, this.id.toString('hex'));
    const { headers, body } = JSON.parse(text) as { headers: string[]; body?: string };
    return { status, headers, body: body === undefined ? undefined : Buffer.from(body, 'base64') };
  }
}
