import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { CONTACT2SALE } from '../../src/c2s/pair/contact2sale.ts';
import { firstTable } from '../../src/facade/cli/init/index.ts';
import { readApi } from '../../src/facade/cli/init/openapi.ts';
import { documentOf, tableOf } from '../unit/facade/cli/init/kit.ts';

/** OpenAPI documents near the bounds of what is read, and past them: seconds, not minutes. */

const TEXTS = { JSON: JSON.stringify, YAML: (data: unknown) => stringify(data, { aliasDuplicateObjects: false }) };

describe.each(Object.entries(TEXTS))('a large document, as %s', (_, textOf) => {
  const read = (data: object) => readApi(textOf({ openapi: '3.0.0', info: {}, paths: { '/a': { get: {} } }, ...data }));
  const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' } };
  const operation = { summary: 'x'.repeat(250), parameters: [id], responses: { 200: { description: 'ok' } } };

  test.each<[string, object]>([
    [
      '3,500 paths in more than 1 MiB',
      { paths: Object.fromEntries(Array.from({ length: 3_500 }, (_, i) => [`/r${i}/{id}`, { get: operation }])) },
    ],
    ['more words than a table may hold', { 'x-list': Array.from({ length: 101_000 }, (_, i) => i) }],
  ])('%s: read', (_, data) => {
    expect(read(data)).toMatchObject({ ok: true });
  });

  test('very many words: refused, in words of the document', () => {
    const found = read({ 'x-list': Array.from({ length: 700_000 }, () => []) });
    expect(found.ok ? [] : found.problems.map((problem) => problem.message)).toEqual([
      'the document holds more than 2000000 words and signs',
    ]);
  });
});

const GOOD = documentOf(['GET /new/leads']);

function problemsOf(text: string): string[] {
  const made = firstTable({ file: 'old.yaml', text }, { file: 'new.yaml', text: GOOD }, CONTACT2SALE.variables);
  return made.ok ? [] : made.problems.map(({ problem }) => problem.message);
}

test.each<[string, string]>([
  ['keys inside keys', 'a: b: c\n'.repeat(45_000)],
  ['directives', '%a\n'.repeat(250_000)],
  ['an open quote', `x: "${' a\n\n'.repeat(1_500_000)}`],
  ['open lists', '['.repeat(8_000_000)],
])(
  'a hostile document within the size ends within seconds: %s',
  (_, text) => {
    const before = process.threadCpuUsage();
    expect(problemsOf(text)).not.toEqual([]);
    const { user, system } = process.threadCpuUsage(before);
    // A quarter of what a document may hold; the time grows with it.
    expect((user + system) / 1_000).toBeLessThan(6_500);
  },
  60_000,
);

test('1,000 paths are a table; 5,000 are more than a table holds, and of one shape they cost no more', () => {
  const paths = (count: number, prefix: string) => Array.from({ length: count }, (_, i) => `GET ${prefix}/t${i}/{id}`);
  const shapes = Array.from(
    { length: 5_000 },
    (_, i) => `GET /old/a${'-_'[i % 2]}${'-'.repeat(i % 70)}b${'_'.repeat(i / 70)}`,
  );
  const before = process.threadCpuUsage();
  const made = (count: number) => tableOf(documentOf(paths(count, '/old')), documentOf(paths(count, '/new')));
  expect(made(1_000).pairs).toBe(1_000);
  const tooLarge =
    /the table of 5000 routes could not be read again: the table .*; leave out operations that will not move/;
  expect(() => made(5_000)).toThrow(tooLarge);
  const renamed = shapes.map((path) => path.replace('/old', '/new'));
  expect(() => tableOf(documentOf(shapes), documentOf(renamed))).toThrow(tooLarge);
  const { user, system } = process.threadCpuUsage(before);
  expect((user + system) / 1_000).toBeLessThan(10_000);
}, 30_000);
