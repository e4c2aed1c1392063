import { describe, expect, it } from 'vitest';
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
    ['an alias without an anchor', 'a: 1\nb: *x', '2:4  the file: *x names no anchor above; write the value out'],
    ['an alias that contains itself', 'a: &a\n  b: *a', '2:6  the file: *a contains itself; write the value out'],
    ['nothing', '', `1:1  the file: is empty; write a map with the keys ${TOP_LEVEL}`],
    ['a list', '- a', `1:1  the file: a list is of the wrong type; write a map with the keys ${TOP_LEVEL}`],
  ])('is refused with its place: %s', (_, text, line) => {
    expect(reportOf(text)).toEqual([line]);
  });

  it('names a key that is written twice by its row, and still judges the rest', () => {
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
    ['more than 8 MiB', `#${'x'.repeat(8 * 1_048_576)}\n`, 'the file is larger than 8 MiB'],
  ])('is refused in bounded time when it is meant to exhaust the reader: %s', (_, text, message) => {
    const problems = problemsOf(text);
    expect(problems.map((problem) => problem.message)).toContain(message);
    expect(problems.length).toBeLessThanOrEqual(10);
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
