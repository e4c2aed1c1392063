import { describe, expect, test } from 'vitest';
import { formatCpf, parseCpf } from '../../../../src/c2s/enrichment/cpf.ts';
import { normaliseEmail } from '../../../../src/c2s/enrichment/email.ts';
import { inventedCpf } from '../../../../src/c2s/sandbox/cpf.ts';

const dotted = (cpf: string) => cpf.replace(/(...)(...)(...)(..)/, '$1.$2.$3-$4');

/** An invented CPF that begins with a zero: the same check digits as the generator's, for a base of our own. */
function cpfWithLeadingZero(): string {
  for (let n = 0; n < 100; n++) {
    const digits = `012345678${String(n).padStart(2, '0')}`;
    if (parseCpf(digits)) return digits;
  }
  throw new Error('every base has one pair of check digits');
}

describe('CPF', () => {
  test('is read with and without punctuation, and as a number that lost its leading zero', () => {
    const cpf = inventedCpf(7);
    expect(parseCpf(cpf)).toBe(cpf);
    expect(parseCpf(` ${dotted(cpf)} `)).toBe(cpf);
    const zero = cpfWithLeadingZero();
    expect(parseCpf(Number(zero))).toBe(zero);
  });

  test('is nothing with a wrong check digit, with equal digits, letters, or of another type', () => {
    const cpf = inventedCpf(7);
    const wrong = cpf.slice(0, 10) + String((Number(cpf[10]) + 1) % 10);
    for (const value of [wrong, '11111111111', '00000000000', 0, `a${cpf}`, `${cpf}1`, '', null, undefined, [cpf], {}])
      expect(parseCpf(value)).toBeUndefined();
  });

  test('is shown with its punctuation', () => {
    const cpf = parseCpf(inventedCpf(7));
    expect(cpf && formatCpf(cpf)).toBe(dotted(inventedCpf(7)));
  });
});

describe('e-mail', () => {
  test.each([
    [' Ana.Souza@Example.COM ', 'ana.souza@example.com'],
    ['mailto:ana@example.com', 'ana@example.com'],
    ['Ana Souza <ana@example.com>', 'ana@example.com'],
  ])('%j is %s', (written, expected) => expect(normaliseEmail(written)).toBe(expected));

  test.each([['ana'], ['ana@'], ['a b@example.com'], [''], [null], [5], [`${'a'.repeat(300)}@example.com`]])(
    '%j is none',
    (value) => expect(normaliseEmail(value)).toBeUndefined(),
  );
});
