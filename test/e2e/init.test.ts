import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { VARIABLE_NAMES } from '../../src/c2s/environment.ts';
import { cli, type CliResult } from '../unit/facade/cli/kit.ts';
import { C2S_TOKEN, FACADE_TOKEN } from './kit/facade.ts';
import { Opened } from './kit/load.ts';
import { startProcess, type FacadeProcess } from './kit/process.ts';
import { startUpstream, until, type TestUpstream } from './kit/upstream.ts';

/** `c2s-facade init` as a process, and docs/another-pair.md: its documents and its commands, in its order. */

const MAIN = resolve('src/c2s/cli/main.ts');

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line in a directory. */
function run(cwd: string, argv: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const { PATH = '', NODE_COMPILE_CACHE = '' } = process.env;
  return new Promise((done) => {
    execFile(process.execPath, [MAIN, ...argv], { cwd, env: { PATH, NODE_COMPILE_CACHE, ...env } }, (error, out, err) =>
      done({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out, err }),
    );
  });
}

describe('without documents', () => {
  let dir: string;
  beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'c2s-init-'))));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  test('a table and a .env are written, both are sound, and only their owner reads the .env', async () => {
    const { code, out } = await run(dir, ['init']);
    expect([code, out]).toEqual([0, expect.stringContaining('config/facade.yaml was written.\n.env was written.')]);
    const env = readFileSync(join(dir, '.env'), 'utf8');
    expect(env.trimEnd().split('\n')).toHaveLength(3);
    expect(Object.keys(parseEnv(env)).every((name) => VARIABLE_NAMES.includes(name))).toBe(true);
    expect(statSync(join(dir, '.env')).mode & 0o777).toBe(0o600);
    expect((await run(dir, ['check', '--offline', '--strict'])).code).toBe(0);
    writeFileSync(
      join(dir, '.env'),
      env.replace('URL=', 'URL=https://a.example').replace('TOKEN=', `TOKEN=${C2S_TOKEN}`),
    );
    expect((await run(dir, ['check', '--offline', '--strict'])).code).toBe(0);
  });

  test('nothing that is there is overwritten', async () => {
    writeFileSync(join(dir, '.env'), 'PORT=1\n');
    expect((await run(dir, ['init'])).out).toContain('.env is there already and stays as it is.');
    writeFileSync(join(dir, 'config', 'facade.yaml'), 'mine');
    expect((await run(dir, ['init'])).code).toBe(0);
    expect(readFileSync(join(dir, '.env'), 'utf8')).toBe('PORT=1\n');
    expect(readFileSync(join(dir, 'config', 'facade.yaml'), 'utf8')).toBe('mine');
  });

  test('a start without a table says how to get one', async () => {
    const env = { C2S_BASE_URL: 'http://127.0.0.1:1', C2S_TOKEN, DATABASE_URL: 'none' };
    const { code, err } = await run(dir, ['start'], env);
    expect([code, err]).toEqual([1, expect.stringContaining('write one with "c2s-facade init"')]);
  });
});

describe('docs/another-pair.md', () => {
  const page = readFileSync('docs/another-pair.md', 'utf8');
  /** The indented block behind a sentence. */
  const blockAfter = (words: string): string => {
    const [, block = ''] = /:\n\n((?: {4}.*\n|\n)+)/.exec(page.slice(page.indexOf(words))) ?? [];
    return block.replaceAll(/^ {4}/gm, '');
  };
  const commands = [...page.matchAll(/^ {4}c2s-facade (.+)$/gm)].map(([, line = '']) => line);
  const told = (begin: string): string[] => {
    const line = commands.find((one) => one.startsWith(begin)) ?? '';
    return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
  };

  const opened = new Opened();
  const ran: string[] = [];
  let direct: TestUpstream;
  let gateway: TestUpstream;
  let facade: FacadeProcess;
  let url: string;
  let env: Record<string, string>;

  /** Runs the first command of the page that begins so, with --yes where it would ask. */
  const follow = async (begin: string): Promise<CliResult> => {
    const argv = told(begin);
    ran.push(begin);
    expect(argv, `the page has no "${begin}"`).not.toEqual([]);
    if (begin.startsWith('rollback')) argv.push('--yes');
    // The page waits until the parity is ready, the test does not.
    if (begin.startsWith('flip')) argv.push('--yes', '--force');
    return cli(argv, { env });
  };
  const ask = async (method: string, path: string, body?: object): Promise<{ path: string | null; status: number }> => {
    const headers = { authorization: `Bearer ${FACADE_TOKEN}`, 'content-type': 'application/json' };
    const res = await fetch(url + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
    await res.text();
    return { path: res.headers.get('x-facade-path'), status: res.status };
  };

  beforeAll(async () => {
    direct = opened.keep(
      await startUpstream(({ method }, res) => res.writeHead(method === 'POST' ? 201 : 200).end('{"name":"Ana"}')),
    );
    gateway = opened.keep(await startUpstream((_, res) => res.writeHead(200).end('{"name":"Ana"}')));
    const dir = mkdtempSync(join(tmpdir(), 'c2s-init-'));
    writeFileSync(join(dir, 'old.yaml'), blockAfter('The old API'));
    writeFileSync(join(dir, 'new.yaml'), blockAfter('and the new one'));
    ran.push('init');
    const made = await run(dir, told('init'));
    expect([made.code, made.err]).toEqual([0, '']);
    const text = readFileSync(join(dir, 'config', 'facade.yaml'), 'utf8');
    rmSync(dir, { recursive: true, force: true });
    const upstreams = { C2S_BASE_URL: direct.url, C2S_GATEWAY_URL: gateway.url };
    // The entry without a command is "c2s-facade start".
    ran.push('start');
    facade = opened.keep(startProcess({ text, env: upstreams, entry: MAIN }));
    const ready = await facade.ready();
    url = ready.url;
    const port = new URL(ready.adminUrl).port;
    env = {
      ...upstreams,
      FACADE_CONFIG: facade.configFile,
      C2S_TOKEN,
      FACADE_TOKENS: FACADE_TOKEN,
      ADMIN_PORT: port,
      DATABASE_URL: 'none',
    };
  }, 60_000);
  afterAll(opened.closeAll);

  test('1: the route that the page shows is the one that init writes', () => {
    const shown = blockAfter('One of its routes').trimEnd();
    expect(readFileSync(facade.configFile, 'utf8')).toContain(`${shown.replaceAll(/^/gm, '  ')}\n`);
  });

  test('3: the table passes the check', async () => {
    expect(await follow('check')).toMatchObject({ code: 0, out: expect.stringContaining('2 routes') as string });
    expect(page).toContain('`c2s-facade check --strict --offline`');
    expect((await cli(['check', '--strict', '--offline'], { env })).code).toBe(0);
  });

  test('4: the variables are ones that there are, and at 0 all callers are served by direct', async () => {
    const names = Object.keys(parseEnv(blockAfter('Into `.env`')));
    expect(names.length).toBe(5);
    expect(names.filter((name) => !VARIABLE_NAMES.includes(name))).toEqual([]);
    expect(await ask('GET', '/api/v1/customers/7')).toEqual({ path: 'direct', status: 200 });
    expect(await ask('GET', '/v2/customer/7')).toEqual({ path: 'direct', status: 200 });
    expect(direct.received.map((one) => one.url)).toEqual(['/api/v1/customers/7', '/api/v1/customers/7']);
    expect(gateway.received).toEqual([]);
    // A page of the first pair's, as the last section of the page says.
    expect((await ask('POST', '/api/v1/c2s/enrich/7')).status).toBe(501);
    expect((await cli(['discover'], { env })).code).toBe(0);
  });

  test('5, 6: reads are shadowed and compared', async () => {
    expect((await follow('flip customers.get --gateway 0 --shadow 10')).code).toBe(0);
    const probed = await follow('probe');
    expect([probed.code, probed.err]).toEqual([0, '']);
    expect(gateway.received.at(-1)?.url).toBe('/v2/customer/7');
    // Not enough data yet.
    expect(await follow('parity')).toMatchObject({ code: 1, out: expect.stringContaining('customers.get') as string });
  });

  test('7: a route moves, and callers keep their paths, fields and statuses', async () => {
    expect((await follow('flip customers.get --gateway 5')).code).toBe(0);
    expect((await follow('routes')).out).toContain('customers.get');
    for (const id of ['customers.get', 'customers.create'])
      expect((await cli(['flip', id, '--gateway', '100', '--yes', '--force', '--why', 'a test'], { env })).code).toBe(
        0,
      );
    expect(await ask('GET', '/api/v1/customers/8')).toEqual({ path: 'gateway', status: 200 });
    expect(gateway.received.at(-1)?.url).toBe('/v2/customer/8');
    expect(await ask('POST', '/api/v1/customers', { full_name: 'Ana' })).toEqual({ path: 'gateway', status: 201 });
    expect(gateway.received.at(-1)).toMatchObject({ url: '/v2/customer', body: '{"fullName":"Ana"}' });
    // What the remark says of nick.
    expect((await ask('POST', '/api/v1/customers', { full_name: 'Ana', nick: 'A' })).path).toBe('direct');
  });

  test('8: and is rolled back', async () => {
    expect((await follow('rollback')).code).toBe(0);
    expect((await ask('POST', '/api/v1/customers', { full_name: 'Ana' })).path).toBe('direct');
    expect((await ask('GET', '/api/v1/customers/8')).path).toBe('gateway');
    expect((await follow('kill-switch on')).code).toBe(0);
    expect((await ask('GET', '/api/v1/customers/8')).path).toBe('direct');
    expect((await follow('kill-switch off')).code).toBe(0);
    await until(async () => (await ask('GET', '/api/v1/customers/8')).path === 'gateway', 'the kill switch is off');
  });

  test('and the commands of docs/cli.md make a table each', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'c2s-init-'));
    opened.keep({ close: () => Promise.resolve(rmSync(dir, { recursive: true, force: true })) });
    writeFileSync(join(dir, 'old.yaml'), blockAfter('The old API'));
    writeFileSync(join(dir, 'new.yaml'), blockAfter('and the new one'));
    const lines = [...readFileSync('docs/cli.md', 'utf8').matchAll(/^ {4}c2s-facade (init\b.*?)(?: +#.*)?$/gm)];
    expect(lines.length).toBe(4);
    for (const [, line = ''] of lines) expect(await run(dir, line.split(' '))).toMatchObject({ code: 0 });
    const [first, other] = ['config/facade.yaml', 'new/facade.yaml'].map((file) =>
      readFileSync(join(dir, file), 'utf8'),
    );
    expect(other).toBe(first);
    expect(readFileSync(join(dir, '.env'), 'utf8')).toContain('C2S_TOKEN=');
  });

  test('every command of the page was run', () => {
    expect(commands.filter((line) => !ran.some((begin) => line.startsWith(begin)))).toEqual([]);
  });
});
