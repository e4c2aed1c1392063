import { describe, expect, it } from 'vitest';
import { ROLLOUT_WARNINGS } from '../../../../src/facade/steer/rollout-warnings.ts';
import { CONTACT2SALE } from '../../../../src/c2s/pair/contact2sale.ts';
import { configOf, ENV, GET_LEAD, reportOf, withPart, withRows } from './support.ts';

const REMEDY = 'write 1 or more, or leave it out for no limit; rollout.shadow: 0 copies nothing';

describe('perDay', () => {
  it.each([
    ['0', `0 is out of range; ${REMEDY}`],
    ['-5', `-5 is out of range; ${REMEDY}`],
    ['1.5', 'a whole number'],
    ['"500"', '"500"'],
    ['1e999', 'Infinity'],
    ['.nan', 'nan'],
    ['10/day', '10/day'],
    ['', 'is empty; write a whole number of at least 1'],
    ['1e20', '100000000000000000000'],
  ])('%s is refused with what to write', (written, said) => {
    const reports = [
      reportOf(withPart(`compare: { perDay: ${written} }`)),
      reportOf(withRows(`${GET_LEAD}\ncompare: { perDay: ${written} }`)),
    ];
    for (const [index, report] of reports.entries()) {
      expect(report).toHaveLength(1);
      expect(report[0]).toContain(index === 0 ? 'compare.perDay' : 'routes[0] (leads.get).compare.perDay');
      expect(report[0]?.toLowerCase()).toContain(said.toLowerCase());
    }
  });

  it.each([1, 500, 1_000_000])('%d is taken', (perDay) => {
    expect(configOf(withPart(`compare: { perDay: ${perDay} }`)).compare.perDay).toBe(perDay);
  });
});

const SHADOWED = GET_LEAD.replace('{ gateway: 0 }', '{ gateway: 0, shadow: 10 }');
const TAGS = 'id: tags.list\ndirect: GET /integration/tags\ngateway: GET /tags\nrollout: { gateway: 0, shadow: 10 }';

/** The warnings of this kind. */
function warned(parts: string, ...rows: string[]): string[] {
  const config = configOf(`${parts}\n${withRows(...rows)}`);
  const input = { config, variables: ENV, pairVariables: CONTACT2SALE.variables, seen: undefined, verdicts: undefined };
  return ROLLOUT_WARNINGS.flatMap((warn) => warn(input))
    .filter(({ kind }) => kind === 'per-day-too-small')
    .map(({ path, message, remedy }) => `${path.join('.')}: ${message}; ${remedy}`);
}
const own = (perDay: number) => `${SHADOWED}\ncompare: { perDay: ${perDay} }`;

describe('per-day-too-small', () => {
  it.each<[string, string, string[], string[]]>([
    ['no limit', 'compare: {}', [SHADOWED], []],
    ['no shadows', 'compare: { perDay: 1 }', [GET_LEAD], []],
    ['enough for a day', 'compare: { perDay: 500 }', [SHADOWED], []],
    [
      'of all',
      'compare: { perDay: 200, window: 7d }',
      [SHADOWED],
      [
        'compare.perDay: perDay 200 takes 2 days for what is asked of 1 route with shadows (250 requests); raise perDay, or shadow fewer routes at a time',
      ],
    ],
    [
      'of all, for two',
      'compare: { perDay: 100, window: 7d }',
      [SHADOWED, TAGS],
      [
        'compare.perDay: perDay 100 takes 5 days for what is asked of 2 routes with shadows (500 requests); raise perDay, or shadow fewer routes at a time',
      ],
    ],
    [
      'of one, beyond the window',
      'compare: { window: 1d }',
      [own(100)],
      [
        'routes.0.compare.perDay: perDay 100 takes 3 days for what is asked of leads.get (250 requests), and compare.window (24h) forgets it before; raise perDay, or lengthen compare.window to 4d',
      ],
    ],
    [
      'of one, longer than a window can be',
      'compare: { window: 90d }',
      [own(1)],
      [
        'routes.0.compare.perDay: perDay 1 takes 250 days for what is asked of leads.get (250 requests), and compare.window (90d) forgets it before; raise perDay to 3 or more, and lengthen compare.window to 90d',
      ],
    ],
  ])('%s', (_, parts, rows, expected) => expect(warned(parts, ...rows)).toEqual(expected));
});
