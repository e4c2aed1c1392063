import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { FACADE_TOKEN, setRoute, startFacade } from '../kit/facade.ts';
import { inBatches, Opened, tally } from '../kit/load.ts';
import { startUpstream } from '../kit/upstream.ts';

/**
 * Contact2Sale's limit is met, on whichever path. That is nobody's failure: direct would say the same, and to ask it
 * would only make the storm worse. Where a rate budget is written, the pause that was asked for is kept on both paths.
 */

const opened = new Opened();
afterEach(opened.closeAll);

const STORM = 60;
const PAUSE = 30;
const LIMITED = "Client error '429 Too Many Requests' for url 'http://crm.invalid/leads/1'";

const plainly = (res: ServerResponse) => res.writeHead(429, { 'retry-after': String(PAUSE) }).end('{"error":"limit"}');
const disguised = (res: ServerResponse) =>
  res
    .writeHead(500, { 'content-type': 'application/json', 'retry-after': String(PAUSE) })
    .end(JSON.stringify({ detail: LIMITED }));

async function storm(ofGateway: (res: ServerResponse) => unknown, rateBudget?: object) {
  const well = (res: ServerResponse) => res.writeHead(200).end('{}');
  const direct = opened.keep(await startUpstream((_, res) => void (rateBudget ? well(res) : plainly(res))));
  const gateway = opened.keep(await startUpstream((_, res) => void ofGateway(res)));
  const facade = opened.keep(
    await startFacade({
      direct: direct.url,
      gateway: gateway.url,
      edit: (config) => {
        for (const id of ['leads.get', 'leads.tags.add']) setRoute(config, id, ['rollout', 'gateway'], 100);
        if (rateBudget) config.setIn(['upstreams', 'direct', 'rateBudget'], config.createNode(rateBudget));
      },
    }),
  );
  const call = async (method: string, path: string): Promise<string> => {
    const headers = { authorization: `Bearer ${FACADE_TOKEN}`, 'content-type': 'application/json' };
    const body = method === 'POST' ? '{"tag_id":"1"}' : null;
    const res = await fetch(`${facade.url}${path}`, { method, headers, body });
    await res.text();
    const [served, outcome] = [res.headers.get('x-facade-path'), res.headers.get('x-facade-outcome') ?? 'ok'];
    return `${res.status} ${served} ${outcome}, retry-after ${res.headers.get('retry-after')}`;
  };
  return { direct, gateway, facade, call };
}

describe.each([
  ['as it is', plainly],
  ["in the gateway's 500", disguised],
])('a storm of 429, said %s', (_, answer) => {
  test.each([
    ['GET', '/leads/1', 'leads.get'],
    ['POST', '/leads/1/tags', 'leads.tags.add'],
  ])('reaches the callers of a %s with its Retry-After: no failover, no breaker', async (method, path, route) => {
    const { direct, gateway, facade, call } = await storm(answer);
    const seen = tally(await inBatches(STORM, 10, () => call(method, path)));
    expect(seen).toEqual({ [`429 gateway ok, retry-after ${PAUSE}`]: STORM });
    expect([gateway.received.length, direct.received.length]).toEqual([STORM, 0]);
    expect(await facade.metric(/^facade_failovers_total\{/)).toBe(0);
    expect(await facade.metric(`facade_breaker_state{route="${route}",path="gateway"}`)).toBe(0);
  });

  test('pauses the rate budget of direct, and no failover breaks through it', async () => {
    const { direct, gateway, call } = await storm(answer, { requests: 100, period: '1s', longestWait: '100ms' });
    expect(await call('GET', '/integration/tags')).toMatch(/^200 direct ok/);
    expect(await call('GET', '/leads/1')).toMatch(/^429 gateway ok/);
    const refused = new RegExp(`^503 direct facade_rate_budget, retry-after (${PAUSE - 1}|${PAUSE})$`);
    expect(await call('GET', '/integration/tags')).toMatch(refused);
    await gateway.close();
    expect(await call('GET', '/leads/1')).toMatch(refused);
    expect(await call('POST', '/leads/1/tags')).toMatch(refused);
    expect(direct.received).toHaveLength(1);
  });
});

test('a storm of 429 on direct reaches the callers, and opens no breaker', async () => {
  const { direct, facade, call } = await storm(plainly);
  const seen = tally(await inBatches(STORM, 10, () => call('GET', '/integration/tags')));
  expect(seen).toEqual({ [`429 direct ok, retry-after ${PAUSE}`]: STORM });
  expect(direct.received).toHaveLength(STORM);
  expect(await facade.metric('facade_breaker_state{route="tags.list",path="direct"}')).toBe(0);
});
