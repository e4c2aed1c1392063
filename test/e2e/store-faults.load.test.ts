import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { codeOf } from '../../src/http/error-code.ts';
import { inventedCpf } from '../../src/c2s/sandbox/cpf.ts';
import { SEED_LEAD_IDS } from '../../src/c2s/sandbox/index.ts';
import { auth, enrichingEnv, startScene, type Scene } from './kit/enrichment.ts';
import { setRoute } from './kit/facade.ts';
import { Opened } from './kit/load.ts';
import { startPostgres, type TestPostgres } from './kit/postgres.ts';
import { startProcess, type FacadeProcess } from './kit/process.ts';
import { spawnNode } from './kit/spawn-node.ts';
import { startStoreProxy, type StoreProxy } from './kit/store-proxy.ts';
import { until } from './kit/upstream.ts';

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
  /** Closes what a test adds, with the rest. */
  readonly keeper: Opened;
}

async function start(keeper = opened, env: Record<string, string> = {}): Promise<Started> {
  const databaseUrl = await postgres.createMigrated();
  const proxy = keeper.keep(await startStoreProxy(databaseUrl));
  const facade = keeper.keep(
    startProcess({
      env: { ...enrichingEnv(scene.sandbox, proxy.url), C2S_BASE_URL: scene.sandbox.c2s.url, ...env },
      edit(config) {
        config.setIn(['server', 'drain'], `${DRAIN_MS}ms`);
        setRoute(config, 'leads.get', ['rollout', 'shadow'], 10);
        setRoute(config, 'leads.get', ['autopilot'], {});
      },
    }),
  );
  return { facade, proxy, databaseUrl, keeper, ...(await facade.ready()) };
}

type State = (started: Started) => Promise<void> | void;
const STATES: readonly (readonly [name: string, into: State])[] = [
  ['is silent', ({ proxy }) => proxy.silence()],
  ['is gone', ({ proxy }) => proxy.cut()],
  ['has its tables locked', ({ databaseUrl, keeper }) => lockTables(databaseUrl, keeper)],
];
const ALIVE: typeof STATES = [
  ['answers', () => undefined],
  ['forgot the connections', ({ proxy }) => proxy.forget()],
];

/** For as long as the test lasts. */
async function lockTables(databaseUrl: string, keeper: Opened): Promise<void> {
  const client = new pg.Client(databaseUrl);
  client.on('error', () => undefined);
  await client.connect();
  keeper.keep({ close: () => client.end() });
  const { rows } = await client.query<{ name: string }>(
    `select string_agg('facade.' || tablename, ', ') as name from pg_tables where schemaname = 'facade'`,
  );
  const lock = async (): Promise<boolean> => {
    await client.query('begin');
    // One table is locked after the other: a transaction of the facade may hold the next one, and wait for the first.
    const locked = await client.query(`lock table ${rows[0]?.name}`).catch((error: unknown) => {
      if (codeOf(error) !== DEADLOCK) throw error;
    });
    if (!locked) await client.query('rollback');
    return locked !== undefined;
  };
  await until(lock, 'its tables are locked', 20_000);
}
const DEADLOCK = '40P01';

describe('SIGTERM ends it within the drain while the database', () => {
  test.each([...ALIVE, ...STATES])('%s', { timeout: 60_000 }, async (_, into) => {
    const started = await start();
    await into(started);
    const began = performance.now();
    started.facade.child.kill('SIGTERM');
    await started.facade.exited(30_000);
    expect(performance.now() - began).toBeLessThan(DRAIN_MS + BEYOND_MS);
  });
});

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body?: object;
}
test(
  'SIGTERM ends the primary of two workers within the drain while the database is silent',
  { timeout: 60_000 },
  async () => {
    const started = await start(opened, { WORKERS: '2' });
    started.proxy.silence();
    const began = performance.now();
    started.facade.child.kill('SIGTERM');
    await started.facade.exited(30_000);
    expect(performance.now() - began).toBeLessThan(DRAIN_MS + BEYOND_MS);
  },
);

const NEEDS_DATABASE: readonly Asked[] = [
  { method: 'GET', path: '/api/history' },
  { method: 'GET', path: '/api/migration' },
  { method: 'GET', path: '/api/autopilot' },
  { method: 'GET', path: '/api/autopilot/leads.get' },
  { method: 'POST', path: '/api/autopilot/leads.get/pause' },
  { method: 'POST', path: '/api/rollback', body: {} },
  {
    method: 'POST',
    path: '/api/flips',
    body: { changes: [{ route: 'leads.get', set: { gateway: 5 } }], force: true, why: 'a test' },
  },
  { method: 'POST', path: '/api/people/forget', body: { cpf: inventedCpf(6_161) } },
];

describe.each(STATES)('while the database %s', (_, into) => {
  const keeper = new Opened();
  let started: Started;
  beforeAll(async () => {
    started = await start(keeper);
    // What a scrape knows from before is shown from then on.
    await until(async () => /^facade_jobs_age_seconds \d/m.test(await page(started)), 'the jobs are counted', 10_000);
    await into(started);
  }, 60_000);
  afterAll(keeper.closeAll);

  test('/metrics is answered within a second, with what was known and how old it is', async () => {
    for (let scrape = 0; scrape < 3; scrape++) {
      const began = performance.now();
      const text = await page(started);
      expect(performance.now() - began).toBeLessThan(1_000);
      expect(text).toContain('facade_jobs{state="queued"} 0');
      expect(text).toMatch(/^facade_jobs_age_seconds [\d.]+$/m);
    }
  });

  test.each(NEEDS_DATABASE)('$method $path is answered 503 within five seconds', async (asked) => {
    const began = performance.now();
    const res = await ask(started, asked);
    expect(performance.now() - began).toBeLessThan(5_000);
    expect([res.status, res.headers.get('content-type')]).toEqual([503, 'application/problem+json']);
    expect(Number(res.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(await res.text()).not.toMatch(/node_modules|\.ts\b|<html/i);
  });

  test(
    'the command line ends with 3 where it needs the database, and the kill switch works',
    { timeout: 30_000 },
    async () => {
      expect(await runCli(started, 'history')).toMatchObject({ code: 3 });
      const switched = await runCli(started, 'kill-switch', 'on', '--json');
      expect([switched.code, JSON.parse(switched.out)]).toMatchObject([0, { on: true, recorded: false }]);
      expect(switched.out).toContain('until the database has it');
    },
  );

  test('many at once are all answered, and the kill switch between them at once', { timeout: 30_000 }, async () => {
    const began = performance.now();
    const many = Array.from({ length: 40 }, () => ask(started, { method: 'GET', path: '/api/history' }));
    const switched = await ask(started, { method: 'PUT', path: '/api/kill-switch', body: {} });
    expect(performance.now() - began).toBeLessThan(2_000);
    expect([switched.status, await switched.json()]).toMatchObject([200, { on: true, by: ['admin'], recorded: false }]);
    for (const res of await Promise.all(many)) expect(res.status).toBe(503);
    expect(performance.now() - began).toBeLessThan(6_000);
    const read = await fetch(`${started.url}/integration/leads/${SEED_LEAD_IDS[0]}`, { headers: auth });
    expect([read.status, read.headers.get('x-facade-path')]).toEqual([200, 'direct']);
  });
});

async function runCli({ adminUrl, facade }: Started, ...args: string[]) {
  const env = { PATH: process.env['PATH'], NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] };
  const options = { cwd: facade.dir, env, stdio: 'pipe' as const };
  const child = spawnNode('src/c2s/cli/main.ts', [...args, '--admin', adminUrl], options);
  let out = '';
  child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
  const code = await new Promise((resolve) => child.once('close', resolve));
  return { code, out };
}

async function page({ adminUrl }: Started): Promise<string> {
  return (await fetch(`${adminUrl}/metrics`)).text();
}

function ask({ adminUrl }: Started, { method, path, body }: Asked): Promise<Response> {
  const headers = { 'x-c2s-admin': 'cli', 'content-type': 'application/json' };
  return fetch(adminUrl + path, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
}
