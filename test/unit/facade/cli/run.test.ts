import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { wantsColour } from '../../../../src/facade/cli/io.ts';
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

  test('a slip is understood', async () => {
    expect((await cli(['rotes'])).err).toContain('Did you mean routes?');
    expect((await cli(['flip', 'a', '--gatway', '5'])).err).toContain('--gateway');
  });

  test('with --json an error is JSON too', async () => {
    const { err, out } = await cli(['routes', '--json']);
    expect(out).toBe('');
    expect(JSON.parse(err)).toMatchObject({ code: 3, error: expect.stringContaining('ECONNREFUSED') as string });
  });

  test('help is quick: it loads neither a YAML parser nor a schema, no HTTP client and no table', async () => {
    const spy = join(dir, 'spy.mjs');
    writeFileSync(
      spy,
      `import { registerHooks } from 'node:module';
       registerHooks({ load: (url, context, next) => (process.stderr.write(url + '\\n'), next(url, context)) });`,
    );
    const argv = ['--import', pathToFileURL(spy).href, resolve('src/c2s/cli/main.ts'), '--help'];
    const { stderr } = await promisify(execFile)(process.execPath, argv);
    const loaded = stderr.split('\n').filter((url) => url.startsWith('file:'));
    const packages = loaded.flatMap((url) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []);
    expect(new Set(packages)).toEqual(new Set(['commander', 'picocolors']));
    expect(loaded.filter((url) => url.includes('/cli/commands/'))).toEqual([]);
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
