import { expect, test } from 'vitest';
import { Decimal } from '../../src/facade/compare/decimal.ts';
import { createRouter } from '../../src/c2s/gateway/router.ts';

/** Holes that were found by regular-expressions.test.ts: each held the event loop for as long as the text squared. */

function quickest(run: () => unknown): number {
  const times = [1, 2, 3].map(() => {
    const startedAt = performance.now();
    run();
    return performance.now() - startedAt;
  });
  return Math.min(...times);
}

test('a number of an upstream with half a million zeros is compared in no time', () => {
  const zeros = '0'.repeat(500_000);
  expect(quickest(() => Decimal.of(`1${zeros}1`))).toBeLessThan(100);
  expect(Decimal.of(`1${zeros}`).text).toBe('1e500000');
  expect(Decimal.of('100.0100').text).toBe('10001e-2');
});

test('a path of nothing but slashes is routed by the gateway in no time', () => {
  const route = createRouter();
  expect(quickest(() => route('GET', `${'/'.repeat(100_000)}x`))).toBeLessThan(50);
  expect(route('GET', '/leads///')).toEqual({ kind: 'slash', path: '/leads' });
});
