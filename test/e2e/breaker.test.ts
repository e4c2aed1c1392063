import type { ServerResponse } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import type { Document } from 'yaml';
import { startDyingGateway } from './kit/dying-gateway.ts';
import { FACADE_TOKEN, setRoute, startFacade, type TestFacade } from './kit/facade.ts';
import { inBatches, Opened, tally } from './kit/load.ts';
import { refusedUrl, startUpstream, until } from './kit/upstream.ts';

const opened = new Opened();
afterEach(opened.closeAll);

const headers = { authorization: `Bearer ${FACADE_TOKEN}` };
const VOLUME = 10;
const GAUGE = 'facade_breaker_state{route="leads.get",path="gateway"}';
const DIRECT_GAUGE = 'facade_breaker_state{route="leads.get",path="direct"}';

/** What the gateway does next; changed in the middle of a test. */
type Behaviour = (res: ServerResponse) => void;
const well: Behaviour = (res) => res.writeHead(200).end('{"from":"gateway"}');
const failing: Behaviour = (res) => res.writeHead(500, { 'content-type': 'application/json' }).end('{"oops":1}');
const silent: Behaviour = () => undefined;

interface Scene {
  readonly gateway: { behave: Behaviour; readonly count: () => number; readonly connections: () => number };
  readonly facade: TestFacade;
  /** `status path` of one read. */
  readonly read: () => Promise<string>;
}

async function scene(breaker: object, edit: (config: Document) => void = () => undefined): Promise<Scene> {
  const upstream = opened.keep(await startUpstream((_, res) => gateway.behave(res)));
  const direct = opened.keep(await startUpstream((_, res) => res.writeHead(200).end('{"from":"direct"}')));
  const gateway = { behave: well, count: () => upstream.received.length, connections: upstream.connections };
  const facade = opened.keep(
    await startFacade({
      direct: direct.url,
      gateway: upstream.url,
      edit: (config) => {
        setRoute(config, 'leads.get', ['rollout', 'gateway'], 100);
        setRoute(config, 'leads.get', ['breaker'], {
          volumeThreshold: VOLUME,
          reset: '60s',
          rampStep: '0s',
          ...breaker,
        });
        config.setIn(['failover'], { budget: 1, minPerSecond: 1_000 });
        edit(config);
      },
    }),
  );
  return { gateway, facade, read: () => read(facade) };
}

async function read(facade: TestFacade): Promise<string> {
  const res = await fetch(`${facade.url}/leads/42`, { headers });
  await res.text();
  return `${res.status} ${res.headers.get('x-facade-path')}`;
}

async function times<T>(n: number, one: () => Promise<T>): Promise<T[]> {
  return inBatches(n, 1, one);
}

/** Textbook states, over real sockets; the pains that are named were seen in opossum and others. */

test('it opens at the volume threshold and not before, and then the gateway is not tried', async () => {
  const { gateway, facade, read } = await scene({});
  gateway.behave = failing;
  await times(VOLUME - 1, read);
  expect(await facade.metric(GAUGE)).toBe(0);
  await read();
  expect(await facade.metric(GAUGE)).toBe(2);
  const [requests, connections] = [gateway.count(), gateway.connections()];
  expect(requests).toBe(VOLUME);
  expect(tally(await times(50, read))).toEqual({ '200 direct': 50 });
  expect([gateway.count(), gateway.connections()]).toEqual([requests, connections]);
  expect(await facade.metric(/^facade_failovers_total\{.*reason="facade_breaker_open"\}/)).toBe(50);
  expect(await facade.metric(/^facade_attempts_total\{.*path="gateway",outcome="facade_breaker_open"\}/)).toBe(50);
});

test('a gateway that is half well, below the error rate, does not open it', async () => {
  const { gateway, facade, read } = await scene({ errorRate: 0.5 });
  let n = 0;
  gateway.behave = (res) => (n++ % 3 === 2 ? failing(res) : well(res));
  await times(60, read);
  expect(await facade.metric(GAUGE)).toBe(0);
  expect(gateway.count()).toBe(60);
});

test('a write is answered by direct too while it is open, for nothing of it was sent', async () => {
  const { gateway, read, facade } = await scene({}, (config) => {
    setRoute(config, 'leads.tags.add', ['rollout', 'gateway'], 100);
    setRoute(config, 'leads.tags.add', ['breaker'], { volumeThreshold: 1, reset: '60s' });
  });
  gateway.behave = failing;
  await read();
  const write = async () => {
    const body = '{"tag_id":"1"}';
    const json = { ...headers, 'content-type': 'application/json' };
    const res = await fetch(`${facade.url}/leads/42/tags`, { method: 'POST', headers: json, body });
    await res.text();
    return `${res.status} ${res.headers.get('x-facade-path')} ${res.headers.get('x-facade-outcome')}`;
  };
  // The first one was received and failed: nobody can say what it did.
  expect(await write()).toBe('502 gateway unknown');
  const before = gateway.count();
  expect(await write()).toBe('200 direct null');
  expect(gateway.count()).toBe(before);
});

test('half-open lets exactly one of 50 through, and closes after it', async () => {
  const { gateway, facade, read } = await scene({ reset: '150ms' });
  gateway.behave = failing;
  await times(VOLUME, read);
  const held: ServerResponse[] = [];
  gateway.behave = (res) => void held.push(res);
  await until(async () => (await facade.metric(GAUGE)) === 1, 'half-open');
  const before = gateway.count();
  const all = inBatches(50, 50, read);
  await until(() => held.length === 1, 'the probe arrived');
  // The 49 others are answered by direct while the probe is under way.
  await until(async () => (await facade.metric(/^facade_failovers_total\{.*breaker_open/)) >= 49, '49 went direct');
  expect(gateway.count()).toBe(before + 1);
  gateway.behave = well;
  held.forEach(well);
  expect(tally(await all)).toEqual({ '200 direct': 49, '200 gateway': 1 });
  expect(await facade.metric(GAUGE)).toBe(0);
  expect(tally(await times(20, read))).toEqual({ '200 gateway': 20 });
});

test('a probe that fails opens it again', async () => {
  const { gateway, facade, read } = await scene({ reset: '150ms' });
  gateway.behave = failing;
  await times(VOLUME, read);
  await until(async () => (await facade.metric(GAUGE)) === 1, 'half-open');
  const before = gateway.count();
  await times(2, read);
  expect(gateway.count()).toBe(before + 1);
});

test('a probe that hangs ends at its deadline, and the next one is let through (pain P24)', async () => {
  const { gateway, facade, read } = await scene({ reset: '150ms' }, (config) =>
    setRoute(config, 'leads.get', ['deadlines'], { firstByte: '300ms' }),
  );
  gateway.behave = failing;
  await times(VOLUME, read);
  gateway.behave = silent;
  await until(async () => (await facade.metric(GAUGE)) === 1, 'half-open');
  expect(await read()).toBe('200 direct');
  gateway.behave = well;
  await until(async () => (await read()) === '200 gateway', 'the gateway serves again');
  expect(await facade.metric(GAUGE)).toBe(0);
});

test('a probe whose caller leaves says nothing, and the next one is let through', async () => {
  const { gateway, facade, read } = await scene({ reset: '150ms' });
  gateway.behave = failing;
  await times(VOLUME, read);
  gateway.behave = silent;
  await until(async () => (await facade.metric(GAUGE)) === 1, 'half-open');
  const before = gateway.count();
  const leaving = new AbortController();
  const left = fetch(`${facade.url}/leads/42`, { headers, signal: leaving.signal }).catch(() => 'left');
  await until(() => gateway.count() === before + 1, 'the probe arrived');
  leaving.abort();
  expect(await left).toBe('left');
  gateway.behave = well;
  await until(async () => (await read()) === '200 gateway', 'the next probe closes it');
});

test('a request that began before the opening and ends well after it does not close it (pain P25)', async () => {
  const { gateway, facade, read } = await scene({});
  let late: ServerResponse | undefined;
  gateway.behave = (res) => (late = res);
  const early = read();
  await until(() => late !== undefined, 'the early request arrived');
  gateway.behave = failing;
  await times(VOLUME, read);
  expect(await facade.metric(GAUGE)).toBe(2);
  if (late) well(late);
  expect(await early).toBe('200 gateway');
  expect(await facade.metric(GAUGE)).toBe(2);
});

test('callers that leave do not open it (pain P31)', async () => {
  const { gateway, facade, read } = await scene({});
  gateway.behave = silent;
  await inBatches(VOLUME * 4, 20, async (i) => {
    const leaving = new AbortController();
    const left = fetch(`${facade.url}/leads/${i}`, { headers, signal: leaving.signal }).catch(() => undefined);
    const before = gateway.count();
    await until(() => gateway.count() > before, 'arrived');
    leaving.abort();
    await left;
  });
  await until(async () => (await facade.metric('facade_inflight{upstream="gateway"}')) === 0, 'all were given up');
  gateway.behave = well;
  expect(await read()).toBe('200 gateway');
  expect(await facade.metric(GAUGE)).toBe(0);
});

test.each([400, 404, 422, 429])('answers with %i, however many, do not open it', async (status) => {
  const { gateway, facade, read } = await scene({});
  gateway.behave = (res) => res.writeHead(status, { 'content-type': 'application/json' }).end('{"detail":"no"}');
  expect(tally(await inBatches(100, 20, read))).toEqual({ [`${status} gateway`]: 100 });
  expect(await facade.metric(GAUGE)).toBe(0);
});

test('a 4xx does not close a half-open one, and does not block it (pain P26)', async () => {
  const { gateway, facade, read } = await scene({ reset: '150ms' });
  gateway.behave = failing;
  await times(VOLUME, read);
  gateway.behave = (res) => res.writeHead(404).end();
  await until(async () => (await facade.metric(GAUGE)) === 1, 'half-open');
  expect(await read()).toBe('404 gateway');
  expect(await facade.metric(GAUGE)).toBe(1);
  gateway.behave = well;
  expect(await read()).toBe('200 gateway');
  expect(await facade.metric(GAUGE)).toBe(0);
});

test('slow answers open it although every one is a success', async () => {
  const { gateway, facade, read } = await scene({ slowCall: '20ms', slowRate: 0.8 });
  // Far above slowCall: in a busy loop a timer of Node counts from the beginning of its turn and fires early.
  gateway.behave = (res) => void setTimeout(() => well(res), 200);
  expect(tally(await inBatches(VOLUME, VOLUME, read))).toEqual({ '200 gateway': VOLUME });
  expect(await facade.metric(GAUGE)).toBe(2);
  expect(await read()).toBe('200 direct');
});

test('an open direct breaker answers 503 with Retry-After, and direct is not tried', async () => {
  const dying = opened.keep(await startDyingGateway('before headers'));
  const facade = opened.keep(
    await startFacade({
      direct: dying.url,
      edit: (config) => {
        setRoute(config, 'leads.get', ['breaker'], { volumeThreshold: VOLUME, reset: '60s' });
        config.setIn(['failover'], { budget: 0, minPerSecond: 0 });
      },
    }),
  );
  await times(VOLUME, () => read(facade));
  expect(await facade.metric(DIRECT_GAUGE)).toBe(2);
  const [arrived, connections] = [dying.arrived.length, dying.connections()];
  const res = await fetch(`${facade.url}/leads/42`, { headers });
  expect([res.status, res.headers.get('x-facade-outcome')]).toEqual([503, 'facade_breaker_open']);
  expect(Number(res.headers.get('retry-after'))).toBeGreaterThan(50);
  expect(Number(res.headers.get('retry-after'))).toBeLessThanOrEqual(60);
  expect(res.headers.get('content-type')).toBe('application/problem+json');
  expect([dying.arrived.length, dying.connections()]).toEqual([arrived, connections]);
});

test('the probe of a half-open direct breaker is one attempt: it is not repeated', async () => {
  const dying = opened.keep(await startDyingGateway('before headers'));
  const facade = opened.keep(
    await startFacade({
      direct: dying.url,
      edit: (config) => {
        setRoute(config, 'leads.get', ['breaker'], { volumeThreshold: VOLUME, reset: '150ms' });
        config.setIn(['failover'], { budget: 1, minPerSecond: 100 });
      },
    }),
  );
  await times(VOLUME, () => read(facade));
  await until(async () => (await facade.metric(DIRECT_GAUGE)) === 1, 'half-open');
  const before = dying.arrived.length;
  await read(facade);
  expect(dying.arrived.length - before).toBe(1);
});

test('with fallback: none an open gateway breaker answers 503 with Retry-After', async () => {
  const { gateway, facade } = await scene({}, (config) =>
    setRoute(config, 'leads.get', ['rollout', 'fallback'], 'none'),
  );
  gateway.behave = failing;
  await times(VOLUME, () => read(facade));
  const res = await fetch(`${facade.url}/leads/42`, { headers });
  expect([res.status, res.headers.get('x-facade-path')]).toEqual([503, 'gateway']);
  expect(Number(res.headers.get('retry-after'))).toBeGreaterThan(50);
});

test('a reload does not reset it, not even one that changes its settings', async () => {
  const { gateway, facade, read } = await scene({});
  gateway.behave = failing;
  await times(VOLUME, read);
  gateway.behave = well;
  await facade.edit((config) => setRoute(config, 'tags.list', ['rollout', 'gateway'], 5));
  expect(await facade.metric(GAUGE)).toBe(2);
  expect(await read()).toBe('200 direct');
  await facade.edit((config) => setRoute(config, 'leads.get', ['breaker', 'volumeThreshold'], 5));
  expect(await facade.metric(GAUGE)).toBe(2);
  expect(await read()).toBe('200 direct');
  await facade.edit((config) => setRoute(config, 'leads.get', ['breaker', 'enabled'], false));
  expect(await facade.metric(GAUGE)).toBe(0);
  expect(await read()).toBe('200 gateway');
});

test('each route has its own, and each path', async () => {
  const { gateway, facade, read } = await scene({}, (config) =>
    setRoute(config, 'tags.list', ['rollout', 'gateway'], 100),
  );
  gateway.behave = failing;
  await times(VOLUME, read);
  expect(await facade.metric(/^facade_breaker_state\{/)).toBe(2);
  gateway.behave = well;
  const tags = await fetch(`${facade.url}/tags`, { headers });
  expect(tags.headers.get('x-facade-path')).toBe('gateway');
});

/** Before a gateway that refuses every connection. */
async function startRefused() {
  const direct = opened.keep(await startUpstream((_, res) => res.writeHead(200).end('{}')));
  return opened.keep(
    await startFacade({
      direct: direct.url,
      gateway: await refusedUrl(),
      edit: (config) => {
        setRoute(config, 'leads.get', ['rollout', 'gateway'], 100);
        setRoute(config, 'leads.get', ['breaker'], { volumeThreshold: VOLUME, reset: '60s' });
      },
    }),
  );
}

test('the outcomes of connections that are refused open it, too', async () => {
  const facade = await startRefused();
  await times(VOLUME, () => read(facade));
  expect(await facade.metric(GAUGE)).toBe(2);
  expect(tally(await times(5, () => read(facade)))).toEqual({ '200 direct': 5 });
  expect(
    await facade.metric(/^facade_attempts_total\{route="leads.get",path="gateway",outcome="upstream_connect"/),
  ).toBe(VOLUME);
});

test('a gateway that is dead from the start is seen as dead, though direct answers every caller', async () => {
  const facade = await startRefused();
  // The first ten are refused by the gateway's port, the rest by the breaker.
  expect(tally(await times(33, () => read(facade)))).toEqual({ '200 direct': 33 });
  const { routes } = (await (await fetch(`${facade.adminUrl}/api/routes`)).json()) as { routes: { id: string }[] };
  const counts = { requests: 0, failures: 0, attempts: 33, failedAttempts: 33, failovers: 33 };
  expect(routes.find(({ id }) => id === 'leads.get')).toMatchObject({
    paths: { gateway: { lastMinute: counts, lastHour: counts } },
    trouble: { text: 'gateway: 33 of 33 attempts failed, direct answered all', isDown: true },
  });
});
