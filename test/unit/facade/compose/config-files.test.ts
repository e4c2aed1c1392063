import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CONTACT2SALE } from '../../../../src/c2s/pair/contact2sale.ts';
import { ConfigFiles } from '../../../../src/facade/compose/config-files.ts';
import { ConfigRefused } from '../../../../src/facade/config/config-refused.ts';
import { readEnvFile } from '../../../../src/facade/config/env-file.ts';
import { createLogs } from '../../../../src/http/log.ts';

let dir: string;
let file: string;
let envFile: string;
let files: ConfigFiles | undefined;
let lines: string[];
let texts: string[];
let inForce: string;
let errors: Error[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'config-files-'));
  [file, envFile] = [join(dir, 'facade.yaml'), join(dir, '.env')];
  [lines, texts, errors] = [[], [], []];
});
afterEach(() => {
  files?.close();
  rmSync(dir, { recursive: true, force: true });
});

function open(): ConfigFiles {
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const { log } = createLogs('info', sink);
  const variables = () => readEnvFile(envFile);
  return (files = new ConfigFiles({ file, envFile, variables, pair: CONTACT2SALE.variables, log }));
}

function watched(): ConfigFiles {
  const opened = open();
  inForce = opened.read().text;
  opened.watch({
    inForce: () => inForce,
    onChange: (text) => texts.push((inForce = text)),
    onError: (error) => errors.push(error),
  });
  return opened;
}

describe('read', () => {
  test('gives the text, and of the variables those that it names', () => {
    writeFileSync(file, 'url: ${GW}');
    writeFileSync(envFile, 'GW=http://gateway\nC2S_TOKEN=secret');
    expect(open().read()).toEqual({ text: 'url: ${GW}', variables: { GW: 'http://gateway' } });
  });

  test('of a file that is not there says which setting names it', () => {
    expect(() => open().read()).toThrow(ConfigRefused);
    expect(() => open().read()).toThrow(/ENOENT.*FACADE_CONFIG/);
  });
});

describe('watched', () => {
  beforeEach(() => writeFileSync(file, 'one'));

  test('a change is handed on, and a reload hands on what did not change', async () => {
    const opened = watched();
    writeFileSync(file, 'two');
    await vi.waitFor(() => expect(texts).toEqual(['two']), 5_000);
    await opened.reload();
    expect(texts).toEqual(['two', 'two']);
  });

  test('a file that is gone is told', async () => {
    const opened = watched();
    rmSync(file);
    await opened.reload();
    expect([texts, errors.length]).toEqual([[], 1]);
  });

  test('a change of the .env file reads the table anew, and its end does too', async () => {
    writeFileSync(envFile, 'GW=a');
    watched();
    writeFileSync(envFile, 'GW=b');
    await vi.waitFor(() => expect(texts).toEqual(['one']), 5_000);
    rmSync(envFile);
    await vi.waitFor(() => expect(texts).toEqual(['one', 'one']), 5_000);
    expect(lines.join()).toContain('the .env file cannot be read');
  });

  describe('a table that is written in place', () => {
    const rows = (...ids: string[]) => `routes:\n${ids.map((id) => `  - id: ${id}\n`).join('')}`;
    const told = () => lines.filter((line) => line.includes('looks half written')).length;
    beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] }));
    afterEach(() => vi.useRealTimers());
    /** Lets so many milliseconds pass, with the reads that are due in them. */
    async function pass(ms: number): Promise<void> {
      for (let left = ms; left > 0; left -= 50) {
        await vi.advanceTimersByTimeAsync(Math.min(50, left));
        // The reads of the watch are real: they have begun before these, and are not longer.
        for (let i = 0; i < 3; i++) await readFile(file);
      }
    }

    test('is taken when it is whole, however slowly it comes', async () => {
      writeFileSync(file, rows('a', 'b', 'c', 'd'));
      watched();
      for (const part of [rows('a'), rows('a', 'b'), rows('a', 'b', 'c')]) {
        writeFileSync(file, part);
        await pass(1_500);
      }
      writeFileSync(file, `${rows('a', 'b', 'c', 'd')}# new\n`);
      await pass(1_500);
      expect(texts).toEqual([`${rows('a', 'b', 'c', 'd')}# new\n`]);
      expect(told()).toBe(3);
    });

    test.each([
      ['a few routes', rows('a', 'b', 'c'), 2_000],
      ['most routes', rows('a'), 4_000],
    ])('that lost %s is taken when it stays so', async (_, text, ms) => {
      writeFileSync(file, rows('a', 'b', 'c', 'd'));
      watched();
      writeFileSync(file, text);
      await pass(ms - 200);
      expect(texts).toEqual([]);
      await pass(1_500);
      expect(texts).toEqual([text]);
      expect(told()).toBe(1);
    });

    test('is not taken for a change of the .env file, but is when a human asks for it', async () => {
      writeFileSync(file, rows('a', 'b'));
      writeFileSync(envFile, 'GW=a');
      const opened = watched();
      writeFileSync(file, rows('a'));
      writeFileSync(envFile, 'GW=b');
      await pass(1_000);
      expect(texts).toEqual([rows('a', 'b')]);
      await opened.reload();
      expect(texts).toEqual([rows('a', 'b'), rows('a')]);
    });
  });

  test('a variable that takes a restart is told once; the addresses of the two sides take none', async () => {
    writeFileSync(envFile, 'C2S_TOKEN=a\nC2S_GATEWAY_URL=http://a');
    const opened = watched();
    const told = () => lines.filter((line) => line.includes('restart the facade')).length;
    writeFileSync(envFile, 'C2S_TOKEN=a\nC2S_GATEWAY_URL=http://b');
    await opened.reload();
    expect(told()).toBe(0);
    writeFileSync(envFile, 'C2S_TOKEN=b\nC2S_GATEWAY_URL=http://b');
    await opened.reload();
    await opened.reload();
    expect([told(), lines.join().includes('C2S_TOKEN')]).toEqual([1, true]);
  });

  test('closed, it hands on nothing', async () => {
    const opened = watched();
    opened.close();
    writeFileSync(file, 'two');
    await opened.reload();
    expect(texts).toEqual([]);
  });
});
