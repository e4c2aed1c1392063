import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { enrichingEnv, startScene, type Scene } from './kit/enrichment.ts';
import { Opened } from './kit/load.ts';
import { startPostgres, type TestPostgres } from './kit/postgres.ts';
import { startProcess, type FacadeProcess } from './kit/process.ts';
import { startStoreProxy, type StoreProxy } from './kit/store-proxy.ts';

/** A facade as a process of its own, on a database that neither answers nor fails: its end, its metrics, its switch. */

const DRAIN_MS = 2_000;
/** Beside the drain: what is written at the end (3 s at most), and a loaded machine. */
const BEYOND_MS = 8_000;

const opened = new Opened();
let postgres: TestPostgres;
let scene: Scene;
beforeAll(async () => {
  postgres = await startPostgres();
  scene = await startScene();
}, 60_000);
afterEach(opened.closeAll);
afterAll(async () => {
  await scene.close();
  await postgres.close();
});

interface Started {
  readonly facade: FacadeProcess;
  readonly proxy: StoreProxy;
  readonly url: string;
  readonly adminUrl: string;
  readonly databaseUrl: string;
}

async function start(): Promise<Started> {
  const databaseUrl = await postgres.createMigrated();
  const proxy = opened.keep(await startStoreProxy(databaseUrl));
  const facade = opened.keep(
    startProcess({
      env: { ...enrichingEnv(scene.sandbox, proxy.url), C2S_BASE_URL: scene.sandbox.c2s.url },
      edit: (config) => config.setIn(['server', 'drain'], `${DRAIN_MS}ms`),
    }),
  );
  return { facade, proxy, databaseUrl, ...(await facade.ready()) };
}

type State = (started: Started) => Promise<void> | void;
const STATES: readonly (readonly [name: string, State])[] = [
  ['answers', () => undefined],
  ['forgot the connections', ({ proxy }) => proxy.forget()],
  ['is silent', ({ proxy }) => proxy.silence()],
  ['is gone', ({ proxy }) => proxy.cut()],
  ['has its tables locked', ({ databaseUrl }) => lockTables(databaseUrl)],
];

/** As long as the test lasts. */
async function lockTables(databaseUrl: string): Promise<void> {
  const client = new pg.Client(databaseUrl);
  client.on('error', () => undefined);
  await client.connect();
  opened.keep({ close: () => client.end() });
  await client.query('begin');
  await client.query('lock table facade.steering, facade.flips, facade.traffic, facade.enrichments');
}

describe('SIGTERM ends it within the drain while the database', () => {
  test.each(STATES)('%s', { timeout: 60_000 }, async (_, into) => {
    const started = await start();
    await into(started);
    const began = performance.now();
    started.facade.child.kill('SIGTERM');
    await started.facade.exited(30_000);
    expect(performance.now() - began).toBeLessThan(DRAIN_MS + BEYOND_MS);
  });
});
