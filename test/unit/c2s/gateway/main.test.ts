import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeLater, until } from './started.ts';
import { startUpstream } from './upstream-fixture.ts';

const ENTRY = join(import.meta.dirname, '../../../../src/c2s/gateway/main.ts');
const CACHE = { NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] };
let folder: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gateway-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(folder, { recursive: true });
});

/** The process with its output; it ends with the test. */
function run(env: Record<string, string>): { child: ChildProcess; output: () => string } {
  let output = '';
  const child = spawn(process.execPath, [ENTRY], {
    env: { ...CACHE, GATEWAY_PORT: '0', GATEWAY_ADMIN_PORT: '0', ...env },
  });
  children.push(child);
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return { child, output: () => output };
}

const urlIn = (output: string): string => /"listening":"([^"]+)"/.exec(output)?.[1] ?? '';

describe('the process', () => {
  it('reads its token file again on SIGHUP, answers what is under way after SIGTERM, and exits 0', async () => {
    const c2s = closeLater(await startUpstream());
    const file = join(folder, 'token');
    writeFileSync(file, 'old');
    const { child, output } = run({ C2S_BASE_URL: c2s.url, C2S_TOKEN_FILE: file });
    await until('it listens', () => urlIn(output()) !== '');
    await fetch(`${urlIn(output())}/leads/l1`);
    writeFileSync(file, 'new');
    child.kill('SIGHUP');
    await until('the file is read', () => output().includes('config read'));
    c2s.silent = true;
    const pending = fetch(`${urlIn(output())}/leads/l2`);
    await c2s.until(2);
    child.kill('SIGTERM');
    await until('it no longer listens', () =>
      fetch(`${urlIn(output())}/health`).then(
        () => false,
        () => true,
      ),
    );
    c2s.release();
    expect((await pending).status).toBe(200);
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(0);
    expect(c2s.received.map(({ headers }) => headers.authorization)).toEqual(['Bearer old', 'Bearer new']);
  });

  it('exits 1 and says why when it may not start', async () => {
    const { child, output } = run({ C2S_BASE_URL: 'http://127.0.0.1:1', C2S_TOKEN: 'x', GATEWAY_HOST: '0.0.0.0' });
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(1);
    expect(output()).toMatch(/no caller keys/);
  });
});
