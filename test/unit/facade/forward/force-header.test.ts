import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { judgeForce, MAX_FORCE_MS, signForce, type ForceGrant } from '../../../../src/facade/forward/force-header.ts';

const SECRET = 'test-force-secret-of-thirty-two-signs';
const NOW = Date.UTC(2026, 10, 30, 12);
const HOUR = 3_600_000;
const CALLER = '3f0c9a1b2d4e';

const grant = (other: Partial<ForceGrant> = {}): ForceGrant => ({
  path: 'gateway',
  route: 'leads.get',
  caller: CALLER,
  from: NOW,
  until: NOW + HOUR,
  ...other,
});
const signed = (other: Partial<ForceGrant> = {}, secret = SECRET): string => signForce(grant(other), secret);
const judge = (value: string | string[], at = NOW, secret: string | undefined = SECRET) =>
  judgeForce(value, secret, { route: 'leads.get', caller: CALLER, at });

test('is the path, what binds it, its times and a signature of all of that, as any program can make it', () => {
  const text = 'gateway; route=leads.get; caller=3f0c9a1b2d4e; t=1796040000; until=1796043600';
  const hex = createHmac('sha256', SECRET).update(`x-facade-force: ${text}`).digest('hex');
  expect(signed()).toBe(`${text}; v1=${hex}`);
  expect(signed({ caller: undefined })).toMatch(/^gateway; route=leads\.get; t=/);
  expect(signed({ route: undefined })).toMatch(/^gateway; caller=3f0c9a1b2d4e; t=/);
});

test.each<[string, Partial<ForceGrant>, number]>([
  ['gateway', {}, NOW],
  ['direct', { path: 'direct' }, NOW],
  ['for a route alone', { caller: undefined }, NOW],
  ['for a caller alone', { route: undefined }, NOW],
  ['in its last millisecond', {}, NOW + HOUR - 1],
  ['signed by a clock that is a minute ahead', { from: NOW + 60_000 }, NOW],
  ['for as long as may be', { until: NOW + MAX_FORCE_MS }, NOW + MAX_FORCE_MS - 1],
  ['on a route whose name has capitals', { route: 'leads.get' }, NOW],
])('counts: %s', (_, other, at) => {
  expect(judge(signed(other), at)).toBe(other.path ?? 'gateway');
});

test('binds a route whose name has capitals', () => {
  const value = signed({ route: 'leads.setTags' });
  expect(judgeForce(value, SECRET, { route: 'leads.setTags', caller: CALLER, at: NOW })).toBe('gateway');
  expect(judge(value)).toEqual({ ignored: 'of another route' });
});

const withoutV1 = (value: string): string => value.slice(0, value.indexOf('; v1='));
const altered = (from: string, to: string): string => {
  const value = signed();
  expect(value).toContain(from);
  return value.replace(from, to);
};

describe('is ignored', () => {
  test.each<[string, string | string[], string, number?]>([
    ['unsigned', 'gateway', 'not signed'],
    ['unsigned, to direct', 'direct', 'not signed'],
    ['at its end', signed(), 'expired', NOW + HOUR],
    ['long after its end', signed(), 'expired', NOW + 100 * HOUR],
    ['from the future', signed({ from: NOW + 61_000, until: NOW + HOUR }), 'not valid yet'],
    ['over before it began', signed({ until: NOW - 1_000 }), 'expired'],
    ['of another route', signed({ route: 'leads.list' }), 'of another route'],
    ['of another caller', signed({ caller: '000000000000' }), 'of another caller'],
    ['of nobody and no route', signed({ caller: undefined, route: undefined }), 'of another caller'],
    ['for longer than may be', signed({ until: NOW + MAX_FORCE_MS + 1_000 }), 'valid for more than 30 days'],
    ['another secret', signed({}, `${SECRET}x`), 'wrong signature'],
    ['another path', altered('gateway', 'direct'), 'wrong signature'],
    ['the route altered', altered('leads.get', 'leads.set'), 'wrong signature'],
    ['the caller altered', altered('3f0c', '3f0d'), 'wrong signature'],
    ['the end altered', altered('until=1796043600', 'until=1896043600'), 'wrong signature'],
    ['the beginning altered', altered('t=1796040000', 't=1796030000'), 'wrong signature'],
    ['the caller taken out', altered(`; caller=${CALLER}`, ''), 'wrong signature'],
    ['a signature of zeros', `${withoutV1(signed())}; v1=${'0'.repeat(64)}`, 'wrong signature'],
    ['a signature cut short', signed().slice(0, -1), 'neither direct nor gateway'],
    [
      'a signature in capitals',
      signed().replace(/[0-9a-f]{64}$/, (hex) => `${hex.toUpperCase()}A`),
      'neither direct nor gateway',
    ],
    ['no signature', withoutV1(signed()), 'neither direct nor gateway'],
    ['two signatures', `${signed()}; v1=${'0'.repeat(64)}`, 'neither direct nor gateway'],
    ['sent twice', `${signed()}, ${signed()}`, 'neither direct nor gateway'],
    ['sent twice, as a list', [signed(), signed()], 'neither direct nor gateway'],
    ['empty', '', 'neither direct nor gateway'],
    ['another name', 'gatewaY', 'neither direct nor gateway'],
    ['a word of Object.prototype', '__proto__', 'neither direct nor gateway'],
    ['bytes above ASCII', `${signed()}\u00e9`, 'neither direct nor gateway'],
    ['a digit of another script', altered('t=1796040000', 't=179604000\u0660'), 'neither direct nor gateway'],
    ['a line feed behind it', `${signed()}\n`, 'neither direct nor gateway'],
    ['very long', `gateway; route=${'a'.repeat(100_000)}`, 'neither direct nor gateway'],
  ])('%s', (_, value, ignored, at) => {
    expect(judge(value, at)).toEqual({ ignored });
  });
});

test.each<[string | string[], unknown]>([
  ['gateway', 'gateway'],
  ['direct', 'direct'],
  ['Gateway', { ignored: 'neither direct nor gateway' }],
  ['gateway, gateway', { ignored: 'neither direct nor gateway' }],
  [signed(), { ignored: 'neither direct nor gateway' }],
])('without a secret the name of a path counts, and nothing else: %j', (value, verdict) => {
  expect(judgeForce(value, undefined, { route: 'leads.get', caller: CALLER, at: NOW })).toEqual(verdict);
});
