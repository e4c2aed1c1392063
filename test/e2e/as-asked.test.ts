import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startContact2Sale } from '../../src/c2s/sandbox/index.ts';
import type { Endpoint, RouteModel } from '../../src/facade/rollout/route.ts';
import { EXAMPLES } from './kit/examples.ts';
import { C2S_TOKEN, FACADE_TOKEN, setAll, startFacade, type TestFacade } from './kit/facade.ts';
import { startPythonGateway, type OnwardRequest, type PythonGateway } from './kit/python-gateway/gateway.ts';
import { startUpstream, type TestUpstream } from './kit/upstream.ts';

/**
 * What is asked in Contact2Sale's dialect and served by direct reaches direct as it came: every endpoint of every route,
 * aliases too, in every state of the rollout. So does what is asked at a path that both services have and has no form of
 * the gateway's.
 */

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly body: string;
  readonly type: string | undefined;
}

/** A query and a body that nobody but Contact2Sale could read: escapes, a repeated name, odd white space. */
const ODD_QUERY = '?x-own=%C3%A7%20&x-own=%2F';

let direct: TestUpstream;
let gateway: PythonGateway;
/** What the gateway asked of Contact2Sale. */
const sentOn: OnwardRequest[] = [];
let facade: TestFacade;

beforeAll(async () => {
  direct = await startUpstream((_, res) => res.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
  gateway = await startPythonGateway(2, (request) => {
    sentOn.push(request);
    return { status: 200, body: Buffer.from('{}') };
  });
  facade = await startFacade({ direct: direct.url, gateway: gateway.url });
});
afterAll(async () => {
  await facade.stop();
  await direct.close();
  await gateway.close();
});

const models = (): RouteModel[] => facade.dataPlane.snapshot.entries.map(({ model }) => model);
const isTwin = (model: RouteModel, { method, template }: Endpoint): boolean =>
  model.gateway.some((other) => other.method === method && other.template === template);

/** One request to an endpoint. At a path of both services it is in a form that the gateway would refuse. */
function requestTo(model: RouteModel, endpoint: Endpoint, query: string): Asked {
  const { params = '', direct: body } = EXAMPLES[model.id as keyof typeof EXAMPLES];
  const url = endpoint.template.replace(/:\w+/, params) + query;
  const text = isTwin(model, endpoint) ? '{ "x-own":{"name": "ç"}' : body && ` ${JSON.stringify(body)}\n`;
  const type = text === undefined ? undefined : 'application/json';
  return { method: endpoint.method, url, body: text ?? '', type };
}

async function send({ method, url, body, type }: Asked) {
  direct.received.length = 0;
  sentOn.length = 0;
  const headers = { authorization: `Bearer ${FACADE_TOKEN}`, ...(type !== undefined && { 'content-type': type }) };
  const res = await fetch(facade.url + url, { method, headers, ...(type !== undefined && { body }) });
  await res.arrayBuffer();
  const [first] = direct.received;
  const arrived: Asked | undefined = first && {
    method: first.method,
    url: first.url,
    body: first.body,
    type: first.headers['content-type'],
  };
  return { path: res.headers.get('x-facade-path'), route: res.headers.get('x-facade-route'), arrived };
}

/** Every endpoint of Contact2Sale's side of the table. */
function endpoints(): (readonly [RouteModel, Endpoint])[] {
  return models().flatMap((model) => model.direct.map((endpoint) => [model, endpoint] as const));
}

async function expectAsItCame(query: string, which: (model: RouteModel, endpoint: Endpoint) => boolean = () => true) {
  const chosen = endpoints().filter(([model, endpoint]) => which(model, endpoint));
  for (const [model, endpoint] of chosen) {
    const asked = requestTo(model, endpoint, query);
    expect(await send(asked)).toEqual({ path: 'direct', route: model.id, arrived: asked });
    expect(direct.received).toHaveLength(1);
  }
  return chosen.length;
}

describe.each(['', ODD_QUERY])('with the query %j', (query) => {
  test('at 0', async () => {
    await facade.edit((config) => setAll(config, 0));
    expect(await expectAsItCame(query)).toBe(models().flatMap((model) => model.direct).length);
  });

  test('at 100, with a gateway that cannot be reached', async () => {
    await facade.edit((config) => {
      setAll(config, 100);
      config.setIn(['upstreams', 'gateway', 'url'], 'http://127.0.0.1:1');
    });
    await expectAsItCame(query);
    await facade.edit((config) => config.setIn(['upstreams', 'gateway', 'url'], gateway.url));
  });
});

describe('at 100, with a gateway that serves', () => {
  beforeAll(() => facade.edit((config) => setAll(config, 100)));

  test('what the gateway does not know of the query', async () => {
    await expectAsItCame(ODD_QUERY);
    expect(sentOn).toEqual([]);
  });

  test('an alias with another method, one of a route of direct alone, and one of no form of the gateway', async () => {
    const isOwn = (model: RouteModel, endpoint: Endpoint): boolean =>
      model.gateway.length === 0 || endpoint.method !== model.direct[0]?.method || isTwin(model, endpoint);
    const ways = await expectAsItCame('', isOwn);
    expect(ways).toBeGreaterThan(20);
  });

  test('every other alias is served by the gateway, as the first endpoint is', async () => {
    const isAlias = (model: RouteModel, endpoint: Endpoint): boolean =>
      model.gateway.length > 0 &&
      endpoint !== model.direct[0] &&
      endpoint.method === model.direct[0]?.method &&
      !isTwin(model, endpoint);
    const aliases = endpoints().filter(([model, endpoint]) => isAlias(model, endpoint));
    expect(aliases.map(([, { template }]) => template)).toEqual(['/distribution_rules']);
    for (const [model, endpoint] of aliases) {
      expect(await send(requestTo(model, endpoint, ''))).toMatchObject({ path: 'gateway', arrived: undefined });
    }
  });
});

/** What support guides and clients send at the root of Contact2Sale, or in the documented words of a subscription. */
const CALLS: readonly (readonly [asking: string, body: string, route: string])[] = [
  ['POST /tags', '{"tag":{"name":"Nova","autofill":false}}', 'tags.create'],
  ['POST /integration/tags', '{"tag":{"name":"Nova"}}', 'tags.create'],
  ['PUT /sellers/timeshift', '{"seller_ids":["1","2"]}', 'sellers.timeshift'],
  ['POST /distribution_queues/7/redistribute', '{"id":"lead"}', 'queues.redistribute'],
  ['PUT /distribution_queues/7/next_seller', '{"next_queue_seller_id":123}', 'queues.nextSeller'],
  ['PUT /distribution_queues/7/sellers', '{ }', 'queues.sellers.update'],
  ['POST /distribution_rules', '{"cod_1":"SP","type_rule":"rotation","seller_id":"1"}', 'rules.create'],
  ['POST /api/subscribe', '{"hook_action":"on_create_lead","hook_url":"https://a.example/h"}', 'hooks.subscribe'],
  ['POST /integration/api/unsubscribe', '{"hook_action":"on_create_lead"}', 'hooks.unsubscribe'],
  ['POST /integration/leads/unsubscribe', '{"hook_action":"on_create_lead"}', 'hooks.unsubscribe'],
  ['PUT /integration/leads/7', '{"lead":{"customer":{"name":"Ana"}}}', 'leads.update'],
  ['PUT /integration/leads/7', '{"description":"d"}', 'leads.update'],
  ['PUT /integration/leads/7/forward', '{"seller_from_id":"1","seller_to_id":"2"}', 'leads.forward'],
  ['PUT /integration/leads/7/status', '{"status":3}', 'leads.status'],
  ['DELETE /integration/leads/7/tags', '{"tag_id":["1","2"]}', 'leads.tags.remove'],
];

test.each(CALLS)('%s %s reaches direct as it came, at 0 and at 100', async (asking, body, route) => {
  const [method = '', url = ''] = asking.split(' ');
  const asked = { method, url, body, type: 'application/json' };
  for (const share of [0, 100]) {
    await facade.edit((config) => setAll(config, share));
    expect(await send(asked)).toEqual({ path: 'direct', route, arrived: asked });
  }
});

test('what has no form of JSON, or no body at all, at a path of both services goes direct as it came', async () => {
  const form = { body: 'tag%5Bname%5D=Nova', type: 'application/x-www-form-urlencoded' };
  const none = { body: '', type: undefined };
  for (const share of [0, 100]) {
    await facade.edit((config) => setAll(config, share));
    for (const rest of [form, none]) {
      const asked = { method: 'POST', url: '/tags?a=1', ...rest };
      expect(await send(asked)).toEqual({ path: 'direct', route: 'tags.create', arrived: asked });
    }
  }
});

/** The gateway would take it, whole or not: direct is asked at the path that the gateway asks. */
test.each([
  ['POST /tags', '{"name":"Nova","x":1}', '/integration/tags'],
  ['POST /sellers', '{"name":"n","email":"e","company_id":"c"}', '/integration/sellers'],
  ['PUT /sellers/7', '{"priority":1}', '/integration/sellers/7'],
])('%s %s is the gateway’s, and never sent to direct at its own path', async (asking, body, url) => {
  const [method = '', target = ''] = asking.split(' ');
  for (const share of [0, 100]) {
    await facade.edit((config) => setAll(config, share));
    const { path, arrived } = await send({ method, url: target, body, type: 'application/json' });
    expect([path, arrived?.url, JSON.parse(arrived?.body ?? '') as unknown]).toEqual(['direct', url, JSON.parse(body)]);
  }
});

test('a form of its own is answered in the words of Contact2Sale, not of the gateway', async () => {
  const crm = await startContact2Sale({ token: C2S_TOKEN });
  const other = await startFacade({ direct: crm.url });
  try {
    const ask = async (body: object) => {
      const headers = { authorization: `Bearer ${FACADE_TOKEN}`, 'content-type': 'application/json' };
      const res = await fetch(`${other.url}/tags`, { method: 'POST', headers, body: JSON.stringify(body) });
      return [res.status, Object.keys((await res.json()) as object)];
    };
    expect(await ask({ tag: { name: 'Nova' } })).toEqual([200, ['data']]);
    expect(await ask({ tag: { name: '' } })).toEqual([422, ['error']]);
    expect(await ask({ name: '' })).toEqual([422, ['detail']]);
  } finally {
    await other.stop();
    await crm.close();
  }
});
