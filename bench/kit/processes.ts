import { spawn, spawnSync, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** Starting, pinning, awaiting and ending the processes of a bench. None of them outlives it. */

/** The subject has a core to itself; what drives it shares the other. Otherwise the load generator's work is the subject's delay. */
const CORES = { subject: '1', driver: '0' } as const;
export const pinned = availableParallelism() > 1 && installed('taskset');

export function installed(command: string): boolean {
  return spawnSync('which', [command]).status === 0;
}

export interface ProcessSpec {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly on: keyof typeof CORES;
  /** With a channel for `send` and `message`. */
  readonly ipc?: boolean;
}

export interface RunningProcess {
  readonly child: ChildProcess;
  /** taskset executes its command in its own place, so this is the subject itself. */
  readonly pid: number;
  /** The end of what it wrote to standard error. */
  readonly complaint: () => string;
  readonly stop: () => Promise<void>;
}

const alive = new Set<ChildProcess>();
process.on('exit', () => alive.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

/** Starts a process with a clean environment, pinned when the machine allows it. Its standard output is /dev/null. */
export function start(spec: ProcessSpec): RunningProcess {
  const command = pinned ? 'taskset' : spec.command;
  const args = pinned ? ['-c', CORES[spec.on], spec.command, ...spec.args] : [...spec.args];
  const stdio: StdioOptions = spec.ipc ? ['ignore', 'ignore', 'pipe', 'ipc'] : ['ignore', 'ignore', 'pipe'];
  const { PATH = '', HOME = '', LD_LIBRARY_PATH = '' } = process.env;
  const env = { PATH, HOME, LD_LIBRARY_PATH, NODE_ENV: 'production', ...spec.env };
  const child = spawn(command, args, { stdio, env });
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-2_000)));
  child.on('error', (error) => (complaint += error.message));
  child.on('exit', () => alive.delete(child));
  alive.add(child);
  return { child, pid: child.pid ?? -1, complaint: () => complaint.trim(), stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  if (!alive.has(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const patience = setTimeout(() => child.kill('SIGKILL'), 3_000);
  await ended;
  clearTimeout(patience);
}

/** A port that nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function statusOf(port: number, path: string, headers: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path, headers, agent: false, timeout: 1_000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(0));
  });
}

/** Resolves when the process answers 200. Rejects, with its last words, when it ends or is silent for 15 s. */
export async function untilAnswering(
  process: RunningProcess,
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  const deadline = Date.now() + 15_000;
  let status = 0;
  while (Date.now() < deadline && alive.has(process.child)) {
    status = await statusOf(port, path, headers);
    if (status === 200) return;
    await sleep(50);
  }
  const complaint = process.complaint();
  await process.stop();
  throw new Error(`did not become ready (last status ${status || 'none'})${complaint && `: ${complaint}`}`);
}
