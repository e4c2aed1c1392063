import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseConfig } from '../../src/facade/config/load.ts';

/** The config file is the operator's, but it may come by many hands: what cannot be read is refused at once, in words. */

const shipped = readFileSync('config/facade.yaml', 'utf8');
const laughs = [
  'a0: &a0 [x,x,x,x,x,x,x,x,x]',
  ...Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]`),
];
const BOMBS: Readonly<Record<string, string>> = {
  'aliases of aliases': `${laughs.join('\n')}\n${shipped}`,
  'an alias that holds itself': `${shipped}\nx: &x\n  y: *x\n`,
  'bottomless flow lists': `${shipped}\nx: ${'['.repeat(50_000)}`,
  'bottomless flow maps': `${shipped}\nx: ${'{a: '.repeat(50_000)}`,
  'bottomless block lists': `${shipped}\nx:\n  ${'- '.repeat(20_000)}1\n`,
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
};

test.each(Object.entries(BOMBS))('%s is refused, soon and in words', (_, text) => {
  const startedAt = performance.now();
  const parsed = parseConfig(text, { C2S_BASE_URL: 'http://127.0.0.1:1', C2S_GATEWAY_URL: '' });
  expect(performance.now() - startedAt).toBeLessThan(5_000);
  expect(parsed.ok).toBe(false);
  if (!parsed.ok) expect(parsed.problems.every(({ message, remedy }) => message !== '' && remedy !== '')).toBe(true);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

test('and the shipped file, in between, is not', () => {
  expect(parseConfig(shipped, { C2S_BASE_URL: 'http://127.0.0.1:1', C2S_GATEWAY_URL: '' }).ok).toBe(true);
});
