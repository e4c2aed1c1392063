import { describe, expect, test } from 'vitest';
import type { AutopilotReport, Snapshot } from '../../../../../src/facade/admin/console/model.ts';
import { needsOf, needsText } from '../../../../../src/facade/admin/console/needs.ts';
import { pathOf, rolloutOf, routeOf, snapshotOf } from './routes-of-a-test.ts';

const needsIn = (snapshot: Snapshot, more: object = {}) =>
  needsOf({ snapshot, autopilot: [], unknownWrites: 0, deadLetters: 0, ...more });
const proposal = { gateway: 5, diff: '', command: '' };
const report = (route: string): AutopilotReport =>
  ({ route, why: 'every gate holds', proposal, evidence: { gates: {} } }) as unknown as AutopilotReport;
const steering = { behind: 0, isKillSwitchKept: true };

describe('what needs a human', () => {
  test.each([
    ['an open breaker', { paths: { gateway: pathOf(0, { breaker: 'open' as const }) } }, 'gateway: breaker open'],
    [
      'a half-open one',
      { paths: { direct: pathOf(0, { breaker: 'half-open' as const }) } },
      'direct: breaker half-open',
    ],
    [
      'a token that is refused',
      { paths: { gateway: pathOf(0, { fault: 'upstream_credentials' as const }) } },
      'gateway: token not accepted',
    ],
    [
      'attempts that fail',
      { trouble: { text: 'gateway: 3 of 9 attempts failed', isDown: false } },
      'gateway: 3 of 9 attempts failed',
    ],
  ])('%s is red', (_, more, text) => {
    expect(needsIn(snapshotOf([routeOf('a', more), routeOf('b')]))).toEqual([
      { level: 'bad', route: 'a', text, href: '#/routes/a' },
    ]);
  });

  test('a route that serves and is not ready is looked at; one that does not serve yet is not', () => {
    const parity = { verdict: 'not ready', ratio: 0.5, compared: 90 };
    const routes = [routeOf('a', { parity, rollout: rolloutOf(25) }), routeOf('b', { parity })];
    expect(needsIn(snapshotOf(routes))).toMatchObject([
      { level: 'warn', route: 'a', text: 'serves 25 % and is not ready' },
    ]);
  });

  test('a route stands there once, by what is worst of it, and keeps what is proposed for it', () => {
    const paths = { direct: pathOf(), gateway: pathOf(0, { breaker: 'open' as const }) };
    const parity = { verdict: 'not ready', compared: 90 };
    const snapshot = snapshotOf([routeOf('a', { paths, parity, rollout: rolloutOf(25) })]);
    expect(needsIn(snapshot, { autopilot: [report('a')] })).toEqual([
      {
        level: 'bad',
        route: 'a',
        text: 'gateway: breaker open',
        detail: 'serves 25 % and is not ready; autopilot proposes 5 %',
        href: '#/routes/a',
        proposed: 5,
      },
    ]);
  });

  test.each([
    [{ database: 'cannot be opened (refused)', steering }, 'Database: cannot be opened (refused)'],
    [{ database: 'open', databaseSilence: 42.2, steering }, 'Database: no answer for 42 s'],
  ])('a store that is away is red: %o', (shared, text) => {
    expect(needsIn(snapshotOf([], { shared }))).toMatchObject([{ level: 'bad', text, href: '#/instance' }]);
  });

  test('an upstream whose health checks fail is red, and one that is not checked is not told of', () => {
    const upstreams = { direct: { health: 'unchecked' as const }, gateway: { health: 'unhealthy' as const } };
    expect(needsIn(snapshotOf([], { upstreams }))).toMatchObject([
      {
        level: 'bad',
        text: 'Health checks of gateway fail',
        detail: 'Routes with fallback: direct are served by direct.',
      },
    ]);
  });

  test('a route of which direct drifts is looked at', () => {
    const parity = { verdict: 'ready', compared: 9, drift: 2 };
    expect(needsIn(snapshotOf([routeOf('a', { parity })]))).toMatchObject([{ level: 'warn', route: 'a' }]);
  });

  test('a kill switch that is on is not forgotten', () => {
    expect(needsIn(snapshotOf([], { killSwitch: true }))).toMatchObject([{ level: 'warn', text: 'Kill switch' }]);
  });

  test.each([{ database: 'open', databaseSilence: 3, steering }, { database: 'none', steering }, undefined])(
    'of a store that answers, or is not wanted, nothing is said: %o',
    (shared) => {
      expect(needsIn(snapshotOf([], shared ? { shared } : {}))).toEqual([]);
    },
  );

  test('red stands before what is only to be looked at, and that before what may be done', () => {
    const trouble = { text: 'x', isDown: false };
    const snapshot = snapshotOf([routeOf('a'), routeOf('b', { trouble })]);
    const needs = needsIn(snapshot, { autopilot: [report('a')], unknownWrites: 1, deadLetters: 2 });
    expect(needs.map(({ level, route, text }) => [level, route ?? text])).toEqual([
      ['bad', 'b'],
      ['warn', '1 unknown write'],
      ['warn', '2 failed enrichments'],
      ['info', 'a'],
    ]);
    expect(needsText(needs)).toBe('2 routes and 2 other things need you');
  });

  test.each([
    [0, 0, 'nothing needs you'],
    [1, 0, '1 route needs you'],
    [3, 0, '3 routes need you'],
    [0, 1, '1 other thing needs you'],
    [1, 1, '1 route and 1 other thing need you'],
  ])('%i routes and %i other things: %s', (routes, others, text) => {
    const of = (route?: string) => ({ level: 'bad' as const, text: 'x', href: '#/', ...(route && { route }) });
    const needs = [
      ...Array.from({ length: routes }, (_, i) => of(`r${i}`)),
      ...Array.from({ length: others }, () => of()),
    ];
    expect(needsText(needs)).toBe(text);
  });
});
