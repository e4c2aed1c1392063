import { PRODUCT } from './c2s/product.ts';
import { createFacade as create } from './facade/embed.ts';
import type { CliOptions, Facade, FacadeOptions } from './facade/embedded.ts';

/**
 * `import { createFacade, runCli } from 'c2s-facade'`: what other programs may rely on (docs/releasing.md), and nothing else.
 */
export type { CliOptions, Facade, FacadeOptions };
export type {
  AnswerBody,
  ApiPair,
  ErrorAnswer,
  GatewayLimits,
  TokenHeader,
  UnderstoodError,
} from './facade/rollout/api-pair.ts';
export { ConfigRefused } from './facade/config/config-refused.ts';

/** @throws ConfigRefused with everything that is wrong with the environment or the table, one problem a line. */
export function createFacade(options: FacadeOptions): Promise<Facade> {
  return create(options, options.pair ? { pair: options.pair } : PRODUCT);
}

/**
 * The command line of the engine for a pair of one's own: check, doctor, routes, explain, flip, … Reads the process's
 * environment and `.env`, and writes to its standard output.
 * @returns the exit code, 0 to 3 (docs/cli.md), for `process.exitCode`; undefined: `start` runs on, and sets it itself.
 */
export async function runCli(options: CliOptions): Promise<number | undefined> {
  // Loaded when it is called: a program that embeds the facade needs no command line.
  const { runCli: runLine } = await import('./facade/run-cli.ts');
  return runLine(options, { pair: options.pair });
}
