import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { startSandbox } from '../../../src/c2s/sandbox/index.ts';
import { crashAndRecover, CRASH_POINTS, type CrashOptions } from '../kit/crash.ts';
import { debianPostgres, startPostgres, type TestPostgres } from '../kit/postgres.ts';

/** Killed at each step, over and over, on the Postgres that the package brings. */

/**
 * Few where Debian's is installed, on which CI makes more (crash-debian.test.ts): what differs is the server, not
 * the facade. `CRASH_ROUNDS=50 npm run test:e2e -- crash` makes them here too.
 */
const ROUNDS = Number(process.env['CRASH_ROUNDS'] ?? (debianPostgres() ? 2 : 10));

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.close());

async function crash(options: Omit<CrashOptions, 'sandbox' | 'leadsPerRound'>): Promise<void> {
  const sandbox = await startSandbox();
  await crashAndRecover({ ...options, leadsPerRound: 4, sandbox });
  await sandbox.close();
}

describe.concurrent('a facade that is killed again and again sends every message exactly once', () => {
  it.each(CRASH_POINTS)('at %s', { timeout: 900_000 }, async (point) => {
    await crash({
      points: Array<typeof point>(ROUNDS).fill(point),
      env: { DATABASE_URL: await postgres.createDatabase() },
    });
  });
});

// As operators run it: the server is the facade's own, outlives it, and is taken over by the next one.
describe.concurrent('the same with the embedded server as its child', () => {
  it.each(['enrich:begun', 'intended', 'answered'] as const)('at %s', { timeout: 900_000 }, async (point) => {
    const dataDir = mkdtempSync(join(tmpdir(), 'c2s-crash-data-'));
    await crash({ points: Array<typeof point>(3).fill(point), env: { DATABASE_URL: '', DATA_DIR: dataDir } });
    rmSync(dataDir, { recursive: true, force: true });
  });
});
