import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { rss } from './proc.ts';

/** Large bodies and the memory that they take on their way. */

export const MIB = 1024 * 1024;

/** The lead whose answer has so many MiB: the number is in the id, as hexadecimal digits so that it is an id like any other. */
export const bulkId = (mib: number) => `b01c${mib.toString(16).padStart(28, '0')}`;
const BULK_ID = /\/b01c([0-9a-f]{28})$/;

/** Bytes of the lead at this path; 0 when it is an ordinary one. */
export const bulkBytes = (path: string) => Number.parseInt(BULK_ID.exec(path)?.[1] ?? '0', 16) * MIB;

/** What a receiver takes in a second: well below loopback, so that backpressure has to work all the time. */
const BYTES_PER_SECOND = 128 * MIB;
const CHUNK = Buffer.alloc(64 * 1024, 'x');
const SAMPLE_MS = 25;

function* chunks(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= CHUNK.length) yield left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK;
}

/** A stream of so many bytes that takes no memory itself. */
export const filler = (bytes: number) =>
  Readable.from(chunks(bytes), { objectMode: false, highWaterMark: CHUNK.length });

/** Reads a body to its end, at the pace of a slow receiver; resolves with the number of bytes. */
export async function drainPaced(body: AsyncIterable<Uint8Array>): Promise<number> {
  const began = performance.now();
  let received = 0;
  for await (const chunk of body) {
    received += chunk.length;
    const ahead = (received / BYTES_PER_SECOND) * 1_000 - (performance.now() - began);
    if (ahead > 5) await sleep(ahead);
  }
  return received;
}

/** Runs `work`; resolves with its result and the peak of the process's resident memory, bytes. */
export async function watched<T>(pid: number, work: () => Promise<T>) {
  let peak = rss(pid);
  const timer = setInterval(() => (peak = Math.max(peak, rss(pid))), SAMPLE_MS);
  try {
    const result = await work();
    return { result, peak: Math.max(peak, rss(pid)) };
  } finally {
    clearInterval(timer);
  }
}
