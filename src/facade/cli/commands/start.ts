import type { Command } from '../context.ts';

/** The facade itself, in this process; it sets the exit code when it ends. */
export const start: Command = async (context) => {
  await context.start?.run();
  return undefined;
};
