import { pino, type DestinationStream, type Logger, type LoggerOptions } from 'pino';

/**
 * Logs: JSON lines for machines. Personal data cannot leak by a slip, since what is logged of a request is a fixed set
 * of fields (no URL, no query, no header, no body); redaction is the second fence, for errors and settings.
 */

export type { Logger };

export interface Logs {
  readonly log: Logger;
  /**
   * One line a request, of a fixed set of fields, numbers and closed unions. It has no redaction, since there is nothing
   * to redact, and redaction cost more than the request (docs/performance.md).
   */
  readonly requestLog: Logger;
  /** Lines that could not be written so far. */
  readonly droppedLines: () => number;
}

/** Takes lines; one that may lose some counts them. */
export interface CountingDestination extends DestinationStream {
  readonly droppedLines?: number;
}

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

/** @param destination where the lines of both go. @param name stands in every line, where several services share a log. */
export function createLogs(level: string, destination: CountingDestination, name?: string): Logs {
  const common = { level, base: name === undefined ? null : { name }, timestamp: pino.stdTimeFunctions.isoTime };
  return {
    log: createLog(common, destination),
    requestLog: pino(common, destination),
    droppedLines: () => destination.droppedLines ?? 0,
  };
}

/** The log of everything but requests. */
function createLog(common: LoggerOptions, destination: DestinationStream): Logger {
  return pino(
    {
      ...common,
      redact: { paths: SECRETS, censor: '[redacted]' },
      // An error's message may quote what an upstream or a caller sent; its type, code and place do not.
      serializers: { err: describeError },
      hooks: {
        // pino takes the error's message for the line's own where none is given.
        logMethod(args, method) {
          if (args.length === 1 && carriesError(args[0])) method.call(this, args[0], 'error');
          else method.apply(this, args);
        },
      },
    },
    destination,
  );
}

function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return { type: error.name, code, at: placeOf(error) };
}

/** The first frame of the stack. The message stands before it, over any number of lines that may look like frames. */
export function placeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { stack = '', message } = error;
  const frames = message === '' ? stack : stack.slice(stack.indexOf(message) + message.length);
  return /^ +(at .*)$/m.exec(frames)?.[1];
}

const carriesError = (first: unknown): boolean =>
  first instanceof Error || (typeof first === 'object' && first !== null && 'err' in first);
