import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { COMMAND_LINE } from '../../../../src/c2s/cli/command-line.ts';
import { wantsColour } from '../../../../src/facade/cli/io.ts';
import { startUpstream } from '../../../e2e/kit/upstream.ts';
import { cli, startFakeAdmin } from './kit.ts';

const dir = mkdtempSync(join(tmpdir(), 'c2s-cli-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('the command line', () => {
  test('--help shows them all, and what happens without one', async () => {
    const { code, out } = await cli(['--help']);
    expect(code).toBe(0);
    expect(out).toContain('Without a command: start.');
    for (const command of [
      'start',
      'init',
      'check',
      'doctor',
      'routes',
      'watch',
      'explain',
      'probe',
      'flip',
      'rollback',
    ]) {
      expect(out).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'));
    }
    for (const command of ['kill-switch', 'history', 'diff', 'discover', 'parity', 'migration', 'completion']) {
      expect(out).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'));
    }
    expect(out).not.toContain('complete-routes');
    expect(out).not.toContain('panic');
  });

  test.each([
    [['--help'], 0],
    [['flip', '--help'], 0],
    [['rotes'], 2],
    [['routes', '--no-such-option'], 2],
    [['explain', 'GET'], 2],
    [['flip', 'a', '--gateway', '101'], 2],
    [['flip', 'a', '--gateway', '0.125'], 2],
    [['flip', 'a', '--gateway', '1e-320'], 2],
    [['flip', 'a', '--shadow', '25.0000001'], 2],
    [['flip', 'a', '--gateway', ''], 2],
    [['flip', 'a', '--gateway', '0x10'], 2],
    [['flip', 'a', '--gateway', '1e1'], 2],
    [['flip', 'a', '--gateway', '5', '--force', '--why', '\u200b'], 2],
    [['flip', 'a', '--fallback', 'both'], 2],
    [['flip', '--gateway', '5'], 2],
    [['flip', 'a', '--all', '--gateway', '5'], 2],
    [['flip', 'a'], 2],
    [['rollback', 'yesterday'], 2],
    [['routes', '--stage', 'nowhere'], 3],
    [['completion', 'tcsh'], 2],
    [['watch'], 2],
    [['init', '--direct', 'old.yaml'], 2],
    [['init', '--gateway', 'new.yaml'], 2],
    [['init', '--force'], 2],
    [['init', '--output', '-'], 2],
    [['init', '--direct', '/gone.yaml', '--gateway', '/gone.yaml', '--output', '-'], 1],
    [['explain', 'GET', 'leads/1'], 2],
    [['routes'], 3],
    [['history'], 3],
  ])('%j ends with %i', async (argv, code) => {
    expect((await cli(argv)).code).toBe(code);
  });

  test.each([[['--version']], [['-V']]])('%j is the version of package.json', async (argv) => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await cli(argv)).toEqual({ code: 0, out: `c2s-facade ${version}\n`, err: '' });
    const line = { ...COMMAND_LINE, name: 'own' };
    expect((await cli(argv, { line })).out).toBe(`own, on c2s-facade ${version}\n`);
  });

  test('help COMMAND is COMMAND --help, for every command that is listed', async () => {
    const { out } = await cli(['help']);
    expect(out).toBe((await cli(['--help'])).out);
    const names = [...out.matchAll(/^ {2}([a-z][a-z-]*)\b/gm)].map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(25);
    for (const name of names.filter((one) => one !== 'help')) {
      const helped = await cli(['help', name]);
      expect([helped.code, helped.out]).toEqual([0, expect.stringContaining(`Usage: c2s-facade ${name}`)]);
      expect(helped).toEqual(await cli([name, '--help']));
    }
  });

  test.each([[['help', 'rotes']], [['rotes', '--help']], [['--json', 'rotes']], [['--config', 'a.yaml', 'rotes']]])(
    '%j: an unknown command, with the one that was meant',
    async (argv) => {
      const { code, out, err } = await cli(argv);
      expect([code, out]).toEqual([2, '']);
      expect(err).toContain("unknown command 'rotes'");
      expect(err).toContain('(Did you mean routes?)');
      expect(err.split('\n').length).toBeLessThan(4);
    },
  );

  test.each([
    [['--json', 'routes', '--admin', '127.0.0.1:3']],
    [['--admin', '127.0.0.1:3', '--json', 'routes']],
    [['--json', '--admin=127.0.0.1:3', 'routes', 'text']],
    [['routes', '--json', 'text', '--admin', '127.0.0.1:3']],
  ])('%j: common options stand before the command or behind it', async (argv) => {
    const { code, err } = await cli(argv);
    expect(code).toBe(3);
    expect(JSON.parse(err)).toMatchObject({ code: 3, error: expect.stringContaining('127.0.0.1:3') as string });
  });

  test.each([
    [['rotes', '--json'], "unknown command 'rotes'"],
    [['routes', '--no-such-option', '--json'], "unknown option '--no-such-option'"],
    [['explain', 'GET', '--json'], "missing required argument 'path'"],
    [['flip', 'a', '--gateway', '101', '--json'], 'write a number from 0 to 100'],
    [['--config', 'a.yaml', '--json', 'routes'], "unknown option '--config'"],
  ])('%j: wrong usage is JSON, too', async (argv, words) => {
    const { code, out, err } = await cli(argv);
    expect([code, out]).toEqual([2, '']);
    expect(JSON.parse(err)).toEqual({ code: 2, error: expect.stringContaining(words) as string });
  });

  test('a slip is understood', async () => {
    expect((await cli(['rotes'])).err).toContain('Did you mean routes?');
    expect((await cli(['flip', 'a', '--gatway', '5'])).err).toContain('--gateway');
  });

  test('with --json an error is JSON too', async () => {
    const { err, out } = await cli(['routes', '--json']);
    expect(out).toBe('');
    expect(JSON.parse(err)).toMatchObject({ code: 3, error: expect.stringContaining('ECONNREFUSED') as string });
  });

  /** Every file that a command loads, as URL. */
  const loadedBy = async (argv: readonly string[]): Promise<string[]> => {
    const spy = join(dir, 'spy.mjs');
    writeFileSync(
      spy,
      `import { registerHooks } from 'node:module';
       registerHooks({ load: (url, context, next) => (process.stderr.write(url + '\\n'), next(url, context)) });`,
    );
    const args = ['--import', pathToFileURL(spy).href, resolve('src/c2s/cli/main.ts'), ...argv];
    const { stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    return stderr.split('\n').filter((url) => url.startsWith('file:'));
  };
  const packagesOf = (loaded: readonly string[]): Set<string> =>
    new Set(loaded.flatMap((url) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []));

  test('help is quick: it loads neither a YAML parser nor a schema, no HTTP client and no table', async () => {
    const loaded = await loadedBy(['--help']);
    expect(packagesOf(loaded)).toEqual(new Set(['commander', 'picocolors']));
    expect(loaded.filter((url) => url.includes('/cli/commands/'))).toEqual([]);
  });

  test.each([
    ['routes'],
    ['watch'],
    ['history'],
    ['parity'],
    ['autopilot'],
    ['migration'],
    ['dead-letters'],
    ['audit'],
  ])('%s asks the admin API, and loads neither the schema of a table nor the pair', async (command) => {
    const loaded = await loadedBy([command, '--admin', '127.0.0.1:4']);
    expect(loaded.some((url) => url.includes('/commands/'))).toBe(true);
    expect(loaded.filter((url) => url.includes('/c2s/pair/') || url.includes('/c2s/product'))).toEqual([]);
    expect([...packagesOf(loaded)].filter((name) => ['zod', 'yaml', 'express', 'undici'].includes(name))).toEqual([]);
  });
});

describe('colours', () => {
  test.each([
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: '1' }, true, false],
    [{ NO_COLOR: '' }, true, true],
    [{ TERM: 'dumb' }, true, false],
  ])('environment %j, terminal %s: %s', (env, isTerminal, wanted) => {
    expect(wantsColour(env, isTerminal)).toBe(wanted);
  });
});

describe('the admin listener', () => {
  const said = async (answers: Record<string, unknown>, argv: string[], env = {}): Promise<[unknown, string]> => {
    const admin = await startFakeAdmin(answers);
    const { code, err } = await cli([...argv, '--admin', admin.url], { env });
    await admin.close();
    return [code, err];
  };
  const problem = (status: number, detail: string) => [status, { title: 'Error', status, detail }];

  test('where nobody is, it says how to start one and how to name another', async () => {
    const { code, err } = await cli(['routes']);
    expect(code).toBe(3);
    expect(err).toMatch(/No facade answers at http:\/\/127\.0\.0\.1:4 \(ECONNREFUSED\).*c2s-facade start.*--admin URL/);
  });

  test('a token that is refused, or lacks, is named by its variable and never shown', async () => {
    const refused = { 'GET /api/routes': problem(401, 'Send Authorization: Bearer <ADMIN_TOKEN>.') };
    const [code, err] = await said(refused, ['routes'], { ADMIN_TOKEN: 'wrong-token-of-somebody' });
    expect([code, err]).toEqual([3, expect.stringContaining('refused the token: set ADMIN_TOKEN')]);
    expect(err).not.toContain('wrong-token-of-somebody');
    expect((await said(refused, ['routes']))[1]).toContain('asks for a token: set ADMIN_TOKEN');
  });

  test.each([
    ['a part that it does not serve', { 'GET /api/parity': 404 }, ['parity'], 3, 'does not serve /api/parity'],
    [
      'a part that is not ready yet',
      { 'GET /api/history': problem(503, 'the history is not there yet') },
      ['history'],
      3,
      'the history is not there yet',
    ],
    [
      'a refusal of the guard',
      { 'GET /api/routes': problem(403, 'Without ADMIN_TOKEN only loopback names are answered.') },
      ['routes'],
      3,
      'only loopback names',
    ],
    [
      'something else that speaks HTTP',
      { 'GET /api/routes': [200, '<html>'] },
      ['routes'],
      3,
      'is no admin listener of a facade',
    ],
    [
      'a conflict',
      {
        'POST /api/rollback': problem(409, 'revision 4 is in force, not 3'),
        'GET /api/history': { revision: 3, flips: [] },
      },
      ['rollback', '--yes'],
      1,
      'revision 4 is in force, not 3',
    ],
  ])('%s is told in its own words', async (_, answers, argv, code, words) => {
    expect(await said(answers, argv)).toEqual([code, expect.stringContaining(words)]);
  });

  test('is where ADMIN_HOST and ADMIN_PORT say, or --admin', async () => {
    const { err } = await cli(['routes'], { env: { ADMIN_HOST: '0.0.0.0', ADMIN_PORT: '2' } });
    expect(err).toContain('http://127.0.0.1:2 ');
    expect((await cli(['routes'], { env: { ADMIN_HOST: '::', ADMIN_PORT: '2' } })).err).toContain('http://[::1]:2 ');
    expect((await cli(['routes', '--admin', '127.0.0.1:3/'])).err).toContain('http://127.0.0.1:3 ');
    expect(await cli(['routes', '--admin', 'http://'])).toMatchObject({ code: 2 });
    expect(await cli(['routes'], { env: { ADMIN_PORT: '0' } })).toMatchObject({ code: 2 });
  });

  test.each([
    ['a change', ['kill-switch', 'on']],
    ['a look', ['routes']],
    ['a look that may fail', ['check', '--config', 'config/facade.yaml']],
    ['a look of the doctor', ['doctor', '--config', 'config/facade.yaml']],
  ])('is asked who it is before it is sent %s: at another port nothing but that question arrives', async (_, argv) => {
    const upstream = await startUpstream((_req, res) => res.end('{"routes":[]}'));
    const env = { ADMIN_TOKEN: 'token-of-the-admin-api', C2S_BASE_URL: 'http://127.0.0.1:4', C2S_TOKEN: 'a-token' };
    const { code, out, err } = await cli([...argv, '--admin', upstream.url], { env: { ...env, DATABASE_URL: 'none' } });
    await upstream.close();
    expect([...new Set(upstream.received.map(({ method, url }) => `${method} ${url}`))]).toEqual(['GET /healthz']);
    expect(JSON.stringify(upstream.received.map(({ headers }) => headers))).not.toContain('token-of-the-admin-api');
    if (argv.length > 2) return expect(out + err).toContain(upstream.url);
    expect([code, err]).toEqual([3, expect.stringContaining('does not name itself the admin listener of a facade')]);
  });

  test('is shown the token and the header that marks a change', async () => {
    const admin = await startFakeAdmin({ 'PUT /api/kill-switch': { on: true, by: ['admin'] } });
    const { code, out } = await cli(['kill-switch', 'on', '--admin', admin.url], {
      env: { ADMIN_TOKEN: 'token-of-the-admin-api' },
    });
    await admin.close();
    expect([code, out]).toEqual([0, expect.stringContaining('Kill switch on')]);
    expect(admin.told[0]).toMatchObject({
      method: 'PUT',
      headers: { authorization: 'Bearer token-of-the-admin-api', 'x-c2s-admin': 'cli' },
      body: { who: expect.any(String) as string },
    });
  });
});
