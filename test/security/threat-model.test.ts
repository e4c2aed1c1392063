import { existsSync, globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** docs/security.md names the test of every threat, and the file that stands against it; all of them exist. */

const text = readFileSync('docs/security.md', 'utf8');

test('every test that is named exists, and every test of this folder is named', () => {
  const named = [...text.matchAll(/`((?:security|e2e|unit)\/[\w./-]+)`/g)].map(([, name]) => name ?? '');
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((name) => !existsSync(`test/${name}.test.ts`))).toEqual([]);
  const own = globSync('test/security/*.test.ts').map((file) => file.replace(/^test\/(.*)\.test\.ts$/, '$1'));
  expect(own.filter((name) => !named.includes(name) && name !== 'security/threat-model')).toEqual([]);
});

test('every source that is named exists', () => {
  const named = [...text.matchAll(/`((?:http|facade|c2s)\/[\w/-]+\.ts)`/g)];
  expect(named.length).toBeGreaterThan(15);
  expect(named.map(([, file]) => file).filter((file) => !existsSync(`src/${file}`))).toEqual([]);
});
