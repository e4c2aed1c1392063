import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TokenScanner, WINDOW } from '../../../../src/facade/forward/token-scanner.ts';

const tokens = fc.stringMatching(/^[\x21-\x7e]{16,60}$/);
const around = fc.stringMatching(/^[\x20-\x7e\x80-\xff]{0,40}$/);

test('a token is found wherever it stands', () => {
  fc.assert(
    fc.property(fc.array(tokens, { minLength: 1, maxLength: 5 }), fc.nat(), around, around, (all, n, before, after) => {
      const token = all[n % all.length]!;
      expect(new TokenScanner(all).finds(before + token + after)).toBe(true);
    }),
  );
});

test('and in base64, wherever the token stands in what was encoded', () => {
  fc.assert(
    fc.property(tokens, around, around, fc.constantFrom('base64', 'base64url'), (token, before, after, encoding) => {
      const encoded = Buffer.from(before + token + after, 'latin1').toString(encoding);
      expect(new TokenScanner([token]).finds(`Basic ${encoded}`)).toBe(true);
    }),
  );
});

test('what holds none of the tokens is not found, however much of one it holds', () => {
  fc.assert(
    fc.property(tokens, around, around, (token, before, after) => {
      const scanner = new TokenScanner([token]);
      const found = (text: string): boolean => scanner.finds(before + text + after);
      for (const part of [token.slice(1), token.slice(0, -1), `${token.slice(0, 8)} ${token.slice(8)}`]) {
        fc.pre(!(before + part + after).includes(token));
        expect(found(part)).toBe(false);
      }
    }),
  );
});

describe('a token shorter than a window', () => {
  test('is not looked for: it would be found by chance', () => {
    expect(WINDOW).toBe(16);
    expect(new TokenScanner(['abc', 'x'.repeat(15)]).finds(`abc ${'x'.repeat(40)}`)).toBe(false);
    expect(new TokenScanner(['x'.repeat(16)]).finds('x'.repeat(16))).toBe(true);
  });
});

test('tokens with the same end are told apart', () => {
  const scanner = new TokenScanner([`one-${'e'.repeat(16)}`, `another-${'e'.repeat(16)}`]);
  expect(scanner.finds(`another-${'e'.repeat(16)}`)).toBe(true);
  expect(scanner.finds(`other-${'e'.repeat(16)}`)).toBe(false);
});

test('a text is read once, even one that is made of a token’s end', () => {
  const scanner = new TokenScanner([`secret-${'a'.repeat(20)}`]);
  const times = [1, 2, 3].map(() => {
    const startedAt = performance.now();
    expect(scanner.finds('a'.repeat(16_000))).toBe(false);
    return performance.now() - startedAt;
  });
  // A digest at each of 16,000 places.
  expect(Math.min(...times)).toBeLessThan(300);
});
