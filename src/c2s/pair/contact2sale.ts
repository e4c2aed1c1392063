import type { ApiPair } from '../../facade/rollout/api-pair.ts';
import { METHOD_OVERRIDES } from '../../http/request-head.ts';
import { mustUnderstand, understand } from './error-answer.ts';
import { isSafeParam } from './path-parameter.ts';

/** Contact2Sale and the C2S gateway: docs/wire/contact2sale.md and docs/wire/gateway.md say how each fact is known. */
export const CONTACT2SALE: ApiPair = {
  names: { direct: 'Contact2Sale', gateway: 'the gateway' },
  tokens: {
    // Older clients send Authentication, with or without the scheme.
    direct: { name: 'authorization', prefix: 'Bearer ', aliases: ['authentication'] },
    gateway: { name: 'authorization', prefix: 'Bearer ', aliases: [] },
  },
  variables: {
    direct: { url: 'C2S_BASE_URL', token: 'C2S_TOKEN' },
    gateway: { url: 'C2S_GATEWAY_URL', token: 'C2S_GATEWAY_TOKEN' },
  },
  tokenCheck: { direct: '/integration/me', gateway: '/company/me' },
  gateway: {
    takesHead: false,
    // It answers a slash at the end with a redirect, and does not know the aliases.
    takesOtherSpellings: false,
    // RFC 9110 13.1 and 14.4, the IETF's Idempotency-Key, and a method that is not the request line's.
    ignoredWriteHeaders: [
      'if-match',
      'if-none-match',
      'if-unmodified-since',
      'idempotency-key',
      'x-idempotency-key',
      'content-range',
      ...METHOD_OVERRIDES,
    ],
    // The gateway stamps the age of its connection on Date.
    datesAreTrue: false,
    takesParameter: isSafeParam,
  },
  // Its clients compare with 200.
  success: { gateway: 200 },
  // The gateway calls Contact2Sale for every request, so that a 429 is Contact2Sale's, whichever path answered.
  rateLimitOf: () => 'direct',
  mustUnderstand,
  understand,
};
