import type { ApiPair, AnswerBody, ErrorAnswer, UnderstoodError } from 'c2s-facade';

/** The old shop and the new one: what the rollout table cannot say of them. */

/** Both say the same of an error, each in its own words. */
interface ShopError {
  /** `NOT_FOUND`. */
  readonly code: string;
  readonly text: string;
}

export const SHOPS: ApiPair = {
  names: { direct: 'the old shop', gateway: 'the new shop' },
  variables: {
    direct: { url: 'OLD_SHOP_URL', token: 'OLD_SHOP_KEY' },
    gateway: { url: 'NEW_SHOP_URL', token: 'NEW_SHOP_TOKEN' },
  },
  tokens: {
    direct: { name: 'x-shop-key', prefix: '', aliases: [] },
    gateway: { name: 'authorization', prefix: 'Bearer ', aliases: [] },
  },
  tokenCheck: { direct: '/api/v1/customers/7', gateway: '/v2/customer/7' },
  gateway: {
    takesHead: true,
    takesOtherSpellings: false,
    // It writes whatever the condition says, so such a write goes to the old shop.
    ignoredWriteHeaders: ['if-match', 'if-none-match', 'idempotency-key'],
    datesAreTrue: true,
    takesParameter: (raw) => /^[\w-]{1,64}$/.test(raw),
  },
  // Each has a rate limit of its own.
  rateLimitOf: (path) => path,
  // An error that is asked for in the words of the side that gives it passes as it is.
  mustUnderstand: (path, asked) => path !== asked,
  understand: ({ path, asked, status, body }: ErrorAnswer): UnderstoodError => ({
    outcome: status >= 500 ? 'upstream_error' : 'ok',
    status,
    replacement: written(asked, path === 'direct' ? oldError(body) : newError(body)),
  }),
};

/** `{"code":"NOT_FOUND","text":"no such customer"}` */
function oldError(body: Buffer): ShopError {
  const { code = 'UNKNOWN', text = '' } = jsonOf(body) as Partial<ShopError>;
  return { code, text };
}

/** `{"error":{"type":"not_found","message":"no such customer"}}` */
function newError(body: Buffer): ShopError {
  const { error = {} } = jsonOf(body) as { error?: { type?: string; message?: string } };
  return { code: (error.type ?? 'unknown').toUpperCase(), text: error.message ?? '' };
}

function written(asked: 'direct' | 'gateway', { code, text }: ShopError): AnswerBody {
  const said = asked === 'direct' ? { code, text } : { error: { type: code.toLowerCase(), message: text } };
  return { contentType: 'application/json', body: Buffer.from(JSON.stringify(said)) };
}

/** What is no JSON object says nothing. */
function jsonOf(body: Buffer): object {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
