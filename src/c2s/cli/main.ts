#!/usr/bin/env node
import { processIo } from '../../facade/cli/io.ts';
import { run } from '../../facade/cli/run.ts';
import { COMMAND_LINE } from './command-line.ts';

/** The `c2s-facade` command as a process: arguments in, exit code out. */

const code = await run(process.argv.slice(2), processIo(), COMMAND_LINE);
// Set, not `process.exit`: what is still being written to a pipe must arrive.
if (code !== undefined) process.exitCode = code;
