import type { ServerResponse } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import type { Document } from 'yaml';
import { FACADE_TOKEN, setRoute, startFacade } from './kit/facade.ts';
import { inBatches, Opened, tally } from './kit/load.ts';
import { startUpstream, until, type Received } from './kit/upstream.ts';

/** Active health checks and the ramp, over real sockets. */

const opened = new Opened();
afterEach(opened.closeAll);

const KNOWN = { authorization: `Bearer ${FACADE_TOKEN}` };
const HEALTH = { path: '/health', interval: '25ms', timeout: '5s', unhealthyAfter: 2, healthyAfter: 2 };
const WRITE = 'leads.tags.add';
const isCheck = ({ url }: Received) => url === '/health';

async function scene(health: object | undefined, edit: (config: Document) => void = () => undefined) {
  const state = { status: 200, check: 200, directCheck: 200, isDead: false };
  const gateway = opened.keep(
    await startUpstream((request, res: ServerResponse) => {
      if (state.isDead) return void res.destroy();
      if (isCheck(request)) return void res.writeHead(state.check).end('{"status":"healthy"}');
      res.writeHead(state.status, { 'content-type': 'application/json' }).end('{"from":"gateway"}');
    }),
  );
  const direct = opened.keep(
    await startUpstream((request, res) =>
      res.writeHead(isCheck(request) ? state.directCheck : 200).end('{"from":"direct"}'),
    ),
  );
  const facade = opened.keep(
    await startFacade({
      direct: direct.url,
      gateway: gateway.url,
      edit: (config) => {
        if (health) config.setIn(['upstreams', 'gateway', 'health'], config.createNode(health));
        for (const id of ['leads.get', WRITE]) {
          setRoute(config, id, ['rollout', 'gateway'], 100);
          setRoute(config, id, ['breaker'], { volumeThreshold: 2, reset: '100ms', rampStep: '100ms' });
        }
        config.setIn(['failover'], { budget: 1, minPerSecond: 1_000 });
        edit(config);
      },
    }),
  );
  const said = async (res: Response): Promise<string> => {
    await res.text();
    const outcome = res.headers.get('x-facade-outcome');
    return [res.status, res.headers.get('x-facade-path'), ...(outcome ? [outcome] : [])].join(' ');
  };
  const read = async () => said(await fetch(`${facade.url}/leads/42`, { headers: KNOWN }));
  const write = async () => {
    const headers = { ...KNOWN, 'content-type': 'application/json' };
    return said(await fetch(`${facade.url}/leads/42/tags`, { method: 'POST', headers, body: '{"tag_id":"1"}' }));
  };
  const live = () => gateway.received.filter((request) => !isCheck(request));
  const gauge = (route: string) => facade.metric(`facade_breaker_state{route="${route}",path="gateway"}`);
  const healthy = () => facade.metric('facade_upstream_healthy{upstream="gateway"}');
  const checks = (result: string) =>
    facade.metric(`facade_upstream_health_checks_total{upstream="gateway",result="${result}"}`);
  const view = async () => (await (await fetch(`${facade.adminUrl}/api/routes`)).json()) as View;
  /** The breaker of reads opens and is half-open again; the first read after that is served by the gateway. */
  const failAndRecover = async (): Promise<void> => {
    state.status = 500;
    await until(async () => {
      await read();
      return (await gauge('leads.get')) === 2;
    }, 'open');
    state.status = 200;
    await until(async () => (await gauge('leads.get')) === 1, 'half-open');
    expect(await read()).toBe('200 gateway');
  };
  return { state, gateway, direct, facade, read, write, live, gauge, healthy, checks, view, failAndRecover };
}

interface View {
  readonly upstreams: Record<string, object>;
  readonly routes: { id: string; paths: { gateway?: { breaker: string; ramp?: number } } }[];
}

/** The answer to a flip that is only asked for. */
async function wouldFlip(adminUrl: string, id: string, set: object): Promise<{ guard: object[] }> {
  const headers = { 'content-type': 'application/json', 'x-c2s-admin': 'cli' };
  const body = JSON.stringify({ dryRun: true, changes: [{ route: id, set }] });
  return (await (await fetch(`${adminUrl}/api/flips`, { method: 'POST', headers, body })).json()) as never;
}

test('a flip upward needs force while the gateway is unhealthy', async () => {
  const { state, facade, healthy } = await scene(HEALTH, (config) =>
    setRoute(config, WRITE, ['rollout', 'gateway'], 50),
  );
  const guardOf = async (gateway: number) => (await wouldFlip(facade.adminUrl, WRITE, { gateway })).guard;
  await until(async () => (await healthy()) === 1, 'healthy');
  expect(await guardOf(60)).toMatchObject([{ needsForce: [] }]);
  state.check = 503;
  await until(async () => (await healthy()) === 0, 'unhealthy');
  const sentence = 'gateway 50 → 60 while the gateway is unhealthy (its health checks fail)';
  expect(await guardOf(60)).toMatchObject([{ needsForce: [sentence], gatewayTrouble: { isDown: true } }]);
  expect(await guardOf(40)).toMatchObject([{ needsForce: [] }]);
});

test("fallback: none needs force while the gateway's breaker is open, and says that it is half-open", async () => {
  const { state, facade, write, gauge } = await scene(undefined, (config) =>
    setRoute(config, WRITE, ['breaker', 'rampStep'], '10m'),
  );
  const guard = async () => (await wouldFlip(facade.adminUrl, WRITE, { fallback: 'none' })).guard;
  const [before] = await guard();
  expect(before).toMatchObject({ needsForce: ['fallback: none without evidence'] });
  expect(before).not.toHaveProperty('gatewayTrouble');
  state.isDead = true;
  await until(async () => {
    await write();
    return (await gauge(WRITE)) === 2;
  }, 'open');
  expect(await guard()).toMatchObject([
    {
      needsForce: ['fallback: none without evidence', "fallback: none while the gateway's breaker is open"],
      gatewayTrouble: { text: "the gateway's breaker is open", isDown: true },
    },
  ]);
  state.isDead = false;
  await until(async () => (await gauge(WRITE)) === 1, 'half-open');
  await until(async () => (await write()) === '200 gateway', 'the ramp begins');
  expect(await guard()).toMatchObject([
    {
      needsForce: ['fallback: none without evidence'],
      gatewayTrouble: {
        text: "the gateway's breaker is half-open and lets 1 % of the requests through",
        isDown: false,
      },
    },
  ]);
});

test('a gateway that is unhealthy is not asked: direct answers at once, with the reason counted and logged', async () => {
  const { state, facade, read, live, healthy, view } = await scene(HEALTH);
  await until(async () => (await healthy()) === 1, 'healthy');
  state.check = 503;
  await until(async () => (await healthy()) === 0, 'unhealthy');
  const before = live().length;
  expect(tally(await Promise.all(Array.from({ length: 20 }, read)))).toEqual({ '200 direct': 20 });
  expect(live().length).toBe(before);
  expect(await facade.metric(/^facade_failovers_total\{.*reason="facade_upstream_unhealthy"\}/)).toBe(20);
  expect((await view()).upstreams).toMatchObject({
    direct: { health: 'unchecked' },
    gateway: { health: 'unhealthy', result: 'unexpected_status', status: 503 },
  });
  const ready = await fetch(`${facade.adminUrl}/readyz`);
  expect([ready.status, await ready.json()]).toMatchObject([200, { upstreams: { gateway: 'unhealthy' } }]);
  expect(facade.logs.join('')).toContain('upstream unhealthy: its health checks fail (unexpected_status)');
});

test('checks alone refuse nobody: without a fallback, and while direct is no better, the gateway is asked', async () => {
  const { state, read, write, healthy, facade } = await scene(HEALTH, (config) => {
    setRoute(config, 'leads.get', ['rollout', 'fallback'], 'none');
    config.setIn(['upstreams', 'direct', 'health'], config.createNode(HEALTH));
  });
  const direct = () => facade.metric('facade_upstream_healthy{upstream="direct"}');
  await until(async () => (await healthy()) + (await direct()) === 2, 'both are healthy');
  state.check = 503;
  await until(async () => (await healthy()) === 0, 'the gateway is not');
  expect([await read(), await write()]).toEqual(['200 gateway', '200 direct']);
  state.directCheck = 503;
  await until(async () => (await direct()) === 0, 'nor is direct');
  expect([await read(), await write()]).toEqual(['200 gateway', '200 gateway']);
});

test('no live write is ever the probe: the first one comes after the checks, and by the ramp', async () => {
  const { state, write, live, gauge } = await scene({ ...HEALTH, unhealthyAfter: 100 });
  const writes = () => live().filter(({ method }) => method === 'POST').length;
  await write();
  state.isDead = true;
  await until(async () => {
    await write();
    return (await gauge(WRITE)) === 2;
  }, 'open');
  const seen = writes();
  // Ten reset times, and a write in each of them.
  for (let i = 0; i < 10; i++) {
    expect(await write()).toBe('200 direct');
    await new Promise((later) => setTimeout(later, 100));
  }
  expect([writes() - seen, await gauge(WRITE)]).toEqual([0, 2]);
  state.isDead = false;
  await until(async () => (await gauge(WRITE)) === 1, 'half-open');
  expect(writes() - seen).toBe(0);
  await until(async () => (await gauge(WRITE)) === 0, 'closed');
  expect(await write()).toBe('200 gateway');
});

test('the ramp lets 1, 5 and 25 % through, and is shown', async () => {
  const { read, live, gauge, view, failAndRecover } = await scene(HEALTH, (config) =>
    setRoute(config, 'leads.get', ['breaker', 'rampStep'], '60s'),
  );
  await failAndRecover();
  const ramp = async () => (await view()).routes.find(({ id }) => id === 'leads.get')?.paths.gateway?.ramp;
  const steps: unknown[] = [];
  for (const count of [1_000, 200, 40]) {
    const [percent, before] = [await ramp(), live().length];
    await inBatches(count, 40, read);
    steps.push([percent, live().length - before]);
  }
  expect(steps).toEqual([
    [1, 10],
    [5, 10],
    [25, 10],
  ]);
  expect([await gauge('leads.get'), await ramp(), await read()]).toEqual([0, undefined, '200 gateway']);
});

test('a gateway that was unhealthy comes back by the ramp, though no breaker was open', async () => {
  const { state, read, live, gauge, healthy } = await scene(HEALTH, (config) =>
    setRoute(config, 'leads.get', ['breaker', 'rampStep'], '60s'),
  );
  await until(async () => (await healthy()) === 1, 'healthy');
  expect(await read()).toBe('200 gateway');
  state.check = 503;
  await until(async () => (await healthy()) === 0, 'unhealthy');
  expect(await gauge('leads.get')).toBe(0);
  state.check = 200;
  await until(async () => (await healthy()) === 1, 'healthy again');
  const before = live().length;
  const all = [];
  for (let i = 0; i < 100; i++) all.push(await read());
  expect([tally(all), live().length - before]).toEqual([{ '200 direct': 99, '200 gateway': 1 }, 1]);
});

test('a path that is not there takes no traffic away, and is named in the log', async () => {
  const { state, facade, read, checks, view, failAndRecover } = await scene(HEALTH);
  state.check = 404;
  await until(async () => (await checks('unexpected_status')) >= 5, 'checked');
  expect(await read()).toBe('200 gateway');
  expect((await view()).upstreams['gateway']).toEqual({ health: 'unproven', result: 'unexpected_status', status: 404 });
  const told = facade.logs.filter((line) => line.includes('health checks of gateway say nothing'));
  expect(told).toHaveLength(1);
  expect(told[0]).toContain('GET /health is answered 404');
  expect(await facade.metricsText()).not.toMatch(/^facade_upstream_healthy\{/m);
  // And keeps no breaker open: a read probes it, as without checks.
  await failAndRecover();
});

test('a reload changes the interval, and ends the checks', async () => {
  const { facade, checks, gateway, healthy } = await scene({ ...HEALTH, interval: '1h' });
  const before = gateway.received.length;
  await facade.edit((config) => config.setIn(['upstreams', 'gateway', 'health', 'interval'], '25ms'));
  await until(async () => (await checks('success')) >= 3, 'checked often');
  expect(gateway.received.length).toBeGreaterThan(before);
  expect(await healthy()).toBe(1);
  await facade.edit((config) => config.deleteIn(['upstreams', 'gateway', 'health']));
  expect(await facade.metricsText()).not.toMatch(/^facade_upstream_healthy\{/m);
  const after = gateway.received.length;
  await new Promise((later) => setTimeout(later, 200));
  expect(gateway.received.length).toBe(after);
});

test('checks are no traffic: they are in no metric of requests, attempts or routes', async () => {
  const { facade, checks } = await scene(HEALTH);
  await until(async () => (await checks('success')) >= 5, 'checked');
  const text = await facade.metricsText();
  const counted = text
    .split('\n')
    .filter((line) => /^facade_(requests|attempts)_total\{/.test(line) && !line.endsWith(' 0'));
  expect(counted).toEqual([]);
  expect(await facade.metric('facade_inflight{upstream="gateway"}')).toBe(0);
  expect(facade.logs.filter((line) => line.includes('"path":"/health"') && line.includes('"ms"'))).toEqual([]);
});
