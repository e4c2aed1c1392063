import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

/** Every example runs, ends well, and prints what its README shows; `…` there stands for anything. */

const run = promisify(execFile);
const names = readdirSync('examples').filter((name) => existsSync(`examples/${name}/main.ts`));

function shown(name: string): string[] {
  const readme = readFileSync(`examples/${name}/README.md`, 'utf8');
  return [...readme.matchAll(/^ {4}(.+)$/gm)].map(([, line]) => line ?? '');
}

const matches = (line: string): RegExp =>
  new RegExp(
    `^${line
      .split('…')
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  );

test('there are examples, and each says how it is run', () => {
  expect(names.length).toBeGreaterThanOrEqual(6);
  for (const name of names) expect(shown(name)[0]).toBe(`npm run example ${name}`);
});

describe.each(names)('%s', (name) => {
  test('shows its idea', { timeout: 70_000 }, async () => {
    const args = ['--conditions=c2s-facade-source', 'examples/run.ts', name];
    const { stdout, stderr } = await run(process.execPath, args, { timeout: 60_000 });
    const lines = stdout.trimEnd().split('\n');
    const expected = shown(name).slice(1);
    expect(lines).toEqual(expected.map((line) => expect.stringMatching(matches(line)) as string));
    expect(stderr).toBe('');
  });
});

test('a name that there is not is answered with those that there are', async () => {
  const args = ['--conditions=c2s-facade-source', 'examples/run.ts', 'nothing'];
  const failed = await run(process.execPath, args).catch((error: unknown) => error as { code: number; stderr: string });
  expect(failed).toMatchObject({ code: 2, stderr: expect.stringContaining('flip-a-route') as string });
});
