import { pino, type Logger } from 'pino';
import { standardOutput } from '../observe/log.ts';

/** JSON lines on standard output, in batches; what is held is written when the process ends. */
export function createLog(level: string): Logger {
  return pino({ level, base: { name: 'c2s-gateway' } }, standardOutput());
}
