import { execFile } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { asAccount, serverAccount, type Account } from '../../../src/facade/store/embedded/account.ts';
import type { Binaries } from '../../../src/facade/store/embedded/binaries.ts';
import { CLUSTER, connectionStringOf, openCluster } from '../../../src/facade/store/embedded/cluster.ts';
import { until } from './upstream.ts';

/** A primary and its standby, of the distribution's Postgres, and the programs that come with it. */

export interface Primary {
  readonly url: string;
  /** Runs a program of Postgres's, such as pg_dump, as the server's user. @param input for its standard input. */
  run(program: string, args: readonly string[]): Promise<string>;
  /** A directory in which those programs may write. */
  readonly dir: string;
  startStandby(): Promise<Standby>;
  /** As if the machine were gone. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

export interface Standby {
  readonly url: string;
  /** Everything that was committed until now is there. */
  catchUp(): Promise<void>;
  /** What is committed from now on does not come any more. */
  loseContact(): Promise<void>;
  promote(): Promise<void>;
}

const SETTINGS = { listen_addresses: '', wal_level: 'replica', max_wal_senders: 4, fsync: 'off', max_connections: 100 };

export async function startPrimary(binaries: Binaries): Promise<Primary> {
  const dir = mkdtempSync(join(tmpdir(), 'c2s-primary-'));
  const account = await serverAccount(join(dir, CLUSTER));
  chmodSync(dir, 0o755);
  const cluster = await openCluster({ dataDir: dir, binaries, account, initFlags: ['--no-sync'] });
  const run = runner(binaries, account, { PGPASSWORD: cluster.password });
  const dirs = [ownDir(dir, 'out', account), ownDir(dir, 'a', account), ownDir(dir, 'b', account)] as const;
  const [out, socket, standbySocket] = dirs;
  const ctl = (dataDir: string, args: readonly string[]): Promise<string> =>
    run('pg_ctl', ['-D', dataDir, '-w', ...args]);
  const start = (dataDir: string, runDir: string): Promise<string> => {
    const settings = Object.entries({ ...SETTINGS, unix_socket_directories: runDir });
    const options = settings.map(([name, value]) => `-c ${name}='${value}'`).join(' ');
    return ctl(dataDir, ['-l', join(out, `${settings.length}.log`), '-o', options, 'start']);
  };
  await start(cluster.dir, socket);
  const url = connectionStringOf(cluster, socket);
  const running = new Set([cluster.dir]);
  const kill = async (dataDir: string): Promise<void> => {
    if (running.delete(dataDir)) await ctl(dataDir, ['-m', 'immediate', 'stop']);
  };
  return {
    url,
    run,
    dir: out,
    async startStandby() {
      const copy = join(out, 'standby');
      await run('pg_basebackup', ['-D', copy, '-h', socket, '-U', 'c2s', '-R', '-X', 'stream', '-c', 'fast']);
      await start(copy, standbySocket);
      running.add(copy);
      const own = connectionStringOf(cluster, standbySocket);
      return {
        url: own,
        async catchUp() {
          const [now = ''] = await column(url, 'select pg_current_wal_lsn()::text');
          const isThere = `select (pg_last_wal_replay_lsn() >= '${now}')::text`;
          await until(async () => (await column(own, isThere))[0] === 'true', 'the standby has it all', 15_000);
        },
        async loseContact() {
          await column(own, `alter system set primary_conninfo = ''`);
          await column(own, 'select pg_reload_conf()::text');
          const receivers = 'select count(*)::text from pg_stat_wal_receiver';
          await until(async () => (await column(own, receivers))[0] === '0', 'nothing comes any more', 15_000);
        },
        promote: async () => void (await ctl(copy, ['promote'])),
      };
    },
    kill: () => kill(cluster.dir),
    async close() {
      for (const one of [...running]) await kill(one);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function runner(binaries: Binaries, account: Account | undefined, env: Record<string, string>) {
  return async (program: string, args: readonly string[]): Promise<string> => {
    const command = asAccount(account, join(binaries.postgres, '..', program), args, []);
    const { stdout } = await promisify(execFile)(command.file, command.args, {
      ...command.as,
      cwd: '/',
      env: { LC_ALL: 'C', PATH: process.env['PATH'], ...env },
    });
    return stdout;
  };
}

function ownDir(parent: string, name: string, account: Account | undefined): string {
  const dir = mkdtempSync(join(parent, `${name}-`));
  if (account) chownSync(dir, account.uid, account.gid);
  return dir;
}

async function column(url: string, statement: string): Promise<string[]> {
  const client = new pg.Client(url);
  await client.connect();
  const { rows } = await client.query<Record<string, string>>(statement).finally(() => client.end());
  return rows.map((row) => Object.values(row)[0] ?? '');
}
