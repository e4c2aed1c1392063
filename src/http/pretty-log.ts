import type { CountingDestination } from './log.ts';
import { visible } from './visible.ts';

/**
 * The log for people: pino-pretty (0.5 MB, by the authors of pino) makes a line of each JSON line: time, level, message,
 * and the fields behind it. Loaded on a terminal alone; it costs some 20 µs a line.
 */

/** What JSON leaves as it is in the fields: U+009B begins a sequence as ESC [ does, others turn the text around. */
const UNESCAPED = /[\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/g;

/** @param destination takes the readable lines. @param hasColour no colour belongs into a file. */
export async function prettyLines(destination: CountingDestination, hasColour: boolean): Promise<CountingDestination> {
  const { prettyFactory } = await import('pino-pretty');
  const pretty = prettyFactory({
    colorize: hasColour,
    translateTime: 'SYS:HH:MM:ss',
    singleLine: true,
    // Escape sequences of others must not reach the terminal.
    messageFormat: (line, key) => (typeof line[key] === 'string' ? visible(line[key]) : ''),
  });
  return {
    write: (line) => destination.write((pretty(line) ?? line).replace(UNESCAPED, visible)),
    get droppedLines() {
      return destination.droppedLines ?? 0;
    },
  };
}
