import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../../http/log.ts';
import { readTextSync } from '../../../http/read-file.ts';
import { StoreUnavailable } from '../unavailable.ts';

/**
 * What a facade that was killed leaves: a server that runs on without an owner, or only its pid file, whose number may
 * be another process's by now. Called by the owner of the data directory, so whatever is found has no owner.
 */

/** Milliseconds for a fast shutdown, then as many for an immediate one, then for the kernel: SIGSTOP holds up the others. */
const STOP_TIMEOUT_MS = 10_000;
const POLL_INTERVAL_MS = 20;

/** Ends a server that still runs on these files, and defuses what would keep a new one from starting. */
export async function endOrphan(clusterDir: string, runDir: string, log: Logger): Promise<void> {
  const pidFile = join(clusterDir, 'postmaster.pid');
  const pid = pidIn(pidFile);
  if (pid !== undefined && isRunning(pid) && isServerOf(pid, clusterDir)) await stop(pid, log);
  for (const file of [pidFile, join(runDir, '.s.PGSQL.5432.lock')]) correct(file, log);
}

/**
 * Postgres believes any pid that exists, a stranger's or a zombie's, but its parent's, which is ours: so it takes the
 * file for stale, and still looks whether somebody uses the shared memory that the rest of the file names.
 */
function correct(file: string, log: Logger): void {
  const pid = pidIn(file);
  if (pid === undefined || pid === process.pid || !exists(pid)) return;
  writeFileSync(file, (readText(file) ?? '').replace(/^\d+/, String(process.pid)));
  log.info({ pid }, 'a pid file of the embedded Postgres named a process that is none; corrected');
}

function pidIn(file: string): number | undefined {
  const pid = Number(readText(file)?.split('\n')[0]);
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

async function stop(pid: number, log: Logger): Promise<void> {
  log.warn({ pid }, 'the embedded Postgres of a facade that was killed still runs; stopping it');
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    process.kill(pid, signal);
    for (
      const deadline = performance.now() + STOP_TIMEOUT_MS;
      performance.now() < deadline;
      await sleep(POLL_INTERVAL_MS)
    ) {
      if (!isRunning(pid)) return;
    }
  }
  throw new StoreUnavailable(`the embedded one of an earlier start (pid ${pid}) does not stop; end it by hand`);
}

/** A postmaster keeps the arguments that it was started with, which anybody may read; its workers do not. */
function isServerOf(pid: number, clusterDir: string): boolean {
  const args = commandOf(pid);
  return (
    args.some((arg) => basename(arg) === 'postgres') &&
    args.some((arg, i) => args[i - 1] === '-D' && arg === clusterDir)
  );
}

function commandOf(pid: number): string[] {
  if (process.platform === 'linux') return readText(`/proc/${pid}/cmdline`)?.split('\0') ?? [];
  try {
    return execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .split(/\s+/);
  } catch {
    return [];
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** A zombie exists and does not run: it waits for its parent, which may be an init that never looks. */
const isRunning = (pid: number): boolean => exists(pid) && !/^\d+ \(.*\) Z/.test(readText(`/proc/${pid}/stat`) ?? '');

function readText(file: string): string | undefined {
  try {
    return readTextSync(file);
  } catch {
    return undefined;
  }
}
