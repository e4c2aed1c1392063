import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { until } from './upstream.ts';

/** A process that stands still (SIGSTOP), as in a paused virtual machine: its connections stay open, and it says nothing. */
export interface Frozen {
  /** Goes on where it stood. */
  thaw(): void;
}

/** @returns once the kernel has stopped it. */
export async function freeze({ pid = 0 }: Pick<ChildProcess, 'pid'>): Promise<Frozen> {
  process.kill(pid, 'SIGSTOP');
  await until(() => stateOf(pid) === 'T', `process ${pid} stands still`);
  return { thaw: () => void process.kill(pid, 'SIGCONT') };
}

/** The letter of /proc: R runs, S sleeps, T is stopped. */
function stateOf(pid: number): string | undefined {
  return /^\d+ \(.*\) (\w)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
}
