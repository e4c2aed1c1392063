import { createContext, Script } from 'node:vm';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { nodesOf } from './kit/sources.ts';

/**
 * ReDoS: one request must not be able to hold the event loop. Every regular expression of the rooms that read what
 * others wrote is run on long texts that are built against it: of its own letters, repeated, behind its own prefixes,
 * ended by what does not fit. What grows with the square of the length takes a hundred milliseconds here.
 */

const ROOMS = [
  'http',
  ...['rollout', 'dialect', 'observe', 'forward', 'compare', 'admin'].map((room) => `facade/${room}`),
  ...['pair', 'enrichment', 'admin', 'gateway'].map((room) => `c2s/${room}`),
];
const LENGTH = 16_000;
/** Milliseconds; a linear one takes less than one. Shared machines pause, so the quickest of three counts. */
const LONGEST = 20;

/** Would not be linear, and sees only what is short: by file, the expression and what bounds it. */
const BOUNDED: Readonly<Record<string, string>> = {
  'src/facade/compare/shape.ts /\\d{4}|@.*\\./': 'the expression before it: 48 characters',
  'src/c2s/enrichment/phone.ts /[;,/|\\n]|\\s+(?:ou|e)\\s+/i': 'MAX_FIELD_LENGTH: 200 characters',
  'src/c2s/enrichment/phone.ts /\\s*\\(?\\p{L}.*$/u': 'MAX_FIELD_LENGTH: 200 characters',
  'src/c2s/enrichment/upstream-client.ts /\\/+$/': 'a base URL, written by the operator',
  'src/http/base-url.ts /\\/+$/': 'a base URL, written by the operator',
  'src/c2s/gateway/upstream.ts /\\/+$/': 'a base URL, written by the operator',
};
/** Put together at run time; what is put in is our own. */
const BUILT = ['src/c2s/enrichment/marker.ts'];

const found = nodesOf(
  ROOMS.map((room) => `src/${room}/**/*.ts`),
  ts.isRegularExpressionLiteral,
).filter(({ at }) => !at.includes('/console/'));

const LETTERS = [...'0159aAfz _-/.,:;<>@="\\&?%+(){}[]\t\n\r'].concat('\u00a0', 'é', '\u{1f600}', '\u200d');

/** Texts against one expression: every letter alone and in pairs with its own, behind what it begins with. */
function adversaries(source: string): string[] {
  const own = [...new Set(source.replace(/\\[a-zA-Z]/g, '').match(/[^\\^$*+?()[\]{}|]/g) ?? [])].slice(0, 8);
  const starts = ['', ...(source.match(/[A-Za-z0-9"<&=/:;.-]{1,12}/g) ?? []).slice(0, 3)];
  const bodies = [...new Set([...LETTERS, ...own])].map((letter) => letter.repeat(LENGTH / letter.length));
  const pairs = own.flatMap((one) => [`${one} `, `${one}0`, `${one}a`]).map((pair) => pair.repeat(LENGTH / 2));
  return starts.flatMap((start) => [...bodies, ...pairs].map((body) => `${start}${body}\u0001`));
}

const context = createContext({ now: () => performance.now(), longest: LONGEST });
/** Stops at the first text that takes too long. One script for many texts: a timeout costs a thread each time. */
const search = new Script(`
  for (; at < texts.length; at++) {
    expression.lastIndex = 0;
    const startedAt = now();
    expression.exec(texts[at]);
    if (now() - startedAt > longest) break;
  }
`);

/** @returns the index of the first text from `from` on that took too long, or at which a second was over. */
function firstSlow(expression: RegExp, texts: readonly string[], from = 0): number {
  const state = Object.assign(context, { expression, texts, at: from });
  try {
    search.runInContext(context, { timeout: 1_000 });
  } catch {
    // It is cut off at this text.
  }
  return state.at;
}

function slowest(expression: RegExp): string | undefined {
  const texts = adversaries(expression.source);
  for (let at = firstSlow(expression, texts); at < texts.length; at = firstSlow(expression, texts, at + 1)) {
    const text = texts[at] ?? '';
    if ([2, 3].every(() => firstSlow(expression, [text]) === 0)) return JSON.stringify(text.slice(0, 16));
  }
  return undefined;
}

const nameOf = ({ at, text }: { at: string; text: string }): string => `${at.replace(/:\d+$/, '')} ${text}`;

test('there are expressions to look at, and every exception is one of them', () => {
  expect(found.length).toBeGreaterThan(50);
  expect(found.map(nameOf)).toEqual(expect.arrayContaining(Object.keys(BOUNDED)));
});

test('no expression is built at run time but of what is ours', () => {
  const built = nodesOf(
    ROOMS.map((room) => `src/${room}/**/*.ts`),
    (node) => (ts.isNewExpression(node) || ts.isCallExpression(node)) && node.expression.getText() === 'RegExp',
  );
  expect(built.map(({ at }) => at.replace(/:\d+$/, ''))).toEqual(BUILT);
});

test('the measure finds what it is meant to find', () => {
  expect(slowest(/0+$/)).toBeDefined();
  expect(slowest(/^(a+)+$/)).toBeDefined();
  expect(slowest(/^[a-z0-9]+$/)).toBeUndefined();
});

const measured = found.filter((one) => !Object.hasOwn(BOUNDED, nameOf(one)));
test.each(measured.map(({ at, text }) => [at, text] as const))('%s %s is linear', (_, text) => {
  const [, source = '', flags] = /^\/(.*)\/([a-z]*)$/s.exec(text) ?? [];
  expect(slowest(new RegExp(source, flags))).toBeUndefined();
});
