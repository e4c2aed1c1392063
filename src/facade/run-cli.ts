import { processIo } from './cli/io.ts';
import { run } from './cli/run.ts';
import type { CliOptions } from './embedded.ts';
import type { Product } from './extension/product.ts';

/** The engine's command line of a product, in this process: `c2s-facade` with another name, another pair, other commands. */

/** @returns the exit code; undefined: the process goes on, and ends by itself. */
export function runCli(
  { name, argv = process.argv.slice(2), start }: Omit<CliOptions, 'pair'>,
  product: Product,
): Promise<number | undefined> {
  return run(argv, processIo(), {
    name,
    commands: product.extension?.commands ?? [],
    product: () => Promise.resolve(product),
    start: start && { summary: 'run the facade in the foreground', run: start },
  });
}
