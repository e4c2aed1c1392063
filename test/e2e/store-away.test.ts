import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inventedCpf } from '../../src/c2s/sandbox/cpf.ts';
import { SEED_LEAD_IDS } from '../../src/c2s/sandbox/index.ts';
import {
  auth,
  enrichingEnv,
  eventOf,
  startEnriching,
  startScene,
  WEBHOOK_SECRET,
  type Scene,
} from './kit/enrichment.ts';
import { setRoute, startFacade, type TestFacade } from './kit/facade.ts';
import { startPostgres, type TestPostgres } from './kit/postgres.ts';
import { startStoreProxy, type StoreProxy } from './kit/store-proxy.ts';
import { refusedUrl } from './kit/upstream.ts';

/**
 * Every endpoint that needs the database, public and admin, when there is none: it was never there (a port on which
 * nobody listens), or it goes away under a facade that runs. Traffic is not touched by either.
 */

const cpf = inventedCpf(6_161);
const [LEAD = ''] = SEED_LEAD_IDS;

let postgres: TestPostgres;
let scene: Scene;
beforeAll(async () => {
  postgres = await startPostgres();
  scene = await startScene();
}, 60_000);
afterAll(async () => {
  await scene.close();
  await postgres.close();
}, 60_000);

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body?: object;
  /** Of an endpoint that keeps what it needs in the memory too, or whose callers read no status. */
  readonly status?: number;
}
const PUBLIC: readonly Asked[] = [
  { method: 'POST', path: `/api/v1/c2s/enrich/${LEAD}` },
  { method: 'GET', path: `/api/v1/leads/process?id=${LEAD}`, status: 200 },
  { method: 'GET', path: '/api/v1/enrichments/00000000-0000-4000-8000-000000000000' },
  { method: 'POST', path: '/api/v1/webhooks/c2s', body: { ...eventOf(LEAD, '2026-02-02T00:00:00Z'), cpf } },
  { method: 'POST', path: '/api/v1/webhooks/google-ads', body: { google_key: WEBHOOK_SECRET, lead_id: 'g-away', cpf } },
];
const ADMIN: readonly Asked[] = [
  { method: 'GET', path: '/api/history' },
  { method: 'GET', path: '/api/migration' },
  { method: 'POST', path: '/api/rollback', body: { why: cpf } },
  { method: 'POST', path: '/api/flips', body: { all: { gateway: 5 }, force: true, why: cpf } },
  { method: 'POST', path: '/api/people/forget', body: { cpf } },
  // What is forgotten in the memory alone is back after a restart.
  { method: 'DELETE', path: '/api/parity/leads.get' },
  // The way back needs no database.
  { method: 'PUT', path: '/api/kill-switch', body: { why: 'gateway on fire' }, status: 200 },
];
const AUTOPILOT: readonly Asked[] = [
  { method: 'POST', path: '/api/autopilot/leads.get/pause' },
  { method: 'GET', path: '/api/autopilot/leads.get' },
];

async function ask(base: string, { method, path, body, status = 503 }: Asked): Promise<void> {
  const headers = {
    ...auth,
    'x-c2s-admin': 'test',
    'x-webhook-token': WEBHOOK_SECRET,
    'content-type': 'application/json',
  };
  const res = await fetch(base + path, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
  const text = await res.text();
  expect([path, res.status]).toEqual([path, status]);
  expect(text).not.toContain(cpf);
  expect(text).not.toMatch(/node_modules|\.ts\b|\n\s*at |<html|connect ECONN|terminated/i);
  if (status !== 503) return;
  expect([path, res.headers.get('content-type')]).toEqual([path, 'application/problem+json']);
  const problem = JSON.parse(text) as { requestId: string };
  expect(problem.requestId).toMatch(/^[0-9a-f-]{36}$/);
  expect([path, Number(res.headers.get('retry-after'))]).toEqual([path, expect.toSatisfy((s: number) => s >= 1)]);
}

function expectQuiet({ logs }: TestFacade): void {
  const written = logs.join('');
  expect(written).not.toContain(cpf);
  expect(written).not.toContain('/api/v1/');
}

function onAutopilot(config: Parameters<typeof setRoute>[0]): void {
  setRoute(config, 'leads.get', ['rollout', 'shadow'], 10);
  setRoute(config, 'leads.get', ['autopilot'], {});
}

describe('a database that was never there', () => {
  let facade: TestFacade;
  beforeAll(async () => {
    const { port } = new URL(await refusedUrl());
    const env = enrichingEnv(scene.sandbox, `postgres://nobody@127.0.0.1:${port}/nothing`);
    facade = await startFacade({ direct: scene.sandbox.c2s.url, env, edit: onAutopilot });
  }, 30_000);
  afterAll(() => facade.stop());

  test.each(PUBLIC)('$method $path', (asked) => ask(facade.url, asked));
  test.each(ADMIN)('$method $path', (asked) => ask(facade.adminUrl, asked));
  test('and nothing of it is in the log', () => expectQuiet(facade));
});

describe('a database that goes away', () => {
  let proxy: StoreProxy;
  let facade: TestFacade;
  beforeAll(async () => {
    proxy = await startStoreProxy(await postgres.createMigrated());
    facade = await startEnriching(scene.sandbox, { databaseUrl: proxy.url, edit: onAutopilot });
    for (const path of ['/api/history', '/api/migration', '/api/autopilot/leads.get'])
      expect([path, (await fetch(facade.adminUrl + path)).status]).toEqual([path, 200]);
    await proxy.cut();
  }, 60_000);
  afterAll(() => facade.stop(), 60_000);

  test.each(PUBLIC)('$method $path', (asked) => ask(facade.url, asked));
  test.each([...ADMIN, ...AUTOPILOT])('$method $path', (asked) => ask(facade.adminUrl, asked));

  test('traffic goes on', async () => {
    expect((await fetch(`${facade.url}/integration/leads/${LEAD}`, { headers: auth })).status).toBe(200);
  });
  test('and nothing of it is in the log', () => expectQuiet(facade));
});
