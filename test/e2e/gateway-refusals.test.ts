import { hash } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { startGateway } from '../../src/c2s/gateway/index.ts';
import { C2S_TOKEN, FACADE_TOKEN, setRoute, startFacade, type TestFacade } from './kit/facade.ts';
import { startUpstream, type Received, type TestUpstream } from './kit/upstream.ts';

/** A gateway that is up and serves nobody, or lacks an operation: whose fault that is, and who answers in its place. */

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

const KEY = 'key-of-the-facade';
const callers = (access: 'read' | 'full') => [{ name: 'facade', sha256: hash('sha256', KEY), access }];

async function contact2sale(): Promise<TestUpstream> {
  const upstream = await startUpstream(({ method, url }, res) => {
    const isAbsent = url.endsWith('/absent');
    const status = isAbsent ? 404 : method === 'POST' ? 201 : 200;
    res.writeHead(status, { 'content-type': 'application/json' });
    res.end(isAbsent ? '{"error":"Not found."}' : '{"id":"42"}');
  });
  open.push(() => upstream.close());
  return upstream;
}

/** Reads, updates and messages at 100 on the gateway. */
async function facadeBefore(
  direct: string,
  gateway: string,
  env: Record<string, string>,
  fallback = 'direct',
): Promise<TestFacade> {
  const facade = await startFacade({
    direct,
    gateway,
    env,
    edit: (config) => {
      for (const id of ['leads.get', 'leads.messages.create']) {
        setRoute(config, id, ['rollout', 'gateway'], 100);
        setRoute(config, id, ['rollout', 'fallback'], fallback);
      }
    },
  });
  open.push(() => facade.stop());
  return facade;
}

interface Said {
  readonly status: number;
  readonly path: string | null;
  readonly outcome: string | null;
  readonly body: string;
}

async function ask({ url }: TestFacade, path: string, body?: string): Promise<Said> {
  const res = await fetch(url + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${FACADE_TOKEN}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body }),
  });
  const { headers } = res;
  return {
    status: res.status,
    path: headers.get('x-facade-path'),
    outcome: headers.get('x-facade-outcome'),
    body: await res.text(),
  };
}
const read = (facade: TestFacade, id = '42') => ask(facade, `/integration/leads/${id}`);
const write = (facade: TestFacade) => ask(facade, '/integration/leads/42/create_message', '{"body":"once"}');

const readiness = async ({ adminUrl }: TestFacade): Promise<unknown> => (await fetch(`${adminUrl}/readyz`)).json();
async function faultOf({ adminUrl }: TestFacade, id: string): Promise<unknown> {
  const { routes } = (await (await fetch(`${adminUrl}/api/routes`)).json()) as {
    routes: { id: string; paths: { gateway?: { fault?: string } } }[];
  };
  return routes.find((route) => route.id === id)?.paths.gateway?.fault;
}
const attempts = (facade: TestFacade, route: string, outcome: string) =>
  facade.metric(`facade_attempts_total{route="${route}",path="gateway",outcome="${outcome}"}`);
const requestLines = ({ received }: TestUpstream) => received.map(({ method, url }: Received) => `${method} ${url}`);

describe('a gateway that does not accept C2S_GATEWAY_TOKEN', () => {
  test.each([
    ['a wrong one', { C2S_GATEWAY_TOKEN: 'not-the-key-of-the-facade' }],
    ['none at all', {}],
  ])('%s: direct answers reads and writes, each once, and the fault is in sight', async (_, env) => {
    const direct = await contact2sale();
    const behind = await contact2sale();
    const gateway = await startGateway({
      ...{ c2sBaseUrl: behind.url, c2sToken: C2S_TOKEN, port: 0 },
      callers: callers('full'),
    });
    open.push(() => gateway.close());
    const facade = await facadeBefore(direct.url, gateway.url, env);
    expect(await readiness(facade)).not.toHaveProperty('gatewayCredentials');

    expect(await read(facade)).toEqual({ status: 200, path: 'direct', outcome: null, body: '{"id":"42"}' });
    expect(await write(facade)).toEqual({ status: 201, path: 'direct', outcome: null, body: '{"id":"42"}' });

    expect(requestLines(direct)).toEqual(['GET /integration/leads/42', 'POST /integration/leads/42/create_message']);
    expect(behind.received).toEqual([]);
    for (const route of ['leads.get', 'leads.messages.create']) {
      expect(await attempts(facade, route, 'upstream_credentials')).toBe(1);
      expect(await facade.metric(`facade_failovers_total{route="${route}",reason="upstream_credentials"}`)).toBe(1);
      expect(await faultOf(facade, route)).toBe('upstream_credentials');
    }
    expect(await readiness(facade)).toMatchObject({
      status: 'ready',
      gatewayCredentials: expect.stringMatching(
        /C2S_GATEWAY_TOKEN.* Routes: leads\.get, leads\.messages\.create$/,
      ) as string,
    });
  });

  test('that may only read serves reads, and direct the writes', async () => {
    const direct = await contact2sale();
    const behind = await contact2sale();
    const gateway = await startGateway({
      ...{ c2sBaseUrl: behind.url, c2sToken: C2S_TOKEN, port: 0 },
      callers: callers('read'),
    });
    open.push(() => gateway.close());
    const facade = await facadeBefore(direct.url, gateway.url, { C2S_GATEWAY_TOKEN: KEY });
    expect(await read(facade)).toMatchObject({ status: 200, path: 'gateway' });
    expect(await write(facade)).toMatchObject({ status: 201, path: 'direct' });
    expect(requestLines(direct)).toEqual(['POST /integration/leads/42/create_message']);
    expect(await faultOf(facade, 'leads.get')).toBeUndefined();
    expect(await faultOf(facade, 'leads.messages.create')).toBe('upstream_credentials');
  });

  test('without a fallback is 502 that says whose fault it is, and opens the breaker', async () => {
    const direct = await contact2sale();
    const gateway = await startGateway({
      ...{ c2sBaseUrl: direct.url, c2sToken: C2S_TOKEN, port: 0 },
      callers: callers('full'),
    });
    open.push(() => gateway.close());
    const facade = await facadeBefore(direct.url, gateway.url, {}, 'none');
    expect(await write(facade)).toMatchObject({ status: 502, outcome: 'upstream_credentials' });
    for (let i = 0; i < 20; i++) await read(facade);
    expect(await read(facade)).toMatchObject({ status: 503, outcome: 'facade_breaker_open' });
    expect(direct.received).toEqual([]);
  });

  test('is forgotten when the gateway serves the route again', async () => {
    const direct = await contact2sale();
    let status = 401;
    const gateway = await startUpstream((_, res) =>
      res.writeHead(status, { 'content-type': 'application/json' }).end('{"detail":"Not authenticated"}'),
    );
    open.push(() => gateway.close());
    const facade = await facadeBefore(direct.url, gateway.url, {});
    expect(await read(facade)).toMatchObject({ status: 200, path: 'direct' });
    expect(await faultOf(facade, 'leads.get')).toBe('upstream_credentials');
    status = 200;
    expect(await read(facade)).toMatchObject({ status: 200, path: 'gateway' });
    expect(await faultOf(facade, 'leads.get')).toBeUndefined();
    expect(await readiness(facade)).not.toHaveProperty('gatewayCredentials');
  });
});

describe('a 403 of Contact2Sale that the gateway passes on', () => {
  const FORBIDDEN = { status: 403, body: '{"error":"not yours"}' };
  const forbidding = async (): Promise<TestUpstream> => {
    const upstream = await startUpstream(({ url }, res) => {
      const isCheck = url.endsWith('/integration/me');
      res.writeHead(isCheck ? 200 : FORBIDDEN.status, { 'content-type': 'application/json' });
      res.end(isCheck ? '{}' : FORBIDDEN.body);
    });
    open.push(() => upstream.close());
    return upstream;
  };
  const gatewayBefore = async (c2sBaseUrl: string) => {
    const gateway = await startGateway({ c2sBaseUrl, c2sToken: C2S_TOKEN, port: 0 });
    open.push(() => gateway.close());
    return gateway;
  };

  test('is answered by direct, which accepts the same caller, writes too', async () => {
    const direct = await contact2sale();
    const facade = await facadeBefore(direct.url, (await gatewayBefore((await forbidding()).url)).url, {});
    expect(await read(facade)).toMatchObject({ status: 200, path: 'direct' });
    expect(await write(facade)).toMatchObject({ status: 201, path: 'direct' });
    expect(await facade.metric('facade_failovers_total{route="leads.get",reason="origin_forbidden"}')).toBe(1);
  });

  test('is the caller’s 403 where direct says the same, and moves no breaker', async () => {
    const direct = await forbidding();
    const facade = await facadeBefore(direct.url, (await gatewayBefore(direct.url)).url, {});
    for (let i = 0; i < 20; i++)
      expect(await read(facade)).toMatchObject({ ...FORBIDDEN, path: 'direct', outcome: null });
    expect(await attempts(facade, 'leads.get', 'origin_forbidden')).toBe(20);
    expect(await faultOf(facade, 'leads.get')).toBeUndefined();
  });

  test('is the caller’s 403 where the route has no fallback', async () => {
    const direct = await contact2sale();
    const facade = await facadeBefore(direct.url, (await gatewayBefore((await forbidding()).url)).url, {}, 'none');
    expect(await read(facade)).toEqual({ ...FORBIDDEN, path: 'gateway', outcome: 'origin_forbidden' });
  });
});

/** What the Python gateway answers to everything. */
async function answering(status: number, body: string): Promise<TestUpstream> {
  const gateway = await startUpstream((_, res) =>
    res.writeHead(status, { 'content-type': 'application/json' }).end(body),
  );
  open.push(() => gateway.close());
  return gateway;
}

describe('a gateway that lacks an operation', () => {
  test.each([
    [404, '{"detail":"Not Found"}'],
    [405, '{"detail":"Method Not Allowed"}'],
    [501, '{"detail":"Not Implemented"}'],
  ])('and says %i %s: direct answers reads and writes, each once', async (status, body) => {
    const direct = await contact2sale();
    const facade = await facadeBefore(direct.url, (await answering(status, body)).url, {});
    expect(await read(facade)).toMatchObject({ status: 200, path: 'direct' });
    expect(await write(facade)).toMatchObject({ status: 201, path: 'direct' });
    expect(requestLines(direct)).toEqual(['GET /integration/leads/42', 'POST /integration/leads/42/create_message']);
    for (const route of ['leads.get', 'leads.messages.create']) {
      expect(await attempts(facade, route, 'gateway_lacks_operation')).toBe(1);
      expect(await faultOf(facade, route)).toBe('gateway_lacks_operation');
    }
  });

  test('is told from one whose lead does not exist: 404 for the caller, and direct is not asked', async () => {
    const direct = await contact2sale();
    const behind = await contact2sale();
    const gateway = await startGateway({ c2sBaseUrl: behind.url, c2sToken: C2S_TOKEN, port: 0 });
    open.push(() => gateway.close());
    const ours = await facadeBefore(direct.url, gateway.url, {});
    const said = JSON.stringify({ detail: "Client error '404 Not Found' for url 'http://crm.invalid/leads/absent'" });
    const pythons = await facadeBefore(direct.url, (await answering(500, said)).url, {});
    for (const facade of [ours, pythons]) {
      expect(await read(facade, 'absent')).toMatchObject({ status: 404, path: 'gateway', outcome: null });
    }
    expect(direct.received).toEqual([]);
  });
});

describe('a gateway that cannot read what Contact2Sale answered to a write', () => {
  const UNREADABLE = '{"detail":"Expecting value: line 1 column 1 (char 0)"}';

  test('answers a success without a body, in the status of the asking dialect', async () => {
    const direct = await contact2sale();
    const facade = await facadeBefore(direct.url, (await answering(500, UNREADABLE)).url, {});
    expect(await write(facade)).toEqual({ status: 201, path: 'gateway', outcome: null, body: '' });
    expect(await ask(facade, '/leads/42/messages', '{"message":"once"}')).toEqual({
      ...{ status: 200, path: 'gateway', outcome: null, body: '' },
    });
    expect(direct.received).toEqual([]);
    expect(await attempts(facade, 'leads.messages.create', 'ok')).toBe(2);
  });

  test('has direct answer a read, whose body is what was asked for', async () => {
    const direct = await contact2sale();
    const facade = await facadeBefore(direct.url, (await answering(500, UNREADABLE)).url, {});
    expect(await read(facade)).toMatchObject({ status: 200, path: 'direct', body: '{"id":"42"}' });
  });
});
