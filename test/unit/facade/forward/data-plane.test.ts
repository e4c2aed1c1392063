import { Router } from 'express';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi, type MockInstance } from 'vitest';
import type { Logger } from '../../../../src/http/log.ts';
import { CONTACT2SALE } from '../../../../src/c2s/pair/contact2sale.ts';
import type { Callers } from '../../../../src/facade/forward/callers.ts';
import { DataPlane } from '../../../../src/facade/forward/data-plane.ts';
import type { InboundRequest as Facts } from '../../../../src/facade/forward/exchange.ts';
import { createPages } from '../../../../src/facade/forward/pages.ts';
import { RuntimeBuilder } from '../../../../src/facade/forward/runtime-builder.ts';
import type { RuntimeSnapshot } from '../../../../src/facade/forward/runtime-snapshot.ts';
import { Tunnels } from '../../../../src/facade/forward/tunnels.ts';
import { Metrics } from '../../../../src/facade/observe/metrics.ts';
import type { TracedRequest, Tracing } from '../../../../src/facade/observe/tracing/trace.ts';
import { readMetric } from '../../../e2e/kit/facade.ts';
import { callerOf, intercept, type Asked, type Asking, type Caller } from './exchange-fixture.ts';
import { settingsOf, type Written } from './table-fixture.ts';

/** The head of a request, judged by the whole data plane; upstreams and callers are objects, and tunnels are written down. */

const DIRECT_TOKEN = 'token-of-contact2sale';
const GATEWAY_TOKEN = 'token-of-the-gateway';
const FACADE_TOKEN = 'token-of-this-facade';
const SECRET = 'secret-of-a-webhook';
const KNOWN = { authorization: `Bearer ${FACADE_TOKEN}` };
const STRANGER = { authorization: 'Bearer of-a-stranger' };
const ROW = {
  id: 'leads.get',
  direct: 'GET /integration/leads/:leadId',
  gateway: 'GET /leads/:leadId',
  rollout: { gateway: 100 },
};
const OFFER = { connection: 'keep-alive, Upgrade', upgrade: 'WebSocket' };

interface Begun {
  readonly snapshot: RuntimeSnapshot;
  readonly asked: Facts;
}

let now: number;
let builder: RuntimeBuilder;
let metrics: Metrics;
let plane: DataPlane;
let askings: Asking[];
let tunnels: Begun[];
let traced: TracedRequest[];
let errors: unknown[];
let identified: MockInstance<Callers['identify']>;

const build = (written: Partial<Written> = {}): RuntimeSnapshot => {
  const snapshot = builder.build(settingsOf({ routes: [ROW], ...written }));
  for (const upstream of Object.values(snapshot.upstreams)) if (upstream) intercept(upstream, askings);
  return snapshot;
};

beforeEach(() => {
  now = 1_000;
  [askings, tunnels, traced, errors] = [[], [], [], []];
  metrics = new Metrics();
  builder = new RuntimeBuilder(metrics, () => now);
  const silent = () => undefined;
  const log = {
    isLevelEnabled: () => false,
    error: (line: unknown) => errors.push(line),
    warn: silent,
    info: silent,
  } as unknown as Logger;
  const tracing = { request: (one: TracedRequest) => void traced.push(one) } as unknown as Tracing;
  plane = new DataPlane(
    {
      metrics,
      log,
      requestLog: log,
      now: () => now,
      pair: CONTACT2SALE,
      directToken: DIRECT_TOKEN,
      facadeTokens: [FACADE_TOKEN],
      gatewayToken: GATEWAY_TOKEN,
      overload: { maxConnections: 10, maxInflight: 3, maxLagMs: 100, knownShare: 0.5 },
      tracing,
    },
    build(),
  );
  const hook = { prefixes: ['/hook'], router: Router(), secrets: [SECRET] };
  const vouchesFor = (req: { headers: object }) => 'x-vouched' in req.headers;
  plane.pages = createPages(() => plane.draining, log, [{ ...hook, vouchesFor }]);
  identified = vi.spyOn(plane.callers, 'identify');
  vi.spyOn(Tunnels.prototype, 'begin').mockImplementation((snapshot, asked) => void tunnels.push({ snapshot, asked }));
});
afterEach(async () => {
  plane.close();
  vi.restoreAllMocks();
  await builder.close();
});

const ask = (asked: Asked = {}, expectsContinue = false): Caller => {
  const caller = callerOf({ headers: KNOWN, ...asked });
  plane.handle(caller.req, caller.res, expectsContinue);
  return caller;
};
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const told = (caller: Caller): unknown[] => [caller.status(), /urn:c2s-facade:([a-z-]+)/.exec(caller.text())?.[1]];
const offered = (target = '/cable', headers: Asked['headers'] = {}) =>
  callerOf({ target, headers: { ...KNOWN, ...OFFER, ...headers } });
/** What the caller reads of a tunnel that ends before it began. */
const taken = (caller: Caller): boolean => {
  const take = plane.takeUpgrade(caller.req);
  take?.(caller.socket as Socket, Buffer.alloc(0));
  return take !== undefined;
};

describe('a request is served by', () => {
  const ways: [string, Asked, unknown][] = [
    ['its route', { target: '/leads/1' }, ['gateway', '/leads/1']],
    ['direct, where no route claims it', { target: '/anything?x=1' }, ['direct', '/anything?x=1']],
    ['direct, as it came', { method: 'PROPFIND', target: '//a/../b' }, ['direct', '//a/../b']],
    ['direct, its origin removed', { target: 'http://elsewhere.test/anything' }, ['direct', '/anything']],
  ];
  test.each(ways)('%s', (_, asked, expected) => {
    ask(asked);
    expect(askings.map(({ path, target }) => [path, target])).toEqual([expected]);
  });

  test.each(['/health', 'http://facade.test/health'])('a page of the facade, whose address is %s', async (target) => {
    const caller = ask({ target, headers: {} });
    await vi.waitUntil(() => caller.status() !== 0);
    expect([caller.status(), caller.text(), askings]).toEqual([200, '{"status":"ok","service":"c2s-facade"}', []]);
    // Express would not take every absolute form.
    expect(caller.req.url).toBe('/health');
  });

  test.each([
    ['a method that a path of the gateway does not have', { method: 'DELETE', target: '/leads/1' }, 405, 'GET, HEAD'],
    ['no path', { method: 'OPTIONS', target: '*' }, 400, undefined],
  ])('nothing: %s', (_, asked, status, allow) => {
    const caller = ask(asked);
    expect([caller.status(), caller.header('allow'), askings]).toEqual([status, allow, []]);
  });

  test('the snapshot of its begin, whatever is swapped in before it ends', () => {
    const before = plane.snapshot;
    ask();
    plane.swap(build({ routes: [{ ...ROW, id: 'leads.renamed' }] }));
    expect(plane.snapshot).not.toBe(before);
    const [first] = askings;
    const late = ask();
    expect(late.status()).toBe(0);
    first?.connects().answers(200);
    askings[1]?.connects().answers(200);
    expect(late.header('x-facade-route')).toBe('leads.renamed');
  });

  test('direct alone while the kill switch is on, which the metric shows', async () => {
    plane.killed = true;
    ask();
    expect([askings[0]?.path, plane.killed]).toEqual(['direct', true]);
    expect(readMetric(await metrics.registry.metrics(), /^facade_kill_switch /)).toBe(1);
    plane.killed = false;
    ask();
    expect(askings[1]?.path).toBe('gateway');
  });
});

describe('a head is refused, and goes nowhere,', () => {
  const heads: [string, Asked, unknown[]][] = [
    [
      'with a token beside other credentials',
      { headers: { ...KNOWN, cookie: FACADE_TOKEN } },
      [400, 'token-misplaced'],
    ],
    ['with a token in the query', { target: `/x?a=${FACADE_TOKEN}` }, [400, 'token-misplaced']],
    ['with a token in the authority', { target: `http://${FACADE_TOKEN}/x` }, [400, 'token-misplaced']],
    ['with a token in a path that no route claims', { target: `/x/${FACADE_TOKEN}` }, [400, 'secret-misspelt']],
    ['with the secret of a page', { target: `/hok/${SECRET}`, headers: {} }, [400, 'secret-misspelt']],
    [
      'with the secret of a page, encoded',
      { target: `/hok/${SECRET.replace('s', '%73')}`, headers: {} },
      [400, 'secret-misspelt'],
    ],
    [
      'with the secret of a page in a header',
      { target: '/hok', headers: { 'x-key': SECRET } },
      [400, 'secret-misspelt'],
    ],
  ];
  test.each(heads)('%s', (_, asked, expected) => {
    const caller = ask(asked);
    expect([told(caller), askings]).toEqual([expected, []]);
  });

  test('under an id of ours: the caller’s own may be the token', () => {
    const caller = ask({ headers: { 'x-request-id': FACADE_TOKEN } });
    expect(caller.header('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(ask({ method: 'OPTIONS', target: '*', headers: { 'x-request-id': 'mine' } }).header('x-request-id')).toBe(
      'mine',
    );
  });

  test('that has been here before; the log is told once a snapshot', () => {
    const via = `1.1 ${plane.snapshot.hop.pseudonym}`;
    const looping = () => told(ask({ headers: { via } }));
    expect([looping(), looping(), errors.length]).toEqual([[508, 'loop'], [508, 'loop'], 1]);
    plane.swap(build());
    expect([looping(), errors.length]).toEqual([[508, 'loop'], 2]);
  });
});

describe('what is known of a request', () => {
  const shown: [string, Asked, string | undefined][] = [
    ['direct, of a known caller', { target: '/x' }, `Bearer ${DIRECT_TOKEN}`],
    ['direct, of a stranger', { target: '/x', headers: STRANGER }, STRANGER.authorization],
    ['the gateway', {}, `Bearer ${GATEWAY_TOKEN}`],
  ];
  test.each(shown)('%s is shown its own token', (_, asked, token) => {
    ask(asked);
    const headers = askings[0]?.headers ?? [];
    const at = headers.findIndex((name) => name.toLowerCase() === 'authorization');
    expect(headers[at + 1]).toBe(token);
  });

  test('the gateway is not shown which page of a browser the caller is', () => {
    const headers = { ...KNOWN, origin: 'http://page.test' };
    ask({ headers });
    ask({ target: '/x', headers });
    expect(askings.map((one) => one.headers.includes('origin'))).toEqual([false, true]);
  });

  test('discovery is shown what no route claims, and nothing else', () => {
    ask();
    ask({ target: '/health' });
    expect(plane.discovery.list()).toEqual([]);
    ask({ target: '/integration/odd' });
    expect(plane.discovery.list()).toMatchObject([{ method: 'GET', template: '/integration/odd', count: 1 }]);
  });

  test('a trace has the route, and none where no route claims it', () => {
    ask({ headers: { ...KNOWN, 'x-request-id': 'r-9' } });
    ask({ target: '/anything' });
    expect(traced.map(({ match }) => match?.route.model.id)).toEqual(['leads.get', undefined]);
    expect(traced[0]?.requestId).toBe('r-9');
  });

  test.each([
    [KNOWN, true],
    [STRANGER, false],
    [{}, false],
  ])('a caller with %j is known: %s', (headers, isKnown) => {
    expect(plane.callerOf(callerOf({ headers }).req) !== undefined).toBe(isKnown);
  });
});

describe('under overload', () => {
  /** Requests of strangers, of which there may be one (of three). */
  const strangers = (count: number): Caller[] =>
    Array.from({ length: count }, () => ask({ target: '/anything', headers: STRANGER }));
  const shed = [503, 'facade-overload'];

  test('what is too much is refused, with the id of its caller alone, and asks nobody', () => {
    ask();
    ask();
    ask();
    const [named, unnamed] = [ask({ headers: { 'x-request-id': 'mine' } }), ask({ headers: {} })];
    expect([told(named), told(unnamed), askings.length]).toEqual([shed, shed, 3]);
    expect([named.header('x-request-id'), unnamed.header('x-request-id')]).toEqual(['mine', undefined]);
    expect(named.header('x-facade-outcome')).toBe('facade_overload');
  });

  test.each(['/health', '/health/', 'http://facade.test/'])('a health check is not refused (%s)', async (target) => {
    ask();
    ask();
    ask();
    const caller = ask({ target, headers: {} });
    await vi.waitUntil(() => caller.status() !== 0);
    expect(caller.status()).not.toBe(503);
  });

  test('strangers have their part and not more, until one of them has ended; known callers are not asked to wait', async () => {
    const [first, second] = strangers(2);
    expect([told(second!), first?.status()]).toEqual([shed, 0]);
    expect(ask().status()).toBe(0);
    first?.leave();
    await turn();
    expect(strangers(1)[0]?.status()).toBe(0);
  });

  test('a stranger on a page counts as a stranger, unless the page’s secret vouches for it', async () => {
    const page = (headers: Asked['headers']) => ask({ target: '/hook/x', method: 'POST', body: '{', headers });
    page({ 'x-vouched': '1' });
    expect(plane.underWay).toBe(1);
    expect(plane.overload.mayRefuse(0, 1)).toBe(true);
    const [allowed, refused] = strangers(2);
    expect([allowed?.status(), told(refused!)]).toEqual([0, shed]);
    allowed?.leave();
    await turn();
    page({});
    expect(told(strangers(1)[0]!)).toEqual(shed);
  });

  test('a connection that is one too many ends with its refusal', () => {
    vi.spyOn(plane.overload, 'isOverConnectionLimit').mockReturnValue(true);
    vi.spyOn(plane.overload, 'mayRefuse').mockReturnValue(true);
    const caller = ask();
    expect([told(caller), caller.header('connection')]).toEqual([shed, 'close']);
  });
});

describe('the end of the process', () => {
  test('is said on every connection whose answer has not begun', async () => {
    const [before, begun] = [ask(), ask()];
    askings[1]?.connects().begins(200);
    askings[1]?.sends('x');
    await turn();
    plane.drain();
    const after = ask();
    for (const asking of [askings[0], askings[2]]) asking?.connects().answers(200);
    expect([before, begun, after].map((one) => one.header('connection'))).toEqual(['close', 'keep-alive', 'close']);
    expect(plane.draining).toBe(true);
  });

  test('counts what is under way, requests of routes and of pages', async () => {
    const caller = ask();
    const page = ask({ target: '/health' });
    expect(plane.underWay).toBe(2);
    caller.leave();
    await vi.waitUntil(() => page.res.writableFinished);
    await vi.waitUntil(() => plane.underWay === 0);
    expect(plane.underWay).toBe(0);
  });
});

describe('an upgrade is taken', () => {
  const offers: [string, boolean, string, Asked['headers']][] = [
    ['of a WebSocket that no route claims', true, '/cable', {}],
    ['of another protocol', false, '/cable', { upgrade: 'h2c' }],
    ['of a path of a route', false, '/leads/1', {}],
    ['of a page', false, '/hook/x', {}],
    ['of a health check', false, '/health', {}],
    ['of what is no path', false, '*', {}],
    ['with a token beside other credentials', false, '/cable', { cookie: FACADE_TOKEN }],
    ['with a token in its query', false, `/cable?t=${FACADE_TOKEN}`, {}],
    ['with a token in its path', false, `/cable/${FACADE_TOKEN}`, {}],
    ['with the secret of a page', false, '/cable', { 'x-key': SECRET }],
  ];
  test.each(offers)('%s: %s', (_, isTaken, target, headers) => {
    expect([taken(offered(target, headers)), tunnels.length]).toEqual([isTaken, isTaken ? 1 : 0]);
  });

  test('only if it has not been here before', () => {
    expect(taken(offered('/cable', { via: `1.1 ${plane.snapshot.hop.pseudonym}` }))).toBe(false);
  });

  test('a path of the gateway’s dialect alone is no tunnel, though its method is another', () => {
    const write = { id: 'leads.patch', direct: 'PATCH /integration/leads/:leadId', gateway: 'PATCH /notes/:leadId' };
    plane.swap(build({ routes: [{ ...write, rollout: { gateway: 0 } }] }));
    expect([taken(offered('/notes/1')), taken(offered('/integration/leads/1'))]).toEqual([false, true]);
  });

  test('with the facts of a request, found once: its caller is identified a single time', () => {
    const caller = offered('/cable?a=1', { 'x-request-id': 'ws-1' });
    expect(taken(caller)).toBe(true);
    expect(identified).toHaveBeenCalledTimes(1);
    const [{ snapshot, asked } = { snapshot: undefined, asked: undefined }] = tunnels;
    expect(snapshot).toBe(plane.snapshot);
    expect(asked?.match).toBe(plane.snapshot.unclaimed.read);
    expect([asked?.requestId, asked?.standing, asked?.caller?.id]).toEqual(['ws-1', 'known', expect.any(String)]);
    expect(asked?.target).toEqual({ raw: '/cable?a=1', path: '/cable', query: 'a=1' });
    expect(plane.discovery.list()).toMatchObject([{ template: '/cable', count: 1 }]);
    expect(traced).toMatchObject([{ requestId: 'ws-1', match: undefined }]);
  });

  test('by the snapshot of its head', () => {
    const caller = offered();
    const take = plane.takeUpgrade(caller.req);
    const before = plane.snapshot;
    plane.swap(build());
    take?.(caller.socket as Socket, Buffer.alloc(0));
    expect(tunnels[0]?.snapshot).toBe(before);
  });

  test('and refused under overload as a request is, its caller not identified again', () => {
    ask();
    ask();
    ask();
    identified.mockClear();
    const caller = offered();
    expect(taken(caller)).toBe(true);
    expect([told(caller), caller.header('connection'), tunnels]).toEqual([[503, 'facade-overload'], 'close', []]);
    expect(identified).toHaveBeenCalledTimes(1);
  });

  test('of strangers up to their part, until its connection closes', async () => {
    const [first, second] = [offered('/cable', STRANGER), offered('/cable', STRANGER)];
    taken(first);
    taken(second);
    expect([tunnels.length, told(second)]).toEqual([1, [503, 'facade-overload']]);
    expect(identified).toHaveBeenCalledTimes(2);
    taken(offered('/cable', KNOWN));
    expect(tunnels.length).toBe(2);
    first.socket.destroy();
    await turn();
    taken(offered('/cable', STRANGER));
    expect(tunnels.length).toBe(3);
  });

  test('of a stranger for whom the secret of a page vouches, whatever other strangers hold', () => {
    taken(offered('/cable', STRANGER));
    taken(offered('/cable', { ...STRANGER, 'x-vouched': '1' }));
    expect(tunnels.length).toBe(2);
  });
});
