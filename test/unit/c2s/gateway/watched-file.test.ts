import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WatchedFile } from '../../../../src/c2s/gateway/watched-file.ts';
import { until } from './started.ts';

let folder: string;
let watched: WatchedFile | undefined;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'watched-'))));
afterEach(() => {
  watched?.close();
  rmSync(folder, { recursive: true });
});

test('what is written at once after the first reading is seen, and a file that is gone is told of once', async () => {
  const file = join(folder, 'token');
  writeFileSync(file, 'old');
  const applied: string[] = [];
  const told: (string | undefined)[] = [];
  const events = { onRead: (_: string, error: Error | undefined) => void told.push(error?.message) };
  watched = new WatchedFile(file, (text) => void applied.push(text), events, 10);
  writeFileSync(file, 'new');
  await until('the change is applied', () => Promise.resolve(applied.length === 2));
  rmSync(file);
  await until('it is told', () => Promise.resolve(told.length === 2));
  writeFileSync(file, 'newer');
  await until('it is back', () => Promise.resolve(applied.length === 3));
  expect(applied).toEqual(['old', 'new', 'newer']);
  expect(told).toEqual([undefined, expect.stringContaining('ENOENT'), undefined]);
});
