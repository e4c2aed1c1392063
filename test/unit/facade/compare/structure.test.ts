import { describe, expect, it } from 'vitest';
import { compareAnswers } from '../../../../src/facade/compare/compare.ts';
import { bodyFacts } from '../../../../src/facade/compare/coverage.ts';
import { fixtureSchema, freeze, thaw } from '../../../../src/facade/compare/fixture.ts';
import { textOf } from '../../../../src/facade/compare/groups.ts';
import type { PathAnswer } from '../../../../src/facade/compare/comparison.ts';
import { answer, NOON, rulesWith } from './support.ts';

const NAMES = [...Object.getOwnPropertyNames(Object.prototype), '_t', 'length', 'id'];
const EVERYTHING = `ignore: ['$.gone']
tolerate: [{ path: '$.near', number: 1 }]
unordered: [{ path: '$.bag' }]`;

const side = (path: 'direct' | 'gateway', body: string): PathAnswer => answer({ path, body });
const found = (control: string, candidate: string, compare = ''): string[] =>
  compareAnswers(rulesWith(compare), side('direct', control), side('gateway', candidate), NOON).differences.map(textOf);

describe.each(['', EVERYTHING])('members named as those of every object, with the rules "%s"', (rules) => {
  it.each(NAMES)('%s', (name) => {
    const key = JSON.stringify(name);
    expect(found(`{"a":1,${key}:1}`, '{"a":1}', rules)).toEqual([`/${name}: missing number→absent`]);
    expect(found('{"a":1}', `{"a":1,${key}:1}`, rules)).toEqual([`/${name}: extra absent→number`]);
    expect(found(`{${key}:1}`, `{${key}:2}`, rules)).toEqual([`/${name}: value number→number`]);
    expect(found(`{${key}:null}`, `{${key}:{}}`, rules)).toEqual([`/${name}: type null→empty object`]);
    expect(
      found(`{"b":[{"id":1,${key}x:{${key}:{"c":1}}}]}`.replace('"x', 'x"'), '{"b":[{"id":1}]}', rules),
    ).toHaveLength(1);
    expect(found(`{"a":{${key}:{"b":1}}}`, `{"a":{${key}:{"b":"1"}}}`, rules)).toEqual([
      `/a/${name}/b: type number→string`,
    ]);
    expect(found(`{"a":{${key}:1},"b":2}`, `{"b":2, "a":{${key}:1}}`, rules)).toEqual([]);
  });

  it.each(NAMES)('%s, in items of a list that is longer than what is matched', (name) => {
    const key = JSON.stringify(name);
    const list = (last: string) => `{"l":[${'{"x":1},'.repeat(300)}${last}]}`;
    expect(found(list(`{${key}:1}`), list('{}'), rules)).toHaveLength(1);
    expect(found(list(`{"y":1}`), list(`{${key}:1}`), rules)).toHaveLength(1);
    expect(found(list(`{${key}:1,"y":1}`), list(`{"y":1, ${key}:1}`), rules)).toEqual([]);
  });

  it.each(NAMES)('%s stays told when the sample is frozen and thawed', (name) => {
    const rule = rulesWith(rules);
    const [control, candidate] = [side('direct', `{${JSON.stringify(name)}:"x"}`), side('gateway', '{}')];
    for (const reveal of [true, false]) {
      const sample = { route: 'leads.get', at: NOON, differences: [], control, candidate };
      const thawed = thaw(fixtureSchema.parse(JSON.parse(JSON.stringify(freeze(sample, rule, Math.random, reveal)))));
      const { differences } = compareAnswers(rule, thawed.control, thawed.candidate, NOON);
      expect(differences.map(textOf)).toEqual([`/${name}: missing string→absent`]);
    }
  });
});

it.each(NAMES)('rules name %s, too', (name) => {
  const [key, path] = [JSON.stringify(name), `$['${name}']`];
  expect(found(`{${key}:1}`, '{}', `ignore: ["${path}"]`)).toEqual([]);
  expect(found(`{${key}:1}`, `{${key}:1.5}`, `tolerate: [{ path: "${path}", number: 0.5 }]`)).toEqual([]);
  expect(found(`{${key}:[1,2]}`, `{${key}:[2,1]}`, `unordered: [{ path: "${path}" }]`)).toEqual([]);
  expect(
    found(
      `{"l":[{${key}:1,"n":1},{${key}:2,"n":2}]}`,
      `{"l":[{${key}:2,"n":2},{${key}:1,"n":3}]}`,
      `unordered: [{ path: $.l, by: ${key} }]`,
    ),
  ).toEqual(['/l/*/n: value number→number']);
  const facts = bodyFacts(200, undefined, Buffer.from(`{${key}:null}`));
  expect(facts).toContain(`shape /${name} null`);
});

it('a text that mentions __proto__ is a text, and its document one like any other', () => {
  const [a, b] = ['{"n":1,"text":"of __proto__"}', '{"text":"of __proto__","n":1}'];
  expect(found(a, b)).toEqual([]);
  expect(found(a, '{"n":1,"text":"another"}')).toEqual(['/text: value string→string']);
});

describe('what is tolerated', () => {
  const many = (item: (i: number) => unknown, count = 400) =>
    JSON.stringify({ l: Array.from({ length: count }, (_, i) => item(i)) });
  const rules = `tolerate: [{ path: $..n, number: 0.1 }, { path: $..at, time: 1s }]`;
  const row = (by: number) => (i: number) => ({
    n: i + by,
    at: new Date(NOON + i * 60_000 + by * 5_000).toISOString(),
  });

  it.each([3, 256, 257, 400])('is so in a list of %d', (count) => {
    expect(found(many(row(0), count), many(row(0.1), count), rules)).toEqual([]);
    expect(found(many(row(0), count), many(row(0.3), count), rules)).not.toEqual([]);
    expect(found(many(row(0), count), many(row(0.1), count))).not.toEqual([]);
  });

  it('is so in a long list of bare numbers, and in one within another', () => {
    const deep = `tolerate: [{ path: '$.l[*][*]', number: 0.1 }]`;
    expect(
      found(
        many((i) => [i]),
        many((i) => [i + 0.1]),
        deep,
      ),
    ).toEqual([]);
    expect(
      found(
        many((i) => [i]),
        many((i) => [i + 0.2]),
        deep,
      ),
    ).toEqual(['/l: value list→list']);
    expect(
      found(
        many((i) => [i]),
        many((i) => [i, i]),
        deep,
      ),
    ).toEqual(['/l: value list→list']);
  });
});
