import { flushCompileCache } from 'node:module';
import { enrichmentExtension } from '../../../src/c2s/extension.ts';
import { PRODUCT } from '../../../src/c2s/product.ts';
import { startApp } from '../../../src/facade/app.ts';
import { readEnvironment } from '../../../src/c2s/environment.ts';
import { createLogs } from '../../../src/http/log.ts';

/**
 * A facade as main.ts composes it, that kills itself without a word when its enrichments have come to CRASH_AT for the
 * CRASH_NTH time. Run as a process of its own (crash.ts).
 */

const read = readEnvironment(process.env);
if (!read.ok) throw new Error(read.problems.join('\n'));
const { CRASH_AT: point, CRASH_NTH: nth } = process.env;
let left = Number(nth);
const app = await startApp({
  environment: read.environment,
  variables: () => process.env,
  product: {
    ...PRODUCT,
    extension: enrichmentExtension((reached) => {
      if (reached === point && --left === 0) process.kill(process.pid, 'SIGKILL');
    }),
  },
  ...createLogs('info', process.stdout),
});
// A process that is killed writes no cache, so that each of hundreds would compile all sources anew.
flushCompileCache();
process.on('SIGTERM', () => void app.stop().then(() => process.exit(0)));
