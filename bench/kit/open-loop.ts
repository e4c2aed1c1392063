import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { start, type RunningProcess } from './processes.ts';

export interface OpenLoopOrder {
  readonly port: number;
  readonly perSecond: number;
  readonly ms: number;
  /** Connections at most; what is due when all are busy waits, and its clock runs. */
  readonly connections: number;
}

/** Times in milliseconds. */
export interface OpenLoopResult {
  readonly offered: number;
  /** Answered with 200. */
  readonly perSecond: number;
  readonly statuses: Readonly<Record<string, number>>;
  /** Connections that broke under a request, and requests that were never answered. */
  readonly errors: number;
  /** Of those answered 200, from the moment that they were due. */
  readonly p50: number;
  readonly p99: number;
  /** The same from the moment that they were sent: without what the generator itself was late. */
  readonly p99FromSent: number;
  /** Of those answered 503. */
  readonly p99Shed: number;
  readonly withoutRetryAfter: number;
  /** From the beginning; -1: nothing was shed. */
  readonly lastShedAt: number;
}

/** The open-loop generator's process; one order at a time. */
export class OpenLoop {
  readonly #process: RunningProcess = start({
    command: process.execPath,
    args: [fileURLToPath(new URL('../open-loop.ts', import.meta.url))],
    on: 'driver',
    ipc: true,
  });

  async run(order: OpenLoopOrder): Promise<OpenLoopResult> {
    const { child } = this.#process;
    child.send(order);
    const signal = AbortSignal.timeout(order.ms + 20_000);
    const [result] = (await once(child, 'message', { signal })) as [OpenLoopResult];
    return result;
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }
}
