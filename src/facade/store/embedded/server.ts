import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readTextSync } from '../../../http/read-file.ts';
import type { Logger } from '../../../http/log.ts';
import { StoreUnavailable } from '../unavailable.ts';
import { asAccount, type Account } from './account.ts';
import type { Binaries } from './binaries.ts';
import { serverEnvironment, type Cluster } from './cluster.ts';
import { keepUntilOwnerEnds } from './keeper.ts';

/** One run of the server: a child in a session of its own, so that Ctrl-C in a terminal reaches us and not it. */

export interface ServerOptions {
  readonly binaries: Binaries;
  readonly cluster: Cluster;
  readonly runDir: string;
  readonly account: Account | undefined;
  /** Beside and before our own. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

export interface EmbeddedServer {
  readonly pid: number;
  /** When the process has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Fast shutdown: open transactions are rolled back, what was committed is on disk. */
  stop(): Promise<void>;
}

/** Milliseconds. Recovery after a crash comes before readiness, and replays up to `max_wal_size`. */
const START_TIMEOUT = 60_000;
/** Milliseconds until a stop that hangs becomes an immediate one, which the next start recovers from. */
const STOP_TIMEOUT = 10_000;
/** Milliseconds until a server that hears no signal, because it was stopped (SIGSTOP), is killed. */
const KILL_TIMEOUT = STOP_TIMEOUT + 2_000;
const POLL_INTERVAL_MS = 15;

/** Small: this is the store of one facade. Durability is left as Postgres has it: fsync on, full pages, checksums. */
const SETTINGS = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  max_connections: 60,
  shared_buffers: '24MB',
  max_wal_size: '128MB',
  min_wal_size: '32MB',
  wal_level: 'minimal',
  max_wal_senders: 0,
  max_worker_processes: 2,
  max_logical_replication_workers: 0,
  max_parallel_workers: 0,
  autovacuum_max_workers: 1,
  huge_pages: 'off',
  jit: 'off',
  // A statement or a detail quotes values, which are personal data here.
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
};

/** Workers for reading would be three more processes; Postgres 18 brought them. */
const SETTINGS_18 = { io_method: 'sync' };

/** @throws StoreUnavailable with what the server said when it ends instead of becoming ready. */
export async function startServer(options: ServerOptions, log: Logger): Promise<EmbeddedServer> {
  const { binaries, cluster, runDir, account } = options;
  const newer = binaries.version >= 18 ? SETTINGS_18 : {};
  const settings = Object.entries({ ...SETTINGS, ...newer, ...options.settings, unix_socket_directories: runDir });
  const args = ['-D', cluster.dir, ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const command = asAccount(account, binaries.postgres, args, [cluster.dir, join(runDir, 'socket')]);
  const child = spawn(command.file, command.args, {
    ...command.as,
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: serverEnvironment(binaries),
  });
  const said = lastWords(child);
  const ended = endOf(child);
  endWithUs(child, ended, log);
  let hasEnded = false;
  void ended.then(() => (hasEnded = true));
  const deadline = performance.now() + START_TIMEOUT;
  while (!isReady(cluster.dir, child.pid)) {
    if (hasEnded) throw new StoreUnavailable(`the embedded Postgres did not start: ${said()}`);
    if (performance.now() > deadline) {
      child.kill('SIGQUIT');
      throw new StoreUnavailable(`the embedded Postgres was not ready within ${START_TIMEOUT / 1_000} s: ${said()}`);
    }
    await sleep(POLL_INTERVAL_MS);
  }
  return { pid: child.pid ?? 0, ended, stop: () => stop(child, ended) };
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((done) => {
    child.once('close', () => done());
    // It could not be started at all.
    child.once('error', () => done());
  });
}

/**
 * Whatever ends this process in good order asks the server for a fast shutdown, from its first moment on; what kills it
 * does so by the keeper.
 */
function endWithUs(child: ChildProcess, ended: Promise<void>, log: Logger): void {
  const onExit = (): void => void child.kill('SIGINT');
  process.on('exit', onExit);
  const endKeeper = child.pid === undefined ? undefined : keepUntilOwnerEnds(child.pid, log);
  void ended.then(() => {
    process.off('exit', onExit);
    endKeeper?.();
  });
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill('SIGINT');
  const timers = [
    setTimeout(() => child.kill('SIGQUIT'), STOP_TIMEOUT),
    setTimeout(() => child.kill('SIGKILL'), KILL_TIMEOUT),
  ];
  await ended;
  for (const timer of timers) clearTimeout(timer);
}

/** The last line of postmaster.pid is how pg_ctl knows, too; the first says whose file it is. */
function isReady(dir: string, pid: number | undefined): boolean {
  try {
    const lines = readTextSync(join(dir, 'postmaster.pid')).split('\n');
    return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
  } catch {
    return false;
  }
}

/** What the server says while it starts; read for ever, so that it never waits for a reader. */
function lastWords(child: ChildProcess): () => string {
  let words = '';
  child.on('error', (error) => (words += error.message));
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (words = (words + chunk).slice(-2_000)));
  return () => {
    const fatal = words.split('\n').filter((line) => /FATAL|PANIC|ERROR|error/.test(line));
    return (fatal.at(-1) ?? words).trim().replace(/^.*?(FATAL|PANIC|ERROR): +/, '');
  };
}
