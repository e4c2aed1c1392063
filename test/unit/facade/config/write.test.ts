import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { digestOf } from '../../../../src/facade/config/load.ts';
import { FileChanged, writeConfig } from '../../../../src/facade/config/write.ts';

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'write-'));
  file = join(dir, 'facade.yaml');
  writeFileSync(file, 'old');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

it('replaces the file whole: another inode, nothing left beside it, the same mode', async () => {
  chmodSync(file, 0o640);
  const { ino } = statSync(file);
  await writeConfig(file, { text: 'old' }, 'new');
  expect(readFileSync(file, 'utf8')).toBe('new');
  expect(statSync(file).ino).not.toBe(ino);
  expect(statSync(file).mode & 0o777).toBe(0o640);
  expect(readdirSync(dir)).toEqual(['facade.yaml']);
});

it('refuses when the file changed underneath, by text and by digest, and leaves it', async () => {
  await expect(writeConfig(file, { text: 'older' }, 'new')).rejects.toThrow(FileChanged);
  await expect(writeConfig(file, { digest: digestOf('older') }, 'new')).rejects.toThrow(/changed by somebody else/);
  expect(readFileSync(file, 'utf8')).toBe('old');
  expect(readdirSync(dir)).toEqual(['facade.yaml']);
  await writeConfig(file, { digest: digestOf('old') }, 'new');
  expect(readFileSync(file, 'utf8')).toBe('new');
});

it('follows a symlink to its target and leaves the link', async () => {
  mkdirSync(join(dir, 'real'));
  const target = join(dir, 'real', 'table.yaml');
  const link = join(dir, 'link.yaml');
  writeFileSync(target, 'old');
  symlinkSync(join('real', 'table.yaml'), link);
  await writeConfig(link, { text: 'old' }, 'new');
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readFileSync(target, 'utf8')).toBe('new');
});

it('of several writers at once lets one through and refuses the others', async () => {
  const results = await Promise.allSettled(['a', 'b', 'c'].map((text) => writeConfig(file, { text: 'old' }, text)));
  const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  expect(refused).toEqual([expect.any(FileChanged), expect.any(FileChanged)]);
  expect(['a', 'b', 'c'][results.findIndex(({ status }) => status === 'fulfilled')]).toBe(readFileSync(file, 'utf8'));
  expect(readdirSync(dir)).toEqual(['facade.yaml']);
});

it('takes over what a crashed writer left, but nothing fresh', async () => {
  const left = join(dir, '.facade.yaml.new');
  writeFileSync(left, 'half');
  await expect(writeConfig(file, { text: 'old' }, 'new')).rejects.toThrow(/being written by somebody else/);
  const longAgo = Date.now() / 1000 - 60;
  utimesSync(left, longAgo, longAgo);
  await writeConfig(file, { text: 'old' }, 'new');
  expect(readFileSync(file, 'utf8')).toBe('new');
  expect(readdirSync(dir)).toEqual(['facade.yaml']);
});
