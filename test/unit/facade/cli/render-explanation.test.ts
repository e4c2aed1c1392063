import { expect, test } from 'vitest';
import { renderExplanation, type Explained } from '../../../../src/facade/cli/render-explanation.ts';
import { PLAIN } from '../../../../src/facade/cli/paint.ts';
import { isShadowed } from '../../../../src/facade/rollout/split.ts';

type OfRoute = Extract<Explained['explanation'], { kind: 'route' }>;

const ROUTE: OfRoute = {
  kind: 'route',
  route: 'leads.get',
  stage: 'canary',
  safety: 'safe',
  dialect: 'direct',
  endpoint: 'GET /integration/leads/:leadId',
  params: { leadId: '42' },
  stickyBy: 'leadId',
  bucket: 4_711,
  gatewayBuckets: 500,
  shadowBuckets: 1_000,
  side: 'direct',
  reason: 'split',
  forceIgnored: undefined,
  pin: undefined,
  sendings: [],
  fallback: 'direct',
  failover: { unsent: true, maybeReceived: true },
};

function lineOf(label: string, other: Partial<OfRoute>, moment: Partial<Explained> = {}): string {
  const explained: Explained = {
    by: 'the table',
    digest: 'abc',
    killSwitch: false,
    caller: 'c2s',
    explanation: { ...ROUTE, ...other },
    breakers: undefined,
    ...moment,
  };
  const text = renderExplanation({ method: 'GET', target: '/integration/leads/42' }, explained, PLAIN);
  return text.split('\n').find((line) => line.startsWith(label)) ?? '';
}

test.each<[string, Partial<OfRoute>, string]>([
  ['below its share', {}, 'those below 500 (5 %); it moves at 47.12 %'],
  ['at 0', { gatewayBuckets: 0 }, 'none (0 %); it moves at 47.12 %'],
  ['at its share', { gatewayBuckets: 4_712 }, 'those below 4712 (47.12 %); it moved at 47.12 %'],
  ['one before its share', { gatewayBuckets: 4_711 }, 'those below 4711 (47.11 %); it moves at 47.12 %'],
  ['the first bucket', { bucket: 0, gatewayBuckets: 0 }, 'none (0 %); it moves at 0.01 %'],
  ['the last bucket', { bucket: 9_999, gatewayBuckets: 9_999 }, 'those below 9999 (99.99 %); it moves at 100 %'],
])('split: a value %s', (_what, other, text) => {
  const { bucket } = { ...ROUTE, ...other };
  expect(lineOf('split', other)).toBe(`split     by leadId: bucket ${bucket} of 10000; the gateway has ${text}`);
});

test.each<[string, Partial<OfRoute>, string]>([
  [
    'a low share never picks it',
    {},
    'not compared: the share of 10 % has the buckets from 9000 on; it is compared from 52.89 %',
  ],
  ['without a share', { shadowBuckets: 0 }, 'not compared: the share of 0 % has none; it is compared from 52.89 %'],
  ['the share picks it', { bucket: 9_000 }, 'compared: the share of 10 % has the buckets from 9000 on'],
  ['all are compared', { bucket: 0, shadowBuckets: 10_000 }, 'compared: the share of 100 % has the buckets from 0 on'],
  [
    'it is the last',
    { bucket: 9_999, shadowBuckets: 0 },
    'not compared: the share of 0 % has none; it is compared from 0.01 %',
  ],
  ['each request draws', { stickyBy: 'caller' }, '10 % of the requests, whichever: each draws for itself'],
  ['a write', { safety: 'unsafe' }, 'none: a write is never copied'],
  ['the kill switch is on', { reason: 'kill switch' }, 'none: kill switch, and only what the split decides is copied'],
])('shadow: %s', (_what, other, text) => {
  expect(lineOf('shadow', other)).toBe(`shadow    ${text}`);
});

test.each<[string, Partial<OfRoute>, string]>([
  ['none of late', { pin: { forMs: 10_000, lastWriter: 'none' } }, 'this process sent none of late'],
  ['offline', { pin: { forMs: 10_000, lastWriter: 'unknown' } }, 'only a running facade knows of one'],
  ['pinned', { pin: { forMs: 10_000, lastWriter: 'gateway' } }, 'the last one took gateway'],
])('pin: %s', (_what, other, text) => {
  const always = 'pin       for 10s after a write with the same leadId, to the path of the write; ';
  expect(lineOf('pin', other)).toBe(always + text);
});

test('a route that pins nothing has no line of it, and a header that counts none either', () => {
  expect([lineOf('pin', {}), lineOf('force', {})]).toEqual(['', '']);
});

test('force: why the header does not count', () => {
  expect(lineOf('force', { forceIgnored: 'expired' })).toBe('force     the header is ignored: expired');
});

test('what it says of shares is what the facade does', () => {
  for (const bucket of [0, 1, 4_711, 8_999, 9_000, 9_999]) {
    for (const shadow of [1, 1_000, 5_288, 5_289, 10_000]) {
      const says = lineOf('shadow', { bucket, shadowBuckets: shadow });
      expect(says.includes('not compared')).toBe(
        !isShadowed({ gateway: 0, shadow, stickyBy: 0, fallback: 'direct' }, bucket),
      );
    }
  }
});

const ROUND = { direct: 'closed', gateway: 'closed' };
const HELD = { unsent: false, maybeReceived: false };
test.each<[string, Partial<OfRoute>, Partial<Explained>, string]>([
  [
    'an open breaker',
    {},
    { breakers: { ...ROUND, gateway: 'open' } },
    'direct serves this request, because the breaker of the gateway is open',
  ],
  [
    'an unhealthy gateway',
    {},
    { breakers: ROUND, gatewayHealth: 'unhealthy' },
    'direct serves this request, because the gateway is unhealthy: its health checks fail',
  ],
  [
    'both',
    {},
    { breakers: { ...ROUND, gateway: 'open' }, gatewayHealth: 'unhealthy' },
    'direct serves this request, because the gateway is unhealthy: its health checks fail, and the breaker of the gateway is open',
  ],
  [
    'a half-open breaker',
    {},
    { breakers: { ...ROUND, gateway: 'half-open' }, gatewayHealth: 'healthy' },
    'direct serves most requests, because the breaker of the gateway is half-open',
  ],
  [
    'an open breaker without a fallback',
    { failover: HELD },
    { breakers: { ...ROUND, gateway: 'open' }, gatewayHealth: 'unhealthy' },
    'the facade refuses this request, because the breaker of the gateway is open',
  ],
  ['an unhealthy gateway without a fallback', { failover: HELD }, { breakers: ROUND, gatewayHealth: 'unhealthy' }, ''],
  ['all well', {}, { breakers: ROUND, gatewayHealth: 'healthy' }, ''],
  ['a request of direct', { side: 'direct' }, { breakers: { ...ROUND, gateway: 'open' } }, ''],
  ['no running facade', {}, {}, ''],
])('now: %s', (_what, other, moment, text) => {
  expect(lineOf('now', { side: 'gateway', ...other }, moment)).toBe(text === '' ? '' : `now       ${text}`);
});
