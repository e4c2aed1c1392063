import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';

/** The `c2s-facade` command before anything of TypeScript is read. */

const LAUNCHER = resolve('src/c2s/cli/launcher.cjs');
const dir = mkdtempSync(join(tmpdir(), 'c2s-launcher-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** @param version what Node says of itself; undefined: the truth. */
function launch(launcher: string, argv: readonly string[], version?: string): Ended {
  const pretended = join(dir, 'version.cjs');
  const versions = `Object.assign({}, process.versions, { node: '${version}' })`;
  writeFileSync(pretended, `Object.defineProperty(process, 'versions', { value: ${versions} });`);
  const args = [...(version === undefined ? [] : ['--require', pretended]), launcher, ...argv];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: dir });
  return { status, stdout, stderr };
}

test.each([
  ['0.10.48', false],
  ['8.17.0', false],
  ['20.20.2', false],
  ['22.18.9', false],
  ['22.19.0', true],
  ['22.20.1', true],
  ['24.0.0', true],
  ['100.1.0', true],
])('Node %s: runs %s', (version, runs) => {
  const told = `c2s-facade needs Node 22.19 or newer; this is Node ${version}.\n`;
  const { status, stdout, stderr } = launch(LAUNCHER, ['--version'], version);
  expect([status, stderr]).toEqual(runs ? [0, ''] : [1, told]);
  expect(stdout.startsWith('c2s-facade ')).toBe(runs);
});

test('it ends with the exit code of the command, and prints nothing of its own', () => {
  const { status, stdout, stderr } = launch(LAUNCHER, ['routes', '--json', '--admin', '127.0.0.1:4']);
  expect([status, stdout]).toEqual([3, '']);
  expect(JSON.parse(stderr)).toMatchObject({ code: 3 });
});

/** A package of this name, with `files` in it; the launcher is where the build copies it to. */
function packaged(name: string, files: Readonly<Record<string, string>>): string {
  const root = join(dir, name);
  const launcher = join(root, 'dist/c2s/cli/launcher.cjs');
  const all = { ...files, 'package.json': '{ "type": "module", "engines": { "node": ">=22.19" } }' };
  for (const [file, text] of Object.entries(all)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  cpSync(LAUNCHER, launcher);
  // As npm links a command.
  const link = join(root, 'link');
  symlinkSync(launcher, link);
  return link;
}

const BUILT = { 'dist/c2s/cli/main.js': "console.log('built', ...process.argv.slice(2));" };

test('a package runs what was built, a checkout its sources, even where something was built', () => {
  const source = { 'src/c2s/cli/main.ts': "const who: string = 'source'; console.log(who);" };
  expect(launch(packaged('package', BUILT), ['a', 'b']).stdout).toBe('built a b\n');
  expect(launch(packaged('checkout', { ...BUILT, ...source }), []).stdout).toBe('source\n');
});

test('an error of the program is shown as node shows it', () => {
  const { status, stderr } = launch(packaged('broken', { 'dist/c2s/cli/main.js': "throw new Error('broken');" }), []);
  expect(status).toBe(1);
  expect(stderr).toMatch(/Error: broken\n +at .*main\.js/);
});
