import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import { Queue } from '../../../src/enrichment/queue.ts';
import { serverAccount } from '../../../src/store/embedded/account.ts';
import { findBinaries, type Binaries } from '../../../src/store/embedded/binaries.ts';
import { CLUSTER, connectionStringOf, openCluster } from '../../../src/store/embedded/cluster.ts';
import { runtimeDir } from '../../../src/store/embedded/runtime-dir.ts';
import { startServer } from '../../../src/store/embedded/server.ts';
import { openStore } from '../../../src/store/index.ts';

/**
 * A Postgres for the tests of a file: the embedded one without fsync, or the server that TEST_DATABASE_URL names (as a
 * role that may create databases). Every test takes a database of its own.
 */
export interface TestPostgres {
  /** The URL of an empty database. */
  createDatabase(): Promise<string>;
  /** The URL of one that has its tables already, the queue's too: to make them costs most of a facade's start. */
  createMigrated(): Promise<string>;
  close(): Promise<void>;
}

/** @param binaries another Postgres's; default: the embedded one's, or TEST_DATABASE_URL. */
export async function startPostgres(binaries?: Binaries): Promise<TestPostgres> {
  const given = binaries ? undefined : process.env['TEST_DATABASE_URL'];
  const server = given ? { url: given, stop: async () => undefined } : await startOwn(binaries);
  const names: string[] = [];
  const admin = async (statement: string): Promise<void> => {
    const client = new pg.Client(server.url);
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  const create = async (template = 'template1') => {
    const name = `test_${randomBytes(6).toString('hex')}`;
    await admin(`create database ${name} template ${template}`);
    names.push(name);
    const url = new URL(server.url);
    url.pathname = `/${name}`;
    return { name, url: url.href };
  };
  let migrated: Promise<string> | undefined;
  return {
    createDatabase: async () => (await create()).url,
    async createMigrated() {
      migrated ??= create().then(async ({ name, url }) => {
        await migrateAll(url);
        return name;
      });
      return (await create(await migrated)).url;
    },
    async close() {
      // Nobody throws our own server's databases away one by one.
      if (given) for (const name of names) await admin(`drop database if exists ${name} with (force)`);
      await server.stop();
    },
  };
}

async function startOwn(given: Binaries | undefined) {
  const dir = mkdtempSync(join(tmpdir(), 'facade-pg-'));
  // As root the server is another user, who must get through.
  chmodSync(dir, 0o711);
  const account = await serverAccount(join(dir, CLUSTER));
  const binaries = given ?? (await findBinaries());
  const runDir = runtimeDir(dir, account);
  const cluster = await openCluster({ dataDir: dir, binaries, account, initFlags: ['--no-sync'] });
  const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: 200 };
  const server = await startServer({ binaries, cluster, runDir, account, settings });
  // A test process that ends early takes its server with it.
  const kill = (): boolean => process.kill(server.pid, 'SIGQUIT');
  process.once('exit', kill);
  return {
    url: connectionStringOf(cluster, runDir),
    stop: async () => {
      process.off('exit', kill);
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function migrateAll(databaseUrl: string): Promise<void> {
  const log = pino({ level: 'silent' });
  const store = await openStore({ databaseUrl, dataDir: 'unused', log });
  const queue = await Queue.start(databaseUrl, log);
  await queue.stop();
  await store.close();
}
