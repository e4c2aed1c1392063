import type { Command } from './context.ts';

/** What the command line says of a command, and where its code is. */
export interface CommandSpec {
  /** `explain <method> <path>`, as commander writes it. */
  readonly usage: string;
  readonly summary: string;
  readonly options?: readonly (readonly [flags: string, description: string, parse?: (text: string) => unknown])[];
  /** Which of the common options make sense, beside --json; `both` when left out. */
  readonly common?: 'json' | 'file' | 'admin' | 'both' | 'none';
  /** Below the options; of the name that the command has. */
  readonly help?: string | ((name: string) => string);
  readonly hidden?: boolean;
  readonly load: () => Promise<Command<never>>;
}
