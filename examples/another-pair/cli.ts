import { runCli } from 'c2s-facade';
import { SHOPS } from './pair.ts';

/** The command of the two shops: `check`, `routes`, `explain`, `flip`, `doctor` and all others, with their names and variables. */

const code = await runCli({ pair: SHOPS, name: 'shops' });
if (code !== undefined) process.exitCode = code;
