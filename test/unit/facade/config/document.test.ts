import { describe, expect, it } from 'vitest';
import { MAX_PROBLEMS } from '../../../../src/facade/config/problem.ts';
import { facadeConfigSchema } from '../../../../src/facade/config/schema.ts';
import { GET_LEAD, problemsOf, reportOf, withRows } from './support.ts';

const TOP_LEVEL = Object.keys(facadeConfigSchema.shape).join(', ');

describe('a text that is not the YAML we read', () => {
  it.each([
    [
      'a tab as indentation',
      'routes:\n\t- id: x',
      '2:1  the file: a tab is no indentation in YAML; indent with spaces',
    ],
    [
      'an open quote',
      'a: "b',
      '1:6  the file: missing closing "quote; look at the indentation, colons and quotes here and just above',
    ],
    [
      'two documents',
      'a: 1\n---\nb: 2',
      '2:1  the file: a second document begins here; keep one document in the file, without --- between',
    ],
    ['an alias without an anchor', 'a: 1\nb: *x', '2:4  b: *x names no anchor above; write the value out'],
    ['an alias that contains itself', 'a: &a\n  b: *a', '2:6  a.b: *a contains itself; write the value out'],
    [
      'a key that is a list',
      '[a]: 1',
      '1:1  the file: the key is a list, a map or an alias; write plain words as keys',
    ],
    [
      'a text of many pages',
      `a: 1\nb: "${'x'.repeat(5_000)}"`,
      '2:4  the file: the text is longer than 4096 characters; write a shorter one',
    ],
    ['nothing', '', `1:1  the file: is empty; write a map with the keys ${TOP_LEVEL}`],
    ['a list', '- a', `1:1  the file: a list is of the wrong type; write a map with the keys ${TOP_LEVEL}`],
  ])('is refused with its place: %s', (_, text, line) => {
    expect(reportOf(text)).toEqual([line]);
  });

  it('names a key that is written twice by its route, and still judges the rest', () => {
    const text = withRows(`${GET_LEAD}\nrollout: { gateway: 300 }`);
    expect(reportOf(text)).toEqual(
      [
        '9:5  routes[0] (leads.get).rollout: the key is written twice; keep one of the two',
        // The position is that of the first of the two, the value that of the last, which would win.
        '8:25  routes[0] (leads.get).rollout.gateway: 300 is out of range; write a number from 0 to 100',
      ].toSorted(),
    );
  });

  it('does not run what a tag promises', () => {
    expect(reportOf(withRows(GET_LEAD.replace('leads.get', '!!js/function leads.get'))).join('\n')).toContain(
      'the !tag means nothing here; write plain YAML, without !tags',
    );
  });

  it.each([
    ['aliases that multiply', nestedAliases(9, 12), 'aliases (*name) multiply without end'],
    ['a hundred thousand open lists', '['.repeat(100_000), 'the nesting is too deep to be read'],
    ['a hundred thousand nested list items', '- '.repeat(100_000), 'the nesting is too deep to be read'],
    ['more than 1 MiB', `#${'x'.repeat(1_048_576)}\n`, 'the file is larger than 1 MiB'],
    ['more than 1 MiB in bytes alone', `#${'é'.repeat(600_000)}\n`, 'the file is larger than 1 MiB'],
    ['very many words', `x: [${'1,'.repeat(200_000)}]`, 'the file holds more than 200000 words and signs'],
    ['very many aliases', `x: &x 1\ny: [${'*x,'.repeat(1_001)}]`, 'there are more than 1000 aliases (*name)'],
  ])('is refused in bounded time when it is meant to exhaust the reader: %s', (_, text, message) => {
    const problems = problemsOf(text);
    expect(problems.map((problem) => problem.message)).toContain(message);
    expect(problems.length).toBeLessThanOrEqual(MAX_PROBLEMS + 1);
  });

  it.each([
    ['unknown keys', (i: number) => `key${i}: 1\n`, 'unknown key; known here:'],
    ['keys that are written twice', () => 'server: {}\n', 'the key is written twice; keep one of the two'],
    ['aliases without an anchor', (i: number) => `key${i}: *x\n`, '*x names no anchor above; write the value out'],
  ])('tells the first of many faults and how many more there are: %s', (_, line, words) => {
    const report = reportOf(`${withRows(GET_LEAD)}${Array.from({ length: 1_000 }, (_, i) => line(i)).join('')}`);
    expect(report).toHaveLength(MAX_PROBLEMS + 1);
    for (const one of report.slice(0, MAX_PROBLEMS)) expect(one).toContain(words);
    expect(report.at(-1)).toMatch(/^\d+:\d+  the file: and 9(?:79|80) more from here on; mend those above first$/);
  });
});

/** `levels` lists, each of `width` aliases of the one before: width^levels values when followed. */
function nestedAliases(levels: number, width: number): string {
  const line = (i: number) =>
    `a${i}: &a${i} [${Array(width)
      .fill(i === 0 ? 'x' : `*a${i - 1}`)
      .join(', ')}]`;
  return Array.from({ length: levels }, (_, i) => line(i)).join('\n');
}
