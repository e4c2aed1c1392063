import { expect, test } from 'vitest';
import type { RouteView, UpstreamView } from '../../../../src/facade/admin/routes.ts';
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
