import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { until } from './upstream.ts';

test('a process that a test starts ends with the process that started it, also when that is killed', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'c2s-spawn-'));
  const entry = join(dir, 'waits.mjs');
  writeFileSync(entry, "process.stdout.write('up'); setInterval(() => undefined, 60_000);");
  const kit = pathToFileURL(join(import.meta.dirname, 'spawn-node.ts')).href;
  const script = `(await import('${kit}')).spawnNode('${entry}', [], { stdio: 'inherit' });`;
  const runner = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let [said, haveEnded] = ['', false];
  // The pipe ends when the last process that can write into it has ended.
  runner.stdout.on('data', (chunk: Buffer) => (said += chunk.toString())).on('end', () => (haveEnded = true));
  await until(() => said === 'up', 'it runs', 15_000);
  expect(haveEnded).toBe(false);
  runner.kill('SIGKILL');
  await until(() => haveEnded, 'both have ended', 15_000);
  rmSync(dir, { recursive: true });
});
