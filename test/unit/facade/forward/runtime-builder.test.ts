import type { CallerStanding } from '../../../../src/http/standing.ts';
import { afterEach, describe, expect, test } from 'vitest';
import type { RuntimeSnapshot } from '../../../../src/facade/forward/runtime-snapshot.ts';
import { RuntimeBuilder } from '../../../../src/facade/forward/runtime-builder.ts';
import { Metrics } from '../../../../src/facade/observe/metrics.ts';
import { GET_LEAD, settingsOf, SOURCE, type Written } from './table-fixture.ts';

const made: RuntimeBuilder[] = [];
afterEach(() => Promise.all(made.splice(0).map((builder) => builder.close())));

function setUp() {
  const metrics = new Metrics();
  let now = 0;
  const builder = new RuntimeBuilder(metrics, () => now);
  made.push(builder);
  const build = (written: Partial<Written> = {}) => builder.build(settingsOf({ routes: [GET_LEAD], ...written }));
  const breakerStates = async () => {
    const { values } = await metrics.breakerState.get();
    const claimed = values.filter(({ labels }) => labels.route !== 'passthrough');
    return Object.fromEntries(claimed.map(({ labels, value }) => [`${labels.route} ${labels.path}`, value]));
  };
  return { metrics, builder, build, breakerStates, sleep: (ms: number) => void (now += ms) };
}

const entry = (snapshot: RuntimeSnapshot, id = 'leads.get') => snapshot.entries.find(({ model }) => model.id === id)!;
const withBreaker = (breaker: object) => ({ routes: [{ ...GET_LEAD, breaker }] });

describe('a reload', () => {
  test('is a new snapshot; the old one is not changed', () => {
    const { build } = setUp();
    const old = build();
    const next = build({ routes: [{ ...GET_LEAD, rollout: { ...GET_LEAD.rollout, gateway: 50 } }, SOURCE] });
    expect(entry(old).model.rollout.gateway).toBe(2_500);
    expect(entry(next).model.rollout.gateway).toBe(5_000);
    expect(old.matcher.match('GET', '/leads/resolve-source')?.route.model.id).toBe('leads.get');
    expect(next.matcher.match('GET', '/leads/resolve-source')?.route.model.id).toBe('leads.resolveSource');
    expect([entry(old).reserved, entry(next).reserved]).toEqual([[], ['resolve-source']]);
  });

  test('keeps the state, the breaker and the counters of a route that stayed, whatever else changed', () => {
    const { build } = setUp();
    const old = build();
    const breaker = entry(old).state.breaker('gateway')!;
    breaker.open();
    const next = build({ ...withBreaker({}), failover: { budget: 0.5 }, gateway: { maxInflight: 3 } });
    expect(entry(next).state).toBe(entry(old).state);
    expect(entry(next).state.breaker('gateway')).toBe(breaker);
    expect(entry(next).state.breakerState('gateway')).toBe('open');
    expect(entry(next).state.recorder).toBe(entry(old).state.recorder);
  });

  test('keeps upstreams and failover budget whose settings stayed', () => {
    const { build } = setUp();
    const old = build();
    const next = build({ routes: [SOURCE, GET_LEAD] });
    expect(next.upstreams.direct).toBe(old.upstreams.direct);
    expect(next.upstreams.gateway).toBe(old.upstreams.gateway);
    expect(next.failoverBudget).toBe(old.failoverBudget);
  });

  test.each([
    { url: 'http://other.invalid' },
    { maxInflight: 7 },
    { keepAlive: '2s' },
    { rateBudget: { requests: 5, period: '1s' } },
  ])('replaces an upstream that changed (%j), and only that one', (gateway) => {
    const { build } = setUp();
    const old = build();
    const next = build({ gateway });
    expect(next.upstreams.gateway).not.toBe(old.upstreams.gateway);
    expect(next.upstreams.direct).toBe(old.upstreams.direct);
    expect(old.upstreams.gateway?.pool.closed).toBe(false);
  });

  test('replaces a failover budget that changed', () => {
    const { build } = setUp();
    expect(build().failoverBudget).not.toBe(build({ failover: { budget: 0.9 } }).failoverBudget);
  });

  test('without a gateway URL has no gateway, and with one again a new one', () => {
    const { build } = setUp();
    const old = build();
    expect(build({ gateway: { url: '' } }).upstreams.gateway).toBeUndefined();
    expect(build().upstreams.gateway).toBeDefined();
    expect(old.upstreams.gateway).toBeDefined();
  });
});

describe('what no route claims', () => {
  test('is a route with a direct path alone, whose reads and writes have one breaker and one count', async () => {
    const { build, metrics } = setUp();
    const { unclaimed, entries } = build();
    const { read, write } = unclaimed;
    expect(read.route.state).toBe(write.route.state);
    expect([read.route.model.safety, write.route.model.safety]).toEqual(['safe', 'unsafe']);
    expect(entries.map(({ model }) => model.id)).not.toContain('passthrough');
    const { values } = await metrics.breakerState.get();
    expect(values).toContainEqual({ labels: { route: 'passthrough', path: 'passthrough' }, value: 0 });
  });

  test('keeps its breaker over a reload, and takes over new settings', () => {
    const { build } = setUp();
    const { state } = build().unclaimed.read.route;
    state.breaker('direct')?.open();
    expect(build().unclaimed.read.route.state.breakerState('direct')).toBe('open');
    const reloaded = build({ passthrough: { breaker: { enabled: false }, deadlines: { total: '90s' } } });
    expect(reloaded.unclaimed.read.route.state).toBe(state);
    expect([state.breaker('direct'), reloaded.unclaimed.write.route.model.deadlines.total]).toEqual([
      undefined,
      90_000,
    ]);
  });
});

describe('a breaker whose settings changed', () => {
  test('is replaced, and starts closed when it was closed', async () => {
    const { build, breakerStates } = setUp();
    const old = entry(build()).state.breaker('gateway')!;
    const { state } = entry(build(withBreaker({ volumeThreshold: 3 })));
    expect(state.breaker('gateway')).not.toBe(old);
    expect(state.breaker('gateway')?.settings.volumeThreshold).toBe(3);
    expect(state.breakerState('gateway')).toBe('closed');
    expect(await breakerStates()).toMatchObject({ 'leads.get gateway': 0 });
  });

  test('stays open when it was open, and the other path stays closed', async () => {
    const { build, breakerStates } = setUp();
    const { state } = entry(build());
    state.breaker('direct');
    state.breaker('gateway')?.open();
    build(withBreaker({ errorRate: 0.9, reset: '1h' }));
    expect([state.breakerState('direct'), state.breakerState('gateway')]).toEqual(['closed', 'open']);
    expect(Math.round(state.breaker('gateway')!.retryAfter())).toBe(3_600_000);
    expect(await breakerStates()).toEqual({ 'leads.get direct': 0, 'leads.get gateway': 2 });
  });

  test('is gone when it was switched off, and shown closed', async () => {
    const { build, breakerStates } = setUp();
    const { state } = entry(build());
    state.breaker('gateway')?.open();
    build(withBreaker({ enabled: false }));
    expect(state.breaker('gateway')).toBeUndefined();
    expect(state.breakerState('gateway')).toBe('closed');
    expect(await breakerStates()).toMatchObject({ 'leads.get gateway': 0 });
  });
});

describe('the endpoints of a route', () => {
  const directOnly = { id: GET_LEAD.id, direct: GET_LEAD.direct, rollout: { gateway: 0 } };

  test('show a breaker each, from the first moment', async () => {
    const { build, breakerStates } = setUp();
    build({ routes: [GET_LEAD, SOURCE] });
    expect(await breakerStates()).toEqual({
      'leads.get direct': 0,
      'leads.get gateway': 0,
      'leads.resolveSource gateway': 0,
    });
  });

  test('that come with a reload show theirs, and those that go take theirs with them', async () => {
    const { build, breakerStates } = setUp();
    const { state } = entry(build({ routes: [directOnly] }));
    expect(await breakerStates()).toEqual({ 'leads.get direct': 0 });
    build();
    expect(await breakerStates()).toEqual({ 'leads.get direct': 0, 'leads.get gateway': 0 });
    state.breaker('gateway')?.open();
    build({ routes: [directOnly] });
    expect(await breakerStates()).toEqual({ 'leads.get direct': 0 });
    build();
    expect(await breakerStates()).toEqual({ 'leads.get direct': 0, 'leads.get gateway': 0 });
    expect(state.breakerState('gateway')).toBe('closed');
  });
});

describe('a route that left', () => {
  test('takes its gauges with it, and comes back with a fresh breaker', async () => {
    const { build, breakerStates, metrics } = setUp();
    const old = entry(build()).state;
    old.breaker('gateway')?.open();
    build({ routes: [SOURCE] });
    expect(await breakerStates()).toEqual({ 'leads.resolveSource gateway': 0 });
    expect((await metrics.gatewayRatio.get()).values.map(({ labels }) => labels.route)).toEqual([
      'leads.resolveSource',
    ]);
    const { state } = entry(build());
    expect(state).not.toBe(old);
    expect(state.breakerState('gateway')).toBe('closed');
  });
});

test('what is under way is counted over an upstream and those that it replaced', async () => {
  const { build, metrics } = setUp();
  const old = build();
  old.upstreams.gateway?.enter('known');
  const next = build({ gateway: { maxInflight: 9 } });
  next.upstreams.gateway?.enter('known');
  next.upstreams.direct.enter('known');
  const text = await metrics.registry.getSingleMetricAsString('facade_inflight');
  expect(text).toContain('facade_inflight{upstream="gateway"} 2');
  expect(text).toContain('facade_inflight{upstream="direct"} 1');
});

test('the bulkhead of an upstream holds as many as it says, and a place given back is free', () => {
  const { direct } = setUp().build({ direct: { maxInflight: 2 } }).upstreams;
  expect([direct.enter('known'), direct.enter('known'), direct.enter('known')]).toEqual([true, true, false]);
  direct.leave('known');
  expect([direct.enter('known'), direct.enter('known'), direct.inflight]).toEqual([true, false, 2]);
});

test('strangers hold their part of the bulkhead at most, and known callers all that is not held', () => {
  const { direct } = setUp().build({ direct: { maxInflight: 10 } }).upstreams;
  const many = (standing: CallerStanding) =>
    Array.from({ length: 20 }, () => direct.enter(standing)).filter(Boolean).length;
  expect([many('stranger'), many('known'), direct.inflight]).toEqual([2, 8, 10]);
  direct.leave('stranger');
  expect([many('known'), many('stranger')]).toEqual([1, 0]);
  for (let i = 0; i < 9; i++) direct.leave('known');
  expect([many('stranger'), direct.inflight]).toEqual([1, 2]);
});

test.each([
  ['http://crm.example', 'http://crm.example', ''],
  ['https://crm.example:8443/base/', 'https://crm.example:8443', '/base'],
  ['http://crm.example/a/b', 'http://crm.example', '/a/b'],
])('the base URL %s is an origin and a prefix', (url, origin, prefix) => {
  const { direct } = setUp().build({ direct: { url } }).upstreams;
  expect([direct.origin, direct.prefix]).toEqual([origin, prefix]);
});
