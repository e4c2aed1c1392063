import { afterAll, beforeAll, describe, it } from 'vitest';
import { startSandbox } from '../../src/c2s/sandbox/index.ts';
import { crashAndRecover, CRASH_POINTS } from './kit/crash.ts';
import { startPostgres, type TestPostgres } from './kit/postgres.ts';

/** Killed at each step, once; over and over in `npm run test:e2e` (external/crash*.test.ts). */

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.close());

describe.concurrent('a facade that is killed and started again sends every message exactly once', () => {
  it.each(CRASH_POINTS)('at %s', { timeout: 120_000 }, async (point) => {
    const sandbox = await startSandbox();
    const env = { DATABASE_URL: await postgres.createDatabase() };
    await crashAndRecover({ point, rounds: 1, leadsPerRound: 4, sandbox, env });
    await sandbox.close();
  });
});
