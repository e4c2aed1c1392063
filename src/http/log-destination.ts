import { writeSync } from 'node:fs';
import type { WriteStream } from 'node:tty';
import type { DestinationStream } from 'pino';

/**
 * Where log lines go, when whatever takes them may be full, gone or silent. A line never holds up a request and never
 * ends the process: what cannot be written is dropped and counted, and what has to wait is held up to a bound.
 *
 * Not pino's own destination (sonic-boom 4.2): written synchronously it waits for a reader that stalls, in the event
 * loop, and so does its flush at exit; written asynchronously it leaves a thread in write(2), for which the exit waits;
 * and on ENOSPC it throws.
 */

/** Bytes of lines that wait for a reader. At 5,000 lines a second that is the better part of a second. */
export const MAX_HELD_BYTES = 1_048_576;
/**
 * Bytes that are written together: a write per line costs as much CPU as the request that the line tells of. Not more
 * than PIPE_BUF (4,096 on Linux): such a write is taken whole or not at all, so the lines of several workers do not mix.
 */
const BATCH_BYTES = 4_096;
/** Longest time until an unfinished batch is written. */
const MAX_BATCH_AGE_MS = 250;
/** Time until a reader that had no room is tried again: a pipe of 64 KiB every 20 ms is 3 MiB a second. */
const RETRY_DELAY_MS = 20;
/** Tries, `EXIT_RETRY_DELAY_MS` apart, for a slow reader to take the last lines before the process ends: half a second in all. */
const EXIT_RETRIES = 50;
const EXIT_RETRY_DELAY_MS = 10;

const LINE_FEED = 0x0a;

export interface LogDestinationOptions {
  /**
   * Writes what fits without waiting; returns the number of bytes.
   * @throws as fs.writeSync does; an error with the code EAGAIN when nothing fits now.
   */
  readonly write: (bytes: Buffer) => number;
  /** Bytes that are written together; 0 writes each line at once. */
  readonly batchBytes?: number;
  /** Blocks for so many milliseconds; for the end of the process only. */
  readonly block?: (ms: number) => void;
}

export class LogDestination implements DestinationStream {
  readonly #options: Required<LogDestinationOptions>;
  /** The batch that lines are added to. */
  #open = '';
  #openBytes = 0;
  /** Finished batches that are not yet written, the oldest first. */
  readonly #waiting: Buffer[] = [];
  #waitingBytes = 0;
  /** The reader had no room: the retry writes, not the next line. */
  #isStalled = false;
  /** The last byte that was written is not the end of a line. */
  #endsMidLine = false;
  /** Lines that were thrown away so far. */
  droppedLines = 0;

  constructor(options: LogDestinationOptions) {
    this.#options = { batchBytes: BATCH_BYTES, block: blockThread, ...options };
    // Without batches nothing is held but for a stalled reader, which has a timer of its own.
    if (this.#options.batchBytes > 0) setInterval(() => this.flush(), MAX_BATCH_AGE_MS).unref();
  }

  /** Bytes that are held in memory. */
  get heldBytes(): number {
    return this.#openBytes + this.#waitingBytes;
  }

  /** @param line with its line feed. Never throws. */
  write(line: string): void {
    const bytes = Buffer.byteLength(line);
    if (this.heldBytes + bytes > MAX_HELD_BYTES) {
      this.droppedLines++;
      return;
    }
    const { batchBytes } = this.#options;
    if (this.#openBytes > 0 && this.#openBytes + bytes > batchBytes) this.#finishBatch();
    this.#open += line;
    this.#openBytes += bytes;
    if (this.#openBytes >= batchBytes) this.#finishBatch();
  }

  /** Writes what is held as far as it fits now. */
  flush(): void {
    this.#finishBatch();
  }

  /** Writes the last lines before the process ends. A reader that takes nothing for half a second gets no more. */
  flushAtExit(): void {
    this.#finishBatch();
    for (let i = 0; i < EXIT_RETRIES && this.#waiting.length > 0; i++) {
      this.#options.block(EXIT_RETRY_DELAY_MS);
      this.#writeWaiting();
    }
  }

  #finishBatch(): void {
    if (this.#openBytes > 0) {
      // After a line that was cut off, what follows begins a line of its own.
      const isAfterCut = this.#endsMidLine && this.#waiting.length === 0;
      const batch = Buffer.from(isAfterCut ? `\n${this.#open}` : this.#open);
      this.#waiting.push(batch);
      this.#waitingBytes += batch.length;
      this.#open = '';
      this.#openBytes = 0;
    }
    if (!this.#isStalled) this.#writeWaiting();
  }

  #writeWaiting(): void {
    this.#isStalled = false;
    for (let batch = this.#waiting[0]; batch; batch = this.#waiting[0]) {
      let written = 0;
      try {
        written = this.#options.write(batch);
      } catch (error) {
        if (!isNoRoom(error)) return this.#dropWaiting();
      }
      if (written === 0) return this.#stall();
      this.#waitingBytes -= written;
      this.#endsMidLine = batch[written - 1] !== LINE_FEED;
      if (written === batch.length) this.#waiting.shift();
      else this.#waiting[0] = batch.subarray(written);
    }
  }

  #stall(): void {
    this.#isStalled = true;
    setTimeout(() => this.#writeWaiting(), RETRY_DELAY_MS).unref();
  }

  /** A full disk or a reader that is gone: what is held would fail as well. The next batch tries again. */
  #dropWaiting(): void {
    for (const batch of this.#waiting.splice(0)) this.droppedLines += countLines(batch);
    this.#waitingBytes = 0;
  }
}

/** A line feed in front ends a line that was counted before, or written. */
function countLines(batch: Buffer): number {
  let lines = 0;
  for (let at = batch.indexOf(LINE_FEED, 1); at >= 0; at = batch.indexOf(LINE_FEED, at + 1)) lines++;
  return lines;
}

const isNoRoom = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'EAGAIN' || error.code === 'EWOULDBLOCK');

function blockThread(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** The process's standard output, in batches; what is held is written when the process ends. */
export function standardOutput(): LogDestination {
  // What anything else prints there, and cannot, must not end the process.
  process.stdout.on('error', () => undefined);
  const destination = new LogDestination({ write: writerTo(1, handleOf(process.stdout)) });
  process.on('exit', () => destination.flushAtExit());
  return destination;
}

/** Standard error of a process that is somebody else's: line by line, and its terminal keeps the mode that it has. */
export function standardError(): LogDestination {
  const handle = process.stderr.isTTY ? undefined : handleOf(process.stderr);
  return new LogDestination({ write: writerTo(2, handle), batchBytes: 0 });
}

/** The part of libuv's handle of a pipe, a socket or a terminal that is needed; node has no public name for it. */
interface Handle {
  readonly setBlocking?: (on: boolean) => void;
}

const handleOf = (stream: WriteStream): Handle | undefined => (stream as { readonly _handle?: Handle })._handle;

/**
 * The mode is set before each write (0.7 µs a batch): it belongs to all processes that share the pipe, and a worker sets
 * it back when it starts and when it exits. A file has no handle, and needs none: a disk is not waited for like a reader.
 */
function writerTo(fd: number, handle: Handle | undefined): LogDestinationOptions['write'] {
  return (bytes) => {
    handle?.setBlocking?.(false);
    return writeSync(fd, bytes);
  };
}
