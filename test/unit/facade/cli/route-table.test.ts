import { expect, test } from 'vitest';
import type { RouteView, UpstreamView } from '../../../../src/facade/admin/routes.ts';
import type { ShadowBudgetView } from '../../../../src/facade/compare/shadow-budget.ts';
import type { Style } from '../../../../src/facade/cli/context.ts';
import { renderHeading, renderRoutes } from '../../../../src/facade/cli/route-table.ts';

const plain = (text: string): string => text;
const style = new Proxy({}, { get: () => plain }) as Style;

test.each<[string, UpstreamView, string[]]>([
  ['is healthy', { health: 'healthy', result: 'success', status: 200 }, []],
  ['is not checked', { health: 'unchecked', result: undefined, status: undefined }, []],
  [
    'is unhealthy',
    { health: 'unhealthy', result: 'timeout', status: undefined },
    ['gateway UNHEALTHY: its health checks fail (timeout)'],
  ],
  [
    'is recovering',
    { health: 'unhealthy', result: 'success', status: 200, recovery: { succeeded: 1, needed: 2 } },
    ['gateway recovering: 1 of 2 checks succeeded'],
  ],
  [
    'has a path that is not there',
    { health: 'unproven', result: 'unexpected_status', status: 404 },
    [
      'gateway: health checks say nothing (unexpected_status 404); correct upstreams.gateway.health.path or expectedStatuses',
    ],
  ],
])('the heading says of an upstream that %s', (_name, gateway, lines) => {
  const heading = renderHeading({ digest: 'abc', killSwitch: false, routes: [], upstreams: { gateway } }, style);
  expect(heading.split('\n').slice(1)).toEqual(lines);
});

test.each([
  ['half-open', 0, 'gw half-open'],
  ['half-open', 5, 'gw half-open 5 %'],
  ['open', undefined, 'gw open'],
])('a breaker that is %s at %s is shown as %s', (breaker, ramp, text) => {
  const path = { endpoints: [], ramp: undefined, fault: undefined, lastMinute: undefined, lastHour: undefined };
  const route: RouteView = {
    ...{ id: 'leads.get', stage: 'gateway', safety: 'safe', deadlines: {}, autopilot: null, lastHourShare: null },
    rollout: { gateway: 100, shadow: 0, stickyBy: 'leadId', fallback: 'direct' },
    paths: { direct: { ...path, breaker: 'closed' }, gateway: { ...path, breaker, ramp } },
    trouble: undefined,
  };
  expect(renderRoutes([route], 120, style)).toMatch(new RegExp(`${text}$`, 'm'));
});

const BUDGET = { resetsAt: '2026-11-25T00:00:00.000Z', isShared: true, all: undefined, routes: {} };
const SOME = { perDay: 500, left: 120, isSpent: false };
const SPENT = { perDay: 100, left: 0, isSpent: true };
const ANEW = '; a new day at 2026-11-25 00:00:00Z';
const seven = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((id) => [id, id === 'g' ? SPENT : SOME]));
test.each<[string, ShadowBudgetView | undefined, string[]]>([
  ['no limit', undefined, []],
  ['one of all', { ...BUDGET, all: SOME }, [`comparison today: 120 of 500 requests left${ANEW}`]],
  [
    'one of all that is spent',
    { ...BUDGET, all: SPENT },
    [`comparison today: paused, the 100 requests of perDay are spent${ANEW}`],
  ],
  [
    'one of a route alone',
    { ...BUDGET, routes: { 'leads.get': SOME } },
    [`comparison of leads.get today: 120 of 500 requests left${ANEW}`],
  ],
  [
    'both, of a process',
    { ...BUDGET, all: SOME, routes: { 'leads.get': SPENT }, isShared: false },
    [
      `comparison today: 120 of 500 requests left${ANEW} (counts of this process)`,
      'comparison of leads.get today: paused, the 100 requests of perDay are spent',
    ],
  ],
  [
    'of many routes those that are spent first',
    { ...BUDGET, routes: seven },
    [
      `comparison of g today: paused, the 100 requests of perDay are spent${ANEW}`,
      ...['a', 'b', 'c', 'd'].map((id) => `comparison of ${id} today: 120 of 500 requests left`),
      'comparison of 2 more routes today: see --json',
    ],
  ],
])('the heading says of the requests of the day: %s', (_name, shadowBudget, lines) => {
  const heading = renderHeading({ digest: 'abc', killSwitch: false, routes: [], shadowBudget }, style);
  expect(heading.split('\n').slice(1)).toEqual(lines);
});
