import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serve } from '../../examples/kit.ts';
import { SHOPS } from '../../examples/another-pair/pair.ts';
import { startNewShop, startOldShop } from '../../examples/another-pair/shops.ts';
import { ConfigRefused, createFacade } from '../../src/index.ts';
import { COMMANDS } from '../../src/facade/cli/commands.ts';
import type { CommandLine } from '../../src/facade/cli/context.ts';
import { cli, type CliResult } from '../unit/facade/cli/kit.ts';
import { Opened } from './kit/load.ts';

/** The engine with two APIs that are not its first pair: what it asks for, what it refuses, and what its commands say. */

const ADMIN_TOKEN = 'a-token-for-operators';
const opened = new Opened();
const folder = mkdtempSync(join(tmpdir(), 'shops-'));
const table = join(folder, 'facade.yaml');
copyFileSync('examples/another-pair/facade.yaml', table);

let environment: Record<string, string>;
beforeAll(async () => {
  const oldShop = opened.keep(await startOldShop('the-key-of-the-old-shop'));
  const newShop = opened.keep(await startNewShop('the-token-of-the-new-shop'));
  environment = {
    OLD_SHOP_URL: oldShop.url,
    OLD_SHOP_KEY: 'the-key-of-the-old-shop',
    NEW_SHOP_URL: newShop.url,
    NEW_SHOP_TOKEN: 'the-token-of-the-new-shop',
    ADMIN_TOKEN,
  };
  const facade = opened.keep(await createFacade({ pair: SHOPS, config: table, environment }));
  const callers = opened.keep(await serve(facade.handle));
  const operators = opened.keep(await serve(facade.admin));
  const { hostname, port } = new URL(operators.url);
  Object.assign(environment, { ADMIN_HOST: hostname, ADMIN_PORT: port, FACADE_CONFIG: table, DATABASE_URL: 'none' });
  for (const id of [7, 8, 0]) await fetch(`${callers.url}/api/v1/customers/${id}`);
});
afterAll(async () => {
  await opened.closeAll();
  rmSync(folder, { recursive: true });
});

const line: CommandLine = { name: 'shops', commands: [], product: () => Promise.resolve({ pair: SHOPS }) };
const shops = (argv: readonly string[], env = {}): Promise<CliResult> =>
  cli(argv, { line, env: { ...environment, PORT: '0', ...env } });

/** What only the first pair is called, has or is asked for. */
const FOREIGN = /contact2sale|c2s|enrich|lead|crm|work.?api|diretrix|webhook|google|sandbox|\bstart"/i;

function expectOwnNames({ out, err }: CliResult): void {
  // The header that marks a change, and the kind of a problem, are part of the admin API.
  const said = `${out}${err}`.replaceAll('x-c2s-admin', '').replaceAll('urn:c2s-facade:', '');
  expect(said.split('\n').filter((text) => FOREIGN.test(text))).toEqual([]);
}

describe('a command line of another pair', () => {
  const names = COMMANDS.map(({ usage }) => usage.split(' ')[0] ?? '');

  test('has the commands of the engine, and no other', async () => {
    const { out, code } = await shops(['--help']);
    expect(code).toBe(0);
    expect(out).toContain('Usage: shops');
    const listed = [...out.matchAll(/^ {2}([a-z-]+) /gm)].map(([, name]) => name);
    const shown = COMMANDS.filter(({ hidden }) => !hidden).map(({ usage }) => usage.split(' ')[0]);
    expect(listed.filter((name) => !['-h', '-V'].includes(name ?? ''))).toEqual([...shown, 'help']);
    expect((await shops(['start'])).code).toBe(2);
    expect(await shops([])).toMatchObject({ code: 0, out });
  });

  test.each(['', ...names])('says nothing of the first pair in the help: %s', async (name) => {
    const result = await shops([...(name === '' ? [] : [name]), '--help']);
    expect(result.code).toBe(0);
    expectOwnNames(result);
  });

  test.each<[number, readonly string[], Record<string, string>?]>([
    [0, ['check']],
    [0, ['check', '--offline', '--json']],
    [1, ['check', '--offline'], { OLD_SHOP_URL: '', OLD_SHOP_KEY: '' }],
    [1, ['check', '--offline'], { NEW_SHOP_TOKEN: 'the-key-of-the-old-shop' }],
    [1, ['check', '--config', '/nowhere.yaml']],
    [0, ['doctor']],
    [1, ['doctor', '--config', '/nowhere.yaml']],
    // Its own port is taken, by a facade that it does not ask.
    [1, ['doctor', '--admin', '127.0.0.1:4']],
    [1, ['doctor'], { OLD_SHOP_KEY: 'another-key' }],
    [0, ['routes']],
    [0, ['routes', '--json']],
    [3, ['routes', '--admin', '127.0.0.1:4']],
    [3, ['routes'], { ADMIN_TOKEN: 'another-token-for-operators' }],
    [2, ['watch']],
    [0, ['explain', 'GET', '/api/v1/customers/7']],
    [0, ['explain', 'POST', '/api/v1/customers', '--offline', '--body', '{"full_name":"Ana"}']],
    [0, ['explain', 'GET', '/nothing']],
    [0, ['probe', 'customers.get', '--param', 'customerId=7']],
    [2, ['probe', 'customers.create']],
    [2, ['probe', 'GET', '/nothing']],
    [1, ['probe', 'customers.get', '--param', 'customerId=7'], { OLD_SHOP_URL: '' }],
    [2, ['flip', 'sellers.get', '--gateway', '5', '--yes']],
    [2, ['flip', 'orders.get', '--gateway', '5', '--yes', '--offline']],
    [0, ['flip', 'customers.create', '--gateway', '5', '--yes']],
    [0, ['flip', 'customers.create', '--gateway', '5', '--yes']],
    [2, ['rollback', 'yesterday']],
    [0, ['rollback', '--yes']],
    [0, ['kill-switch']],
    [2, ['kill-switch', 'perhaps']],
    [0, ['kill-switch', 'on']],
    [0, ['kill-switch', 'off']],
    [3, ['kill-switch', 'on', '--admin', '127.0.0.1:4']],
    [0, ['history']],
    [0, ['diff']],
    [0, ['discover']],
    [0, ['parity']],
    [1, ['parity', 'customers.get']],
    [0, ['samples', 'customers.get']],
    [2, ['replay', '/nowhere']],
    [0, ['autopilot']],
    [0, ['migration']],
    [0, ['completion', 'bash']],
    [0, ['completion', 'zsh']],
    [0, ['completion', 'fish']],
    [0, ['complete-routes']],
  ])('says nothing of the first pair, and ends with %i: %j %j', async (code, argv, env) => {
    const result = await shops(argv, env);
    expect({ code: result.code, said: result.out + result.err }).toEqual({
      code,
      said: expect.stringMatching(/\S/) as string,
    });
    expectOwnNames(result);
  });

  test('asks each side with its own header whether its token is taken', async () => {
    const { out } = await shops(['doctor']);
    expect(out).toContain('GET /api/v1/customers/7 is answered 200: OLD_SHOP_KEY is accepted');
    expect(out).toContain('GET /v2/customer/7 is answered 200: NEW_SHOP_TOKEN is accepted');
  });

  test('writes a first table with its names, and a schema without the sections of others', async () => {
    const into = mkdtempSync(join(tmpdir(), 'shops-init-'));
    const cwd = process.cwd();
    try {
      process.chdir(into);
      const result = await shops(['init', '--output', 'facade.yaml']);
      expect(result.code).toBe(0);
      expectOwnNames(result);
      for (const file of ['facade.yaml', '.env']) expect(readFileSync(file, 'utf8')).toContain('OLD_SHOP_URL');
      const schema = JSON.parse(readFileSync('facade.schema.json', 'utf8')) as { properties: object };
      expect(Object.keys(schema.properties)).toContain('routes');
      expect(Object.keys(schema.properties)).not.toContain('enrichment');
      const checked = await shops(['check', '--offline', '--config', 'facade.yaml']);
      expect(checked.code).toBe(0);
    } finally {
      process.chdir(cwd);
      rmSync(into, { recursive: true });
    }
  });
});

describe('createFacade with a pair alone', () => {
  test('refuses the section of an extension that it does not have', async () => {
    const file = join(folder, 'with-enrichment.yaml');
    writeFileSync(file, `${readFileSync('examples/another-pair/facade.yaml', 'utf8')}\nenrichment: {}\n`);

    const refused = createFacade({ pair: SHOPS, config: file, environment });
    await expect(refused).rejects.toThrow(ConfigRefused);
    await expect(refused).rejects.toThrow(/enrichment: unknown key/);
  });

  test('does not read the variables of that extension', async () => {
    const foreign = { WORK_API_URL: 'no URL', WEBHOOK_SECRET: 'short', DATA_KEY: 'no key', C2S_BASE_URL: 'no URL' };
    const facade = await createFacade({ pair: SHOPS, config: table, environment: { ...environment, ...foreign } });
    await facade.close();
  });

  test('serves no page of that extension', async () => {
    const facade = await createFacade({ pair: SHOPS, config: table, environment });
    const server = await serve(facade.handle);
    const res = await fetch(`${server.url}/api/v1/c2s/enrich/1`, { method: 'POST' });
    expect(res.headers.get('x-facade-route')).toBe('passthrough');
    await server.close();
    await facade.close();
  });
});
