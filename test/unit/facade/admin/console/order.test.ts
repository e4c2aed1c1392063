import { describe, expect, test } from 'vitest';
import {
  DEFAULT_SORT,
  isActive,
  nextSort,
  sorted,
  type SortKey,
} from '../../../../../src/facade/admin/console/order.ts';
import { minuteOf, pathOf, rolloutOf, routeOf } from './routes-of-a-test.ts';

const paths = (attempts: number, failed = 0, p95: number | null = null) => ({
  direct: pathOf(attempts, { lastMinute: minuteOf(attempts, failed, p95) }),
  gateway: pathOf(),
});
const ROUTES = [
  routeOf('idle'),
  routeOf('busy', { paths: paths(900, 9, 10) }),
  routeOf('canary', { stage: 'canary', rollout: rolloutOf(25), paths: paths(10, 5, 40) }),
  routeOf('shadow', { stage: 'shadow', parity: { verdict: 'ready', ratio: 0.9, compared: 5 } }),
  routeOf('gateway', {
    stage: 'gateway',
    rollout: rolloutOf(100),
    paths: paths(20),
    parity: { verdict: 'ready', ratio: 1, compared: 9 },
  }),
];
const names = (key: SortKey, isDescending: boolean) => sorted(ROUTES, { key, isDescending }).map(({ id }) => id);

describe('the order of the board', () => {
  test('first what is being moved, then what serves, and at the end what nobody asks', () => {
    expect(names('active', false)).toEqual(['canary', 'shadow', 'gateway', 'busy', 'idle']);
    expect(ROUTES.filter(isActive).map(({ id }) => id)).toEqual(['busy', 'canary', 'shadow', 'gateway']);
  });

  test.each([
    ['name', false, ['busy', 'canary', 'gateway', 'idle', 'shadow']],
    ['share', true, ['gateway', 'canary', 'idle', 'busy', 'shadow']],
    ['attempts', true, ['busy', 'gateway', 'canary', 'idle', 'shadow']],
    ['failures', true, ['canary', 'busy', 'idle', 'shadow', 'gateway']],
    ['p95', true, ['canary', 'busy', 'idle', 'shadow', 'gateway']],
    ['parity', true, ['gateway', 'shadow', 'idle', 'busy', 'canary']],
  ] as const)('by %s; equal ones stay in the order of the table', (key, isDescending, expected) => {
    expect(names(key, isDescending)).toEqual(expected);
  });

  test('a column is first sorted by what is most, then the other way round, then no more', () => {
    const first = nextSort(DEFAULT_SORT, 'share');
    const second = nextSort(first, 'share');
    expect([first, second, nextSort(second, 'share')]).toEqual([
      { key: 'share', isDescending: true },
      { key: 'share', isDescending: false },
      DEFAULT_SORT,
    ]);
    expect(nextSort(DEFAULT_SORT, 'name')).toEqual({ key: 'name', isDescending: false });
  });
});
