import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { readDocument } from '../../../../src/facade/config/document.ts';
import { halfWritten, lostRoutes, namesOf } from '../../../../src/facade/config/half-written.ts';
import { parseConfig } from '../../../../src/facade/config/load.ts';

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

/** Written anew in place, so that it is no beginning of the one in force: a number changed in its first route. */
describe('a new version that is cut off', () => {
  const full = (gateway: number) => `# the table
upstreams:
  direct: { url: 'http://direct.test' }
  gateway: { url: 'http://gateway.test' }
routes:
  - id: a
    direct: GET /a
    gateway: GET /ga
    rollout: { gateway: ${gateway}, shadow: 0, stickyBy: caller, fallback: direct }
  - id: b
    direct:
      - GET /b
      - GET /b2
    gateway: GET /gb
    rollout:
      gateway: 0
      shadow: 0
      stickyBy: caller
      fallback: direct
    callers:
      '3f2a9c81d0b7': direct
      '3f2a9c81d0b8': direct
defaults:
  callers: { '3f2a9c81d0b7': direct }
  pinAfterWrite: 3s
server:
  killSwitchFile: /run/all-direct
notify:
  - url: http://one.test
  - url: http://two.test
    events:
      - flip
      - roll_back
# the end
`;
  const whole = full(2);
  const cuts = whole.split('\n').map((_, i, lines) => lines.slice(0, i).join('\n') + (i > 0 ? '\n' : ''));
  const said = (text: string): unknown => readDocument(text).value;
  const losing = cuts.filter((cut) => !isDeepStrictEqual(said(cut), said(whole)));

  test.each(losing)('%# looks half written, or is refused', (cut) => {
    expect(halfWritten(cut, full(1)) !== undefined || !parseConfig(cut, {}).ok).toBe(true);
  });

  test.each([
    ['behind the routes', 'defaults:', 'these settings are gone from it: defaults, server, notify'],
    ['within a section', '  pinAfterWrite', 'these settings are gone from it: defaults.pinAfterWrite, server, notify'],
    ['behind the name of a section', '  killSwitchFile', 'these settings are gone from it: server, notify'],
    ['within a list', '  - url: http://two', 'these settings are gone from it: notify[1]'],
    [
      'within the callers of a route',
      "      '3f2a9c81d0b8'",
      'these settings are gone from it: defaults, server, notify, b.callers.3f2a9c81d0b8',
    ],
  ])('%s says what is gone', (_, at, sign) => {
    expect(halfWritten(whole.slice(0, whole.indexOf(at)), full(1))).toEqual({ sign, waitMs: 2_000 });
  });

  test('whole, or with its remark at the end gone, it is taken at once', () => {
    expect(halfWritten(whole, full(1))).toBeUndefined();
    expect(halfWritten(whole.slice(0, whole.indexOf('# the end')), full(1))).toBeUndefined();
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
