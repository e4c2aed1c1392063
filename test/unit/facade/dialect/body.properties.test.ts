import fc from 'fast-check';
import { parse } from 'lossless-json';
import { describe, expect, it } from 'vitest';
import type { BodyField, BodyRule } from '../../../../src/facade/config/schema.ts';
import { keptByGateway, toDirect, toGateway } from '../../../../src/facade/dialect/body.ts';
import { bodyRule, rows } from './rows.ts';
import { exactNumbers, inexactNumbers, jsonTexts, objectText, objectTexts, params, strings } from './texts.ts';

/** lossless-json reads independently of the code under test and keeps the spelling of numbers. */
const read = (text: string | Buffer) => parse(text.toString());
const runs = { numRuns: 300 };

function valueTexts(field: BodyField): fc.Arbitrary<string> {
  const { min = -Infinity, above = -Infinity } = field;
  const numbers = exactNumbers.filter((text) => Number(text) >= min && Number(text) > above);
  switch (field.type) {
    case 'string':
      return strings;
    case 'number':
      return numbers;
    case 'integer':
      return numbers.filter((text) => Number.isInteger(Number(text)));
    case 'boolean':
      return fc.constantFrom('true', 'false');
    case 'object':
      return objectTexts(jsonTexts(exactNumbers));
    case 'array':
      return fc.array(jsonTexts(exactNumbers), { maxLength: 3 }).map((items) => `[${items.join(',')}]`);
  }
}

type Pair = readonly [name: string, value: string];
/** Bodies of the gateway endpoint that it hands on unchanged: pairs of name and text, in any order. */
function gatewayPairs(rule: BodyRule): fc.Arbitrary<Pair[]> {
  const fields = Object.entries(rule.fields).map(([name, field]) => {
    const value = field.list
      ? fc
          .array(fc.constantFrom(...(field.values ?? []).map((word) => JSON.stringify(word)), '"other"'), {
            maxLength: 3,
          })
          .map((items) => `[${items.join(',')}]`)
      : valueTexts(field);
    const pair = value.map((text): Pair => [name, text]);
    return field.required ? pair : fc.option(pair, { nil: undefined });
  });
  return fc
    .tuple(...fields)
    .map((pairs) => pairs.filter((pair) => pair !== undefined))
    .chain((pairs) => fc.shuffledSubarray(pairs, { minLength: pairs.length }));
}

const object = (pairs: readonly Pair[], gap = '') =>
  objectText(
    pairs.map(([name, value]) => [JSON.stringify(name), value] as const),
    gap,
  );

function value(translation: ReturnType<typeof toGateway>): string {
  if (translation.kind !== 'ok') throw new Error(translation.reason);
  return translation.value.toString();
}

describe.each(rows.filter((row) => row.body !== undefined).map(({ id }) => id))('bodies of %s', (id) => {
  const rule = bodyRule(id);
  const back = (body: string) => value(toGateway(rule, Buffer.from(body), params));
  const forth = (body: string) => value(toDirect(rule, Buffer.from(body)));

  it('come back byte for byte from the direct form', () => {
    fc.assert(
      fc.property(gatewayPairs(rule), (pairs) => {
        expect(back(forth(object(pairs)))).toBe(object(pairs));
      }),
      runs,
    );
  });

  it('come back byte for byte from the gateway form when they are in the form that direct is sent', () => {
    fc.assert(
      fc.property(gatewayPairs(rule), (pairs) => {
        const direct = forth(object(pairs));
        expect(forth(back(direct))).toBe(direct);
      }),
      runs,
    );
  });

  it('keep every value and number spelling under white space, escapes and any order', () => {
    fc.assert(
      fc.property(gatewayPairs(rule), fc.constantFrom('', ' ', '\n\t', '\r\n'), (pairs, gap) => {
        expect(read(back(forth(object(pairs, gap))))).toEqual(read(object(pairs)));
      }),
      runs,
    );
  });

  it('take direct as soon as one number is none that a double holds', () => {
    fc.assert(
      fc.property(gatewayPairs(rule), inexactNumbers, fc.nat(), (pairs, number, index) => {
        const name = Object.keys(rule.fields)[index % Object.keys(rule.fields).length] ?? '';
        const body = forth(object([...pairs.filter(([other]) => other !== name), [name, number]]));
        expect(toGateway(rule, Buffer.from(body), params).kind).toBe('untranslatable');
      }),
      runs,
    );
  });

  it('carry fields that nobody knows to direct, with their spelling', () => {
    const unknown = fc.dictionary(
      fc.constantFrom('x', 'Y', '7', 'observação', 'custom_field'),
      jsonTexts(fc.oneof(exactNumbers, inexactNumbers)),
      { maxKeys: 3 },
    );
    fc.assert(
      fc.property(gatewayPairs(rule), unknown, (pairs, extra) => {
        const direct = read(forth(object([...pairs, ...Object.entries(extra)])));
        const { data } = direct as { data?: { attributes: unknown } };
        const expected = Object.fromEntries(Object.entries(extra).map(([name, text]) => [name, read(text)]));
        expect(data?.attributes ?? direct).toMatchObject(expected);
      }),
      runs,
    );
  });
});

describe('any text at all', () => {
  it('is translated into JSON with the same values or refused with a fixed reason, and never throws', () => {
    const texts = fc.oneof(
      jsonTexts(fc.oneof(exactNumbers, inexactNumbers)),
      objectTexts(jsonTexts(exactNumbers)),
      fc.string({ unit: 'binary' }),
      fc
        .array(fc.constantFrom('{', '}', '[', ']', '"', ':', ',', '\\', 'body', '1', 'e', '-', ' ', '"body":"a"'))
        .map((t) => t.join('')),
    );
    const reason =
      /^(empty body|not valid (UTF-8|JSON)|byte order mark|nested too deep|not an object|duplicate key|reserved key|lone surrogate|number would be altered|unknown field|required field missing|the gateway would alter or refuse the field)$/;
    fc.assert(
      fc.property(texts, fc.constantFrom(...rows.filter((row) => row.body).map(({ id }) => id)), (text, id) => {
        for (const translate of [toGateway, keptByGateway, toDirect]) {
          const result = translate(bodyRule(id), Buffer.from(text), params);
          if (result.kind === 'untranslatable') expect(result.reason).toMatch(reason);
          else expect(() => JSON.parse(result.value.toString()) as unknown).not.toThrow();
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it('of an unknown body towards direct keeps its bytes but for white space around top-level members', () => {
    fc.assert(
      fc.property(objectTexts(jsonTexts(fc.oneof(exactNumbers, inexactNumbers))), (text) => {
        expect(read(value(toDirect(bodyRule('leads.deal'), Buffer.from(text))))).toEqual(read(text));
      }),
      { numRuns: 2_000 },
    );
  });
});
