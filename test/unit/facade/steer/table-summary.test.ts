import { expect, test } from 'vitest';
import { CONTACT2SALE } from '../../../../src/c2s/pair/contact2sale.ts';
import { compileRoutes } from '../../../../src/facade/rollout/compile.ts';
import { summaryText, tableSummary, type TableSummary } from '../../../../src/facade/steer/table-summary.ts';
import { configOf, withRows } from '../config/support.ts';

const stages = { direct: 22, shadow: 2, canary: 3, gateway: 0, retired: 0 };
const SUMMARY: TableSummary = {
  routes: 27,
  stages,
  killSwitch: [],
  gateway: 'http://gateway.test:8001',
  hasRollouts: true,
};
const ALL_DIRECT = 'every route is direct';

test.each([
  ['a gateway', {}, '27 routes: 22 direct, 2 shadow, 3 canary; kill switch off; gateway http://gateway.test:8001'],
  [
    'no gateway',
    { gateway: undefined },
    `27 routes: 22 direct, 2 shadow, 3 canary; kill switch off; no gateway: ${ALL_DIRECT}`,
  ],
  [
    'a kill switch',
    { killSwitch: ['admin', 'file'] },
    `27 routes: 22 direct, 2 shadow, 3 canary; kill switch on (admin, file): ${ALL_DIRECT}; gateway http://gateway.test:8001`,
  ],
  [
    'a database that was not read',
    { hasRollouts: false, killSwitch: ['unknown'] },
    `27 routes: 22 direct, 2 shadow, 3 canary; the flips of the database were not read yet; kill switch not known yet: ${ALL_DIRECT}; gateway http://gateway.test:8001`,
  ],
  [
    'one route',
    { routes: 1, stages: { ...stages, direct: 0, shadow: 0, canary: 0, retired: 1 } },
    '1 route: 1 retired; kill switch off; gateway http://gateway.test:8001',
  ],
] as const)('%s', (_what, other, text) => {
  expect(summaryText({ ...SUMMARY, ...other })).toBe(text);
});

test('counts the routes by the stages of the burn-down, and shows no path of the gateway', () => {
  const rollouts = [
    [0, 0, 'direct'],
    [0, 10, 'direct'],
    [5, 0, 'direct'],
    [50, 5, 'direct'],
    [100, 0, 'direct'],
    [100, 0, 'none'],
  ] as const;
  const rows = rollouts.map(
    ([gateway, shadow, fallback], i) => `id: route${i}
direct: GET /integration/things${i}
gateway: GET /things${i}
rollout: { gateway: ${gateway}, shadow: ${shadow}, stickyBy: caller, fallback: ${fallback} }`,
  );
  const entries = compileRoutes(configOf(withRows(...rows)), CONTACT2SALE).map((model) => ({ model }));
  const upstreams = { gateway: { origin: 'https://gateway.test', prefix: '/a-key-in-the-path' } };
  const summary = tableSummary({
    dataPlane: { snapshot: { entries, upstreams } } as never,
    killSwitch: { by: [] },
    hasRollouts: true,
  });
  expect(summary).toEqual({
    routes: 6,
    stages: { direct: 1, shadow: 1, canary: 2, gateway: 1, retired: 1 },
    killSwitch: [],
    gateway: 'https://gateway.test',
    hasRollouts: true,
  });
});
