import { expect, test } from 'vitest';
import { bearerToken, presentedToken } from '../../../src/http/bearer.ts';

test.each<[string, string[], string | undefined]>([
  ['one line', ['Authorization', 'Bearer T'], 'T'],
  ['another case, more blanks', ['AUTHORIZATION', 'bearer \t T'], 'T'],
  ['among others', ['host', 'x', 'authorization', 'Bearer T', 'content-length', '0'], 'T'],
  ['none', ['host', 'x'], undefined],
  ['without a scheme', ['authorization', 'T'], undefined],
  ['another scheme', ['authorization', 'Basic T'], undefined],
  ['no token', ['authorization', 'Bearer'], undefined],
  ['two tokens', ['authorization', 'Bearer T T'], undefined],
  ['two lines', ['authorization', 'Bearer T', 'Authorization', 'Bearer T'], undefined],
  ['two lines, one of another scheme', ['authorization', 'Bearer T', 'authorization', 'Basic x'], undefined],
])('the token of %s', (_what, raw, token) => {
  expect(bearerToken(raw)).toBe(token);
});

test('presentedToken takes nothing apart that is no token', () => {
  expect(['T', 'Bearer T', 'bearer \t T', 'Bearer x y', 'Token x', 'Bearer'].map(presentedToken)).toEqual([
    ...['T', 'T', 'T', undefined, undefined, 'Bearer'],
  ]);
});
