import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Opened } from './kit/load.ts';
import { startProcess, type FacadeProcess } from './kit/process.ts';
import { until } from './kit/upstream.ts';

/**
 * What a newcomer does: starts it with nothing set, and pastes the lines that it prints, in their order, into bash.
 * The tests build on one another, as the lines do.
 */

const opened = new Opened();
let facade: FacadeProcess;
let url: string;
let adminUrl: string;
/** The sandbox's rollout table. */
const table = () => join(facade.dir, '.data', 'sandbox.yaml');
/** The printed lines by the number of their step. */
let steps: Record<number, string[]>;

beforeAll(async () => {
  facade = opened.keep(
    startProcess({
      env: {
        C2S_TOKEN: undefined,
        FACADE_TOKENS: undefined,
        FACADE_CONFIG: undefined,
        DATABASE_URL: undefined,
      },
    }),
  );
  ({ url, adminUrl } = await facade.ready());
  await until(() => facade.stdout().includes('Take it back'), 'the welcome is printed whole');
  steps = linesOf(facade.stdout());
});
afterAll(opened.closeAll);

/** The lines to paste: those that set variables as step 0. */
function linesOf(welcome: string): Record<number, string[]> {
  const found: Record<number, string[]> = {};
  let step = 0;
  for (const line of welcome.split('\n')) {
    step = Number(/^(\d) \S/.exec(line)?.[1] ?? step);
    if (/^ {2}\S/.test(line)) (found[step] ??= []).push(line.trim());
  }
  return found;
}

const run = promisify(execFile);
const bash = async (command: string): Promise<string> => {
  // Its package.json is in another folder here.
  const here = command.replace('npm run -s cli --', `${process.execPath} ${resolve('src/c2s/cli/main.ts')}`);
  const { stdout } = await run('bash', ['-c', [...(steps[0] ?? []), here].join('\n')], {
    cwd: facade.dir,
    timeout: 30_000,
  });
  return stdout;
};
/** Pastes the printed line of a step, and returns what it prints. */
async function paste(step: number): Promise<string> {
  const [command] = steps[step] ?? [];
  if (!command) throw new Error(`no line in step ${step}: ${facade.stdout()}`);
  return bash(command);
}

/** The messages that reached Contact2Sale's stand-in so far, as their texts. */
async function arrived(): Promise<string[]> {
  const log = (await (await fetch(`${url}/__sandbox/received`)).json()) as { path: string; body?: { body?: string } }[];
  return log.filter(({ path }) => path.endsWith('/create_message')).map(({ body }) => body?.body ?? '');
}

test('25 lines at most, the console first, and every step has its line', () => {
  const lines = facade.stdout().trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(25);
  expect(lines[0]).toBe(`console    ${adminUrl}/console/`);
  expect(Object.entries(steps).map(([step, { length }]) => [Number(step), length])).toEqual([
    [0, 2],
    [1, 1],
    [2, 1],
    [3, 1],
    [4, 1],
    [5, 1],
    [6, 1],
  ]);
});

test('what serves is a copy of the shipped rollout table, which says so, and the start says what is in it', () => {
  const lines = readFileSync(table(), 'utf8').split('\n');
  expect(lines[0]).toMatch(
    /^# The rollout table of the sandbox, a copy of .* To start anew, delete \.data\/sandbox\.yaml\.$/,
  );
  expect(lines.slice(1).join('\n')).toBe(readFileSync('config/facade.yaml', 'utf8'));
  expect(facade.stdout()).toMatch(/^\.data\/sandbox\.yaml was written: .* To start anew, delete it\.$/m);
  expect(facade.stdout()).toMatch(/^\.data\/sandbox\.yaml: 34 routes: 34 direct$/m);
});

test('1: a lead is read by the old path', async () => {
  const shown = await paste(1);
  expect(shown).toMatch(/^HTTP\/1\.1 200/);
  expect(shown).toMatch(/^x-facade-path: direct\r?$/m);
  expect(shown).toMatch(/^x-facade-route: leads\.get\r?$/m);
});

test('2: after the flip the same line comes by the gateway', async () => {
  await paste(2);
  const shown = await paste(1);
  expect(shown).toMatch(/^HTTP\/1\.1 200/);
  expect(shown).toMatch(/^x-facade-path: gateway\r?$/m);
  const config = readFileSync(table(), 'utf8');
  const [, row = ''] = /id: leads\.get\n([\s\S]*?)- id:/.exec(config) ?? [];
  expect(row).toContain('rollout: { gateway: 100,');
  expect(config.match(/gateway: 100, shadow/g)).toHaveLength(1);
});

test('3: with the gateway killed, the same line still answers 200, by direct', async () => {
  expect(await paste(3)).toContain('down');
  const shown = await paste(1);
  expect(shown).toMatch(/^HTTP\/1\.1 200/);
  expect(shown).toMatch(/^x-facade-path: direct\r?$/m);
});

test('and when it is back, it serves again', async () => {
  expect(await bash(steps[3]?.[0]?.replace('DELETE', 'PUT') ?? '')).toContain('up');
  await until(async () => /^x-facade-path: gateway\r?$/m.test(await paste(1)), 'the gateway serves again', 8_000);
});

test('4: a message posted once arrives once', async () => {
  await paste(4);
  expect(await arrived()).toEqual(['Hello']);
});

test('5: the lead is enriched, and the message is there that says who it is', async () => {
  await until(() => facade.stdout().includes('The database is ready.'), 'the database is made', 30_000);
  expect(JSON.parse(await paste(5))).toMatchObject({ success: true, entities_stored: 1 });
  const [shown = ''] = (await arrived()).filter((text) => text.startsWith('📞'));
  expect(shown).toMatch(
    /^📞📧 Telefone e e-mail da mesma pessoa\nref\. c2s-[0-9a-f]{12}-[0-9a-f]{6}\n\n✅ DADOS PESSOAIS\nNome: /,
  );
}, 45_000);

test('6: and it is taken back', async () => {
  await paste(6);
  expect(await paste(1)).toMatch(/^x-facade-path: direct\r?$/m);
});

test('no flip of the sandbox ends in the table of the real upstreams', () => {
  expect(readFileSync(facade.configFile, 'utf8')).toBe(facade.config.toString());
});

test('a page that is only opened says that it is well, and the stop is clean', async () => {
  expect(await (await fetch(url)).json()).toMatchObject({ status: 'ok' });
  facade.child.kill('SIGINT');
  expect(await facade.exited(5_000)).toBe(0);
  expect(facade.stderr()).toBe('');
});
