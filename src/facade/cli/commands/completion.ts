import { readConfigFile, requireConfig } from '../config-file.ts';
import { bashCompletion, fishCompletion, zshCompletion, type CompletionScript } from '../completion.ts';
import type { Command } from '../context.ts';
import { CliError, EXIT, usageError } from '../exit.ts';

/** A script for the shell, made from the very command line that it completes. */
export const completion: Command = ({ io, name, commands }, _options, [shell = '']) => {
  const scripts: Readonly<Record<string, CompletionScript>> = {
    bash: bashCompletion,
    zsh: zshCompletion,
    fish: fishCompletion,
  };
  const script = scripts[shell];
  if (!script) throw usageError(`There is no completion for "${shell}"; write bash, zsh or fish.`);
  io.out(script(name, commands()));
  return EXIT.ok;
};

/** The ids of the routes, one a line; silent where there is no table, since a shell is listening. */
export const completeRoutes: Command = async (context) => {
  try {
    const { routes } = requireConfig(await readConfigFile(context));
    context.io.out(routes.map(({ id }) => `${id}\n`).join(''));
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
  }
  return EXIT.ok;
};
