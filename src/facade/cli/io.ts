import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import type { Variables } from '../config/variables.ts';
import { CliError, EXIT } from './exit.ts';

/** All that a command sees of the process: where its words go, how wide they may be, what time it is. */
export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly env: Variables;
  /** Settings beside the environment, which wins: `.env`. */
  readonly envFile: string;
  /** Columns of the terminal; Infinity where there is none, since a program reads it, or a file. */
  readonly width: number;
  /** Standard output is a terminal: somebody looks. */
  readonly isTerminal: boolean;
  /** Somebody can be asked. */
  readonly canAsk: boolean;
  readonly colour: boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** One line, without its end. */
  readonly ask: (question: string) => Promise<string>;
}

export const ENV_FILE = '.env';

/** Of a terminal that does not say how wide it is, and of the help. */
export const DEFAULT_WIDTH = 80;

/** The process's own. */
export function processIo(): Io {
  const { stdout, stderr, stdin, env } = process;
  // A reader that has seen enough (`| head`) is no fault.
  stdout.on('error', (error: Error & { code?: string }) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    env,
    envFile: ENV_FILE,
    width: stdout.isTTY ? stdout.columns || DEFAULT_WIDTH : Infinity,
    isTerminal: stdout.isTTY,
    canAsk: stdin.isTTY && stderr.isTTY,
    colour: wantsColour(env, stdout.isTTY),
    now: Date.now,
    ask,
  };
}

/** Only on a terminal, and not where the user or the terminal does not want them (no-color.org). */
export function wantsColour(env: Variables, isTerminal: boolean): boolean {
  return isTerminal && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
}

/**
 * On standard error, so that a piped answer stays clean. No line at all is an empty one.
 * @throws CliError at Ctrl-C: a question comes before anything is changed.
 */
async function ask(question: string): Promise<string> {
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const ended = once(asking, 'close').then(() => '');
    return await Promise.race([asking.question(question), ended]);
  } catch (error) {
    if (!(error instanceof Error && error.name === 'AbortError')) throw error;
    // The cursor stands behind the question.
    process.stderr.write('\n');
    throw new CliError(EXIT.interrupted, 'Interrupted: nothing was changed.');
  } finally {
    asking.close();
  }
}
