import { afterAll, beforeAll, describe, it } from 'vitest';
import { startSandbox } from '../../../src/c2s/sandbox/index.ts';
import { crashAndRecover, CRASH_POINTS } from '../kit/crash.ts';
import { DEBIAN_ROOT, debianPostgres, startPostgres, type TestPostgres } from '../kit/postgres.ts';

/** Killed at each step, over and over, on the Postgres of the distribution (Debian: `apt-get install postgresql`). */

/** Two kills at each of nine points, half a minute of two cores. `CRASH_ROUNDS=50` before a release. */
const ROUNDS = Number(process.env['CRASH_ROUNDS'] ?? 2);

const binaries = debianPostgres();
if (!binaries) console.warn(`skipped: no Postgres from 15 on under ${DEBIAN_ROOT}; apt-get install postgresql`);

describe.skipIf(!binaries)('on the Postgres of the distribution', () => {
  let postgres: TestPostgres | undefined;
  beforeAll(async () => {
    postgres = await startPostgres(binaries);
  });
  afterAll(() => postgres?.close());

  describe.concurrent('a facade that is killed again and again sends every message exactly once', () => {
    it.each(CRASH_POINTS)('at %s', { timeout: 900_000 }, async (point) => {
      const sandbox = await startSandbox();
      const env = { DATABASE_URL: (await postgres?.createDatabase()) ?? '' };
      await crashAndRecover({ points: Array<typeof point>(ROUNDS).fill(point), leadsPerRound: 4, sandbox, env });
      await sandbox.close();
    });
  });
});
