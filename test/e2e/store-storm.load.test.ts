import { afterAll, beforeAll, expect, test } from 'vitest';
import { startScene, type Scene } from './kit/enrichment.ts';
import { startPostgres, type TestPostgres } from './kit/postgres.ts';
import { runStoreStorm } from './kit/store-storm.ts';

/** A small storm over three facades and their Postgres; the whole one is `npm run storm`. */

let postgres: TestPostgres;
let scene: Scene;
beforeAll(async () => {
  [postgres, scene] = await Promise.all([startPostgres(), startScene()]);
});
afterAll(async () => {
  await scene.close();
  await postgres.close();
});

test(
  'every lead has one message, and every answered flip and kill switch serves within five seconds',
  { timeout: 600_000 },
  async () => {
    const leads = 60;
    const report = await runStoreStorm({
      sandbox: scene.sandbox,
      gatewayUrl: scene.gateway.url,
      databaseUrl: await postgres.createMigrated(),
      kills: 6,
      freezes: 2,
      cuts: 2,
      terminations: 2,
      freezeMs: [5_000, 7_000],
      cutMs: [1_000, 4_000],
      leads,
      seed: 14,
    });
    expect(report).toMatchObject({ broken: [], messages: { 1: leads } });
    expect(report.answeredFlips).toBeGreaterThan(5);
    expect(report.answeredSwitches).toBeGreaterThan(5);
  },
);
