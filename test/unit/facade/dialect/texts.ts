import fc from 'fast-check';

/** JSON *texts*, since spelling is what the tests are about: a value of JavaScript has none. */

const LEAD = 'bf1a88eaa4ab34b01a257536563fb42b';
export const params = new Map([['leadId', LEAD]]);
export const leadId = LEAD;

/** Numbers as people and machines spell them; a double holds all of them. */
export const exactNumbers = fc.oneof(
  fc.integer().map(String),
  fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .filter((n) => Math.abs(n) < 2 ** 53)
    .map(String),
  fc.constantFrom('-0', '0.0', '1e3', '1E3', '1e+3', '1234567.10', '100.000', '0e5', '-1.50e-2', '9007199254740991'),
);

/** Numbers that a double does not hold, but JSON does. */
export const inexactNumbers = fc.constantFrom(
  '1e400',
  '-1e400',
  '1e-400',
  '12345678901234567890',
  '9007199254740993',
  '123456789012345678901234567890',
  '0.1234567890123456789',
  '3.14159265358979323846',
);

const escaped = fc.constantFrom('\\u00e9', '\\/', '\\n', '\\"', '\\\\', '\\ud83d\\ude00', 'é', '\u{1F600}', '\u2028');

/** The text of a non-empty string, escapes chosen freely. */
export const strings = fc
  .array(fc.oneof(escaped, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 3 }).map(quoteInner)), {
    minLength: 1,
    maxLength: 5,
  })
  .map((parts) => `"${parts.join('')}"`);

function quoteInner(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

const space = fc.constantFrom('', ' ', '\n', '\t ', '\r\n');

/** An object's text from members; white space where it is allowed. */
export const objectText = (members: readonly (readonly [string, string])[], gap = '') =>
  `${gap}{${members.map(([key, value]) => `${gap}${key}${gap}:${gap}${value}${gap}`).join(',')}}${gap}`;

/** Any JSON value's text, with distinct plain keys; `numbers` says which kinds of numbers it holds. */
export function jsonTexts(numbers: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const { value } = fc.letrec<{ value: string; array: string; object: string }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.oneof(strings, numbers, fc.constantFrom('true', 'false', 'null', '""')),
      tie('array'),
      tie('object'),
    ),
    array: fc
      .tuple(fc.array(tie('value'), { maxLength: 4 }), space)
      .map(([items, gap]) => `[${items.join(`,${gap}`)}]`),
    object: objectTexts(tie('value')),
  }));
  return value;
}

export function objectTexts(values: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const member = fc.tuple(
    fc.constantFrom('a', 'b', '2', '1', 'nó', 'toString').map((key) => JSON.stringify(key)),
    values,
  );
  return fc
    .tuple(fc.uniqueArray(member, { maxLength: 4, selector: ([key]) => key }), space)
    .map(([members, gap]) => objectText(members, gap).trim());
}
