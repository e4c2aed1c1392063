import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { start, type RunningProcess } from './processes.ts';

/** What the load generator is asked to do. */
export interface LoadOrder {
  readonly port: number;
  /** Processes whose CPU time is read at the beginning and the end. */
  readonly pids: readonly number[];
  readonly connections: number;
  /** Milliseconds of load before anything counts. */
  readonly warmMs: number;
  /** Milliseconds that count. */
  readonly measureMs: number;
  /** Ends earlier after so many answers. */
  readonly mostRequests: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly errors: number;
  /** Empty without errors. */
  readonly firstError: string;
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  /** Milliseconds. */
  readonly p99: number;
  /** Of the subject, a request. */
  readonly cpuMicros: number;
}

/** The load generator's process; one for all subjects, so that all meet the same warm code. One order at a time. */
export class LoadGenerator {
  readonly #process: RunningProcess = start({
    command: process.execPath,
    args: [fileURLToPath(new URL('../load-generator.ts', import.meta.url))],
    on: 'driver',
    ipc: true,
  });

  async run(order: LoadOrder): Promise<LoadResult> {
    const { child } = this.#process;
    const patience = AbortSignal.timeout(order.warmMs + order.measureMs + 10_000);
    child.send(order);
    try {
      const [result] = (await once(child, 'message', { signal: patience })) as [LoadResult];
      return result;
    } catch (cause) {
      // Its usual last words: the subject has ended, so that there is no /proc/<pid> to read.
      throw new Error(`the load generator did not report: ${this.#process.complaint()}`, { cause });
    }
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }
}
