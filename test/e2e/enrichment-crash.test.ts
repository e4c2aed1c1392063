import { afterAll, beforeAll, describe, it } from 'vitest';
import { startSandbox } from '../../src/c2s/sandbox/index.ts';
import { crashAndRecover, CRASH_POINTS } from './kit/crash.ts';
import { startPostgres, type TestPostgres } from './kit/postgres.ts';

/** Killed once at each step, each facade with what the ones before it left; over and over in `npm run test:e2e` (external/crash*.test.ts). */

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.close());

/** Three steps a chain: the chains wait for their database at the same time, and each ends in one that may live. */
const CHAINS = [0, 3, 6].map((from) => CRASH_POINTS.slice(from, from + 3));

describe.concurrent('facades that are killed one after another send every message exactly once', () => {
  it.each(CHAINS)('at %s, %s and %s', { timeout: 120_000 }, async (...points) => {
    const sandbox = await startSandbox();
    const env = { DATABASE_URL: await postgres.createMigrated() };
    await crashAndRecover({ points, leadsPerRound: 4, sandbox, env });
    await sandbox.close();
  });
});
