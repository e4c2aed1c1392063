import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { startSandbox } from '../../../src/c2s/sandbox/index.ts';
import type { Binaries } from '../../../src/facade/store/embedded/binaries.ts';
import { crashAndRecover, CRASH_POINTS } from '../kit/crash.ts';
import { startPostgres, type TestPostgres } from '../kit/postgres.ts';

/** Killed at each step, over and over, on the Postgres of the distribution (Debian: `apt-get install postgresql`). */

/** Fifty kills at each of nine points: some four minutes of two cores, the longest part of CI. `CRASH_ROUNDS` for another number. */
const ROUNDS = Number(process.env['CRASH_ROUNDS'] ?? 50);

const ROOT = '/usr/lib/postgresql';

function installed(): Binaries | undefined {
  const versions = existsSync(ROOT)
    ? readdirSync(ROOT)
        .map(Number)
        .filter((version) => version >= 15)
    : [];
  const version = Math.max(...versions);
  const bin = join(ROOT, String(version), 'bin');
  if (!existsSync(join(bin, 'initdb'))) return undefined;
  execFileSync(join(bin, 'postgres'), ['--version']);
  return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres'), version };
}

const binaries = installed();
if (!binaries) console.warn(`skipped: no Postgres from 15 on under ${ROOT}; apt-get install postgresql`);

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
      await crashAndRecover({ point, rounds: ROUNDS, leadsPerRound: 4, sandbox, env });
      await sandbox.close();
    });
  });
});
