import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseConfig } from '../../src/facade/config/load.ts';
import { MAX_PROBLEMS } from '../../src/facade/config/problem.ts';

/** The config file is the operator's, but it may come by many hands: what cannot be read is refused at once, in words. */

const shipped = readFileSync('config/facade.yaml', 'utf8');
const laughs = [
  'a0: &a0 [x,x,x,x,x,x,x,x,x]',
  ...Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]`),
];
/** As much of it as comes to a megabyte, which is what may be parsed. */
const mebibyteOf = (unit: string): string => unit.repeat(Math.floor(1_000_000 / unit.length));
const many = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join('');
const BOMBS: Readonly<Record<string, string>> = {
  'aliases of aliases': `${laughs.join('\n')}\n${shipped}`,
  'an alias that holds itself': `${shipped}\nx: &x\n  y: *x\n`,
  'bottomless flow lists': `${shipped}\nx: ${'['.repeat(50_000)}`,
  'bottomless flow maps': `${shipped}\nx: ${'{a: '.repeat(50_000)}`,
  'bottomless block lists': `${shipped}\nx:\n  ${'- '.repeat(20_000)}1\n`,
  'bottomless indentation': `x:\n${many(1_000, (i) => `${' '.repeat(i + 1)}a:\n`)}`,
  'nine megabytes': `${shipped}\n# ${'x'.repeat(9_000_000)}`,
  'a tag that makes an object': `${shipped}\nx: !!js/function 'function () { throw 1 }'\n`,
  'a tag of a foreign language': `${shipped}\nx: !!python/object/apply:os.system ['true']\n`,
  'a merge key': shipped.replace('failover:', '__proto__: { polluted: true }\nfailover:'),
  'a prototype in a row': shipped.replace(
    '  - id: leads.list',
    '  - __proto__: { polluted: true }\n    id: leads.list',
  ),
  'many documents': `${shipped}\n---\n`.repeat(50),
  'no text at all': '\0\0\0\0',
  'thirty thousand unknown keys': `${many(30_000, (i) => `unknwon${i}: 1\n`)}${shipped}`,
  'thirty thousand unknown keys of a row': shipped.replace(
    '  - id: leads.list',
    `  - ${many(30_000, (i) => `unknwon${i}: 1\n    `)}id: leads.list`,
  ),
  'thousands of rows with a key misspelt': `${shipped}${many(8_000, (i) => `  - { id: r${i}, dirct: GET /r${i} }\n`)}`,
  'thousands of rows that want to be read back by none': `${shipped}${many(
    5_000,
    (i) =>
      `  - { id: r${i}, direct: PUT /r${i}/:id, gateway: PUT /q${i}/:id, rollout: { gateway: 0 }, verify: { read: s${i}, fields: {} } }\n`,
  )}`,
  'thousands of known differences of no row': `${shipped}knownDifferences:\n${many(
    8_000,
    (i) => `  - { route: leads.gte${i}, kind: value, path: $.a }\n`,
  )}`,
  'one key twenty thousand times': `${shipped}\n${'x: 1\n'.repeat(20_000)}`,
  'twenty thousand anchors, each with an alias': `${shipped}\n${many(20_000, (i) => `x${i}: &a${i} 1\ny${i}: *a${i}\n`)}`,
  'ten thousand aliases without an anchor': `${shipped}\n${many(10_000, (i) => `x${i}: *b\n`)}`,
  'ten thousand faults behind one alias': `x: &rows\n${many(10_000, (i) => `  - { id: ${i} }\n`)}routes: *rows\n`,
  'a megabyte of a list': `${shipped}\nx: [${mebibyteOf('1,')}1]`,
  'a megabyte of empty maps': `${shipped}${mebibyteOf('  - {}\n')}`,
  'a megabyte of commas': `x: [${mebibyteOf(',')}]`,
  'as many commas as may be parsed': `x: [${','.repeat(199_000)}]`,
  'as long a list as may be parsed': `${shipped}\nx: [${'1,'.repeat(60_000)}1]`,
  'a megabyte of closed brackets': mebibyteOf(']'),
  'a megabyte of quotes': mebibyteOf('"'),
  'a megabyte of wrong escapes': `x: "${mebibyteOf('\\x')}"`,
  'a megabyte of empty keys': mebibyteOf('? \n'),
  'a megabyte of empty lines': `${shipped}x: |\n  y${mebibyteOf('\n')}`,
  'a megabyte of anchors': mebibyteOf('&a '),
  'a megabyte of one word': `${shipped}\nx: ${mebibyteOf('y')}`,
  'a megabyte of one path': shipped.replace('GET /integration/me', `GET ${many(100_000, (i) => `/:p${i}`)}`),
  'a megabyte of one JSONPath': `${shipped}\ncompare: { ignore: ['$[?${mebibyteOf('(')}'] }`,
  'four thousand brackets of one JSONPath': `${shipped}\ncompare: { ignore: ['$[?${'('.repeat(4_000)}'] }`,
};

test.each(Object.entries(BOMBS))('%s: refused, soon and in words', (_, text) => {
  const startedAt = performance.now();
  const parsed = parseConfig(text, { C2S_BASE_URL: 'http://127.0.0.1:1', C2S_GATEWAY_URL: '' });
  // On an idle machine it is about one second.
  expect(performance.now() - startedAt).toBeLessThan(5_000);
  expect(parsed.ok).toBe(false);
  if (!parsed.ok) {
    expect(parsed.problems.every(({ message, remedy }) => message !== '' && remedy !== '')).toBe(true);
    expect(parsed.problems.length).toBeLessThanOrEqual(MAX_PROBLEMS + 1);
  }
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

test('a thousand rows as the shipped ones, comments and all, are none of that', () => {
  const [head = '', rows = ''] = shipped.split(/(?<=^routes:\n)/m);
  const row = (i: number) => rows.replaceAll(/(- id: |read: |(?:GET|POST|PUT|PATCH|DELETE) \/)/g, `$1n${i}`);
  const text = `${head}${many(Math.ceil(1_000 / 27), row)}`;
  const startedAt = performance.now();
  const parsed = parseConfig(text, { C2S_BASE_URL: 'http://127.0.0.1:1', C2S_GATEWAY_URL: '' });
  expect(performance.now() - startedAt).toBeLessThan(5_000);
  expect(parsed).toMatchObject({ ok: true });
  if (parsed.ok) expect(parsed.config.routes.length).toBeGreaterThanOrEqual(999);
});

test('and the shipped file, in between, is not', () => {
  expect(parseConfig(shipped, { C2S_BASE_URL: 'http://127.0.0.1:1', C2S_GATEWAY_URL: '' }).ok).toBe(true);
});
