import { expect, test } from 'vitest';
import { GET_LEAD, GATEWAY_URL, settingsOf } from './table-fixture.ts';

test('what the operator wrote arrives in milliseconds and whole', () => {
  const settings = settingsOf(
    {
      routes: [GET_LEAD],
      direct: {
        maxInflight: 9,
        keepAlive: '3s',
        rateBudget: { requests: 10, period: '1m', burst: 2, longestWait: '500ms' },
      },
      defaults: { deadlines: { connect: '750ms' } },
      failover: { budget: 0.1, minPerSecond: 2 },
      server: { trustedProxies: ['10.0.0.0/8'], forceHeader: true, killSwitchFile: '/run/all-direct' },
    },
    'abc',
  );
  expect(settings).toMatchObject({
    digest: 'abc',
    failover: { budget: 0.1, minPerSecond: 2 },
    trustedProxies: ['10.0.0.0/8'],
    forceHeader: true,
    killSwitchFile: '/run/all-direct',
    successSample: 1,
  });
  expect(settings.upstreams.direct).toMatchObject({
    maxInflight: 9,
    keepAliveMs: 3_000,
    connectTimeoutMs: 750,
    rateBudget: { requests: 10, periodMs: 60_000, burst: 2, maxWaitMs: 500 },
  });
  expect(settings.upstreams.gateway).toMatchObject({ url: GATEWAY_URL, connectTimeoutMs: 750, rateBudget: undefined });
  expect(settings.routes.map(({ id }) => id)).toEqual(['leads.get']);
});

test('an empty gateway URL is no gateway', () => {
  expect(settingsOf({ routes: [GET_LEAD], gateway: { url: '' } }).upstreams.gateway).toBeUndefined();
});

test.each([
  ['200-399', [{ from: 200, to: 399 }]],
  [204, [{ from: 204, to: 204 }]],
  [
    ['200', '500-503', 401],
    [
      { from: 200, to: 200 },
      { from: 500, to: 503 },
      { from: 401, to: 401 },
    ],
  ],
])('the statuses %j that a health check expects', (expectedStatuses, expected) => {
  const { health } = settingsOf({ routes: [GET_LEAD], gateway: { health: { path: '/health', expectedStatuses } } });
  expect(health).toEqual({
    direct: undefined,
    gateway: {
      ...{ path: '/health', intervalMs: 5_000, timeoutMs: 2_000, unhealthyAfter: 3, healthyAfter: 2, expected },
    },
  });
});

test('a gateway without an address is not checked', () => {
  const gateway = { url: '', health: { path: '/health' } };
  expect(settingsOf({ routes: [GET_LEAD], gateway }).health.gateway).toBeUndefined();
});
