import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatFactor, formatReais, parseReais } from '../../../../src/c2s/enrichment/currency.ts';

test.each([
  ['8500,50', 8500.5],
  ['1.234,56', 1234.56],
  ['1.234.567,8', 1234567.8],
  ['1,234.56', 1234.56],
  ['1,234,567', 1234567],
  ['8500.50', 8500.5],
  ['1.234', 1234],
  ['1234', 1234],
  ['0,00', 0],
  [' R$ 1.234,56 ', 1234.56],
  ['R$\u00a08500', 8500],
  [8500.5, 8500.5],
])('%j is %d', (written, value) => expect(parseReais(written)).toBe(value));

test.each([
  ['-5'],
  ['abc'],
  [''],
  ['1.2.3'],
  ['1,2,3'],
  ['12,34.5,6'],
  ['1e5'],
  ['De R$ 10 até R$ 20'],
  ['9'.repeat(40)],
  [null],
  [undefined],
  [NaN],
  [-1],
  [Infinity],
  [{}],
  [['1']],
])('%j is no amount', (value) => void expect(parseReais(value)).toBeUndefined());

test('what we write we read, and what is typed with a comma alone is read to the cent', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 99_999_999_999 }), (cents) => {
      const value = cents / 100;
      expect(parseReais(formatReais(value))).toBeCloseTo(value, 2);
      expect(parseReais(`${Math.trunc(cents / 100)},${String(cents % 100).padStart(2, '0')}`)).toBeCloseTo(value, 2);
    }),
  );
});

test('nothing makes the reader throw, and what it gives is never below zero', () => {
  const text = fc.stringMatching(/^[R$ \d.,-]{0,20}$/);
  fc.assert(
    fc.property(
      fc.oneof(text, fc.anything()),
      (value) => void expect(parseReais(value) ?? 0).toBeGreaterThanOrEqual(0),
    ),
  );
});

test('amounts and factors are written the Brazilian way', () => {
  expect(formatReais(1234567.8)).toBe('R$ 1.234.567,80');
  expect([1.5, 2, 0.125].map(formatFactor)).toEqual(['1,5', '2', '0,125']);
});
