import { expect, it } from 'vitest';
import { Instant, instantIn } from '../../../../src/facade/compare/instant.ts';

const NOON = '2026-01-31T12:00:00Z';
const isWithin = (a: string, b: string, toleranceMs: number): boolean => {
  const [x, y] = [instantIn(a), instantIn(b)];
  if (!x || !y) throw new Error('no instant');
  return new Instant(x, toleranceMs).equals(new Instant(y, toleranceMs));
};

it.each([
  '2026-01-31T12:00Z',
  '2026-01-31 12:00:00+00',
  '2026-01-31 12:00:00.000000+00',
  '2026-01-31T09:00:00-03',
  '2026-01-31T09:00:00-0300',
  '2026-01-31T09:00:00,0-03:00',
  '2026-01-31 17:30:00+05:30',
  '2026-01-31 12:00:00 UTC',
  '2026-01-31t12:00:00z',
])('%s is noon', (text) => {
  expect(isWithin(text, NOON, 0)).toBe(true);
});

it.each([
  '2026-01-31T12:00:00',
  '2026-01-31',
  '2026-13-31T12:00:00Z',
  '2026-01-31T12:00:00+0',
  '2026-01-31T12:00:00+003',
  '2026-01-31T12:00:00.0000000001Z',
])('%s is no instant', (text) => {
  expect(instantIn(text)).toBeUndefined();
});

it.each([
  ['.0001', '.0009', 0, false],
  ['.0001', '.0001000', 0, true],
  ['.123456', '.123457', 0, false],
  ['.123456789', '.123456788', 0, false],
  ['.1234', '.1244', 1, true],
  ['.1234', '.1245', 1, false],
  ['.9996', '.0004', 1_000, true],
  ['.000000001', '.999999999', 0, false],
])('%s and %s of a second, with %d ms: the same? %s', (a, b, tolerance, expected) => {
  const at = (fraction: string) => `2026-01-31T12:00:00${fraction}Z`;
  expect(isWithin(at(a), at(b), tolerance)).toBe(expected);
  expect(isWithin(at(b), at(a), tolerance)).toBe(expected);
});

it('centuries apart are not the same for want of digits', () => {
  expect(isWithin('0001-01-01T00:00:00.000000001Z', '9999-01-01T00:00:00Z', 86_400_000)).toBe(false);
});
