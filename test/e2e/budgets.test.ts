import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import type { Document } from 'yaml';
import { startDyingGateway } from './kit/dying-gateway.ts';
import { FACADE_TOKEN, setRoute, startFacade, type TestFacade } from './kit/facade.ts';
import { inBatches, Opened, tally } from './kit/load.ts';
import { startUpstream, until } from './kit/upstream.ts';

const opened = new Opened();
afterEach(opened.closeAll);

const headers = { authorization: `Bearer ${FACADE_TOKEN}` };

async function read(facade: TestFacade, lead: number | string = 42): Promise<string> {
  const res = await fetch(`${facade.url}/leads/${lead}`, { headers });
  await res.text();
  return [res.status, res.headers.get('x-facade-path'), res.headers.get('x-facade-outcome') ?? '-'].join(' ');
}

const toGateway = (config: Document): void => {
  setRoute(config, 'leads.get', ['rollout', 'gateway'], 100);
  setRoute(config, 'leads.get', ['breaker'], { enabled: false });
};

const answering = (name: string) => startUpstream((_, res) => res.writeHead(200).end(`{"from":"${name}"}`));

describe('the failover budget', () => {
  test('bounds what a gateway that takes reads and dies costs the CRM; the rest see 502', async () => {
    const [budget, minPerSecond, requests] = [0.1, 2, 400];
    const gateway = opened.keep(await startDyingGateway('before headers'));
    const direct = opened.keep(await answering('direct'));
    const facade = opened.keep(
      await startFacade({
        direct: direct.url,
        gateway: gateway.url,
        edit: (config) => {
          toGateway(config);
          config.set('failover', config.createNode({ budget, minPerSecond }));
        },
      }),
    );
    const seen = tally(await inBatches(requests, 20, (i) => read(facade, i)));
    // The least is granted over the window of 10 s, whenever it is asked for.
    const allowed = budget * requests + minPerSecond * 10;
    expect(direct.received.length).toBeLessThanOrEqual(allowed);
    expect(direct.received.length).toBeGreaterThanOrEqual(minPerSecond * 10);
    expect(seen).toEqual({
      '200 direct -': direct.received.length,
      '502 gateway upstream_respond': requests - direct.received.length,
    });
    expect(gateway.arrived).toHaveLength(requests);
  });

  test('does not count what was never sent: that costs the CRM nothing extra', async () => {
    const direct = opened.keep(await answering('direct'));
    const gateway = opened.keep(await startDyingGateway('before headers'));
    await gateway.close();
    const facade = opened.keep(
      await startFacade({
        direct: direct.url,
        gateway: gateway.url,
        edit: (config) => {
          toGateway(config);
          config.set('failover', config.createNode({ budget: 0, minPerSecond: 0 }));
        },
      }),
    );
    expect(tally(await inBatches(50, 10, () => read(facade)))).toEqual({ '200 direct -': 50 });
  });

  test('is not refilled by a reload', async () => {
    const gateway = opened.keep(await startDyingGateway('before headers'));
    const direct = opened.keep(await answering('direct'));
    const facade = opened.keep(
      await startFacade({
        direct: direct.url,
        gateway: gateway.url,
        edit: (config) => {
          toGateway(config);
          config.set('failover', config.createNode({ budget: 0, minPerSecond: 0.5 }));
        },
      }),
    );
    await inBatches(10, 1, () => read(facade));
    expect(direct.received).toHaveLength(5);
    await facade.edit((config) => setRoute(config, 'tags.list', ['rollout', 'gateway'], 1));
    await inBatches(10, 1, () => read(facade));
    expect(direct.received).toHaveLength(5);
  });
});

describe('the bulkhead', () => {
  test('of the gateway: what finds no place goes direct, and the breaker learns nothing (pain P27)', async () => {
    const held: ServerResponse[] = [];
    const gateway = opened.keep(await startUpstream((_, res) => void held.push(res)));
    const direct = opened.keep(await answering('direct'));
    const facade = opened.keep(
      await startFacade({
        direct: direct.url,
        gateway: gateway.url,
        edit: (config) => {
          setRoute(config, 'leads.get', ['rollout', 'gateway'], 100);
          setRoute(config, 'leads.get', ['breaker'], { volumeThreshold: 5, errorRate: 0.1 });
          config.setIn(['upstreams', 'gateway', 'maxInflight'], 4);
        },
      }),
    );
    const all = inBatches(40, 40, (i) => read(facade, i));
    await until(() => direct.received.length === 36, '36 went direct');
    expect(held).toHaveLength(4);
    expect(await facade.metric('facade_inflight{upstream="gateway"}')).toBe(4);
    held.forEach((res) => res.writeHead(200).end('{}'));
    expect(tally(await all)).toEqual({ '200 direct -': 36, '200 gateway -': 4 });
    expect(await facade.metric('facade_breaker_state{route="leads.get",path="gateway"}')).toBe(0);
    expect(await facade.metric(/^facade_failovers_total\{route="leads.get",reason="facade_bulkhead_full"/)).toBe(36);
    expect(await facade.metric('facade_inflight{upstream="gateway"}')).toBe(0);
    expect(gateway.connections()).toBe(4);
  });

  test('of direct: 503 with Retry-After, at once, and the breaker learns nothing', async () => {
    const held: ServerResponse[] = [];
    const direct = opened.keep(await startUpstream((_, res) => void held.push(res)));
    const facade = opened.keep(
      await startFacade({
        direct: direct.url,
        edit: (config) => {
          setRoute(config, 'leads.get', ['breaker'], { volumeThreshold: 5, errorRate: 0.1 });
          config.setIn(['upstreams', 'direct', 'maxInflight'], 4);
        },
      }),
    );
    const all = inBatches(40, 40, (i) => read(facade, i));
    const refusals = /^facade_requests_total\{route="leads.get".*outcome="facade_bulkhead_full"/;
    await until(async () => (await facade.metric(refusals)) === 36, '36 were refused');
    expect(held).toHaveLength(4);
    const refused = await fetch(`${facade.url}/leads/1`, { headers });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    // Neither does the passthrough get a fifth place at the same upstream.
    const passed = await fetch(`${facade.url}/integration/other`, { headers });
    expect([passed.status, passed.headers.get('x-facade-outcome')]).toEqual([503, 'facade_bulkhead_full']);
    held.forEach((res) => res.writeHead(200).end('{}'));
    expect(tally(await all)).toEqual({ '503 direct facade_bulkhead_full': 36, '200 direct -': 4 });
    expect(await facade.metric('facade_breaker_state{route="leads.get",path="direct"}')).toBe(0);
  });
});

describe('the rate budget', () => {
  async function limited(rateBudget: object, answer?: (res: ServerResponse) => void) {
    const direct = opened.keep(await startUpstream((_, res) => (answer ? answer(res) : res.writeHead(200).end('{}'))));
    const facade = opened.keep(
      await startFacade({
        direct: direct.url,
        edit: (config) => config.setIn(['upstreams', 'direct', 'rateBudget'], config.createNode(rateBudget)),
      }),
    );
    return { direct, facade };
  }

  test('grants so many a period, in the order in which they came', async () => {
    const { direct, facade } = await limited({ requests: 3, period: '300ms', longestWait: '5s' });
    const startedAt = performance.now();
    const calls: Promise<string>[] = [];
    for (let i = 0; i < 9; i++) {
      calls.push(read(facade, i));
      await until(() => facade.dataPlane.underWay + direct.received.length > i, 'it arrived');
    }
    expect(tally(await Promise.all(calls))).toEqual({ '200 direct -': 9 });
    expect(direct.received.map(({ url }) => url.split('/').at(-1))).toEqual([...'012345678']);
    // Three periods hold nine; two of them had to pass.
    expect(performance.now() - startedAt).toBeGreaterThan(500);
    expect(await facade.metric('facade_rate_budget_wait_seconds_count{upstream="direct"}')).toBe(9);
  });

  test('answers 503 with Retry-After where the wait would be too long, and does not ask', async () => {
    const { direct, facade } = await limited({ requests: 2, period: '30s', longestWait: '100ms' });
    expect(tally(await inBatches(2, 1, () => read(facade)))).toEqual({ '200 direct -': 2 });
    const startedAt = performance.now();
    const res = await fetch(`${facade.url}/leads/1`, { headers });
    expect([res.status, res.headers.get('x-facade-outcome')]).toEqual([503, 'facade_rate_budget']);
    expect(Number(res.headers.get('retry-after'))).toBeGreaterThan(25);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect(direct.received).toHaveLength(2);
  });

  test('is spent by what passes through, too, and a 429 there pauses it', async () => {
    const { direct, facade } = await limited({ requests: 2, period: '30s', longestWait: '100ms' });
    const unclaimed = await fetch(`${facade.url}/integration/unclaimed`, { headers });
    expect([unclaimed.status, unclaimed.headers.get('x-facade-path')]).toEqual([200, 'passthrough']);
    expect(await read(facade)).toBe('200 direct -');
    const refused = await fetch(`${facade.url}/integration/unclaimed`, { headers });
    expect([refused.status, refused.headers.get('x-facade-outcome')]).toEqual([503, 'facade_rate_budget']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(25);
    expect(direct.received).toHaveLength(2);

    const limit = (res: ServerResponse) => res.writeHead(429, { 'retry-after': '30' }).end('{}');
    const other = await limited({ requests: 100, period: '1s', longestWait: '100ms' }, limit);
    expect((await fetch(`${other.facade.url}/integration/unclaimed`, { headers })).status).toBe(429);
    expect(await read(other.facade)).toBe('503 direct facade_rate_budget');
  });

  test('lets a burst through at once', async () => {
    const { direct, facade } = await limited({ requests: 2, period: '30s', burst: 3, longestWait: '0s' });
    const seen = tally(await inBatches(8, 1, () => read(facade)));
    expect(seen).toEqual({ '200 direct -': 5, '503 direct facade_rate_budget': 3 });
    expect(direct.received).toHaveLength(5);
  });

  test('pauses for the Retry-After of a 429, and then goes on', async () => {
    let refusals = 1;
    const { direct, facade } = await limited({ requests: 100, period: '1s', longestWait: '200ms' }, (res) => {
      if (refusals-- > 0) res.writeHead(429, { 'retry-after': '1' }).end('{}');
      else res.writeHead(200).end('{}');
    });
    const startedAt = performance.now();
    expect(await read(facade)).toBe('429 direct -');
    expect(await read(facade)).toBe('503 direct facade_rate_budget');
    expect(direct.received).toHaveLength(1);
    await until(async () => (await read(facade)) === '200 direct -', 'the pause is over');
    expect(performance.now() - startedAt).toBeGreaterThan(750);
    expect(direct.received).toHaveLength(2);
  });

  test('gives the place of a caller that left to the next', async () => {
    const { direct, facade } = await limited({ requests: 1, period: '400ms', longestWait: '5s' });
    await read(facade, 'first');
    const leaving = new AbortController();
    const left = fetch(`${facade.url}/leads/left`, { headers, signal: leaving.signal }).catch(() => 'left');
    await until(() => facade.dataPlane.underWay === 1, 'it waits');
    const next = read(facade, 'next');
    await until(() => facade.dataPlane.underWay === 2, 'the next waits behind it');
    leaving.abort();
    expect(await left).toBe('left');
    expect(await next).toBe('200 direct -');
    expect(direct.received.map(({ url }) => url.split('/').at(-1))).toEqual(['first', 'next']);
  });
});
