import { pino, type Logger } from 'pino';
import { standardOutput } from '../../http/log-destination.ts';

interface GatewayLog {
  readonly log: Logger;
  /** Lines that could not be written so far. */
  readonly droppedLogLines: () => number;
}

/** JSON lines on standard output, in batches; what is held is written when the process ends. */
export function createLog(level: string): GatewayLog {
  const output = standardOutput();
  return { log: pino({ level, base: { name: 'c2s-gateway' } }, output), droppedLogLines: () => output.droppedLines };
}
