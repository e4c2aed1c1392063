/** How a command ends, for scripts. Documented in docs/cli.md; stable. */
export const EXIT = {
  ok: 0,
  /** It did what it was asked, and what it found is not good; or the facade refused the change. */
  problems: 1,
  /** The command line itself is wrong, or a question was left without an answer. */
  usage: 2,
  /** The facade, or the part of it that was asked for, cannot be reached or does not let us in. */
  unreachable: 3,
  /** Ctrl-C at a question, as shells have it: 128 and the number of the signal. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends the command; the message says what to do and is all that is shown. */
export class CliError extends Error {
  readonly code: ExitCode;
  constructor(code: ExitCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Nothing answers where the facade should be. */
export class NotRunning extends CliError {
  constructor(message: string) {
    super(EXIT.unreachable, message);
  }
}

export const usageError = (message: string) => new CliError(EXIT.usage, message);
