import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { asAccount, serverAccount, type Account } from '../../../src/facade/store/embedded/account.ts';
import type { Binaries } from '../../../src/facade/store/embedded/binaries.ts';
import { CLUSTER, connectionStringOf, openCluster } from '../../../src/facade/store/embedded/cluster.ts';
import { runtimeDir } from '../../../src/facade/store/embedded/runtime-dir.ts';
import { until } from './upstream.ts';

/** A primary with a streaming standby, of the distribution's Postgres: npm's has no pg_basebackup. */
export interface Pair {
  /** Connection strings of one database on either server. */
  readonly primaryUrl: string;
  readonly standbyUrl: string;
  /** Resolves when the standby has everything that the primary has. */
  caughtUp(): Promise<void>;
  /** From here on the standby receives nothing more. */
  detach(): Promise<void>;
  /** The primary dies without a word, and the standby takes over with what it has. */
  promote(): Promise<void>;
  close(): Promise<void>;
}

const SETTINGS = ['wal_level=replica', 'max_wal_senders=4', 'hot_standby=on', 'listen_addresses=', 'fsync=off'];

export async function startPair(binaries: Binaries): Promise<Pair> {
  const dir = mkdtempSync(join(tmpdir(), 'facade-pair-'));
  chmodSync(dir, 0o711);
  const account = await serverAccount(join(dir, CLUSTER));
  const runDir = runtimeDir(dir, account);
  const cluster = await openCluster({ dataDir: dir, binaries, account, initFlags: ['--no-sync'] });
  const primaryUrl = connectionStringOf(cluster, runDir);
  const primary = await run({ binaries, account, dir: cluster.dir, runDir, url: primaryUrl });

  const standbyDir = join(dir, 'standby');
  mkdirSync(standbyDir, { mode: 0o700 });
  if (account) chownSync(standbyDir, account.uid, account.gid);
  const standbyRun = runtimeDir(standbyDir, account);
  const url = new URL(primaryUrl);
  const conninfo = `host=${runDir} user=${url.username} password=${url.password}`;
  const flags = ['-D', join(standbyDir, CLUSTER), '-d', conninfo, '-R', '-X', 'stream', '-c', 'fast', '--no-sync'];
  const backup = asAccount(account, join(dirname(binaries.postgres), 'pg_basebackup'), flags, [standbyDir, runDir]);
  execFileSync(backup.file, backup.args, { ...backup.as, cwd: '/' });
  const copy = { dir: join(standbyDir, CLUSTER), password: cluster.password };
  const standbyUrl = connectionStringOf(copy, standbyRun);
  const standby = await run({ binaries, account, dir: copy.dir, runDir: standbyRun, url: standbyUrl });

  const on = async <T>(databaseUrl: string, statement: string): Promise<T | undefined> => {
    const client = new pg.Client(databaseUrl);
    await client.connect();
    const { rows } = await client.query<{ value: T }>(statement).finally(() => client.end());
    return rows[0]?.value;
  };
  return {
    primaryUrl,
    standbyUrl,
    async caughtUp() {
      const written = await on<string>(primaryUrl, 'select pg_current_wal_lsn()::text as value');
      const has = `select pg_last_wal_replay_lsn() >= '${written}'::pg_lsn as value`;
      await until(async () => (await on<boolean>(standbyUrl, has)) === true, 'the standby has everything', 20_000);
    },
    async detach() {
      await on(standbyUrl, `alter system set primary_conninfo = ''`);
      await on(standbyUrl, 'select pg_reload_conf() as value');
      const gone = 'select count(*)::int as value from pg_stat_replication';
      await until(async () => (await on<number>(primaryUrl, gone)) === 0, 'the standby receives nothing', 20_000);
    },
    async promote() {
      await primary.end('SIGQUIT');
      await on(standbyUrl, 'select pg_promote() as value');
    },
    async close() {
      await Promise.all([primary.end('SIGINT'), standby.end('SIGINT')]);
      rmSync(dir, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

interface RunOptions {
  readonly binaries: Binaries;
  readonly account: Account | undefined;
  readonly dir: string;
  readonly runDir: string;
  readonly url: string;
}

/** @returns once it answers; a standby does so without ever being `ready` in its pid file. */
async function run({ binaries, account, dir, runDir, url }: RunOptions) {
  const flags = [...SETTINGS, `unix_socket_directories=${runDir}`].flatMap((setting) => ['-c', setting]);
  const command = asAccount(account, binaries.postgres, ['-D', dir, ...flags], [dir, runDir]);
  const child = spawn(command.file, command.args, { ...command.as, cwd: '/', stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('close', resolve));
  // A test process that ends early takes its servers with it.
  const kill = (): boolean => child.kill('SIGQUIT');
  process.once('exit', kill);
  const answers = async (): Promise<boolean> => {
    const client = new pg.Client(url);
    client.on('error', () => undefined);
    return client.connect().then(
      () => client.end().then(() => true),
      () => false,
    );
  };
  await until(answers, 'the server answers', 30_000);
  return {
    async end(signal: NodeJS.Signals): Promise<void> {
      process.off('exit', kill);
      child.kill(signal);
      await ended;
    },
  };
}
