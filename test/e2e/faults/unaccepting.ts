import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

/**
 * A port that listens and never accepts. Node accepts by itself whenever its loop turns, so the listener lives in a
 * thread whose loop stands still. The kernel takes connections on its behalf until the backlog is full, and what comes
 * then gets no answer at all.
 */

export interface Unaccepting {
  readonly url: string;
  close(): Promise<void>;
}

/** The longest backlog that Linux grants by default. */
const LONGEST_BACKLOG = 4_096;

/**
 * @param isFull nobody gets a connection; else everybody does, and is never read.
 * @param releaseAfterMs it accepts from then on: what knocked before gets in by the kernel's next try, one second after
 *   the first. Left out: never.
 */
export async function startUnaccepting(isFull: boolean, releaseAfterMs = Infinity): Promise<Unaccepting> {
  const workerData = { backlog: isFull ? 1 : LONGEST_BACKLOG, releaseAfterMs };
  const worker = new Worker(new URL(import.meta.url), { workerData });
  const [port] = (await once(worker, 'message')) as [number];
  const fillers = Array.from({ length: isFull ? 4 : 0 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  // A backlog of one holds two.
  await Promise.all(fillers.slice(0, 2).map((filler) => once(filler, 'connect')));
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      for (const filler of fillers) filler.destroy();
      await worker.terminate();
    },
  };
}

if (!isMainThread && parentPort) {
  const port = parentPort;
  const { backlog, releaseAfterMs } = workerData as { backlog: number; releaseAfterMs: number };
  const server = createServer();
  server.listen({ host: '127.0.0.1', port: 0, backlog }, () => {
    port.postMessage((server.address() as AddressInfo).port);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, releaseAfterMs);
  });
}
