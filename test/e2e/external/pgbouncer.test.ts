import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SEED_LEAD_IDS } from '../../../src/c2s/sandbox/index.ts';
import { enrich, enrichingEnv, messagesOf, startEnriching, startScene, type Scene } from '../kit/enrichment.ts';
import { startFacade } from '../kit/facade.ts';
import { hasPgbouncer, startPgbouncer } from '../kit/pgbouncer.ts';
import { startPostgres, type TestPostgres } from '../kit/postgres.ts';
import { until } from '../kit/upstream.ts';

/** A pooler before the database: in session mode it serves, in transaction mode it is refused with a sentence. */

if (!hasPgbouncer) console.log('pgbouncer is not installed: its tests are skipped (apt-get install pgbouncer)');

const [LEAD = ''] = SEED_LEAD_IDS;

describe.skipIf(!hasPgbouncer)('pgbouncer', () => {
  let postgres: TestPostgres;
  let scene: Scene;
  beforeAll(async () => {
    postgres = await startPostgres();
    scene = await startScene();
  });
  afterAll(async () => {
    await scene.close();
    await postgres.close();
  });

  test('in transaction mode is refused at the start, and routing goes on', async () => {
    const pooler = await startPgbouncer(await postgres.createMigrated(), 'transaction');
    const facade = await startFacade({ direct: scene.sandbox.c2s.url, env: enrichingEnv(scene.sandbox, pooler.url) });
    const readyz = async () => (await (await fetch(`${facade.adminUrl}/readyz`)).json()) as { database: string };
    await until(async () => (await readyz()).database !== 'opening', 'the database was looked at', 15_000);
    expect((await readyz()).database).toMatch(/pooler in transaction mode.*pool_mode = session/);
    expect((await enrich(facade, LEAD)).status).toBe(503);
    expect((await fetch(`${facade.url}/health`)).status).toBe(200);
    await facade.stop();
    await pooler.close();
  });

  test('in session mode serves', async () => {
    const pooler = await startPgbouncer(await postgres.createMigrated(), 'session');
    const facade = await startEnriching(scene.sandbox, { databaseUrl: pooler.url });
    expect((await enrich(facade, LEAD)).status).toBe(200);
    expect(messagesOf(scene.sandbox, LEAD)).toHaveLength(1);
    await facade.stop();
    await pooler.close();
  });
});
