import { readdirSync, readFileSync } from 'node:fs';

/**
 * CPU time and memory of other processes, from Linux's /proc. CPU time is what the benches compare: unlike requests
 * per second it does not change when the load generator, and not the subject, is the bottleneck.
 */

/** USER_HZ: the unit of the times in /proc/<pid>/stat. Linux fixes it at 100 a second on every machine that Node runs on. */
const TICKS_PER_SECOND = 100;

interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  /** User and system time of all threads, microseconds, in steps of 10 ms. */
  readonly cpuMicros: number;
}

/** Reads one /proc/<pid>/stat. The command, field 2, may hold blanks and parentheses, so fields are counted from its last `)`. */
export function parseStat(text: string): ProcessStat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [parent, user, system] = [fields[1], fields[11], fields[12]].map(Number);
  if (parent === undefined || !Number.isFinite(user) || !Number.isFinite(system)) {
    throw new RangeError('not a /proc/<pid>/stat line');
  }
  const ticks = (user ?? 0) + (system ?? 0);
  return { pid: Number.parseInt(text, 10), parent, cpuMicros: (ticks * 1_000_000) / TICKS_PER_SECOND };
}

/** Resident memory in bytes out of a /proc/<pid>/status. */
export function parseRss(status: string): number {
  const line = /^VmRSS:\s*(\d+) kB$/m.exec(status);
  if (!line) throw new RangeError('no VmRSS in /proc/<pid>/status');
  return Number(line[1]) * 1024;
}

/** CPU time that these processes have used since they began, microseconds. */
export function cpuMicros(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1')).cpuMicros, 0);
}

/** Resident memory of one process, bytes. */
export function rss(pid: number): number {
  return parseRss(readFileSync(`/proc/${pid}/status`, 'latin1'));
}

/** What the scheduler tells of a process's main thread out of /proc/<pid>/schedstat, nanoseconds: run, and ready to run but not. */
export function parseSchedule(text: string): { readonly ran: number; readonly waited: number } {
  const [ran = Number.NaN, waited = Number.NaN] = text.trim().split(' ').map(Number);
  if (Number.isNaN(ran) || Number.isNaN(waited)) throw new RangeError('not a /proc/<pid>/schedstat line');
  return { ran, waited };
}

/** Begins to watch; the function says which share of the time that a process needed a core it had to wait for one, 0..1. */
export function watchSchedule(pid: number): () => number {
  const read = () => parseSchedule(readFileSync(`/proc/${pid}/schedstat`, 'latin1'));
  const before = read();
  return () => {
    const now = read();
    const [ran, waited] = [now.ran - before.ran, now.waited - before.waited];
    return waited / Math.max(ran + waited, 1);
  };
}

/** A process and everything below it, given every process of the machine. */
export function descendants(root: number, all: readonly Pick<ProcessStat, 'pid' | 'parent'>[]): number[] {
  const children = all.filter((p) => p.parent === root).flatMap((p) => descendants(p.pid, all));
  return [root, ...children];
}

/** The process and its workers, as they are now: nginx and haproxy serve from a child. */
export function processTree(root: number): number[] {
  const all = readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      return [parseStat(readFileSync(`/proc/${name}/stat`, 'latin1'))];
    } catch {
      return []; // It ended between the listing and the reading.
    }
  });
  return descendants(root, all);
}
