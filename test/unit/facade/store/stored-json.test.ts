import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { storedJson } from '../../../../src/facade/store/stored-json.ts';

describe('what a jsonb column takes', () => {
  test.each([
    ['plain', { a: [1, 'x', null, true] }, { a: [1, 'x', null, true] }],
    ['a NUL', { name: 'Ma\0ria' }, { name: 'Maria' }],
    ['a NUL in a key', { 'na\0me': [{ '\0': 'x' }] }, { name: [{ '': 'x' }] }],
    ['half of a pair', { name: 'a\ud83d', '\udc00': 1 }, { name: 'a\ufffd', '\ufffd': 1 }],
    ['a whole pair', { name: '👋' }, { name: '👋' }],
    ['a backslash before u0000', { path: '\\u0000' }, { path: '\\u0000' }],
    ['a backslash before a NUL', { path: '\\\0' }, { path: '\\' }],
    ['left out', { a: undefined, b: [undefined] }, { b: [null] }],
    ['a date', { at: new Date(0), b: '\0' }, { at: '1970-01-01T00:00:00.000Z', b: '' }],
  ])('%s', (_what, value, kept) => {
    expect(JSON.parse(storedJson(value))).toEqual(kept);
  });

  test('whatever the value, it is JSON without NUL and without halves of pairs', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ stringUnit: 'binary', maxDepth: 2 }),
        fc.string({ unit: 'binary', maxLength: 20 }),
        (value, text) => {
          const stored = storedJson({ value, [text]: `${text}\0\ud800` });
          const read = JSON.stringify(JSON.parse(stored));
          expect(read).not.toMatch(/(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/);
        },
      ),
      { numRuns: 30 },
    );
  });
});
