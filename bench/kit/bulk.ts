import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { rss } from './proc.ts';

/** Large bodies and the memory that they take on their way. */

/** The lead whose answer is large. */
export const BULK_ID = 'b'.repeat(32);

/** What a receiver takes in a second: well below loopback, so that backpressure has to work all the time. */
const BYTES_PER_SECOND = 256 * 1024 * 1024;
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

/** Runs `work` and resolves with its result and by how many bytes the process grew over what it had before, at its peak. */
export async function growthDuring<T>(pid: number, work: () => Promise<T>): Promise<{ result: T; growth: number }> {
  const before = rss(pid);
  let peak = before;
  const timer = setInterval(() => (peak = Math.max(peak, rss(pid))), SAMPLE_MS);
  try {
    const result = await work();
    return { result, growth: Math.max(peak, rss(pid)) - before };
  } finally {
    clearInterval(timer);
  }
}
