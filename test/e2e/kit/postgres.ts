import { randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import { migrations } from '../../../src/c2s/store/migrations/index.ts';
import { Queue } from '../../../src/c2s/enrichment/queue.ts';
import { serverAccount } from '../../../src/facade/store/embedded/account.ts';
import { findBinaries, type Binaries } from '../../../src/facade/store/embedded/binaries.ts';
import { CLUSTER, connectionStringOf, openCluster } from '../../../src/facade/store/embedded/cluster.ts';
import { runtimeDir } from '../../../src/facade/store/embedded/runtime-dir.ts';
import { startServer } from '../../../src/facade/store/embedded/server.ts';
import { openStore } from '../../../src/facade/store/index.ts';

/**
 * A Postgres for the tests of a file: the server that TEST_DATABASE_URL names (as a role that may create databases), the
 * one that all files of a run share (shared-postgres.ts), or an embedded one of its own, without fsync. Every test takes
 * a database of its own.
 */
export interface TestPostgres {
  /** The URL of an empty database. */
  createDatabase(): Promise<string>;
  /** The URL of one that has its tables already, the queue's too: to make them costs most of a facade's start. */
  createMigrated(): Promise<string>;
  close(): Promise<void>;
}

/** The variable with the URL at which a test file learns of the server that all files share. */
export const SHARED_POSTGRES = 'C2S_TEST_SHARED_POSTGRES';

export interface SharedPostgres {
  readonly url: string;
  /** The name of a database with all tables. */
  readonly template: string;
}

/** @param binaries another Postgres's, whose server is started for this file. */
export async function startPostgres(binaries?: Binaries): Promise<TestPostgres> {
  const given = binaries ? undefined : process.env['TEST_DATABASE_URL'];
  const shared = binaries || given ? undefined : await findShared();
  const isOurs = !given && !shared;
  const server = isOurs ? await startOwn(binaries) : { url: given ?? shared?.url ?? '', stop: async () => undefined };
  const names: string[] = [];
  const create = async (template?: string) => {
    const made = await newDatabase(server.url, template);
    names.push(made.name);
    return made;
  };
  let migrated = shared && Promise.resolve(shared.template);
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
      if (given) for (const name of names) await admin(given, `drop database if exists ${name} with (force)`);
      await server.stop();
    },
  };
}

async function findShared(): Promise<SharedPostgres | undefined> {
  const url = process.env[SHARED_POSTGRES];
  if (!url) return undefined;
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`the shared Postgres did not start: ${await answer.text()}`);
  return (await answer.json()) as SharedPostgres;
}

async function admin(serverUrl: string, statement: string): Promise<void> {
  const client = new pg.Client(serverUrl);
  await client.connect();
  await client.query(statement).finally(() => client.end());
}

export async function newDatabase(serverUrl: string, template = 'template1') {
  const name = `test_${randomBytes(6).toString('hex')}`;
  // By files, not by the log: a third of the time.
  await admin(serverUrl, `create database ${name} template ${template} strategy file_copy`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return { name, url: url.href };
}

export async function startOwn(given?: Binaries) {
  const dir = mkdtempSync(join(tmpdir(), 'facade-pg-'));
  // As root the server is another user, who must get through.
  chmodSync(dir, 0o711);
  const account = await serverAccount(join(dir, CLUSTER));
  const binaries = given ?? (await findBinaries(dir));
  const runDir = runtimeDir(dir, account);
  const cluster = await openCluster({ dataDir: dir, binaries, account, initFlags: ['--no-sync'] });
  const settings = {
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    max_connections: 400,
    // Of hundreds of databases that live for seconds each would be visited by a process of its own.
    autovacuum: 'off',
    // Nobody copies this server.
    wal_level: 'minimal',
    max_wal_senders: 0,
  };
  const server = await startServer({ binaries, cluster, runDir, account, settings }, pino({ level: 'silent' }));
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

export async function migrateAll(databaseUrl: string): Promise<void> {
  const log = pino({ level: 'silent' });
  const store = await openStore({ databaseUrl, dataDir: 'unused', migrations, log });
  const queue = await Queue.start(store.pool, log);
  await queue.stop();
  await store.close();
}

export const DEBIAN_ROOT = '/usr/lib/postgresql';

/** The newest Postgres of the distribution, from 15 on. */
export function debianPostgres(): Binaries | undefined {
  const versions = existsSync(DEBIAN_ROOT)
    ? readdirSync(DEBIAN_ROOT)
        .map(Number)
        .filter((version) => version >= 15)
    : [];
  const version = Math.max(...versions);
  const bin = join(DEBIAN_ROOT, String(version), 'bin');
  if (!existsSync(join(bin, 'initdb'))) return undefined;
  execFileSync(join(bin, 'postgres'), ['--version']);
  return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres'), version, environment: {} };
}
