import { expect, test } from 'vitest';
import type { TokenHeader } from '../../../../src/facade/rollout/api-pair.ts';
import { showToken, tokenHeaderNames } from '../../../../src/facade/dialect/token-header.ts';

const bearer: TokenHeader = { name: 'authorization', prefix: 'Bearer ', aliases: ['authentication'] };
const key: TokenHeader = { name: 'x-shop-key', prefix: '', aliases: [] };

test('a token is shown as the side has it', () => {
  expect(showToken(bearer, 'T')).toEqual(['authorization', 'Bearer T']);
  expect(showToken(key, 'T')).toEqual(['x-shop-key', 'T']);
  expect(showToken(key, undefined)).toBeUndefined();
});

test('tokens are taken from the headers of both sides, and Authorization is one of them always', () => {
  expect([...tokenHeaderNames({ tokens: { direct: key, gateway: key } })]).toEqual(['authorization', 'x-shop-key']);
  expect([...tokenHeaderNames({ tokens: { direct: key, gateway: bearer } })].toSorted()).toEqual([
    'authentication',
    'authorization',
    'x-shop-key',
  ]);
});
