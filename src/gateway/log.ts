import process from 'node:process';
import { pino } from 'pino';
import type { Logger } from 'pino';

/** Bytes that are written together: a write per line costs as much CPU as the rest of a small request. */
const BATCH = 4_096;
/** Milliseconds until an unfinished batch is written all the same. */
const LONGEST_HOLD = 500;

/**
 * JSON lines on standard output, in batches; what is held is written when the process ends. Written synchronously:
 * handing a batch to another thread costs more CPU than the batch.
 */
export function createLog(level: string): Logger {
  const destination = pino.destination({ fd: 1, minLength: BATCH, periodicFlush: LONGEST_HOLD, sync: true });
  process.on('exit', () => destination.flushSync());
  return pino({ level, base: { name: 'c2s-gateway' } }, destination);
}
