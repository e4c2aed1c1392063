import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { keepSandboxTable } from '../../../../src/facade/config/sandbox-table.ts';
import { configOf } from './support.ts';

let dir: string;
let packaged: string;
let file: string;
const SHIPPED = readFileSync('config/facade.yaml', 'utf8');
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'c2s-sandbox-table-'));
  packaged = join(dir, 'package');
  file = join(dir, 'data', 'sandbox.yaml');
  mkdirSync(packaged);
  ship(SHIPPED);
  writeFileSync(join(packaged, 'facade.schema.json'), '{}');
});
afterEach(() => rmSync(dir, { recursive: true }));

const ship = (text: string) => writeFileSync(join(packaged, 'facade.yaml'), text);
const written = (): string => readFileSync(file, 'utf8');
const leave = (): void => undefined;
function cut(): void {
  writeFileSync(file, SHIPPED);
}
function flip(): void {
  writeFileSync(file, written().replace('gateway: 0,', 'gateway: 25,'));
}

describe('the first time', () => {
  test('the shipped table is copied, below a line that says what it is and how to start anew', () => {
    expect(keepSandboxTable(packaged, file)).toBe('written');
    const [first, ...others] = written().split('\n');
    expect(first).toMatch(/^# The rollout table of the sandbox, a copy of .*delete .*data\/sandbox\.yaml\.$/);
    expect(others.join('\n')).toBe(SHIPPED);
    expect(configOf(written()).routes.length).toBe(configOf(SHIPPED).routes.length);
  });

  test('the schema that its comment names is beside it, and nothing else', () => {
    keepSandboxTable(packaged, file);
    expect(readdirSync(join(dir, 'data')).sort()).toEqual(['facade.schema.json', 'sandbox.yaml']);
  });

  test('where nothing can be written, it throws', () => {
    writeFileSync(join(dir, 'data'), 'a file in the way');
    expect(() => keepSandboxTable(packaged, file)).toThrow(/EEXIST|ENOTDIR/);
  });
});

describe('later', () => {
  beforeEach(() => void keepSandboxTable(packaged, file));

  test.each([
    ['as it is', 'the same', leave, 'kept'],
    ['flipped', 'the same', flip, 'kept'],
    ['as it is', 'another', leave, 'written'],
    ['flipped', 'another', flip, 'old'],
    ['without its first line', 'another', cut, 'kept'],
  ] as const)('a copy %s, and a package with %s table', (_copy, shipped, edit, what) => {
    edit();
    const before = written();
    const next = shipped === 'another' ? `${SHIPPED}# a later version\n` : SHIPPED;
    ship(next);
    expect(keepSandboxTable(packaged, file)).toBe(what);
    if (what === 'written') expect(written().endsWith(next)).toBe(true);
    else expect(written()).toBe(before);
  });

  test('a copy that is deleted is made anew', () => {
    flip();
    rmSync(file);
    expect(keepSandboxTable(packaged, file)).toBe('written');
    expect(written().endsWith(SHIPPED)).toBe(true);
    expect(existsSync(`${file}.new`)).toBe(false);
  });
});
