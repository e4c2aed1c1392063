import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LARGEST, npmPack, UNWANTED } from './kit.ts';

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
  version: string;
  bin: Record<string, string>;
  main: string;
  types: string;
  exports: Record<string, string | Record<string, string>>;
};

describe('the package', () => {
  // Without scripts: what is built is checked where it is built (test/e2e/external/pack.test.ts).
  const packed = npmPack(['--dry-run', '--ignore-scripts']);
  const paths = packed.files.map(({ path }) => path);

  test('holds what a first run needs beside the code', () => {
    expect(paths).toEqual(
      expect.arrayContaining([
        'package.json',
        'README.md',
        'CHANGELOG.md',
        'LICENSE',
        '.env.example',
        'config/facade.yaml',
        'config/facade.schema.json',
      ]),
    );
  });

  test('holds no test, no source, no map, no secret', () => {
    expect(paths.filter((path) => UNWANTED.some((pattern) => pattern.test(path)))).toEqual([]);
    expect(paths.filter((path) => !/^(dist|config)\/|^[^/]+$/.test(path))).toEqual([]);
  });

  test('is small', () => {
    expect(packed.size).toBeLessThan(LARGEST);
  });

  test('names entries that have a source', () => {
    const entries = [
      manifest.main,
      manifest.types,
      ...Object.values(manifest.bin),
      ...Object.values(manifest.exports).flatMap((one) => (typeof one === 'string' ? [one] : Object.values(one))),
    ];
    const sources = entries.map((entry) =>
      entry
        .replace(/^\.\//, '')
        .replace(/^dist\/(.*?)(\.d\.ts|\.js)$/, 'src/$1.ts')
        .replace(/^dist\/(.*\.cjs)$/, 'src/$1'),
    );
    expect(sources.length).toBeGreaterThan(6);
    expect(sources.filter((source) => !existsSync(source))).toEqual([]);
  });
});

describe('CHANGELOG.md', () => {
  const text = readFileSync('CHANGELOG.md', 'utf8');
  const versions = [...text.matchAll(/^## \[(.+?)\](?: - (\S+))?$/gm)].map(([, version, date]) => ({ version, date }));

  test('has a dated section for the version of package.json', () => {
    expect(versions.find(({ version }) => version === manifest.version)?.date).toMatch(/^\d{4}-\d\d-\d\d$/);
  });

  test('begins with what is not released, and goes on from the newest', () => {
    expect(versions[0]).toEqual({ version: 'Unreleased', date: undefined });
    const numbers = versions.slice(1).map(({ version = '' }) => version);
    expect(numbers.every((number) => /^\d+\.\d+\.\d+(-[\w.]+)?$/.test(number))).toBe(true);
    expect(numbers).toEqual(numbers.toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true })));
  });

  test('uses the headings of Keep a Changelog', () => {
    const headings = [...text.matchAll(/^### (.+)$/gm)].map(([, heading]) => heading);
    expect(headings.length).toBeGreaterThan(0);
    const known = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'];
    expect(headings.filter((heading) => !known.includes(heading ?? ''))).toEqual([]);
  });
});
