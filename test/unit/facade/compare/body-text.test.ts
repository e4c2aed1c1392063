import { describe, expect, it } from 'vitest';
import { textOf } from '../../../../src/facade/compare/body-text.ts';
import { compareAnswers } from '../../../../src/facade/compare/compare.ts';
import { answerFacts } from '../../../../src/facade/compare/compare.ts';
import { fixtureSchema, freeze, thaw } from '../../../../src/facade/compare/fixture.ts';
import { textOf as differenceText } from '../../../../src/facade/compare/groups.ts';
import { answer, NOON, rulesWith } from './support.ts';

const rules = rulesWith();
type Body = readonly [type: string, body: string | Buffer];
const side = (path: 'direct' | 'gateway', [type, body]: Body) =>
  answer({ path, body, headers: { 'content-type': type } });

/** What differs, at once and after the sample was frozen and thawed, redacted or not. */
function found(control: Body, candidate: Body): string[] {
  const [a, b] = [side('direct', control), side('gateway', candidate)];
  const differences = compareAnswers(rules, a, b, NOON).differences.map(differenceText);
  for (const reveal of [true, false]) {
    const sample = { route: 'leads.get', at: NOON, differences: [], control: a, candidate: b };
    const thawed = thaw(fixtureSchema.parse(JSON.parse(JSON.stringify(freeze(sample, rules, Math.random, reveal)))));
    const again = compareAnswers(rules, thawed.control, thawed.candidate, NOON);
    expect(again.differences.map(differenceText)).toEqual(differences);
  }
  return differences;
}

const JSON_TEXT = '{"name":"São João"}';
const latin = (text: string) => Buffer.from(text, 'latin1');
const utf16 = (text: string) => Buffer.from(text, 'utf16le');
const BYTES = '(the answer): type json→other body';
const HASH = '(the answer): hash other body→other body';

describe('JSON', () => {
  const control: Body = ['application/json', JSON_TEXT];
  it.each<[string, Body, string[]]>([
    ['with its charset named', ['application/json; charset=utf-8', JSON_TEXT], []],
    ['with its charset spelled otherwise', ['application/json;CHARSET="UTF8"', JSON_TEXT], []],
    ['in ISO-8859-1', ['application/json; charset=ISO-8859-1', latin(JSON_TEXT)], []],
    ['in windows-1252', ['application/json; charset=windows-1252', latin(JSON_TEXT)], []],
    ['in UTF-16', ['application/json; charset=utf-16le', utf16(JSON_TEXT)], []],
    [
      'said to be ISO-8859-1, and in UTF-8',
      ['application/json; charset=ISO-8859-1', JSON_TEXT],
      ['/name: value string→string'],
    ],
    ['said to be UTF-8, and in ISO-8859-1', ['application/json; charset=utf-8', latin(JSON_TEXT)], [BYTES]],
    ['in ISO-8859-1, and nobody says so', ['application/json', latin(JSON_TEXT)], [BYTES]],
    ['in a charset that nobody knows', ['application/json; charset=x-unknown', JSON_TEXT], [BYTES]],
    ['as text/json', ['text/json', JSON_TEXT], []],
    ['as text/json in ISO-8859-1', ['text/json; charset=iso-8859-1', latin(JSON_TEXT)], []],
    ['as a vendor’s', ['application/vnd.api+json; charset=utf-8', JSON_TEXT], []],
    ['as text', ['text/plain', JSON_TEXT], [BYTES]],
    ['cut', ['application/json', JSON_TEXT.slice(0, -1)], [BYTES]],
    ['behind a byte order mark', ['application/json', `\uFEFF${JSON_TEXT}`], [BYTES]],
  ])('%s, against JSON in UTF-8', (_, candidate, expected) => {
    expect(found(control, candidate)).toEqual(expected);
  });

  it.each([
    ['NaN', '{"a":NaN}', '{"a":null}'],
    ['NaN for a number', '{"a":NaN}', '{"a":1}'],
    ['Infinity', '{"a":-Infinity}', '{"a":-1e999}'],
    ['a comma too much', '{"a":1,}', '{"a":1}'],
  ])('%s is none: of one side it is a difference, and of both the bytes count', (_, broken, sound) => {
    const of = (text: string): Body => ['application/json', text];
    expect(found(of(sound), of(broken))).toEqual([BYTES]);
    expect(found(of(broken), of(sound))).toEqual(['(the answer): type other body→json']);
    expect(found(of(broken), of(broken))).toEqual([]);
    expect(found(of(broken), of(broken.replace('a', 'b')))).toEqual([HASH]);
  });

  it('in any charset is read for the coverage', () => {
    const facts = answerFacts(rules, side('direct', ['text/json; charset=iso-8859-1', latin(JSON_TEXT)]));
    expect(facts).toContain('shape /name string');
  });
});

describe('texts', () => {
  const TEXT = 'São João';
  const control: Body = ['text/plain; charset=utf-8', TEXT];
  it.each<[string, Body, string[]]>([
    ['in ISO-8859-1', ['text/plain; charset=ISO-8859-1', latin(TEXT)], []],
    ['in UTF-16', ['text/plain; charset=utf-16le', utf16(TEXT)], []],
    ['in UTF-8, as is the default', ['text/plain', TEXT], []],
    ['said to be ISO-8859-1, and in UTF-8', ['text/plain; charset=ISO-8859-1', TEXT], [HASH]],
    ['in a charset that nobody knows', ['text/plain; charset=x-unknown', TEXT], [HASH]],
    ['another text', ['text/plain; charset=ISO-8859-1', latin('Sao Joao')], [HASH]],
    ['nothing', ['text/plain', ''], ['(the answer): type other body→empty body']],
  ])('%s, against UTF-8', (_, candidate, expected) => {
    expect(found(control, candidate)).toEqual(expected);
  });

  it('in a charset that nobody knows are their bytes', () => {
    const unknown = (text: string, charset = 'x-unknown'): Body => [`text/plain; charset=${charset}`, text];
    expect(found(unknown(TEXT), unknown(TEXT))).toEqual([]);
    expect(found(unknown(TEXT), unknown('Sao'))).toEqual([HASH]);
    const [a, b] = [side('direct', unknown(TEXT)), side('gateway', unknown(TEXT, 'x-other'))];
    expect(compareAnswers(rules, a, b, NOON).differences.map(differenceText)).toEqual([HASH]);
  });

  it('that are none are their bytes', () => {
    const image = (...bytes: number[]): Body => ['image/png', Buffer.from([0x89, 0x50, 0xff, ...bytes])];
    expect(found(image(1), image(1))).toEqual([]);
    expect(found(image(1), image(2))).toEqual([HASH]);
  });
});

it('a body that is not to be unpacked stays so in a sample', () => {
  const [a, b] = [
    answer({ body: JSON_TEXT }),
    answer({ path: 'gateway', body: JSON_TEXT, headers: { 'content-encoding': 'gzip' } }),
  ];
  const sample = { route: 'leads.get', at: NOON, differences: [], control: a, candidate: b };
  const thawed = thaw(fixtureSchema.parse(JSON.parse(JSON.stringify(freeze(sample, rules, Math.random)))));
  expect(compareAnswers(rules, thawed.control, thawed.candidate, NOON).differences.map(differenceText)).toEqual([
    '(the answer): type json→unreadable body',
  ]);
});

it('a charset is looked for in what the media type says, and nowhere else', () => {
  expect(textOf(latin('é'), 'text/html; charset=latin1')).toBe('é');
  expect(textOf(latin('é'), 'text/html')).toBeUndefined();
  expect(textOf(latin('é'), undefined)).toBeUndefined();
  expect(textOf(Buffer.from('é'), undefined)).toBe('é');
});
