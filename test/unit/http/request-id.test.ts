import { expect, test } from 'vitest';
import { requestIdOf } from '../../../src/http/request-id.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test.each(['a', '0', 'Az09-_.:', 'trace:1.2_3-4', 'x'.repeat(128)])('a sane id (%j) is kept', (id) => {
  expect(requestIdOf(id)).toBe(id);
});

test.each([
  undefined,
  '',
  'x'.repeat(129),
  'with space',
  'a\r\nset-cookie: x=1',
  'a\nb',
  'ã',
  '\u0000',
  '<script>',
  'a/b',
  'a;b',
  'a@b',
  'a[',
  'a`',
  'a{',
  ['a', 'b'],
])('anything else (%j) is replaced by a UUID', (id) => {
  expect(requestIdOf(id)).toMatch(UUID);
});

test('every new id is another', () => {
  expect(new Set(Array.from({ length: 1_000 }, () => requestIdOf(undefined))).size).toBe(1_000);
});
