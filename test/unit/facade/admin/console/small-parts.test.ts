import { describe, expect, test } from 'vitest';
import { barsOf } from '../../../../../src/facade/admin/console/bars.ts';
import { effectText } from '../../../../../src/facade/admin/console/effect.ts';
import { found } from '../../../../../src/facade/admin/console/find.ts';
import { happenedBetween } from '../../../../../src/facade/admin/console/happened.ts';
import { breakerMarks, flipMarks } from '../../../../../src/facade/admin/console/marks.ts';
import type {
  DifferenceGroupJson,
  SampleSideJson,
  TimelineJson,
} from '../../../../../src/facade/admin/console/model.ts';
import { rulesFor } from '../../../../../src/facade/admin/console/paste.ts';
import { differingPlaces } from '../../../../../src/facade/admin/console/sample-diff.ts';
import { niceTop, pathOf as linePath } from '../../../../../src/facade/admin/console/scale.ts';
import { minuteOf, pathOf, rolloutOf, routeOf, snapshotOf } from './routes-of-a-test.ts';

describe('the effect of a flip', () => {
  const route = (gateway: number, requests: number) =>
    routeOf('a', { rollout: rolloutOf(gateway), paths: { direct: pathOf(requests), gateway: pathOf() } });
  test.each([
    [
      [route(0, 1_000)],
      25,
      /^From 0 % to 25 %\. Of the 1,000 requests of the last hour about 250 move to the gateway\./,
    ],
    [[route(50, 1_000)], 5, /about 450 move back to direct/],
    [[route(5, 1_000)], 5, /^No change: the gateway has 5 %\.$/],
    [[route(0, 0)], 5, /^From 0 % to 5 %\. Nothing was asked in the last hour/],
    [[route(0, 10)], 1, /hardly any moves/],
    [
      [route(0, 100), route(100, 200)],
      50,
      /^Of the 300 requests of the last hour about 50 move to the gateway and about 100 move back to direct/,
    ],
  ])('%# says how many requests of the last hour move', (routes, share, text) => {
    expect(effectText(routes, share)).toMatch(text);
  });
});

describe('the bars of a sparkline', () => {
  test('have what went well on each path, and what failed on any', () => {
    const line = {
      direct: { attempts: [5, null], failedAttempts: [1, null] },
      gateway: { attempts: [3, 2], failedAttempts: [3, 0] },
    };
    expect(barsOf(line)).toEqual([
      { direct: 4, gateway: 0, failed: 4 },
      { direct: 0, gateway: 2, failed: 0 },
    ]);
  });
});

describe('a plot', () => {
  test.each([
    [0, 1],
    [NaN, 1],
    [0.3, 0.5],
    [1, 1],
    [1.1, 2],
    [37, 50],
    [501, 1_000],
  ])('whose highest value is %f reaches to %f', (highest, top) => {
    expect(niceTop(highest)).toBeCloseTo(top);
  });

  test('has a gap where nothing is known, and a dot for a lone point', () => {
    expect(linePath([[0, 1], [2, 3], null, [4, 5]])).toBe('M0.0 1.0L2.0 3.0M4.0 5.0h0.1');
    expect(linePath([])).toBe('');
  });

  test('shows as a span when a breaker was not closed, up to now where it still is not', () => {
    const timeline = (direct: readonly (number | null)[]) =>
      ({
        step: 10,
        at: [10, 20, 30, 40],
        paths: { direct: { breaker: direct }, gateway: { breaker: [] } },
      }) as unknown as TimelineJson;
    const span = { kind: 'breaker', text: 'breaker of direct not closed' };
    expect(breakerMarks(timeline([0, 2, 1, 0]), 44)).toEqual([{ at: 10, until: 40, ...span }]);
    expect(breakerMarks(timeline([null, 0, 0, 2]), 44)).toEqual([{ at: 30, until: 44, ...span }]);
    expect(breakerMarks(timeline([0, 0, 0, 0]), 44)).toEqual([]);
    expect(breakerMarks(undefined, 44)).toEqual([]);
  });

  test('has a mark for each flip and for the kill switch', () => {
    const line = { revision: 1, at: '1970-01-01T00:01:40Z', source: 'cli', who: 'Ana' };
    const flip = { kind: 'flip' as const, route: 'a', from: rolloutOf(0), to: rolloutOf(5, { fallback: 'none' }) };
    expect(
      flipMarks([
        { ...line, ...flip },
        { ...line, kind: 'kill-switch', from: false, to: true },
      ]),
    ).toEqual([
      { at: 100, kind: 'flip', text: 'gateway 0 % → 5 %, fallback direct → none by Ana' },
      { at: 100, kind: 'kill-switch', text: 'kill switch on by Ana' },
    ]);
  });
});

describe('a sample', () => {
  const side = (more: Partial<SampleSideJson>): SampleSideJson => ({
    path: 'direct',
    status: 200,
    headers: {},
    ms: 1,
    body: '',
    ...more,
  });
  test('is shown by the places that differ', () => {
    const control = side({ headers: { etag: 'a', vary: 'b' }, body: '{"x/y":[1,{"k":"v"}],"same":1}' });
    const candidate = side({ status: 202, headers: { vary: 'b' }, body: '{"x/y":[1,{"k":null}],"same":1,"more":{}}' });
    expect(differingPlaces({ control, candidate })).toEqual([
      { place: 'status', direct: '200', gateway: '202' },
      { place: 'header etag', direct: 'a', gateway: undefined },
      { place: '/x~1y/1/k', direct: '"v"', gateway: 'null' },
      { place: '/more', direct: undefined, gateway: '{}' },
    ]);
  });

  test('of an answer that failed, or is no JSON, shows it whole', () => {
    const control = side({ body: 'plain' });
    expect(differingPlaces({ control, candidate: side({ status: 0, failure: 'no_answer', body: '' }) })).toEqual([
      { place: 'status', direct: '200', gateway: 'no_answer' },
      { place: 'body', direct: '"plain"', gateway: '""' },
    ]);
  });

  test('has at most 50 places', () => {
    const list = (value: number) => JSON.stringify(Array.from({ length: 90 }, () => value));
    expect(differingPlaces({ control: side({ body: list(1) }), candidate: side({ body: list(2) }) })).toHaveLength(50);
  });
});

describe('the rules to paste', () => {
  const now = new Date('2026-03-01T00:00:00Z');
  const group = (path: string): DifferenceGroupJson =>
    ({ path, kind: 'missing', from: 'object', to: 'absent' }) as DifferenceGroupJson;
  test('name the place as a JSONPath and as the report does', () => {
    expect(rulesFor('things.get', group('/data/*/odd-name'), now)).toBe(
      [
        '# it means nothing: in the entry of things.get',
        'compare:',
        '  ignore:',
        `    - "$.data[*]['odd-name']"`,
        '',
        '# somebody is going to repair it: at the top level of the table',
        'knownDifferences:',
        '  - { route: things.get, path: "/data/*/odd-name", kind: missing, why: …, owner: …, expires: 2026-03-31 }',
      ].join('\n'),
    );
  });

  test.each(['', '/data/{key}'])(
    'of %j, which has no JSONPath, there is only the list of known differences',
    (path) => {
      expect(rulesFor('things.get', group(path), now)).toMatch(/^# somebody/);
    },
  );
});

describe('the palette', () => {
  const commands = ['History', 'leads.history', 'Help'].map((name) => ({ kind: 'page' as const, name, href: '#/' }));
  test.each([
    ['', ['History', 'leads.history', 'Help']],
    ['his', ['History', 'leads.history']],
    ['HIST leads', ['leads.history']],
    ['xyz', []],
  ])('finds by %j', (search, names) => {
    expect(found(commands, search).map(({ name }) => name)).toEqual(names);
  });
});

describe('what happened', () => {
  const open = { direct: pathOf(), gateway: pathOf(0, { breaker: 'open' as const }) };
  test('between two snapshots is told in words', () => {
    const before = snapshotOf([routeOf('a'), routeOf('left')]);
    const is = routeOf('a', {
      paths: open,
      stage: 'canary',
      rollout: rolloutOf(5),
      trouble: { text: 'it fails', isDown: true },
    });
    const after = snapshotOf([is, routeOf('new')], { at: 7, killSwitch: true, digest: 'def' });
    expect(happenedBetween(before, after)).toEqual([
      { at: 7, route: 'a', level: 'bad', text: 'breaker of gateway closed → open' },
      { at: 7, route: 'a', level: 'info', text: 'gateway 0 % → 5 %' },
      { at: 7, route: 'a', level: 'info', text: 'stage direct → canary' },
      { at: 7, route: 'a', level: 'bad', text: 'it fails' },
      { at: 7, level: 'info', text: 'kill switch on' },
      { at: 7, level: 'info', text: 'rollout table def serves' },
    ]);
    expect(
      happenedBetween(
        after,
        snapshotOf([routeOf('a', { ...is, paths: { direct: pathOf() } })], { at: 8, killSwitch: true, digest: 'def' }),
      ),
    ).toEqual([{ at: 8, route: 'a', level: 'good', text: 'breaker of gateway open → closed' }]);
    expect(happenedBetween(before, before)).toEqual([]);
  });

  test('counts alone are no news', () => {
    const busy = routeOf('a', { paths: { direct: { ...pathOf(), lastMinute: minuteOf(9, 2) } } });
    expect(happenedBetween(snapshotOf([routeOf('a', { paths: { direct: pathOf() } })]), snapshotOf([busy]))).toEqual(
      [],
    );
  });
});
