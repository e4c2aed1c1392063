import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FACADE_TOKEN, startFacade, type TestFacade } from './kit/facade.ts';
import { Opened } from './kit/load.ts';
import { startUpstream, until } from './kit/upstream.ts';

/** One instance without a store: the file is the truth, and everything that moves a route goes through the admin API. */

const opened = new Opened();
afterEach(opened.closeAll);

let facade: TestFacade;
beforeEach(async () => {
  const direct = opened.keep(await startUpstream((_, res) => res.writeHead(200).end('{"from":"direct"}')));
  const gateway = opened.keep(await startUpstream((_, res) => res.writeHead(200).end('{"from":"gateway"}')));
  facade = opened.keep(await startFacade({ direct: direct.url, gateway: gateway.url }));
});

const served = async (): Promise<string | null> => {
  const res = await fetch(`${facade.url}/leads/42`, { headers: { authorization: `Bearer ${FACADE_TOKEN}` } });
  await res.text();
  return res.headers.get('x-facade-path');
};
interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly body: Record<string, unknown>;
}
const call = async (method: string, path: string, sent?: object | string, program = 'test'): Promise<Answer> => {
  const res = await fetch(`${facade.adminUrl}/api/${path}`, {
    method,
    headers: { 'x-c2s-admin': program, 'content-type': 'application/json' },
    ...(sent === undefined ? {} : { body: typeof sent === 'string' ? sent : JSON.stringify(sent) }),
  });
  const body = (await res.json()) as Record<string, unknown>;
  return { status: res.status, type: res.headers.get('content-type'), body };
};
/** Nothing was compared here, so a flip upward needs force. */
const flip = (gateway: number, more: object = {}, program?: string) =>
  call(
    'POST',
    'flips',
    { changes: [{ route: 'leads.get', set: { gateway } }], force: true, why: 'a test', ...more },
    program,
  );

describe('POST /api/flips', () => {
  test('moves the traffic before it answers, and changes one number in the file', async () => {
    const before = readFileSync(facade.configFile, 'utf8');
    expect(await served()).toBe('direct');
    const { status, body } = await flip(100, { who: 'ana', why: 'parity proved' }, 'cli');
    expect([status, await served()]).toEqual([200, 'gateway']);
    expect(body).toMatchObject({
      revision: 1,
      changes: [{ route: 'leads.get', from: { gateway: 0 }, to: { gateway: 100 } }],
    });
    const after = readFileSync(facade.configFile, 'utf8').split('\n');
    expect(after.filter((line, i) => line !== before.split('\n')[i])).toEqual([
      '    rollout: { gateway: 100, shadow: 0, stickyBy: leadId, fallback: direct }',
    ]);
    expect(await facade.metric('facade_route_stage{route="leads.get",stage="gateway"}')).toBe(1);
    const history = (await call('GET', 'history')).body;
    expect(history).toMatchObject({
      revision: 1,
      flips: [{ source: 'cli', who: 'ana', identity: 'loopback', why: 'parity proved', route: 'leads.get' }],
      kept: expect.stringContaining('in memory only') as string,
    });
  });

  test('all: every row that has two endpoints', async () => {
    const { body } = await call('POST', 'flips', { all: { gateway: 5 }, force: true, why: 'a test' });
    expect((body['changes'] as unknown[]).length).toBeGreaterThan(20);
    expect(await facade.metric(/^facade_route_stage\{.*stage="canary"\}/)).toBe((body['changes'] as unknown[]).length);
  });

  test.each([
    [
      'a route that is not there',
      { changes: [{ route: 'leads.gone', set: { gateway: 5 } }] },
      404,
      /no route leads\.gone/,
    ],
    ['what the loader refuses', { changes: [{ route: 'leads.create', set: { shadow: 5 } }] }, 422, /done twice/],
    [
      'another revision',
      { changes: [{ route: 'leads.get', set: { gateway: 5 } }], expectRevision: 7 },
      409,
      /revision 0 .*not 7/,
    ],
    ['neither changes nor all', { why: 'so' }, 400, /either changes or all/],
    ['an unknown key', { changes: [{ route: 'leads.get', set: { gatewy: 5 } }] }, 400, /changes\.0\.set: .*gatewy/],
    ['an empty change', { changes: [{ route: 'leads.get', set: {} }] }, 400, /write gateway, shadow/],
    ['no JSON', 'gateway=5', 400, /send JSON/i],
  ])('refuses %s with a problem that says what to do, and changes nothing', async (_, sent, status, detail) => {
    const before = readFileSync(facade.configFile, 'utf8');
    const refused = await call('POST', 'flips', sent);
    expect([refused.status, refused.type]).toEqual([status, 'application/problem+json']);
    expect(refused.body['detail']).toMatch(detail);
    expect([readFileSync(facade.configFile, 'utf8'), await served()]).toEqual([before, 'direct']);
  });

  test('stands behind the guard', async () => {
    const bare = { method: 'POST', body: '{"all":{"gateway":100}}', headers: { 'content-type': 'application/json' } };
    for (const path of ['flips', 'rollback'])
      expect((await fetch(`${facade.adminUrl}/api/${path}`, bare)).status).toBe(403);
    expect(await served()).toBe('direct');
  });

  test('a dry run answers the diff only', async () => {
    const { body } = await flip(100, { dryRun: true });
    expect(body['diff']).toMatch(/^\+ +rollout: \{ gateway: 100,/m);
    expect([await served(), (await call('GET', 'history')).body['flips']]).toEqual(['direct', []]);
  });
});

describe('a flip that the evidence does not allow', () => {
  const send = (more: object) =>
    call('POST', 'flips', { changes: [{ route: 'leads.get', set: { gateway: 5 } }], ...more });

  test('is refused with a problem of its own, and the dry run says so before', async () => {
    const before = readFileSync(facade.configFile, 'utf8');
    const refused = await send({ why: 'so' });
    expect([refused.status, refused.body['type']]).toEqual([409, 'urn:c2s-facade:flip-needs-force']);
    expect(refused.body['detail']).toMatch(/^leads\.get needs force: gateway 0 → 5 without evidence \(parity: never/);
    expect(refused.body['detail']).toContain('send force: true with a why');
    const unreasoned = await send({ force: true });
    expect([unreasoned.status, unreasoned.body['type']]).toEqual([422, 'urn:c2s-facade:flip-invalid']);
    expect((await send({ dryRun: true })).body['guard']).toMatchObject([
      { route: 'leads.get', verdict: 'never compared', gatewayLacksOperation: false },
    ]);
    expect([readFileSync(facade.configFile, 'utf8'), (await call('GET', 'history')).body['flips']]).toEqual([
      before,
      [],
    ]);
  });

  test('is made with force and a why; the way back needs neither', async () => {
    expect((await send({ force: true, why: 'seen to' })).status).toBe(200);
    expect((await call('POST', 'rollback', {})).status).toBe(200);
    const upward = await call('POST', 'rollback', {});
    expect(upward.body['type']).toBe('urn:c2s-facade:flip-needs-force');
    expect((await call('POST', 'rollback', { force: true, why: 'it was no fault of it' })).status).toBe(200);
    const lines = (await call('GET', 'history')).body['flips'] as { forced?: true; source: string }[];
    expect(lines.map(({ source, forced }) => `${source} ${forced}`)).toEqual([
      'rollback true',
      'rollback undefined',
      'api true',
    ]);
  });

  test('a write without verify goes up without force, and with a warning at 100', async () => {
    const { status, body } = await call('POST', 'flips', {
      changes: [{ route: 'leads.create', set: { gateway: 100 } }],
    });
    expect(status).toBe(200);
    expect(body['guard']).toMatchObject([
      { verdict: 'cannot be measured', needsForce: [], warnings: [{ kind: 'write-without-evidence' }] },
    ]);
  });

  test('a gateway that lacks the operation is told of', async () => {
    const upstream = opened.keep(await startUpstream((_, res) => res.writeHead(404).end('{"detail":"Not Found"}')));
    const lacking = opened.keep(await startFacade({ direct: upstream.url, gateway: upstream.url }));
    facade = lacking;
    await flip(100);
    await served();
    expect((await flip(50, { dryRun: true })).body['guard']).toMatchObject([{ gatewayLacksOperation: true }]);
  });
});

test('POST /api/rollback goes back to a revision, and without one to before the last flip', async () => {
  const before = readFileSync(facade.configFile, 'utf8');
  await flip(50);
  await flip(100);
  expect((await call('POST', 'rollback', { why: 'errors' })).body).toMatchObject({ revision: 3 });
  expect(readFileSync(facade.configFile, 'utf8')).toContain('{ gateway: 50, shadow: 0, stickyBy: leadId');
  expect((await call('POST', 'rollback', { revision: 0 })).body).toMatchObject({ changes: [{ to: { gateway: 0 } }] });
  expect(readFileSync(facade.configFile, 'utf8')).toBe(before);
  expect((await call('POST', 'rollback', { revision: 99 })).status).toBe(404);
});

test('a body that says it is a form is refused: to leave it out would be another order than was given', async () => {
  await flip(50);
  for (const [method, path] of [
    ['POST', 'rollback'],
    ['POST', 'flips'],
    ['PUT', 'kill-switch'],
  ] as const) {
    const res = await fetch(`${facade.adminUrl}/api/${path}`, {
      method,
      headers: { 'x-c2s-admin': 'test', 'content-type': 'application/x-www-form-urlencoded' },
      body: '{"revision":1,"why":"curl says so by itself"}',
    });
    expect([res.status, await res.text()]).toEqual([415, expect.stringContaining('content-type: application/json')]);
  }
  expect(facade.dataPlane.killed).toBe(false);
  expect(readFileSync(facade.configFile, 'utf8')).toContain('gateway: 50');
});

test('a file that is gone is said to be gone, and traffic goes on', async () => {
  rmSync(facade.configFile);
  const { status, body } = await flip(50);
  expect([status, body['detail']]).toEqual([409, expect.stringMatching(/cannot be read \(ENOENT\); put it back/)]);
  expect(await served()).toBe('direct');
});

test('an edit of the file by hand is a flip in the history, beside those of the API', async () => {
  await flip(10);
  await facade.write(readFileSync(facade.configFile, 'utf8').replace('{ gateway: 10,', '{ gateway: 20,'));
  const page = async (query: string) =>
    ((await call('GET', `history?${query}`)).body['flips'] as { revision: number; source: string }[]).map(
      ({ revision, source }) => `${revision} ${source}`,
    );
  expect(await page('route=leads.get')).toEqual(['2 file', '1 api']);
  expect([await page('limit=1'), await page('before=2'), await page('route=tags.list')]).toEqual([
    ['2 file'],
    ['1 api'],
    [],
  ]);
  expect((await call('GET', 'history?limit=0')).status).toBe(400);
});

test('the kill switch is in the history with its reason', async () => {
  await flip(100);
  expect((await call('PUT', 'kill-switch', { who: 'ana', why: 'gateway on fire' }, 'console')).body).toMatchObject({
    on: true,
  });
  expect(await served()).toBe('direct');
  expect((await call('DELETE', 'kill-switch')).body).toMatchObject({ on: false });
  expect(await served()).toBe('gateway');
  expect((await call('GET', 'history')).body['flips']).toMatchObject([
    { kind: 'kill-switch', from: true, to: false, source: 'api' },
    { kind: 'kill-switch', from: false, to: true, source: 'console', why: 'gateway on fire' },
    { kind: 'flip' },
  ]);
});

test('the file that holds the kill switch is in the history too, when it comes and when it goes', async () => {
  const file = join(dirname(facade.configFile), 'all-direct');
  await facade.edit((config) => config.setIn(['server', 'killSwitchFile'], file));
  const switches = async () =>
    ((await call('GET', 'history')).body['flips'] as { kind: string; source: string; to: unknown; why: string }[])
      .filter(({ kind }) => kind === 'kill-switch')
      .map(({ source, to, why }) => [source, to, why]);
  const came = ['file', true, 'server.killSwitchFile is there'];
  writeFileSync(file, '');
  await until(async () => (await switches()).length === 1, 'it came');
  expect([await switches(), facade.dataPlane.killed]).toEqual([[came], true]);
  rmSync(file);
  await until(async () => (await switches()).length === 2, 'it went');
  expect(await switches()).toEqual([['file', false, 'server.killSwitchFile is gone'], came]);
  expect(facade.dataPlane.killed).toBe(false);
});

test('GET /api/migration shows every route with its stage, and the whole', async () => {
  await flip(100);
  const { status, body } = await call('GET', 'migration');
  expect(status).toBe(200);
  const routes = body['routes'] as { id: string }[];
  expect(routes).toHaveLength(34);
  expect(routes.find(({ id }) => id === 'leads.get')).toMatchObject({
    stage: 'gateway',
    gateway: 100,
    days: 0,
    lastDay: { direct: 0, gateway: 0, share: null },
    lastDirectUse: null,
    safeToDeleteSince: null,
    missing: ['unused for 0 min of 7 days', '0 of 100 requests by the gateway', 'requests on 0 of 4 days'],
  });
  expect(body['oldPaths']).toMatchObject({ safeToDelete: 0 });
  expect(body).toMatchObject({ killSwitch: false, stages: { gateway: 1 }, days: [] });
});
