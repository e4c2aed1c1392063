import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createFacade } from 'c2s-facade';
import { check, say, serve, until } from '../kit.ts';
import { SHOPS } from './pair.ts';
import { startNewShop, startOldShop } from './shops.ts';

const OLD_KEY = 'the-key-of-the-old-shop';
const NEW_TOKEN = 'the-token-of-the-new-shop';
const ADMIN_TOKEN = 'a-token-for-operators';

const [oldShop, newShop] = [await startOldShop(OLD_KEY), await startNewShop(NEW_TOKEN)];
const environment = {
  OLD_SHOP_URL: oldShop.url,
  OLD_SHOP_KEY: OLD_KEY,
  NEW_SHOP_URL: newShop.url,
  NEW_SHOP_TOKEN: NEW_TOKEN,
  ADMIN_TOKEN,
};
// A flip is an edit of the table, so the example works on a copy.
const folder = mkdtempSync(join(tmpdir(), 'shops-'));
const table = join(folder, 'facade.yaml');
copyFileSync(join(import.meta.dirname, 'facade.yaml'), table);

const facade = await createFacade({ pair: SHOPS, config: table, environment });
const [callers, operators] = [await serve(facade.handle), await serve(facade.admin)];

/** What an operator types: the command of these shops, cli.ts. */
async function shops(...args: string[]): Promise<string> {
  const env = { ...environment, FACADE_CONFIG: table, ADMIN_PORT: new URL(operators.url).port };
  const cli = join(import.meta.dirname, 'cli.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, cli, ...args], { env });
  return stdout.trim();
}

/** A program that has talked to the old shop for years: its paths, its fields, its key. */
async function ask(method: string, path: string, body?: object): Promise<string> {
  const headers = { 'x-shop-key': OLD_KEY, 'content-type': 'application/json' };
  const res = await fetch(callers.url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  return `${res.status} ${await res.text()} (${res.headers.get('x-facade-path')})`;
}

async function verdict(): Promise<string> {
  const answer = await fetch(`${operators.url}/api/parity/customers.get`, {
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
  });
  return ((await answer.json()) as { verdict: { kind: string } }).verdict.kind;
}
function tell(line: string, told: string, expected: string): void {
  say(`${line}: ${told}`);
  check(told.startsWith(expected), `${line}: ${expected}`);
}

tell('before', await ask('GET', '/api/v1/customers/7'), '200 {"id":"7","revision":"old-1"');
// A busy machine drops shadows, so it may take some reads more.
async function isReady(): Promise<boolean> {
  for (let i = 0; i < 20; i++) await ask('GET', `/api/v1/customers/${7 + (i % 2)}`);
  return (await verdict()) === 'ready';
}
await until(isReady, 'the answers agree but for the revision');
say('compared: ready');

tell('shops flip', await shops('flip', '--all', '--gateway', '100', '--shadow', '0', '--yes'), 'Flipped');
tell('flipped', await ask('GET', '/api/v1/customers/7'), '200 {"id":"7","revision":"new-1"');
tell('a write', await ask('POST', '/api/v1/customers', { full_name: 'Caio' }), '201 {"id":"9"');
check(newShop.received.includes('POST /v2/customer'), 'the new shop got it under its own path and names');
tell('an error', await ask('GET', '/api/v1/customers/0'), '404 {"code":"NOT_FOUND"');
tell(
  'a field that only the old shop has',
  await ask('POST', '/api/v1/customers', { full_name: 'Davi', nick: 'D' }),
  '201 {"id":"9","revision":"old-1"',
);

await newShop.close();
tell('the new shop is gone', await ask('GET', '/api/v1/customers/7'), '200 {"id":"7","revision":"old-1"');
tell('a write, too', await ask('POST', '/api/v1/customers', { full_name: 'Eva' }), '201 {"id":"9","revision":"old-1"');
tell('shops flip', await shops('flip', '--all', '--gateway', '0', '--yes'), 'Flipped');
tell('taken back', await ask('GET', '/api/v1/customers/7'), '200 {"id":"7","revision":"old-1"');

await Promise.all([callers.close(), operators.close()]);
await facade.close();
await oldShop.close();
rmSync(folder, { recursive: true });
