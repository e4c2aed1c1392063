import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { setRoute } from '../e2e/kit/facade.ts';
import { startWire, type Wire } from '../e2e/kit/wire.ts';

/**
 * The gateway holds the token and asks nothing of its callers: whoever reaches it through the facade has our rights in
 * the CRM. So nobody may who is not known: in no stage, by no header, method or spelling, not when the direct path
 * fails, not as a shadow, not to read a write back, not through the enrichment.
 */

const STAGES = {
  direct: { gateway: 0, shadow: 0 },
  shadow: { gateway: 0, shadow: 100 },
  canary: { gateway: 50, shadow: 100 },
  gateway: { gateway: 100, shadow: 100 },
  retired: { gateway: 100, shadow: 0, fallback: 'none' },
} as const;
type Stage = keyof typeof STAGES;

/** What strangers show: no token of ours, or one where none is taken from. */
const STRANGERS = [
  '',
  'authorization: Bearer\r\n',
  'authorization: Bearer \r\n',
  'authorization: Bearer of-a-stranger\r\n',
  'authorization: Bearer undefined\r\n',
  'authorization: Basic dGVzdC1jMnMtdG9rZW4tb2YtY29udGFjdDJzYWxl\r\n',
  'authorization: Bearer test-facade-token-of-a-calle\r\n',
  'authorization: Bearer test-facade-token-of-a-caller2\r\n',
  'authorization: Bearer TEST-FACADE-TOKEN-OF-A-CALLER\r\n',
  'authorization: Bearer Bearer test-facade-token-of-a-caller\r\n',
  'authorization: Bearer x\r\nauthentication: test-facade-token-of-a-caller\r\n',
  'x-api-key: test-facade-token-of-a-caller\r\n',
  'cookie: token=test-facade-token-of-a-caller\r\n',
  'authentication: Token test-facade-token-of-a-caller\r\n',
];
const LURES = [
  '',
  'x-facade-force: gateway\r\n',
  'x-facade-path: gateway\r\nx-facade-shadow: true\r\n',
  'x-forwarded-for: 127.0.0.1\r\nforwarded: for=127.0.0.1\r\nx-real-ip: 127.0.0.1\r\n',
  'x-c2s-admin: 1\r\nx-http-method-override: GET\r\n',
];
const REQUESTS = [
  'GET /leads/42',
  'GET /integration/leads/42',
  'HEAD /leads/42',
  'GET /leads/resolve-source?form_id=1',
  'GET /leads/42/',
  'GET http://facade.test/leads/42',
  'GET /api/v1/leads/process?id=42',
];
const WRITES = ['POST /leads/42/messages', 'POST /api/v1/c2s/enrich/42', 'PATCH /integration/leads/42'];

let wire: Wire;
beforeAll(async () => void (wire = await startWire()));
afterAll(() => wire.close());

async function setStage(stage: Stage): Promise<void> {
  await wire.facade.edit((config) => {
    const rows = (config.toJS() as { routes: { id: string; direct?: unknown; gateway?: unknown }[] }).routes;
    for (const { id, direct, gateway } of rows) {
      if (!gateway) continue;
      const { shadow, ...rollout } = { fallback: direct ? 'direct' : 'none', ...STAGES[stage] };
      const isRead = id === 'leads.get';
      setRoute(config, id, ['rollout'], { ...rollout, shadow: isRead ? shadow : 0, stickyBy: 'caller' });
    }
  });
}

const body = '{"message":"ola","body":"ola"}';
async function ask(request: string, headers: string): Promise<void> {
  const hasBody = !/^(GET|HEAD)/.test(request);
  const framing = hasBody ? `content-type: application/json\r\ncontent-length: ${body.length}\r\n` : '';
  const bytes = `${request} HTTP/1.1\r\nhost: facade.test\r\nconnection: close\r\n${headers}${framing}\r\n${hasBody ? body : ''}`;
  const caller = wire.caller();
  caller.send(bytes);
  await caller.closed();
}

describe.each(Object.keys(STAGES) as Stage[])('in the stage %s', (stage) => {
  test.each([
    ['is well', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}'],
    ['fails', 'HTTP/1.1 503 Unavailable\r\ncontent-length: 0\r\n\r\n'],
  ])('a stranger never reaches the gateway, when direct %s', async (_, answer) => {
    await setStage(stage);
    wire.reset();
    wire.direct.answers(answer);
    for (const stranger of STRANGERS) {
      for (const request of [...REQUESTS, ...WRITES]) await ask(request, stranger);
      for (const lure of LURES) await ask('GET /integration/leads/42', stranger + lure);
    }
    expect(wire.direct.requests.length).toBeGreaterThan(STRANGERS.length);
    expect(wire.gateway.bytes()).toBe('');
    expect(wire.gateway.connections()).toBe(0);
    // Nor has a stranger's request been given a token of ours.
    expect(wire.direct.bytes()).not.toContain('test-c2s-token-of-contact2sale');
  });
});

test('a stranger is told that by Contact2Sale, and by the facade only where no direct endpoint exists', async () => {
  await setStage('gateway');
  wire.reset();
  const none = 'HTTP/1.1 401 Unauthorized\r\ncontent-length: 5\r\n\r\nno!!!';
  wire.direct.answers(none);
  const stranger = 'authorization: Bearer of-a-stranger\r\n';
  const get = (target: string): string => `GET ${target} HTTP/1.1\r\nhost: x\r\n${stranger}\r\n`;
  // In the gateway's dialect it is told in the gateway's shape.
  expect((await wire.caller().ask(get('/integration/leads/42'))).body).toBe('no!!!');
  const inGateways = await wire.caller().ask(get('/leads/42'));
  expect([inGateways.status, inGateways.header('x-facade-path')]).toEqual([401, 'direct']);
  const own = await wire.caller().ask(get('/leads/resolve-source?form_id=1'));
  expect([own.status, own.header('content-type')]).toEqual([401, 'application/problem+json']);
});

test('and the same requests of a known caller do reach it, or nothing was shown', async () => {
  await setStage('gateway');
  wire.reset();
  await ask('GET /integration/leads/42', 'authorization: Bearer test-facade-token-of-a-caller\r\n');
  expect(wire.gateway.requests).toHaveLength(1);
});
