import { describe, expect, test } from 'vitest';
import { Callers, presentedToken } from '../../../src/forward/callers.ts';

const C2S = 'token-of-contact2sale';
const FACADE = 'token-of-a-program';
const callers = new Callers(C2S, [FACADE, 'token-of-another']);

describe.each([C2S, FACADE])('the token %j', (token) => {
  test.each<[string, Record<string, string>]>([
    ['Authorization: Bearer T', { authorization: `Bearer ${token}` }],
    ['Authentication: Bearer T', { authentication: `Bearer ${token}` }],
    ['Authentication: T', { authentication: token }],
    ['a scheme in small letters', { authorization: `bearer ${token}` }],
    ['a scheme in capitals', { authentication: `BEARER ${token}` }],
    ['spaces around', { authorization: `Bearer   ${token} ` }],
  ])('is known as %s', (_, headers) => {
    expect(callers.identify(headers)).toMatchObject({ replaceCredentials: token === FACADE });
  });

  test.each<[string, Record<string, string>]>([
    ['without a scheme in Authorization', { authorization: token }],
    ['with another scheme', { authorization: `Basic ${token}` }],
    ['in other letters', { authorization: `Bearer ${token.toUpperCase()}` }],
    ['cut short', { authorization: `Bearer ${token.slice(0, -1)}` }],
    ['with something behind', { authorization: `Bearer ${token}x` }],
    ['twice', { authentication: `${token}, ${token}` }],
    ['in another header', { 'x-token': token }],
    ['behind a stranger’s Authorization', { authorization: 'Bearer stranger', authentication: token }],
    ['behind an Authorization of another scheme', { authorization: 'Basic eDp5', authentication: token }],
  ])('%s is not', (_, headers) => expect(callers.identify(headers)).toBeUndefined());
});

test.each<[string, Record<string, string>]>([
  ['nothing', {}],
  ['an empty Authorization', { authorization: '' }],
  ['a scheme alone', { authorization: 'Bearer' }],
  ['a scheme and spaces', { authorization: 'Bearer    ' }],
  ['an empty Authentication', { authentication: '' }],
])('%s is an unknown caller, even where an empty token was configured', (_, headers) => {
  expect(callers.identify(headers)).toBeUndefined();
  expect(new Callers('', ['']).identify(headers)).toBeUndefined();
});

test('without a Contact2Sale token the facade tokens are known all the same', () => {
  const only = new Callers(undefined, [FACADE]);
  expect(only.identify({ authorization: `Bearer ${FACADE}` })).toBeDefined();
  expect(only.identify({ authorization: `Bearer ${C2S}` })).toBeUndefined();
});

test('a facade token that equals the Contact2Sale token is sent on as it came', () => {
  const same = new Callers(C2S, [C2S]);
  expect(same.identify({ authorization: `Bearer ${C2S}` })).toMatchObject({ replaceCredentials: false });
});

test('an id is the same on every instance, differs from caller to caller, and does not show the token', () => {
  const id = (of: Callers, token: string) => of.identify({ authorization: `Bearer ${token}` });
  const other = new Callers(C2S, ['token-of-another', FACADE]);
  for (const token of [C2S, FACADE, 'token-of-another']) {
    expect(id(other, token)).toEqual(id(callers, token));
    expect(id(callers, token)?.id).toMatch(/^[0-9a-f]{12}$/);
    expect(token).not.toContain(id(callers, token)?.id);
  }
  expect(id(callers, C2S)?.id).not.toBe(id(callers, FACADE)?.id);
  // SHA-256, from the outside; the bucket of a caller hangs on it, so it may never change.
  expect(id(callers, FACADE)).toEqual({ id: '193754d1c78d', bucket: 2529, replaceCredentials: true });
});

test('presentedToken takes nothing apart that is no token', () => {
  expect(presentedToken({ authentication: 'Bearer x y' })).toBe('x y');
  expect(presentedToken({ authentication: 'Token x' })).toBe('Token x');
});
