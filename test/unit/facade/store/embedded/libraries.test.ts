import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { libraryEnvironment } from '../../../../../src/facade/store/embedded/libraries.ts';

let dir: string;
let packageDir: string;
let dataDir: string;
const VARIABLE = process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH';

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'c2s-libraries-'));
  [packageDir, dataDir] = [join(dir, 'package'), join(dir, 'data')];
  mkdirSync(join(packageDir, 'native', 'lib'), { recursive: true });
  writeFileSync(join(packageDir, 'native/lib/libpq.so.5.18'), '');
  writeFileSync(
    join(packageDir, 'native/pg-symlinks.json'),
    JSON.stringify([
      { source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' },
      { source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so' },
    ]),
  );
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const links = (): Record<string, string> => {
  const folder = join(dataDir, 'postgres-libraries');
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readlinkSync(join(folder, name))]));
};
const LIBPQ = () => join(packageDir, 'native/lib/libpq.so.5.18');

test('where the package has no links, they are made in the data directory, and the loader is told', () => {
  expect(libraryEnvironment(packageDir, dataDir)).toEqual({
    [VARIABLE]: `${join(dataDir, 'postgres-libraries')}:${join(packageDir, 'native/lib')}`,
  });
  expect(links()).toEqual({ 'libpq.so': LIBPQ(), 'libpq.so.5': LIBPQ() });
});

test('a second start makes the same, and those of a former version go', () => {
  libraryEnvironment(packageDir, dataDir);
  writeFileSync(join(dataDir, 'postgres-libraries', 'libold.so.1'), '');
  libraryEnvironment(packageDir, dataDir);
  expect(Object.keys(links()).sort()).toEqual(['libpq.so', 'libpq.so.5']);
});

test('a package that nobody may write to is left as it is', () => {
  chmodSync(join(packageDir, 'native/lib'), 0o555);
  libraryEnvironment(packageDir, dataDir);
  expect(readdirSync(join(packageDir, 'native/lib'))).toEqual(['libpq.so.5.18']);
  chmodSync(join(packageDir, 'native/lib'), 0o755);
});

test('where the package has its links, or needs none, nothing is made', () => {
  for (const name of ['libpq.so', 'libpq.so.5']) writeFileSync(join(packageDir, 'native/lib', name), '');
  expect(libraryEnvironment(packageDir, dataDir)).toEqual({});
  rmSync(join(packageDir, 'native/pg-symlinks.json'));
  expect(libraryEnvironment(packageDir, dataDir)).toEqual({});
  expect(existsSync(dataDir)).toBe(false);
});
