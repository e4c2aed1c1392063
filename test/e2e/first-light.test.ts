import { afterEach, expect, test } from 'vitest';
import { FACADE_TOKEN, setRoute, startFacade, type TestFacade } from './kit/facade.ts';
import { refusedUrl, startUpstream, type TestUpstream } from './kit/upstream.ts';

const open: { close?: () => Promise<unknown>; stop?: () => Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await (one.stop ?? one.close)?.();
});
const keep = <T extends (typeof open)[number]>(one: T): T => {
  open.push(one);
  return one;
};

const known = { authorization: `Bearer ${FACADE_TOKEN}` };

function named(name: string): Promise<TestUpstream> {
  return startUpstream((_, res) =>
    res.writeHead(200, { 'content-type': 'application/json' }).end(`{"from":"${name}"}`),
  );
}

test('one number in the file moves a route, for known callers only, and back', async () => {
  const direct = keep(await named('direct'));
  const gateway = keep(await named('gateway'));
  const facade: TestFacade = keep(await startFacade({ direct: direct.url, gateway: gateway.url }));
  const started = `ready: 34 routes: 34 direct; kill switch off; gateway ${gateway.url}`;
  expect(facade.logs.map((line) => (JSON.parse(line) as { msg: string }).msg)).toContain(started);
  const ask = async (headers: Record<string, string>) => {
    const res = await fetch(`${facade.url}/integration/leads/42`, { headers });
    return [res.headers.get('x-facade-path'), ((await res.json()) as { from: string }).from];
  };
  expect(await ask(known)).toEqual(['direct', 'direct']);
  await facade.edit((config) => setRoute(config, 'leads.get', ['rollout', 'gateway'], 100));
  expect(await ask(known)).toEqual(['gateway', 'gateway']);
  expect(await ask({ authorization: 'Bearer stranger' })).toEqual(['direct', 'direct']);
  expect(gateway.received[0]).toMatchObject({ method: 'GET', url: '/leads/42' });
  expect(gateway.received[0]?.headers.authorization).toBeUndefined();
  await facade.edit((config) => setRoute(config, 'leads.get', ['rollout', 'gateway'], 0));
  expect(await ask(known)).toEqual(['direct', 'direct']);
});

test('a gateway that refuses connections is answered by direct, for reads and for writes', async () => {
  const direct = keep(await named('direct'));
  const facade = keep(
    await startFacade({
      direct: direct.url,
      gateway: await refusedUrl(),
      edit: (config) => {
        setRoute(config, 'leads.get', ['rollout', 'gateway'], 100);
        setRoute(config, 'leads.messages.create', ['rollout', 'gateway'], 100);
      },
    }),
  );
  const read = await fetch(`${facade.url}/integration/leads/42`, { headers: known });
  expect([read.status, read.headers.get('x-facade-path')]).toEqual([200, 'direct']);
  const write = await fetch(`${facade.url}/leads/42/messages`, {
    method: 'POST',
    headers: { ...known, 'content-type': 'application/json' },
    body: '{"message":"hello"}',
  });
  expect([write.status, write.headers.get('x-facade-path')]).toEqual([200, 'direct']);
  expect(direct.received.map(({ url }) => url)).toEqual([
    '/integration/leads/42',
    '/integration/leads/42/create_message',
  ]);
  expect(await facade.metric(/^facade_failovers_total\{.*reason="upstream_connect"\}/)).toBe(2);
});
