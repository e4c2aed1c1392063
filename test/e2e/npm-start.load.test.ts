import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { C2S_TOKEN, FACADE_TOKEN } from './kit/facade.ts';
import { until } from './kit/upstream.ts';

/** `npm start` as it is typed. npm runs the facade in a shell, which passes no signal on. */

test('the end of npm is the end of the facade', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'c2s-npm-'));
  const env = {
    PATH: process.env['PATH'],
    HOME: dir,
    PORT: '0',
    ADMIN_PORT: '0',
    DATABASE_URL: 'none',
    DATA_DIR: join(dir, 'data'),
    C2S_BASE_URL: 'http://127.0.0.1:9',
    C2S_TOKEN,
    FACADE_TOKENS: FACADE_TOKEN,
    FACADE_CONFIG: 'config/facade.yaml',
  };
  const npm = spawn('npm', ['start'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [npm.stdout, npm.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  try {
    await until(() => output.includes('"admin":"'), `it starts: ${output}`, 60_000);
    const admin = /"admin":"([^"]+)"/.exec(output)?.[1] ?? '';
    expect((await fetch(`${admin}/healthz`)).status).toBe(200);
    npm.kill('SIGTERM');
    const isGone = async (): Promise<boolean> =>
      fetch(`${admin}/healthz`).then(
        () => false,
        () => true,
      );
    await until(isGone, 'the facade has ended', 15_000);
    expect(output).toContain('"msg":"stopping"');
  } finally {
    npm.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  }
});
