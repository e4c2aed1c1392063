import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import type { Document } from 'yaml';
import { startHook, taking, NOTIFY_SECRET, type Hook } from './kit/hook.ts';
import { FACADE_TOKEN, setRoute, startFacade, type TestFacade, type TestFacadeOptions } from './kit/facade.ts';
import { refusedUrl, startRawUpstream, startUpstream, until } from './kit/upstream.ts';
import { usePaths } from './kit/use-paths.ts';

/** Who is named in `notify` is told of what changes: signed, at least once, and without anything waiting for it. */

const paths = usePaths();

interface Scene {
  readonly facade: TestFacade;
  readonly hook: Hook;
}

const notified = (config: Document, ...targets: object[]): void => config.set('notify', config.createNode(targets));

async function start(more: Partial<TestFacadeOptions> = {}): Promise<TestFacade> {
  const { env, ...rest } = more;
  const facade = await startFacade({
    direct: paths.direct.url,
    gateway: paths.gateway.url,
    env: { NOTIFY_SECRET, ...env },
    ...rest,
  });
  return paths.opened.keep(facade);
}

async function scene(more: Partial<TestFacadeOptions> = {}): Promise<Scene> {
  const hook = paths.opened.keep(await startHook());
  const facade = await start({
    ...more,
    env: { HOOK_URL: hook.url, ...more.env },
    edit: (config) => {
      notified(config, { url: '${HOOK_URL}' });
      config.setIn(['server', 'consoleUrl'], 'https://facade.example/console/');
      more.edit?.(config);
    },
  });
  return { facade, hook };
}

async function call<T = object>(facade: TestFacade, method: string, path: string, body?: object): Promise<T> {
  const headers = { 'x-c2s-admin': 'cli', 'content-type': 'application/json' };
  const sent = body ? { body: JSON.stringify(body) } : {};
  const res = await fetch(`${facade.adminUrl}/api/${path}`, { method, headers, ...sent });
  return (await res.json()) as T;
}
const flip = (facade: TestFacade, gateway: number, route = 'leads.get') =>
  call(facade, 'POST', 'flips', {
    changes: [{ route, set: { gateway } }],
    who: 'ana',
    why: 'parity proved',
    force: true,
  });
const read = async (facade: TestFacade): Promise<void> => {
  const res = await fetch(`${facade.url}/leads/42`, { headers: { authorization: `Bearer ${FACADE_TOKEN}` } });
  await res.text();
};
const toldOf = (hook: Hook, count: number, what: string) => until(() => hook.told.length >= count, what, 10_000);

interface Line {
  readonly msg: string;
  readonly route?: string;
  readonly from?: unknown;
  readonly to?: unknown;
  readonly by?: { who: string; source: string };
  readonly why?: string;
  readonly revision?: number;
}
const changesIn = ({ logs }: TestFacade): Line[] =>
  logs
    .flatMap((text) => text.split('\n').filter(Boolean))
    .map((line) => JSON.parse(line) as Line)
    .filter(({ msg }) => /^(route (flipped|rolled back)|kill switch set|autopilot (paused|resumed))/.test(msg))
    .map(({ msg, route, from, to, by, why, revision }) => ({ msg, route, from, to, by, why, revision }));

describe.each([
  ['a file', () => Promise.resolve('none')],
  ['a database', () => paths.postgres.createMigrated()],
])('with the rollouts in %s', (_, database) => {
  test('a flip, a roll back and the kill switch are logged once each, and told', async () => {
    const { facade, hook } = await scene({ env: { DATABASE_URL: await database() } });
    await until(
      async () => (await call<{ revision?: number }>(facade, 'GET', 'history')).revision === 0,
      'its history',
    );
    await flip(facade, 25);
    await call(facade, 'POST', 'rollback', { who: 'bo', why: 'too slow' });
    await call(facade, 'PUT', 'kill-switch', { who: 'ana', why: 'gateway on fire\u001b[2J' });
    await call(facade, 'DELETE', 'kill-switch', { who: 'ana' });
    const ana = { who: 'ana', source: 'cli' };
    const back = { who: 'bo', source: 'rollback' };
    await until(() => changesIn(facade).length >= 4, 'all are logged');
    expect(changesIn(facade)).toEqual([
      {
        msg: 'route flipped',
        route: 'leads.get',
        from: { gateway: 0 },
        to: { gateway: 25 },
        by: ana,
        why: 'parity proved',
        revision: 1,
      },
      {
        msg: 'route rolled back',
        route: 'leads.get',
        from: { gateway: 25 },
        to: { gateway: 0 },
        by: back,
        why: 'too slow',
        revision: 2,
      },
      { msg: 'kill switch set', from: 'off', to: 'on', by: ana, why: String.raw`gateway on fire\x1b[2J`, revision: 3 },
      { msg: 'kill switch set', from: 'on', to: 'off', by: ana, revision: 4 },
    ]);
    await toldOf(hook, 4, 'all are told');
    expect(
      hook.told.map(({ event, route, from, to, who, source, revision }) => ({
        event,
        route,
        from,
        to,
        who,
        source,
        revision,
      })),
    ).toEqual([
      { event: 'flip', route: 'leads.get', from: { gateway: 0 }, to: { gateway: 25 }, ...ana, revision: 1 },
      { event: 'roll_back', route: 'leads.get', from: { gateway: 25 }, to: { gateway: 0 }, ...back, revision: 2 },
      { event: 'kill_switch', from: 'off', to: 'on', ...ana, revision: 3 },
      { event: 'kill_switch', from: 'on', to: 'off', ...ana, revision: 4 },
    ]);
    const [first] = hook.told;
    expect(first).toMatchObject({ forced: true, against: expect.stringContaining('never compared') as string });
    expect(first?.text).toBe(
      `leads.get: gateway 0 → 25 (forced: ${first?.against}), by ana (cli): parity proved https://facade.example/console/#/routes/leads.get`,
    );
    expect(facade.logs.join('')).toContain('"forced":true');
    expect(hook.forged()).toBe(0);
    expect(await facade.metric('facade_notifications_total{event="flip",result="delivered"}')).toBe(1);
    // The hook's address is a secret.
    expect(facade.logs.join('')).not.toContain('test-hook-secret');
  });

  test('an edit of the file is told, with all of its routes in one', async () => {
    const { facade, hook } = await scene({ env: { DATABASE_URL: await database() } });
    await until(
      async () => (await call<{ revision?: number }>(facade, 'GET', 'history')).revision === 0,
      'its history',
    );
    await facade.edit((config) => {
      setRoute(config, 'leads.get', ['rollout', 'gateway'], 5);
      setRoute(config, 'tags.list', ['rollout', 'gateway'], 7);
    });
    await toldOf(hook, 1, 'the edit is told');
    const changes = ['leads.get', 'tags.list'].map((route, i) => ({
      route,
      from: { gateway: 0 },
      to: { gateway: [5, 7][i] },
    }));
    expect(hook.told[0]).toMatchObject({ event: 'flip', who: 'file', source: 'file', changes });
    expect(changesIn(facade).map(({ route, by }) => `${route} ${by?.source}`)).toEqual([
      'leads.get file',
      'tags.list file',
    ]);
  });
});

test('the file that holds the kill switch is told of', async () => {
  const hook = paths.opened.keep(await startHook());
  const facade = await start({
    edit: (config) => {
      notified(config, { url: hook.url, events: ['kill_switch'] });
      config.setIn(['server', 'killSwitchFile'], join(process.cwd(), 'node_modules', '.cache', `off-${process.pid}`));
    },
  });
  const file = join(process.cwd(), 'node_modules', '.cache', `off-${process.pid}`);
  writeFileSync(file, '');
  await toldOf(hook, 1, 'it is told').finally(() => existsSync(file) && rmSync(file));
  expect(hook.told[0]).toMatchObject({
    event: 'kill_switch',
    to: 'on',
    source: 'file',
    why: 'server.killSwitchFile is there',
  });
  expect(changesIn(facade)[0]).toMatchObject({ msg: 'kill switch set', to: 'on', by: { source: 'file' } });
});

test('a breaker that a dying gateway opens is told of once, by the instance that saw it', async () => {
  const gateway = await refusedUrl();
  const { facade, hook } = await scene({
    gateway,
    edit: (config) => {
      setRoute(config, 'leads.get', ['rollout', 'gateway'], 100);
      setRoute(config, 'leads.get', ['breaker'], { volumeThreshold: 5, reset: '100ms', rampStep: '0s' });
    },
  });
  await until(async () => {
    await read(facade);
    return hook.told.length > 0;
  }, 'it is told');
  expect(hook.told[0]).toMatchObject({
    event: 'breaker',
    route: 'leads.get',
    path: 'gateway',
    from: 'closed',
    to: 'open',
  });
  // Probes that fail are no news.
  for (let i = 0; i < 20; i++) await read(facade);
  expect(hook.told).toHaveLength(1);
});

test('an upstream that fails its health checks is told of once, and once that it is well again', async () => {
  const state = { status: 200 };
  const gateway = paths.opened.keep(await startUpstream((_, res) => res.writeHead(state.status).end('{}')));
  const { facade, hook } = await scene({
    gateway: gateway.url,
    edit: (config) => {
      const health = { path: '/health', interval: '25ms', timeout: '5s', unhealthyAfter: 2, healthyAfter: 2 };
      config.setIn(['upstreams', 'gateway', 'health'], config.createNode(health));
    },
  });
  const isHealthy = (value: number) =>
    until(async () => (await facade.metric('facade_upstream_healthy{upstream="gateway"}')) === value, `it is ${value}`);
  await isHealthy(1);
  state.status = 503;
  await toldOf(hook, 1, 'unhealthy is told');
  state.status = 200;
  await toldOf(hook, 2, 'healthy is told');
  expect(hook.told).toMatchObject([
    { event: 'health', path: 'gateway', from: 'healthy', to: 'unhealthy', why: 'unexpected_status' },
    { event: 'health', path: 'gateway', from: 'unhealthy', to: 'healthy' },
  ]);
  expect(hook.told[0]?.text).toMatch(
    /^gateway is unhealthy: its health checks fail, on \S+: unexpected_status https:\/\/facade\.example\/console\//,
  );
  expect([hook.told.length, hook.forged()]).toEqual([2, 0]);
});

describe('the autopilot', () => {
  const pace = { autopilotEvery: 50 };
  const autopilot = (mode: string, more: object = {}) => ({
    mode,
    steps: [50, 100],
    hold: '1s',
    minRequests: 1,
    ...more,
  });

  test('tells of a proposal; who pauses and resumes it is logged', async () => {
    const { facade, hook } = await scene({
      pace,
      edit: (config) => {
        setRoute(config, 'leads.messages.create', ['rollout', 'gateway'], 50);
        setRoute(config, 'leads.messages.create', ['verify', 'sample'], 0);
        setRoute(
          config,
          'leads.messages.create',
          ['autopilot'],
          autopilot('propose', { gates: { parity: 'none', latencyP95Ratio: 1000 } }),
        );
      },
    });
    const headers = { authorization: `Bearer ${FACADE_TOKEN}`, 'content-type': 'application/json' };
    let lead = 0;
    await until(async () => {
      const res = await fetch(`${facade.url}/leads/${lead++}/messages`, {
        method: 'POST',
        headers,
        body: '{"message":"hi"}',
      });
      await res.text();
      return hook.told.length > 0;
    }, 'the proposal is told');
    expect(hook.told[0]).toMatchObject({
      event: 'proposal',
      route: 'leads.messages.create',
      from: { gateway: 50 },
      to: { gateway: 100 },
      who: 'autopilot',
    });
    await call(facade, 'POST', 'autopilot/leads.messages.create/pause', { who: 'ana', why: 'a freeze' });
    await call(facade, 'POST', 'autopilot/leads.messages.create/resume', { who: 'bo' });
    const route = 'leads.messages.create';
    expect(changesIn(facade)).toMatchObject([
      { msg: 'autopilot paused', route, by: { who: 'ana', source: 'cli' }, why: 'a freeze' },
      { msg: 'autopilot resumed', route, by: { who: 'bo', source: 'cli' } },
    ]);
  });

  test('tells of a roll back', async () => {
    const { facade, hook } = await scene({
      gateway: await refusedUrl(),
      pace,
      edit: (config) => {
        setRoute(config, 'leads.get', ['rollout'], { gateway: 50, shadow: 10, stickyBy: 'leadId' });
        setRoute(config, 'leads.get', ['breaker'], { volumeThreshold: 5, reset: '60s' });
        setRoute(config, 'leads.get', ['autopilot'], autopilot('apply'));
      },
    });
    const isToldOf = () => hook.told.find(({ event }) => event === 'roll_back');
    let lead = 0;
    await until(async () => {
      await (
        await fetch(`${facade.url}/leads/${lead++}`, { headers: { authorization: `Bearer ${FACADE_TOKEN}` } })
      ).text();
      return isToldOf() !== undefined;
    }, 'the roll back is told');
    expect(isToldOf()).toMatchObject({
      route: 'leads.get',
      from: { gateway: 50 },
      to: { gateway: 0 },
      source: 'autopilot',
    });
    expect(changesIn(facade)[0]).toMatchObject({ msg: 'route flipped', by: { who: 'autopilot', source: 'autopilot' } });
  });
});

describe('a target', () => {
  test('that is down gets everything in order once it is up; meanwhile flips and other targets wait for nothing', async () => {
    const [down, hung, up] = [await startHook(), await startRawUpstream(() => undefined), await startHook()];
    for (const one of [down, hung, up]) paths.opened.keep(one);
    down.answer = (res) => res.writeHead(503).end();
    const facade = await start({
      edit: (config) => notified(config, { url: down.url }, { url: hung.url }, { url: up.url }),
    });
    for (const gateway of [5, 10, 15]) await flip(facade, gateway);
    await toldOf(up, 3, 'the one that is up has all');
    expect(down.told).toEqual([]);
    down.answer = taking;
    await toldOf(down, 3, 'the one that was down has all');
    expect(down.told.map(({ to }) => to)).toEqual([{ gateway: 5 }, { gateway: 10 }, { gateway: 15 }]);
    expect(facade.logs.join('')).toContain('a notification was not taken; it is tried again');
    expect(facade.logs.join('')).toContain('notifications are taken again');
  });

  test('that a reload adds is told from then on, and one that it takes out no more', async () => {
    const { facade, hook } = await scene();
    const other = paths.opened.keep(await startHook());
    await facade.edit((config) => notified(config, { url: other.url, events: ['flip'] }));
    await flip(facade, 5);
    await toldOf(other, 1, 'the new one is told');
    await call(facade, 'PUT', 'kill-switch', {});
    await call(facade, 'DELETE', 'kill-switch', {});
    await flip(facade, 10);
    await toldOf(other, 2, 'of the second flip');
    expect([hook.count(), other.told.map(({ event }) => event)]).toEqual([0, ['flip', 'flip']]);
  });

  test('is tested by the admin API, which shows no address', async () => {
    const hook = paths.opened.keep(await startHook());
    const gone = await refusedUrl();
    const facade = await start({
      edit: (config) => notified(config, { url: hook.url }, { url: `${gone}/test-hook-secret` }),
    });
    const tested = await call(facade, 'POST', 'notify/test', { who: 'ana' });
    expect(tested).toEqual({
      targets: [
        { target: 'notify[0]', isDelivered: true, answer: '204' },
        { target: 'notify[1]', isDelivered: false, answer: 'ECONNREFUSED' },
      ],
    });
    expect(hook.told[0]).toMatchObject({ event: 'test', text: 'A test, by ana (cli)' });
    expect(JSON.stringify(await call(facade, 'GET', 'notify'))).not.toContain('http');
  });
});

describe('two instances on one database', () => {
  async function two() {
    const url = await paths.postgres.createMigrated();
    const hook = paths.opened.keep(await startHook());
    const one = (instance: string) =>
      start({
        env: { DATABASE_URL: url, INSTANCE: instance },
        edit: (config) => notified(config, { url: hook.url }),
      });
    const facades = await Promise.all([one('a'), one('b')]);
    for (const facade of facades)
      await until(
        async () => (await call<{ revision?: number }>(facade, 'GET', 'history')).revision === 0,
        'its history',
      );
    return { url, hook, first: facades[0], second: facades[1] };
  }

  test('tell of each event once; a flip is logged as made by one and as seen by the other', async () => {
    const { url, hook, first, second } = await two();
    for (let i = 1; i <= 5; i++) await flip(i % 2 ? first : second, i);
    await call(second, 'PUT', 'kill-switch', { who: 'bo' });
    await toldOf(hook, 6, 'all are told');
    await until(() => changesIn(first).length === 6 && changesIn(second).length === 6, 'each has logged all');
    const logged = (facade: TestFacade) => changesIn(facade).map(({ msg, revision }) => `${revision} ${msg}`);
    const other = ' by another instance';
    expect(logged(first).toSorted()).toEqual([
      '1 route flipped',
      `2 route flipped${other}`,
      '3 route flipped',
      `4 route flipped${other}`,
      '5 route flipped',
      `6 kill switch set${other}`,
    ]);
    expect(logged(second).toSorted()).toEqual([
      `1 route flipped${other}`,
      '2 route flipped',
      `3 route flipped${other}`,
      '4 route flipped',
      `5 route flipped${other}`,
      '6 kill switch set',
    ]);
    const client = new pg.Client(url);
    await client.connect();
    await until(async () => (await client.query('select from facade.notifications')).rowCount === 0, 'nothing waits');
    await client.end();
    expect(hook.told.map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(new Set(hook.told.map(({ id }) => id)).size).toBe(6);
  });
});
