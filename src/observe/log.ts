import { pino, type DestinationStream, type Logger } from 'pino';

/**
 * Logs: JSON lines for machines. Personal data cannot leak by a slip, since what is logged of a request is a fixed set
 * of fields (no URL, no query, no header, no body); redaction is the second fence, for errors and settings.
 */

export type { Logger };

const SECRETS = [
  'authorization',
  'authentication',
  'cookie',
  'token',
  'password',
  'secret',
  'key',
  'url',
  'body',
  'query',
].flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

/** @param destination where lines go; stdout when left out. */
export function createLog(level: string, destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: SECRETS, censor: '[redacted]' },
      // An error's message may quote what an upstream or a caller sent; its type, code and place do not.
      serializers: { err: describeError },
    },
    destination ?? pino.destination({ fd: 1, sync: false }),
  );
}

function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const at = error.stack
    ?.split('\n')
    .find((line) => line.includes(' at '))
    ?.trim();
  return { type: error.name, code, at };
}
