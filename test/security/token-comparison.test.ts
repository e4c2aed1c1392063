import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { Callers, MISPLACED } from '../../src/facade/forward/callers.ts';
import { WINDOW } from '../../src/facade/forward/token-scanner.ts';
import { nodesOf, type Found } from './kit/sources.ts';

/**
 * The timing of a comparison must say nothing of a secret. Measuring nanoseconds proves nothing on a shared machine, so
 * it is the structure that is tested: no secret is compared by ===, and what is compared are digests.
 */

const ROOMS = [
  'src/http/**/*.ts',

  'src/facade/forward/**/*.ts',
  'src/facade/admin/*.ts',
  'src/c2s/admin/*.ts',
  'src/c2s/pair/*.ts',
  'src/c2s/enrichment/**/*.ts',
  'src/c2s/gateway/**/*.ts',
];
const SECRET = /token|secret|password|credential|apikey|\bkey\b|digest/i;
const EQUALS = new Set([
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
]);

/** What is compared with undefined, an empty text or a literal tells only whether it is there. */
const isLiteral = (node: ts.Expression): boolean =>
  ts.isLiteralExpression(node) || node.getText() === 'undefined' || node.kind === ts.SyntaxKind.NullKeyword;

function comparesSecret(node: ts.Node): boolean {
  if (ts.isBinaryExpression(node) && EQUALS.has(node.operatorToken.kind)) {
    const { left, right } = node;
    if (isLiteral(left) || isLiteral(right) || ts.isTypeOfExpression(left)) return false;
    return [left, right].some((side) => SECRET.test(side.getText()) && !side.getText().endsWith('.length'));
  }
  // includes, startsWith and indexOf stop at the first difference, too.
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    const { name, expression } = node.expression;
    const isEarly = /^(includes|startsWith|endsWith|indexOf|localeCompare|equals|compare)$/.test(name.text);
    return isEarly && SECRET.test(expression.getText());
  }
  return false;
}

/** Not of a caller: [where, what]. */
const HARMLESS: readonly (readonly [string, string])[] = [
  // The gateway's own list of Contact2Sale's tokens, by one of them.
  ['src/c2s/gateway/tokens.ts', 'this.#tokens.includes(token)'],
];
const isHarmless = ({ at, text }: Found): boolean =>
  HARMLESS.some(([file, expression]) => at.startsWith(file) && text === expression);

test('no secret is compared by an operator or a search that stops at the first difference', () => {
  const found = nodesOf(ROOMS, comparesSecret).filter((one) => !isHarmless(one));
  expect(found.map(({ at, text }) => `${at} ${text}`)).toEqual([]);
});

test('timingSafeEqual is given digests, which have one length', () => {
  const calls = nodesOf(
    ['src/**/*.ts'],
    (node) => ts.isCallExpression(node) && node.expression.getText() === 'timingSafeEqual',
  );
  expect(calls.map(({ text }) => text)).toEqual([
    'timingSafeEqual(digest(given), digest(secret))',
    'timingSafeEqual(digest(token), expected)',
    // The latter of 64 hex digits: the expression that took the header apart says so.
    "timingSafeEqual(hmacOf(text, secret), Buffer.from(signature, 'hex'))",
  ]);
});

describe('callers are found by a salted digest', () => {
  const token = 'a-token-of-sixteen-characters';
  const identify = (callers: Callers, given: string) => callers.identify(['authorization', `Bearer ${given}`], '');

  test('the token, all of it and nothing else', () => {
    const callers = new Callers(undefined, [token], new Set(['authorization', 'authentication']));
    expect(identify(callers, token)).toBeDefined();
    for (const wrong of [token.slice(0, -1), token.slice(1), token.toUpperCase(), '\0', '__proto__']) {
      expect(identify(callers, wrong)).toBeUndefined();
    }
    for (const around of [`${token}x`, `${token},${token}`]) expect(identify(callers, around)).toBe(MISPLACED);
  });

  test('an empty token makes nobody known', () => {
    const callers = new Callers('', [''], new Set(['authorization', 'authentication']));
    for (const wrong of ['', ' ', 'undefined']) expect(identify(callers, wrong)).toBeUndefined();
    expect(callers.identify(['authentication', ''], '')).toBeUndefined();
    expect(callers.identify([], '')).toBeUndefined();
  });
});

describe('tokens inside of longer texts are found by digests, too', () => {
  const scanner = readFileSync('src/facade/forward/token-scanner.ts', 'utf8');

  test('every position costs the same, until 16 characters in a row are right', () => {
    // Nothing of a text leaves the loop, and nothing in it depends on a token, but by way of the hash of a whole window.
    expect(WINDOW).toBe(16);
    const loop = /for \(let i = WINDOW; i < text\.length; i\+\+\) \{\n([^]*?)\n    \}/.exec(scanner)?.[1] ?? '';
    expect(loop.match(/\bif\b|\?|&&|\|\|/g)).toEqual(['if', '&&']);
    expect(loop).toContain('if (filter[rolling >>> (32 - FILTER_BITS)] === 1 && this.#endsAt');
  });

  test('what is compared behind it is a salted digest', () => {
    expect(scanner).toMatch(/hash\('sha256', this\.#salt \+ text, 'base64'\)/);
    expect(scanner).not.toMatch(/includes|startsWith|endsWith|indexOf/);
  });
});
