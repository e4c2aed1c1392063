#!/usr/bin/env node
import { processIo } from '../../facade/cli/io.ts';
import { run } from '../../facade/cli/run.ts';
import { PRODUCT } from '../product.ts';

/** The `c2s-facade` command as a process: arguments in, exit code out. */

const start = (): Promise<unknown> => import('../../main.ts');
const code = await run(process.argv.slice(2), processIo(), { product: PRODUCT, start });
// Set, not `process.exit`: what is still being written to a pipe must arrive.
if (code !== undefined) process.exitCode = code;
