import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { COMMANDS as OWN } from '../../../src/c2s/commands/index.ts';
import { COMMANDS as ENGINES, startCommand } from '../../../src/facade/cli/commands.ts';

/** What the pages name must exist: files, headings, metrics, commands and their options. */

const COMMANDS = [startCommand(''), ...ENGINES, ...OWN];
const PAGES = ['README.md', ...globSync('docs/**/*.md'), ...globSync('grafana/*.md')];
const textOf = (file: string): string => readFileSync(file, 'utf8');
const found = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, first]) => first ?? '');

/** As a forge makes it of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} -]/gu, '')
    .replaceAll(' ', '-');

const anchorsOf = (page: string): Set<string> => new Set(found(textOf(page), /^#+ (.+)$/gm).map(anchorOf));

const METRICS = new Set(
  [...globSync('src/**/*.ts'), ...globSync('grafana/prometheus/rules/*.yml')].flatMap((file) =>
    found(textOf(file), /\b(facade_[a-z_]+[a-z])\b/g),
  ),
);

describe.each(PAGES)('%s', (page) => {
  const text = textOf(page);

  test('links to what exists', () => {
    const links = found(text, /\]\(([^)\s]+)\)/g).filter((link) => !/^[a-z]+:/.test(link));
    const broken = links.filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : join(dirname(page), path);
      return !existsSync(target) || (anchor !== undefined && !anchorsOf(target).has(anchor));
    });
    expect(broken).toEqual([]);
  });

  test('has a table of contents where it is long', () => {
    if (!page.startsWith('docs/') || page.startsWith('docs/decisions/') || text.split(/\s+/).length <= 800) return;
    const headings = found(text, /^## (.+)$/gm);
    const linked = found(text.split(/^## /m)[0] ?? '', /\]\(#([^)]+)\)/g);
    expect(headings.length).toBeGreaterThan(1);
    expect(headings.map(anchorOf).filter((anchor) => !linked.includes(anchor))).toEqual([]);
  });

  test('names only metrics that there are', () => {
    const named = found(text, /\b(facade_[a-z_]+[a-z])\b/g);
    expect(named.filter((name) => !METRICS.has(name.replace(/_(bucket|sum|count)$/, '')))).toEqual([]);
  });

  test('names only commands and options that there are', () => {
    const lines = found(text, /^ {4}c2s-facade (.+?)(?: +#.*)?$/gm).concat(found(text, /`c2s-facade ([^`]+)`/g));
    const wrong = lines.filter((line) => {
      // Common options may stand before the command.
      const [name = '', ...rest] = line.replace(/^(?:--json |help )/, '').split(' ');
      const command = COMMANDS.find(({ usage }) => usage.split(' ')[0] === name);
      const known = [
        '--json',
        '--admin',
        '--config',
        '--help',
        ...(command?.options ?? []).map(([flags]) => flags),
      ].join();
      return !command || rest.some((word) => word.startsWith('--') && !known.includes(word.split('=')[0] as string));
    });
    expect(wrong).toEqual([]);
  });
});

test('no source and no test cites a page that is not here', () => {
  const sources = globSync('{src,test,bench,examples,grafana,docs}/**/*.ts').filter(
    (file) => !file.includes('node_modules'),
  );
  const cited = sources.flatMap((file) =>
    found(textOf(file), /\b([\w/.-]+\.md)\b/g).map((name) => ({ file, name: name.replace(/^(\.\.\/)+/, '') })),
  );
  const isHere = (file: string, name: string): boolean =>
    [name, join('docs', name), join(dirname(file), name)].some((path) => existsSync(path));
  const missing = cited.filter(({ file, name }) => !isHere(file, name));
  expect(missing.map(({ file, name }) => `${file}: ${name}`)).toEqual([]);
});
