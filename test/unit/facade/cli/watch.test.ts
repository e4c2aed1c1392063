import { describe, expect, test } from 'vitest';
import type { RouteView } from '../../../../src/facade/admin/routes.ts';
import { activeFirst, noSuchRoutes } from '../../../../src/facade/cli/live.ts';
import { scrolled } from '../../../../src/facade/cli/screen.ts';

const lines = (n: number): string[] => Array.from({ length: n }, (_, i) => `line ${i + 1}`);

describe('a frame that is longer than the screen', () => {
  test.each([
    ['fits', 3, 10, 5, ['line 1', 'line 2', 'line 3'], 0],
    ['from its beginning', 9, 5, 0, ['line 1', 'line 2', 'line 3'], 0],
    ['from where it was scrolled to', 9, 5, 4, ['line 5', 'line 6', 'line 7'], 4],
    ['never beyond its end', 9, 5, 1_000_000, ['line 7', 'line 8', 'line 9'], 6],
    ['never before its beginning', 9, 5, -7, ['line 1', 'line 2', 'line 3'], 0],
  ])('%s', (_, length, rows, offset, expected, at) => {
    const view = scrolled({ head: ['head'], body: lines(length) }, rows, offset);
    expect(view.offset).toBe(at);
    expect(view.lines[0]).toBe('head');
    expect(view.lines.slice(1, 1 + expected.length)).toEqual(expected);
    expect(view.lines.length).toBeLessThanOrEqual(rows);
  });

  test('says where one is', () => {
    const { lines: shown } = scrolled({ head: ['head'], body: lines(9) }, 5, 2);
    expect(shown.at(-1)).toBe('3 to 5 of 9 lines · ↑ ↓ PgUp PgDn scroll');
  });

  test('on a screen without room for it the head is what is seen', () => {
    expect(scrolled({ head: lines(4), body: lines(4) }, 3, 0).lines).toEqual(lines(3));
  });
});

test('what is down comes first, then what is asked most, and the rest as the table has it', () => {
  const route = (id: string, attempts: number, isDown?: boolean): RouteView =>
    ({
      id,
      paths: { direct: { lastMinute: { attempts } }, gateway: { lastMinute: { attempts: 1 } } },
      ...(isDown === undefined ? {} : { trouble: { isDown, text: '' } }),
    }) as unknown as RouteView;
  const order = activeFirst([
    route('quiet', 0),
    route('busy', 9),
    route('also quiet', 0),
    route('down', 1, true),
    route('busier', 50, false),
  ]);
  expect(order.map(({ id }) => id)).toEqual(['down', 'busier', 'busy', 'quiet', 'also quiet']);
});

test.each([
  [undefined, undefined, 'The table has no routes.'],
  ['xyz', undefined, 'No route matches "xyz".'],
  [undefined, 'canary', 'No route is at the stage canary.'],
  ['xyz', 'canary', 'No route matches "xyz" and is at the stage canary.'],
])('text %s, stage %s: %s', (text, stage, expected) => {
  expect(noSuchRoutes(text, stage)).toBe(expected);
});
