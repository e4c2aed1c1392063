import { afterEach, expect, test } from 'vitest';
import { startGateway } from '../../src/c2s/gateway/index.ts';
import { C2S_TOKEN, FACADE_TOKEN, setRoute, startFacade } from './kit/facade.ts';
import { refusedUrl, startUpstream } from './kit/upstream.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

test('a write that our gateway says it never sent is answered by direct, once', async () => {
  const direct = await startUpstream((_, res) => res.writeHead(201, { 'content-type': 'application/json' }).end('{}'));
  open.push(() => direct.close());
  // The gateway is up, and what it should reach is not.
  const gateway = await startGateway({ c2sBaseUrl: await refusedUrl(), c2sToken: C2S_TOKEN, port: 0 });
  open.push(() => gateway.close());
  const facade = await startFacade({
    direct: direct.url,
    gateway: gateway.url,
    edit: (config) => setRoute(config, 'leads.messages.create', ['rollout', 'gateway'], 100),
  });
  open.push(() => facade.stop());
  const res = await fetch(`${facade.url}/integration/leads/42/create_message`, {
    method: 'POST',
    headers: { authorization: `Bearer ${FACADE_TOKEN}`, 'content-type': 'application/json' },
    body: '{"body":"once"}',
  });
  expect([res.status, res.headers.get('x-facade-path')]).toEqual([201, 'direct']);
  expect(direct.received.map(({ body }) => body)).toEqual(['{"body":"once"}']);
  expect(await facade.metric('facade_failovers_total{route="leads.messages.create",reason="origin_connect"}')).toBe(1);
});
