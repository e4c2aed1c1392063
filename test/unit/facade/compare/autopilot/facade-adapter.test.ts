import { describe, expect, it } from 'vitest';
import { CONTACT2SALE } from '../../../../../src/c2s/pair/contact2sale.ts';
import { pauseOf, proofOf, readingsOf, routesOf } from '../../../../../src/facade/compare/autopilot/facade-adapter.ts';
import type { DataPlane } from '../../../../../src/facade/forward/data-plane.ts';
import { RouteState } from '../../../../../src/facade/forward/route-state.ts';
import { Metrics, UPSTREAM_BUCKETS } from '../../../../../src/facade/observe/metrics.ts';
import { compileRoutes } from '../../../../../src/facade/rollout/compile.ts';
import { NOON, READ_BACK, READ_LEAD, ruled } from '../support.ts';
import { ParityBook } from '../../../../../src/facade/compare/book.ts';
import { configOf, CREATE_LEAD, GET_LEAD, withRows } from '../../config/support.ts';

const ROWS = [GET_LEAD.replace('{ gateway: 0 }', '{ gateway: 7.5, shadow: 10 }') + '\nautopilot: {}', CREATE_LEAD];

const TAGS = 'id: tags.list\ndirect: GET /integration/tags\ngateway: GET /tags\nrollout: { gateway: 0 }';

function plane() {
  const metrics = new Metrics();
  const entries = compileRoutes(configOf(withRows(...ROWS)), CONTACT2SALE).map((model) => {
    return { model, state: new RouteState(model, metrics, { now: () => 0 }) };
  });
  return { dataPlane: { snapshot: { entries } } as unknown as DataPlane, state: entries[0]!.state };
}

describe('what the autopilot takes from the house', () => {
  it('the routes that are on it, in percent, with the last flip of each', () => {
    const { dataPlane } = plane();
    const flip = { revision: '7', by: 'human' } as const;
    expect(routesOf(dataPlane, () => flip)).toMatchObject([{ id: 'leads.get', gateway: 7.5, flip }]);
  });

  it('attempts and failures by which the path is judged, durations by bucket, the breaker', () => {
    const { dataPlane, state } = plane();
    state.recorder.attempt('gateway', 'ok', 0, 80, 'known');
    state.recorder.attempt('gateway', 'upstream_error', 0, 60_000, 'known');
    state.recorder.attempt('gateway', 'origin_error', 0, 80, 'known'); // Contact2Sale's fault, not the gateway's
    state.recorder.attempt('gateway', 'client_body', 0, 80, 'known'); // the caller left
    state.recorder.notTried('gateway', 'facade_breaker_open', 0);
    state.recorder.attempt('direct', 'ok', 0, 6, 'known');
    const [reading] = readingsOf(dataPlane, 'one');
    const latencies = [...UPSTREAM_BUCKETS, Infinity].map(() => 0);
    expect(reading).toEqual({
      instance: 'one',
      route: 'leads.get',
      breaker: 'closed',
      tallies: {
        direct: { attempts: 1, failures: 0, latencies: latencies.with(1, 1) },
        gateway: { attempts: 2, failures: 1, latencies: latencies.with(9, 3).with(latencies.length - 1, 1) },
      },
    });
  });

  it('no parity where nothing was compared', () => {
    expect(proofOf(undefined)).toEqual({
      parity: undefined,
      readBacks: undefined,
      pace: undefined,
      pausedBy: undefined,
    });
  });

  it.each([
    ['leads.read', ['leads.read'], true],
    ['leads.read', [], false],
    ['leads.messages.create', ['leads.read'], true],
    ['leads.messages.create', ['leads.messages.create'], false],
    ['tags.list', ['leads.read'], false],
  ])('why nothing of %s is compared, where perDay is spent of %j', (route, spent, isPaused) => {
    const config = configOf(withRows(READ_BACK, READ_LEAD, TAGS));
    const entries = compileRoutes(config, CONTACT2SALE).map((model) => ({ model }));
    const dataPlane = { snapshot: { entries } } as unknown as DataPlane;
    const resetsAt = '2026-11-25T00:00:00.000Z';
    const budget = {
      isSpent: (id: string) => spent.includes(id),
      view: () => ({ all: undefined, routes: {}, resetsAt, isShared: true }),
    };
    expect(pauseOf(dataPlane, budget, route)).toBe(
      isPaused ? `compare.perDay is spent, so nothing more is compared before ${resetsAt}` : undefined,
    );
  });

  it('of writes that are read back: how many arrived, and what was lost', () => {
    const { rules, settings } = ruled('', '', READ_BACK, READ_LEAD);
    const book = new ParityBook('one', settings);
    book.use(settings, [rules]);
    book.readBack(rules.route.id, { result: 'arrived', missing: [], why: undefined }, NOON);
    book.readBack(rules.route.id, { result: 'not_arrived', missing: ['message'], why: undefined }, NOON);
    const { readBacks } = proofOf(book.report(rules.route.id, NOON));
    expect(readBacks).toEqual({ arrived: 1, notArrived: 1, wanted: 20, missing: ['message'] });
  });
});
