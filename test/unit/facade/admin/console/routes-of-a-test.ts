import type { LastMinute, PathJson, RouteJson, Snapshot } from '../../../../../src/facade/admin/console/model.ts';

/** Routes and snapshots as the live stream has them, for the tests of the console. */

export const minuteOf = (attempts: number, failedAttempts = 0, p95: number | null = null): LastMinute => ({
  ...{ requests: attempts, failures: 0, attempts, failedAttempts, failovers: 0 },
  ...{ p50: null, p95, p99: null },
});

export const pathOf = (attempts = 0, more: Partial<PathJson> = {}): PathJson => ({
  endpoints: ['GET /things'],
  breaker: 'closed',
  lastMinute: minuteOf(attempts),
  lastHour: minuteOf(attempts),
  ...more,
});

export const routeOf = (id: string, more: Partial<RouteJson> = {}): RouteJson => ({
  id,
  stage: 'direct',
  safety: 'safe',
  rollout: { gateway: 0, shadow: 0, stickyBy: 'thingId', fallback: 'direct' },
  autopilot: null,
  paths: { direct: pathOf(), gateway: pathOf() },
  lastHourShare: null,
  ...more,
});

export const rolloutOf = (gateway: number, more: Partial<RouteJson['rollout']> = {}): RouteJson['rollout'] => ({
  ...{ gateway, shadow: 0, stickyBy: 'thingId', fallback: 'direct' },
  ...more,
});

export const snapshotOf = (routes: readonly RouteJson[], more: Partial<Snapshot> = {}): Snapshot => ({
  at: 1_000_000,
  digest: 'abc',
  killSwitch: false,
  killSwitchBy: [],
  gateway: true,
  extensionRoutes: [],
  routes,
  ...more,
});
