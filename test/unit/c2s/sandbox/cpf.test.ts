import { expect, test } from 'vitest';
import { inventedCpf, isCpf } from '../../../../src/c2s/sandbox/cpf.ts';

const some = Array.from({ length: 2_000 }, (_, n) => inventedCpf(n));

test('invented CPFs are valid, different, and the same in every run', () => {
  expect(some.every(isCpf)).toBe(true);
  expect(new Set(some).size).toBe(some.length);
  expect(inventedCpf(1)).toBe(some[1]);
});

test('any other last digit makes a CPF invalid', () => {
  for (const cpf of some.slice(0, 20)) {
    const wrong = Array.from({ length: 10 }, (_, digit) => cpf.slice(0, 10) + digit).filter((each) => each !== cpf);
    expect(wrong.some(isCpf)).toBe(false);
  }
});

test('the check digits follow the published rule', () => {
  // 1·10+2·9+…+9·2 = 210 → 210 mod 11 = 1 → 0; with it 1·11+…+9·3+0·2 = 255 → 255 mod 11 = 2 → 9.
  const base = [1, 2, 3, 4, 5, 6, 7, 8, 9].join('');
  expect(isCpf(`${base}09`)).toBe(true);
  expect(isCpf(`${base}90`)).toBe(false);
});

test.each(['', '1', '1'.repeat(11), '0'.repeat(11), `${inventedCpf(3)}0`, 'abcdefghijk'])('%j is no CPF', (text) => {
  expect(isCpf(text)).toBe(false);
});
