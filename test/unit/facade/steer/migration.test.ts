import { describe, expect, it } from 'vitest';
import { CONTACT2SALE } from '../../../../src/c2s/pair/contact2sale.ts';
import type { RolloutValues } from '../../../../src/facade/config/rollout.ts';
import type { FlipRecord } from '../../../../src/facade/rollout/flip.ts';
import { compileRoutes } from '../../../../src/facade/rollout/compile.ts';
import { migrationOf, type MigrationParts } from '../../../../src/facade/steer/migration.ts';
import { configOf } from '../config/support.ts';
import { table } from './rig.ts';

const time = (day: string) => new Date(`2026-03-${day}T12:00:00Z`);
const at = (gateway: number, more: Partial<RolloutValues> = {}): RolloutValues => {
  return { gateway, shadow: 0, stickyBy: 'leadId', fallback: 'direct', ...more };
};
let revision = 0;
const flip = (day: string, from: RolloutValues, to: RolloutValues, route = 'leads.get'): FlipRecord => {
  const by = { source: 'cli', who: 'ana', identity: 'loopback', why: undefined } as const;
  return { ...by, kind: 'flip', revision: ++revision, at: time(day), route, from, to };
};
const use = (path: string, more: object) => {
  return { route: 'leads.get', path, requested: undefined, failedOver: undefined, untranslatable: undefined, ...more };
};
const served = (path: string, requests: number, route = 'leads.get') => {
  return { route, path, requests, failures: 0, failovers: 0, untranslatable: 0 };
};
const DAYS = ['14', '15', '16', '17'].map((day) => {
  return { day: new Date(`2026-03-${day}T00:00:00Z`), route: 'leads.get', path: 'gateway', requests: 25 };
});
const read = (percent: Record<string, number>, more: Partial<MigrationParts>) =>
  migrationOf({
    now: time('20'),
    observedSince: time('01'),
    killSwitch: false,
    models: compileRoutes(configOf(table(percent)), CONTACT2SALE),
    flips: [],
    lastMinute: [],
    lastDay: [],
    lastUse: [],
    limits: { quietFor: 7 * 86_400_000, minRequests: 100 },
    quiet: [served('gateway', 100)],
    days: DAYS,
    ...more,
  });
const leads = (gateway: number, more: Partial<MigrationParts>) => read({ 'leads.get': gateway }, more).routes[0];

describe('the stage of a route', () => {
  it('is counted from the flip that brought it there, not from later ones within it', () => {
    const flips = [flip('15', at(5), at(25)), flip('10', at(0), at(5)), flip('05', at(3), at(0))];
    expect(leads(25, { flips })).toMatchObject({ stage: 'canary', gateway: 25, since: time('10'), days: 10 });
  });

  it('that never changed is as old as the history', () => {
    expect(leads(0, { flips: [flip('10', at(0), at(5), 'tags.list')] })).toMatchObject({ stage: 'direct', days: 19 });
  });
});

describe('a direct path is safe to delete', () => {
  const flips = [flip('05', at(50), at(100))];
  const safe = (gateway: number, more: Partial<MigrationParts>) =>
    leads(gateway, { flips, ...more })?.safeToDeleteSince;

  it('since all went to the gateway', () => {
    expect(safe(100, {})).toEqual(time('05'));
  });
  it('since it last served a request, or a request last failed over to it', () => {
    expect(safe(100, { lastUse: [use('direct', { requested: time('07') })] })).toEqual(time('07'));
    const both = [use('direct', { requested: time('07') }), use('gateway', { failedOver: time('09') })];
    expect(safe(100, { lastUse: both })).toEqual(time('09'));
  });
  it('since no earlier than anything is known', () => {
    expect(safe(100, { flips: [] })).toEqual(time('01'));
  });
  const missing = (more: Partial<MigrationParts>, gateway = 100) => leads(gateway, { flips, ...more })?.missing;

  it.each<[string, Partial<MigrationParts>, string]>([
    ['flipped a minute ago', { flips: [flip('20', at(50), at(100))] }, 'unused for 0 min of 7 days'],
    ['flipped two days ago', { flips: [flip('18', at(50), at(100))] }, 'unused for 2 days of 7 days'],
    ['the history is new', { flips: [], observedSince: time('18') }, 'unused for 2 days of 7 days'],
    [
      'it fails over',
      {
        lastUse: [use('gateway', { failedOver: new Date('2026-03-20T10:00:00Z') })],
        quiet: [{ ...served('gateway', 100), failovers: 14 }, served('direct', 14)],
      },
      'unused for 2 h of 7 days; 14 failovers in it',
    ],
    [
      'direct serves what the gateway cannot carry, and strangers',
      {
        lastUse: [use('direct', { requested: time('19') })],
        quiet: [{ ...served('gateway', 100), failovers: 5, untranslatable: 3 }, served('direct', 9)],
      },
      'unused for 1 day of 7 days; 2 failovers, 3 requests that the gateway cannot carry, 4 other requests of direct in it',
    ],
    [
      'untranslatable alone',
      { lastUse: [use('gateway', { untranslatable: time('19') })] },
      'unused for 1 day of 7 days',
    ],
    ['nobody calls it', { quiet: [], days: [] }, '0 of 100 requests by the gateway; requests on 0 of 4 days'],
    ['the clock jumped by a week', { days: DAYS.slice(0, 2) }, 'requests on 2 of 4 days'],
    ['old days', { days: DAYS.map((row) => ({ ...row, day: time('05') })) }, 'requests on 0 of 4 days'],
    [
      'the end of the hour of a use, and a clock that was ahead: never in the future',
      { lastUse: [use('direct', { requested: time('29') })] },
      'unused for 0 min of 7 days',
    ],
    ['the kill switch', { killSwitch: true }, 'the kill switch is on'],
  ])('not yet: %s', (_, more, text) => {
    expect(missing(more)?.join('; ')).toBe(text);
    expect(safe(100, more)).toBeNull();
  });

  it('no time is in the future', () => {
    const ahead = [use('direct', { requested: time('29') }), use('gateway', { untranslatable: time('29') })];
    const route = leads(100, { flips: [flip('28', at(50), at(100))], lastUse: ahead });
    expect(route).toMatchObject({
      since: time('20'),
      days: 0,
      lastDirectUse: time('20'),
      lastDirectOnlyUse: time('20'),
    });
  });

  it('only routes with both endpoints have an old path that is counted', () => {
    expect(read({ 'leads.get': 100, 'tags.list': 0 }, { flips }).oldPaths).toEqual({ safeToDelete: 1, of: 2 });
    for (const endpoint of ['    direct: GET /integration/leads/:leadId\n', '    gateway: GET /leads/:leadId\n']) {
      const percent = endpoint.includes('direct') ? 100 : 0;
      const text = table({ 'leads.get': percent }).replace(endpoint, '');
      const models = compileRoutes(configOf(text), CONTACT2SALE);
      expect(read({ 'leads.get': percent }, { flips, models })).toMatchObject({
        oldPaths: { safeToDelete: 0, of: 0 },
        routes: [{ safeToDeleteSince: null, missing: [] }],
      });
    }
  });

  it('never while some still go direct, the kill switch is on, or there is none', () => {
    expect([safe(99, {}), safe(100, { killSwitch: true })]).toEqual([null, null]);
    const only = compileRoutes(
      configOf(table({ 'leads.get': 100 }).replace('    direct: GET /integration/leads/:leadId\n', '')),
      CONTACT2SALE,
    );
    expect(leads(100, { models: only })).toMatchObject({ stage: 'retired', safeToDeleteSince: null });
  });
  it('never of a route of direct alone, which has no path to be moved to', () => {
    const text = table({ 'leads.get': 0 }).replace('    gateway: GET /leads/:leadId\n', '');
    const models = compileRoutes(configOf(text), CONTACT2SALE);
    const alone = { stage: 'direct', hasBothEndpoints: false, safeToDeleteSince: null };
    expect(leads(0, { models, lastUse: [use('direct', { requested: time('07') })] })).toMatchObject(alone);
    expect(leads(0, {})).toMatchObject({ hasBothEndpoints: true });
  });
});

it('the last use of direct, and the last that only direct could serve, are told apart', () => {
  const lastUse = [use('direct', { requested: time('07') }), use('gateway', { untranslatable: time('06') })];
  expect(leads(50, { lastUse })).toMatchObject({ lastDirectUse: time('07'), lastDirectOnlyUse: time('06') });
});

it('the share of a route is of the last minute and of the last day; with no request there is none', () => {
  const route = leads(50, { lastMinute: [served('direct', 1), served('gateway', 3)] });
  expect(route?.lastMinute).toEqual({ direct: 1, gateway: 3, share: 0.75 });
  expect(route?.lastDay).toEqual({ direct: 0, gateway: 0, share: null });
});

it('the whole is over the routes of the table; what no route claims says nothing of the migration', () => {
  const lastDay = [served('direct', 6), served('gateway', 2, 'tags.list'), served('passthrough', 50, 'passthrough')];
  const whole = read({ 'leads.get': 0, 'tags.list': 100 }, { lastDay });
  expect(whole.lastDay).toEqual({ direct: 6, gateway: 2, share: 0.25 });
  expect(whole.stages).toEqual({ direct: 1, shadow: 0, canary: 0, gateway: 1, retired: 0 });
});

it('the series is by day, with routes that left the table since', () => {
  const day = (text: string, path: string, requests: number, route = 'leads.get') => {
    return { day: new Date(`2026-03-${text}T00:00:00Z`), route, path, requests };
  };
  const days = [
    day('01', 'direct', 9),
    day('01', 'gateway', 1, 'gone'),
    day('02', 'gateway', 5),
    day('03', 'passthrough', 5),
  ];
  expect(read({ 'leads.get': 0 }, { days }).days).toEqual([
    { day: '2026-03-01', direct: 9, gateway: 1, share: 0.1 },
    { day: '2026-03-02', direct: 0, gateway: 5, share: 1 },
  ]);
});

it('what the shadows proved stands beside it, where there is any', () => {
  const proof = (route: string) => (route === 'leads.get' ? { parity: 0.999, coverage: 0.8 } : undefined);
  const { routes } = read({ 'leads.get': 0, 'tags.list': 0 }, { proof });
  expect(routes).toMatchObject([{ parity: 0.999, coverage: 0.8 }, { id: 'tags.list' }]);
  expect(routes[1]).not.toHaveProperty('parity');
});
