import { describe, expect, test } from 'vitest';
import { CONTACT2SALE } from '../../../../src/c2s/pair/contact2sale.ts';
import { tokenHeaderNames } from '../../../../src/facade/dialect/token-header.ts';
import { Callers, MISPLACED, type Caller } from '../../../../src/facade/forward/callers.ts';

const C2S = 'token-of-contact2sale';
const FACADE = 'token-of-a-program';
const OTHER = 'token-of-another';
const HEADERS = tokenHeaderNames(CONTACT2SALE);
const callers = new Callers(C2S, [FACADE, OTHER], HEADERS);
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

const known = (of: Callers, token: string): Caller => {
  const caller = of.identify(['Authorization', `Bearer ${token}`], '');
  if (typeof caller !== 'object') throw new Error(`not known: ${token}`);
  return caller;
};

describe.each([C2S, FACADE])('the token %j', (token) => {
  test.each<[string, string[]]>([
    ['Authorization: Bearer T', ['Authorization', `Bearer ${token}`]],
    ['Authentication: Bearer T', ['authentication', `Bearer ${token}`]],
    ['Authentication: T', ['Authentication', token]],
    ['Authorization: T', ['AUTHORIZATION', token]],
    ['a scheme in small letters', ['authorization', `bearer ${token}`]],
    ['a scheme in capitals', ['authentication', `BEARER ${token}`]],
    ['two blanks', ['authorization', `Bearer  ${token}`]],
    ['a tab', ['authorization', `Bearer\t${token}`]],
    ['many blanks of both kinds', ['authorization', `Bearer \t \t${token}`]],
    ['twice, in both headers', ['authorization', `Bearer ${token}`, 'authentication', token]],
    ['twice, in one', ['authorization', `Bearer ${token}`, 'Authorization', token]],
    ['beside empty credentials', ['authorization', '', 'authentication', token]],
  ])('is known as %s', (_, raw) => {
    expect(callers.identify(raw, '')).toEqual(known(callers, token));
  });

  test.each<[string, string[]]>([
    ['in other letters', ['authorization', `Bearer ${token.toUpperCase()}`]],
    ['cut short', ['authorization', `Bearer ${token.slice(0, -1)}`]],
    ['without its beginning', ['authorization', `Bearer ${token.slice(1)}`]],
  ])('%s is not', (_, raw) => expect(callers.identify(raw, '')).toBeUndefined());

  test.each<[string, string[]]>([
    ['with another scheme', ['authorization', `Basic ${token}`]],
    ['in Basic, as the password', ['authorization', basic(`someone:${token}`)]],
    ['in Basic, as the user', ['authentication', basic(`${token}:`)]],
    ['with something behind', ['authorization', `Bearer ${token} x`]],
    ['with something behind at once', ['authorization', `Bearer ${token}x`]],
    ['with something before', ['authorization', `Bearer x${token}`]],
    ['in quotes', ['authorization', `Bearer "${token}"`]],
    ['with two schemes', ['authorization', `Bearer Bearer ${token}`]],
    ['as a parameter', ['authorization', `Token token=${token}`]],
    ['twice in one value', ['authentication', `${token}, ${token}`]],
    ['behind a no-break space', ['authorization', `Bearer\xa0${token}`]],
    ['behind a stranger’s Authorization', ['authorization', 'Bearer stranger', 'authentication', token]],
    ['behind an Authorization of another scheme', ['authorization', 'Basic eDp5', 'authentication', token]],
    ['as the second of two Authorization lines', ['authorization', 'Bearer x', 'Authorization', `Bearer ${token}`]],
    ['as the first of two Authorization lines', ['authorization', `Bearer ${token}`, 'Authorization', 'Bearer x']],
    ['beside the token of another', ['authorization', `Bearer ${token}`, 'authentication', OTHER]],
  ])('%s is misplaced', (_, raw) => expect(callers.identify(raw, '')).toBe(MISPLACED));
});

describe('elsewhere', () => {
  const places = (token: string): [string, string[], string][] => [
    ['in a header of its own', ['X-Api-Key', token], ''],
    ['in Cookie', ['Cookie', `a=1; session=${token}; b=2`], ''],
    ['in Proxy-Authorization', ['proxy-authorization', `Bearer ${token}`], ''],
    ['in X-Request-Id', ['x-request-id', token], ''],
    ['in a header that is dropped', ['x-facade-token', token], ''],
    ['in Basic of another header', ['X-Auth', basic(`a:${token}`)], ''],
    ['in base64 for URLs', ['X-Auth', Buffer.from(`~~${token}~~`).toString('base64url')], ''],
    ['in the query', [], `page=1&token=${token}`],
    ['beside well-formed credentials', ['authorization', `Bearer ${token}`, 'x-api-key', token], ''],
  ];
  test.each(places(FACADE))('a facade token %s is misplaced', (_, raw, query) => {
    expect(callers.identify(raw, query)).toBe(MISPLACED);
  });

  test.each(places(C2S).slice(0, -1))('the Contact2Sale token %s is Contact2Sale’s to see', (_, raw, query) => {
    expect(callers.identify(raw, query)).toBeUndefined();
  });

  test('a facade token that is the Contact2Sale token is Contact2Sale’s to see, too', () => {
    expect(new Callers(C2S, [C2S], HEADERS).identify(['x-api-key', C2S], '')).toBeUndefined();
  });
});

test.each<[string, string[]]>([
  ['nothing', []],
  ['an empty Authorization', ['authorization', '']],
  ['a scheme alone', ['authorization', 'Bearer']],
  ['a scheme and spaces', ['authorization', 'Bearer    ']],
  ['an empty Authentication', ['authentication', '']],
  [
    'credentials of its own',
    ['authorization', 'Bearer of-a-stranger', 'authentication', 'z', 'authorization', 'Basic eDp5'],
  ],
])('%s is an unknown caller, even where an empty token was configured', (_, raw) => {
  expect(callers.identify(raw, 'a=1')).toBeUndefined();
  expect(new Callers('', [''], HEADERS).identify(raw, 'a=1')).toBeUndefined();
});

test('without a Contact2Sale token the facade tokens are known all the same', () => {
  const only = new Callers(undefined, [FACADE], HEADERS);
  expect(only.identify(['authorization', `Bearer ${FACADE}`], '')).toBeDefined();
  expect(only.identify(['authorization', `Bearer ${C2S}`], '')).toBeUndefined();
});

test('a short Contact2Sale token is known, and found in nothing by chance', () => {
  const short = new Callers('abc', [FACADE], HEADERS);
  expect(short.identify(['authorization', 'Bearer abc'], '')).toMatchObject({ id: expect.any(String) as string });
  expect(short.identify(['authorization', 'Basic xabcx'], '')).toBeUndefined();
  expect(short.identify(['authorization', 'Basic eDp5', 'authentication', 'abc'], '')).toBe(MISPLACED);
});

test('an id is the same on every instance, differs from caller to caller, and does not show the token', () => {
  const other = new Callers(C2S, [OTHER, FACADE], HEADERS);
  for (const token of [C2S, FACADE, OTHER]) {
    expect(known(other, token)).toEqual(known(callers, token));
    expect(known(callers, token).id).toMatch(/^[0-9a-f]{12}$/);
    expect(token).not.toContain(known(callers, token).id);
  }
  expect(known(callers, C2S).id).not.toBe(known(callers, FACADE).id);
  // SHA-256, from the outside; the bucket of a caller hangs on it, so it may never change.
  expect(known(callers, FACADE)).toEqual({ id: '193754d1c78d', bucket: 2529 });
});

describe('of a pair whose legacy API takes its token from X-Shop-Key', () => {
  const tokens = {
    direct: { name: 'x-shop-key', prefix: '', aliases: [] },
    gateway: { name: 'authorization', prefix: 'Bearer ', aliases: [] },
  } as const;
  const ofShop = new Callers(C2S, [FACADE], tokenHeaderNames({ tokens }));

  test.each([
    ['X-Shop-Key', C2S],
    ['x-shop-key', FACADE],
    ['X-SHOP-KEY', `Bearer ${FACADE}`],
    ['Authorization', `Bearer ${FACADE}`],
  ])('%s: %s is understood', (name, value) => {
    expect(ofShop.identify(['content-length', '0', name, value], '')).toEqual(
      known(callers, value.replace('Bearer ', '')),
    );
  });

  test('a facade token in a header of another pair is misplaced', () => {
    expect(ofShop.identify(['Authentication', FACADE], '')).toBe(MISPLACED);
  });
});
