import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeFirstTable } from '../../../../src/facade/config/first-table.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'c2s-first-table-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

test('in an empty folder the table is written, and its schema beside it', () => {
  const file = join(dir, 'config', 'facade.yaml');
  expect(writeFirstTable('config', file)).toBe(true);
  expect(readFileSync(file, 'utf8')).toBe(readFileSync('config/facade.yaml', 'utf8'));
  expect(existsSync(join(dir, 'config', 'facade.schema.json'))).toBe(true);
});

test('one that is there stays as it is, and nothing is written beside it', () => {
  const file = join(dir, 'facade.yaml');
  writeFileSync(file, 'mine');
  expect(writeFirstTable('config', file)).toBe(false);
  expect(readFileSync(file, 'utf8')).toBe('mine');
  expect(existsSync(join(dir, 'facade.schema.json'))).toBe(false);
});

test('a schema of the operator is not overwritten', () => {
  writeFileSync(join(dir, 'facade.schema.json'), '{}');
  expect(writeFirstTable('config', join(dir, 'facade.yaml'))).toBe(true);
  expect(readFileSync(join(dir, 'facade.schema.json'), 'utf8')).toBe('{}');
});

test('where nothing can be written, it throws', () => {
  writeFileSync(join(dir, 'config'), 'a file in the way');
  expect(() => writeFirstTable('config', join(dir, 'config', 'facade.yaml'))).toThrow(/EEXIST|ENOTDIR/);
});
