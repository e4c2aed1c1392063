import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cli } from '../kit.ts';
import { documentOf, loaded } from './kit.ts';

/** The command with two documents: which files it reads and writes, and which it leaves alone. */

let dir: string;
let named: string[];
const at = (name: string): string => join(dir, name);
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'c2s-init-'));
  writeFileSync(at('old.json'), documentOf(['GET /old/leads', 'GET /old/tags']));
  writeFileSync(at('new.json'), documentOf(['GET /new/leads', 'GET /new/more']));
  named = ['init', '--direct', at('old.json'), '--gateway', at('new.json')];
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('writes the table where it is told, with its schema beside it', async () => {
  const output = at('deep/er/facade.yaml');
  const { code, out, err } = await cli([...named, '--output', output]);
  expect([code, err]).toEqual([0, '']);
  expect(out).toContain('1 route on both paths, all at 0; 1 of direct alone; 1 of the gateway alone, as comments');
  expect(loaded(readFileSync(output, 'utf8')).routes.map(({ id }) => id)).toEqual(['leads.list', 'tags.list']);
  expect(readFileSync(at('deep/er/facade.schema.json'), 'utf8')).toBe(
    readFileSync('config/facade.schema.json', 'utf8'),
  );
  expect((await cli(['check', '--offline', '--config', output])).code).toBe(0);
});

test('where nothing is told, the table is the one that FACADE_CONFIG names', async () => {
  const env = { FACADE_CONFIG: at('mine.yaml') };
  expect((await cli(named, { env })).code).toBe(0);
  expect(existsSync(at('mine.yaml'))).toBe(true);
});

test('prints it on request, and nothing else on standard output', async () => {
  const before = readdirSync(dir);
  const { code, out, err } = await cli([...named, '--output', '-']);
  expect(code).toBe(0);
  expect(loaded(out).routes).toHaveLength(2);
  expect(err).toContain('1 route on both paths');
  expect(readdirSync(dir)).toEqual(before);
  expect((await cli([...named, '--output', '-', '--json'])).code).toBe(2);
});

test('a table that exists stays, unless it is told to overwrite it', async () => {
  writeFileSync(at('facade.yaml'), 'mine');
  writeFileSync(at('facade.schema.json'), '{}');
  const refused = await cli([...named, '--output', at('facade.yaml')]);
  expect(refused).toMatchObject({ code: 1, out: '' });
  expect(refused.err).toContain('is there already: overwrite it with --force, or name another file with --output');
  expect(readFileSync(at('facade.yaml'), 'utf8')).toBe('mine');
  expect((await cli([...named, '--output', at('facade.yaml'), '--force'])).code).toBe(0);
  expect(loaded(readFileSync(at('facade.yaml'), 'utf8')).routes).toHaveLength(2);
  expect(readFileSync(at('facade.schema.json'), 'utf8')).toBe('{}');
});

test('a document that is wrong leaves an existing table as it is', async () => {
  writeFileSync(at('facade.yaml'), 'mine');
  writeFileSync(at('old.json'), '{"openapi": "3.0.0"}');
  const { code, err } = await cli([...named, '--output', at('facade.yaml'), '--force']);
  expect([code, err]).toEqual([1, expect.stringContaining(`${at('old.json')}:1:1  paths: the document has no paths`)]);
  expect(readFileSync(at('facade.yaml'), 'utf8')).toBe('mine');
});

test('a document that is not there is named, and so is a place that cannot be written', async () => {
  const { code, err } = await cli(['init', '--direct', at('gone'), '--gateway', at('new.json'), '--output', at('t')]);
  expect([code, err]).toEqual([1, `${at('gone')}: cannot be read (ENOENT); name an OpenAPI document\n`]);
  const blocked = await cli([...named, '--output', at('old.json/facade.yaml')]);
  expect([blocked.code, blocked.err]).toEqual([1, expect.stringContaining('cannot be written (')]);
});

test('a file that is too large is not read', async () => {
  truncateSync(at('old.json'), 9 * 1_048_576);
  const { code, err } = await cli([...named, '--output', '-']);
  expect([code, err]).toEqual([1, expect.stringContaining('old.json: cannot be read (larger than 8 MiB)')]);
});

test('with --json the counts are for programs', async () => {
  const { out } = await cli([...named, '--output', at('t.yaml'), '--json']);
  const counts = { pairs: 1, directOnly: 1, gatewayOnly: 1, remarks: 0 };
  expect(JSON.parse(out)).toEqual({ file: at('t.yaml'), ...counts });
});
