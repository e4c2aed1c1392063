import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { Agent } from 'node:http';
import type { Socket } from 'node:net';
import { codeOf } from '../../../src/http/error-code.ts';
import type { FacadeProcess } from './process.ts';
import { until } from './upstream.ts';

/** The workers of a facade with WORKERS above 1, and which of them has a connection. By /proc, so Linux only. */

/** Process ids, in the order of their starts. */
export function workersOf({ child }: FacadeProcess): number[] {
  const pid = child.pid as number;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim();
  return children === '' ? [] : children.split(' ').map(Number);
}

/** Who has the other end of this connection. @returns its process id; undefined: none of the workers. */
export function workerOf(facade: FacadeProcess, { localPort = 0, remotePort = 0 }: Socket): number | undefined {
  const hex = (port: number) => `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const row = readFileSync('/proc/net/tcp', 'latin1')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .find(([, local = '', remote = '']) => local.endsWith(hex(remotePort)) && remote.endsWith(hex(localPort)));
  const holds = (pid: number) =>
    readdirSync(`/proc/${pid}/fd`).some((fd) => target(`/proc/${pid}/fd/${fd}`) === `socket:[${row?.[9]}]`);
  return workersOf(facade).find(holds);
}

/** Of a link; undefined: it was closed since the listing. */
function target(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Milliseconds. A worker that replaces a killed one loads the whole facade first. */
const STARTED_AFTER_MS = 30_000;

/**
 * A connection to each of two workers, by their process ids: as many are opened as it takes, since whoever is free accepts.
 * @param ask over this agent, whatever it is. @returns the connection that was asked over.
 */
export async function agentsOfWorkers(
  facade: FacadeProcess,
  ask: (agent: Agent) => Promise<Socket>,
): Promise<Map<number, Agent>> {
  const found = new Map<number, Agent>();
  await until(
    async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const pid = workerOf(facade, await ask(agent));
      if (pid === undefined || found.has(pid)) agent.destroy();
      else found.set(pid, agent);
      return found.size === 2;
    },
    'both accept connections',
    STARTED_AFTER_MS,
  );
  return found;
}
