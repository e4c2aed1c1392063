import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGateway, type Gateway } from '../../src/c2s/gateway/index.ts';
import { startContact2Sale, type SandboxContact2Sale, type SandboxOperationId } from '../../src/c2s/sandbox/index.ts';
import { EXAMPLES, TWO_SIDED } from './kit/examples.ts';
import { C2S_TOKEN, FACADE_TOKEN, setAll, startFacade, type TestFacade } from './kit/facade.ts';

/**
 * Every operation with two endpoints, asked in both dialects and served by both paths: 104 combinations. Whichever path
 * serves, the caller gets the status that its dialect owes and an answer of the same meaning, and Contact2Sale gets the
 * same operation with the same fields, once.
 */

let c2s: SandboxContact2Sale;
let gateway: Gateway;
let facade: TestFacade;

beforeAll(async () => {
  c2s = await startContact2Sale({ token: C2S_TOKEN });
  gateway = await startGateway({ c2sBaseUrl: c2s.url, c2sToken: C2S_TOKEN, port: 0 });
  facade = await startFacade({
    direct: c2s.url,
    gateway: gateway.url,
    edit: (config) => {
      // A look back at a write is a read of its own that comes whenever its pause is over.
      const { routes } = config.toJS() as { routes: unknown[] };
      routes.forEach((_, i) => config.deleteIn(['routes', i, 'verify']));
    },
  });
});
afterAll(async () => {
  await facade.stop();
  await gateway.close();
  await c2s.close();
});

type Side = 'direct' | 'gateway';

async function ask(id: SandboxOperationId, dialect: Side) {
  const { model } = facade.dataPlane.snapshot.entries.find((entry) => entry.model.id === id)!;
  const endpoint = model[dialect][0]!;
  const { params = '', query, direct, gateway: asGateway } = EXAMPLES[id];
  const body = dialect === 'direct' ? direct : (asGateway ?? direct);
  const path = endpoint.template.replace(/:\w+/, params);
  const before = c2s.received.length;
  const res = await fetch(`${facade.url}${path}${query ? `?${query}` : ''}`, {
    method: endpoint.method,
    headers: { authorization: `Bearer ${FACADE_TOKEN}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await res.text();
  return {
    status: res.status,
    servedBy: res.headers.get('x-facade-path'),
    route: res.headers.get('x-facade-route'),
    shape: shapeOf(JSON.parse(text) as unknown),
    arrived: c2s.received.slice(before).map(({ method, path: at, body: sent }) => ({ method, path: at, body: sent })),
  };
}

/** Field names and types, without the values that differ from call to call (ids, times). Lists by their first item. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])];
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]));
}

/** A field that the gateway adds by its own (`autofill`, `active`, `null`s dropped) is not compared by order. */
const fieldsOf = (body: unknown): unknown => (body === undefined ? null : body);

describe.each(TWO_SIDED.map(({ id, success }) => ({ id, success })))('$id', ({ id, success }) => {
  const results = new Map<string, Awaited<ReturnType<typeof ask>>>();

  beforeAll(async () => {
    for (const share of [0, 100]) {
      await facade.edit((config) => setAll(config, share));
      for (const dialect of ['direct', 'gateway'] as const) {
        // Unsubscribing twice is a 404; so that what each combination finds is the same, it is subscribed first.
        if (id === 'webhooks.unsubscribe') await ask('webhooks.subscribe', 'direct');
        results.set(`${dialect} by ${share === 0 ? 'direct' : 'gateway'}`, await ask(id, dialect));
      }
    }
  });

  test.each([
    ['direct', 'direct'],
    ['direct', 'gateway'],
    ['gateway', 'direct'],
    ['gateway', 'gateway'],
  ] as const)('asked in the %s dialect and served by %s', (dialect, servedBy) => {
    const result = results.get(`${dialect} by ${servedBy}`)!;
    const reference = results.get('direct by direct')!;
    expect(result).toMatchObject({ servedBy, route: id, status: dialect === 'direct' ? success : 200 });
    expect(result.shape).toEqual(reference.shape);
    expect(result.arrived).toHaveLength(1);
    const [arrived] = result.arrived;
    expect([arrived!.method, arrived!.path]).toEqual([reference.arrived[0]!.method, reference.arrived[0]!.path]);
    if (id === 'leads.create') return;
    // A leadId that only repeats the path is left out on the way through the gateway.
    const { leadId: _, ...expected } = (fieldsOf(reference.arrived[0]!.body) ?? {}) as Record<string, unknown>;
    expect(fieldsOf(arrived!.body) ?? {}).toMatchObject(expected);
  });
});

test('a lead created in either dialect, by either path, holds what was sent', async () => {
  for (const share of [0, 100]) {
    await facade.edit((config) => setAll(config, share));
    for (const dialect of ['direct', 'gateway'] as const) {
      const ids = new Set(c2s.crm.leads.keys());
      await ask('leads.create', dialect);
      const created = [...c2s.crm.leads.entries()].filter(([id]) => !ids.has(id));
      expect(created).toHaveLength(1);
      expect(created[0]![1]).toMatchObject({ attributes: { customer: { name: 'Ana Teste', phone: '11999990000' } } });
    }
  }
});
