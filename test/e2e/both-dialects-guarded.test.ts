import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { keptOf, startDroppingGateway, type Pydantic } from './kit/dropping-gateway.ts';
import { FACADE_TOKEN, setAll, setRoute, startFacade, type TestFacade } from './kit/facade.ts';
import { startUpstream, type Received } from './kit/upstream.ts';

/**
 * Whatever a caller asks, in either dialect, arrives whole or is refused: before a gateway that drops and coerces with
 * 200, as the Python one does, with every route at 100.
 */

/** An operation with a body that the gateway keeps whole: in the gateway's dialect, then in the direct one. */
const WRITES: readonly (readonly [gateway: string, body: string, direct: string, directBody: string])[] = [
  ['POST /leads', '{"customer":"Ana","phone":"1"}', 'POST /integration/leads', '{"customer":"Ana","phone":"1"}'],
  ['PATCH /leads/7', '{"description":"d"}', 'PATCH /integration/leads/7', '{"description":"d"}'],
  ['PATCH /leads/7/forward', '{"seller_id":"s"}', 'PATCH /integration/leads/7/forward', '{"seller_id":"s"}'],
  ['POST /leads/7/tags', '{"tag_id":"t"}', 'POST /integration/leads/7/create_tag', '{"tag_id":"t"}'],
  ['POST /leads/7/messages', '{"message":"oi"}', 'POST /integration/leads/7/create_message', '{"body":"oi"}'],
  ['POST /leads/7/done-deal', '{"value":2.5}', 'POST /integration/leads/7/done_deal', '{"value":2.5}'],
  ['POST /leads/7/visits', '{"visit_date":"x"}', 'POST /integration/leads/7/create_visit', '{"visit_date":"x"}'],
  [
    'POST /leads/7/activities',
    '{"type":"t","description":"d"}',
    'POST /integration/leads/7/create_activity',
    '{"type":"t","description":"d"}',
  ],
  ['POST /tags', '{"name":"n","autofill":true}', 'POST /integration/tags', '{"name":"n","autofill":true}'],
  ['POST /sellers', '{"name":"n","email":"e"}', 'POST /integration/sellers', '{"name":"n","email":"e"}'],
  ['PUT /sellers/7', '{"name":"n"}', 'PUT /integration/sellers/7', '{"name":"n"}'],
  [
    'POST /distribution/queues/7/priority',
    '{"seller_id":"s","priority":3}',
    'POST /integration/distribution_queues/7/priority',
    '{"seller_id":"s","priority":3}',
  ],
  [
    'POST /distribution/rules',
    '{"name":"n","queue_id":"q","conditions":{"a":1},"actions":{"b":null}}',
    'POST /integration/distribution_rules',
    '{"name":"n","queue_id":"q","conditions":{"a":1},"actions":{"b":null}}',
  ],
  ['POST /webhooks/unsubscribe', '{"url":"u"}', 'POST /integration/webhook/leads/unsubscribe', '{"url":"u"}'],
];

/** A member that the gateway would drop or alter, put at the end of a body. */
const MORE = [
  '"campaign_id":"c-1"',
  '"tags":["a","b"]',
  '"type_negotiation":"sale"',
  '"x":{"deep":[1,{"y":null}]}',
  '"ação":"é"',
  '"n":12345678901234567890',
  '"n":1e400',
  '"s":"\\ud800"',
  '"__proto__":{"a":1}',
];

/** A value that the gateway would alter or refuse, in the place of the first field's. */
const VALUES = ['5', 'true', '1.9', 'null', '12345678901234567890', '1e400', '"\\ud800"', '{"a":1,"a":2}', '[]'];

const QUERIES = ['limit=5', 'last_update=2026-01-01', 'page=2&page=3', 'page=2&x=', '%C3%A7=1'];
const LISTS = ['/leads', '/sellers', '/tags', '/distribution/queues', '/company/me', '/leads/7', '/leads/7/tags'];
const DIRECT_LISTS = ['/leads', '/sellers', '/tags', '/distribution_queues', '/me', '/leads/7', '/leads/7/tags'];

const headers = { authorization: `Bearer ${FACADE_TOKEN}`, 'content-type': 'application/json' };
const untranslatable = /^facade_attempts_total\{.*path="gateway",outcome="untranslatable"/;

const dialectsOf = (write: (typeof WRITES)[number]) =>
  [
    [write[0], write[1]],
    [write[2], write[3]],
  ] as const;

/** The body with its first value replaced. */
const withValue = (body: string, value: string): string => body.replace(/:("[^"]*"|[\d.]+)/, `:${value}`);
const withMember = (body: string, member: string): string => `${body.slice(0, -1)},${member}}`;

interface Scene {
  readonly facade: TestFacade;
  readonly gateway: Awaited<ReturnType<typeof startDroppingGateway>>;
  ask(asking: string, body?: string): Promise<{ status: number; path: string | null; text: string }>;
  /** What direct was asked by a caller: some writes that the gateway served are read back later. */
  arrived(): Received[];
  forget(): void;
  close(): Promise<void>;
}

async function startScene(pydantic: Pydantic, fallback: 'direct' | 'none'): Promise<Scene> {
  const direct = await startUpstream((_, res) => res.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
  const gateway = await startDroppingGateway(pydantic);
  const facade = await startFacade({
    direct: direct.url,
    gateway: gateway.url,
    edit: (config) => {
      setAll(config, 100);
      setRoute(config, 'leads.resolveSource', ['rollout', 'gateway'], 100);
      const { routes } = config.toJS() as { routes: { direct?: unknown }[] };
      routes.forEach(({ direct: own }, i) => {
        if (own) config.setIn(['routes', i, 'rollout', 'fallback'], fallback);
      });
    },
  });
  return {
    facade,
    gateway,
    async ask(asking, body) {
      const [method = '', target = ''] = asking.split(' ');
      const res = await fetch(facade.url + target, { method, headers, ...(body !== undefined && { body }) });
      return { status: res.status, path: res.headers.get('x-facade-path'), text: await res.text() };
    },
    arrived: () => direct.received.filter((request) => request.headers['x-facade-shadow'] !== 'true'),
    forget() {
      direct.received.length = 0;
      gateway.received.length = 0;
      gateway.kept.length = 0;
    },
    async close() {
      await facade.stop();
      await direct.close();
      await gateway.close();
    },
  };
}

test('the gateway of these tests loses what the Python one was seen to lose, with success', () => {
  const kept = (asking: string, body: string, pydantic: Pydantic = 1) => {
    const [method = '', url = ''] = asking.split(' ');
    return keptOf({ method, url, body }, pydantic);
  };
  expect(kept('PATCH /leads/7', '{"description":"d","phone":"1","status":"novo"}')?.body).toEqual({ description: 'd' });
  expect(kept('PATCH /leads/7/forward', '{"seller_id":5}')?.body).toEqual({ seller_id: '5' });
  expect(kept('PATCH /leads/7/forward', '{"seller_id":true}')?.body).toEqual({ seller_id: 'True' });
  expect(kept('PATCH /leads/7/forward', '{"seller_id":5}', 2)).toBeUndefined();
  const priority = 'POST /distribution/queues/7/priority';
  expect(kept(priority, '{"seller_id":"s","priority":1.9}')?.body).toEqual({ seller_id: 's', priority: 1 });
  expect(kept(priority, '{"seller_id":"s","priority":"3"}', 2)?.body).toEqual({ seller_id: 's', priority: 3 });
  expect(kept('GET /sellers?page=2', '')?.query).toEqual({});
  expect(kept('GET /leads?page=2&page=3&limit=5', '')?.query).toEqual({ page: '3' });
});

describe.each([1, 2] as const)('before a gateway with pydantic %s', (pydantic) => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await startScene(pydantic, 'direct');
  });
  afterEach(() => scene.forget());
  afterAll(() => scene.close());

  test.each(WRITES)('%s that it keeps whole is served by it, in either dialect', async (...write) => {
    for (const [asking, body] of dialectsOf(write)) {
      scene.forget();
      expect([asking, await scene.ask(asking, body)]).toMatchObject([asking, { path: 'gateway' }]);
      expect(scene.gateway.kept).toEqual([{ query: {}, body: JSON.parse(write[1]) as unknown }]);
      expect(scene.arrived()).toEqual([]);
    }
  });

  test.each(WRITES)('%s with anything that it would lose goes direct whole, in either dialect', async (...write) => {
    for (const [asking, body] of dialectsOf(write)) {
      const changed = [
        ...MORE.map((member) => [withMember(body, member), member] as const),
        ...VALUES.map((value) => [withValue(body, value), value] as const),
      ];
      const counted = await scene.facade.metric(untranslatable);
      let asked = 0;
      for (const [odd, needle] of changed) {
        // A float is what the gateway reads a number as.
        if (asking.includes('deal') && ['5', '1.9'].includes(needle)) continue;
        // To the gateway null in an optional field asks for nothing, and nothing is what direct is told.
        const isNothing = needle === 'null' && /^P\w+ \/(leads|sellers)\/7$/.test(asking);
        scene.forget();
        asked++;
        const answer = await scene.ask(asking, odd);
        expect([asking, odd, answer.status, answer.path]).toEqual([asking, odd, 200, 'direct']);
        expect(scene.gateway.received).toEqual([]);
        if (!isNothing) expect(scene.arrived()[0]?.body).toContain(needle);
      }
      expect(await scene.facade.metric(untranslatable)).toBe(counted + asked);
    }
  });

  test('a query that it would not look at goes direct as it came, in either dialect', async () => {
    for (const [at, target] of LISTS.entries()) {
      for (const path of [target, `/integration${DIRECT_LISTS[at] ?? ''}`]) {
        for (const query of QUERIES) {
          scene.forget();
          const answer = await scene.ask(`GET ${path}?${query}`);
          expect([path, query, answer.path, scene.gateway.received]).toEqual([path, query, 'direct', []]);
          expect(scene.arrived()[0]?.url).toContain(query);
        }
      }
    }
  });

  test('a page of sellers is the page that was asked for, and counted', async () => {
    const counted = await scene.facade.metric(untranslatable);
    await scene.ask('GET /sellers?page=2');
    expect(scene.arrived().map(({ url }) => url)).toEqual(['/integration/sellers?page=2']);
    expect(await scene.facade.metric(untranslatable)).toBe(counted + 1);
  });

  test('a body longer than maxBody streams to direct where direct takes it as it came', async () => {
    const long = `{"seller_id":"${'x'.repeat(2 * 1024 * 1024)}"}`;
    for (const target of ['/leads/7/forward', '/integration/leads/7/forward']) {
      for (const body of [long, new Blob([long]).stream()]) {
        scene.forget();
        const init = { method: 'PATCH', headers, body, duplex: 'half' } as const;
        const res = await fetch(scene.facade.url + target, init);
        await res.arrayBuffer();
        expect([res.status, res.headers.get('x-facade-path')]).toEqual([200, 'direct']);
        expect(scene.arrived()[0]?.body).toBe(long);
      }
    }
    // Direct would need this one rewritten.
    expect((await scene.ask('POST /leads/7/messages', long)).status).toBe(413);
  });
});

describe('where direct is no fallback any more', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await startScene(1, 'none');
  });
  afterEach(() => scene.forget());
  afterAll(() => scene.close());

  test.each(WRITES)('%s with anything that would be lost is refused, and named', async (...write) => {
    for (const [asking, body] of dialectsOf(write)) {
      expect((await scene.ask(asking, body)).path).toBe('gateway');
      const counted = await scene.facade.metric(untranslatable);
      scene.forget();
      const { status, text } = await scene.ask(asking, withMember(body, '"campaign_id":"c-1"'));
      expect([asking, status, (JSON.parse(text) as { type: string }).type]).toEqual([
        asking,
        422,
        'urn:c2s-facade:untranslatable',
      ]);
      expect((JSON.parse(text) as { detail: string }).detail).toContain('unknown field "campaign_id"');
      expect([scene.gateway.received, scene.arrived()]).toEqual([[], []]);
      expect(await scene.facade.metric(untranslatable)).toBe(counted + 1);
    }
  });

  test('a query is, too', async () => {
    for (const target of ['/sellers?page=2', '/integration/sellers?page=2', '/leads/resolve-source?page=2']) {
      const { status, text } = await scene.ask(`GET ${target}`);
      expect([target, status]).toEqual([target, 422]);
      expect((JSON.parse(text) as { detail: string }).detail).toContain('unknown query parameter "page"');
    }
    expect([scene.gateway.received, scene.arrived()]).toEqual([[], []]);
  });

  test('what was asked is in no line of the log', () => {
    expect(scene.facade.logs.join('')).not.toContain('campaign_id');
  });
});
