import { describe, expect, test } from 'vitest';
import { halfWritten, lostRoutes, namesOf } from '../../../../src/facade/config/half-written.ts';

const row = (id: string) => `  - id: ${id}\n    direct: GET /${id}\n`;
const table = (...ids: string[]) => `upstreams: {}\nroutes:\n${ids.map(row).join('')}`;
const FOUR = table('a', 'b', 'c', 'd');

describe('a text looks half written', () => {
  test.each([
    ['a row is gone from the end', table('a', 'b', 'c'), 'these routes are gone from it: d', 2_000],
    ['a row is gone from the middle', table('a', 'c', 'd'), 'these routes are gone from it: b', 2_000],
    ['a row has another name', table('a', 'b', 'c', 'e'), 'these routes are gone from it: d', 2_000],
    ['half of the rows are gone', table('a', 'b'), 'these routes are gone from it: c, d', 2_000],
    ['most rows are gone', table('a'), 'these routes are gone from it: b, c, d', 4_000],
    [
      'most rows are gone, and others came',
      `${table('e', 'f')}# new\n`,
      'these routes are gone from it: a, b, c, d',
      4_000,
    ],
    [
      'it ends within the last row',
      FOUR.slice(0, FOUR.indexOf('    direct: GET /d')),
      'it ends earlier than before',
      2_000,
    ],
    ['nothing of it is there', '', 'it ends earlier than before', 2_000],
    [
      'another one ends within a line',
      `# moved\n${FOUR}    rollout: { gateway: 10`,
      'its last line has no end, as it had before',
      2_000,
    ],
  ])('when %s', (_, text, sign, waitMs) => {
    expect(halfWritten(text, FOUR)).toEqual({ sign, waitMs });
  });

  test.each([
    ['the same', FOUR],
    ['a number changed', FOUR.replace('GET /a', 'GET /a2')],
    ['a row came', table('a', 'b', 'c', 'd', 'e')],
    ['the rows changed places', table('d', 'c', 'b', 'a')],
    ['it is no YAML: it is refused as such', '{{{\n'],
    ['it has no routes: it is refused as such', 'upstreams: {}\nserver: {}\n'],
    ['routes is no list', 'routes: 5\n'],
    ['the rows are no objects', 'routes: [1, null]\n'],
  ])('not when %s', (_, text) => {
    expect(halfWritten(text, FOUR)).toBeUndefined();
  });

  test('not for want of a line end that was not there before either', () => {
    const before = table('a').trimEnd();
    expect(halfWritten(`${before}2`, before)).toBeUndefined();
  });
});

test('no route is lost where a text cannot be read', () => {
  expect(lostRoutes('{{{', FOUR)).toEqual([]);
  expect(lostRoutes(FOUR, '{{{')).toEqual([]);
});

test('many names are cut', () => {
  expect(namesOf(['a', 'b', 'c', 'd', 'e'])).toBe('a, b, c, d, e');
  expect(namesOf(['a', 'b', 'c', 'd', 'e', 'f', 'g'])).toBe('a, b, c, d, e and 2 more');
});
