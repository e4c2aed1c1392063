import { describe, expect, it } from 'vitest';
import { ProcessMemory } from '../../../../../src/facade/compare/autopilot/memory.ts';
import { MINUTE, READY, SETTINGS } from './facts.ts';
import { World } from './world.ts';

const BY_ANA = { who: 'ana', source: 'cli', why: undefined } as const;

const HOLD = SETTINGS.hold;

/** Ticks every minute, with traffic before each. */
async function minutes(
  world: World,
  pilot: { tick(): Promise<void> },
  count: number,
  perMinute = 1_000,
): Promise<void> {
  for (let i = 0; i < count; i++) {
    world.now += MINUTE;
    for (const id of world.routes.keys()) world.serve(id, perMinute);
    await pilot.tick();
  }
}

async function metric(world: World, name: string, labels: object): Promise<number | undefined> {
  const found = (await world.registry.getMetricsAsJSON()).find((one) => one.name === name);
  const values = found?.values;
  return values?.find((one) => JSON.stringify(one.labels) === JSON.stringify(labels))?.value;
}

describe('the autopilot', () => {
  it('raises by a flip, and the flip and the history hold the numbers that led to it', async () => {
    const world = new World();
    world.add('leads.get');
    const pilot = world.autopilot();
    await minutes(world, pilot, 31);
    expect(world.flips).toHaveLength(1);
    expect(world.flips[0]).toMatchObject({
      route: 'leads.get',
      from: 0,
      to: 1,
      evidence: { gates: { parity: { state: 'green' } }, parity: READY },
    });
    expect(await pilot.history('leads.get')).toMatchObject([{ decision: 'raise', from: 0, to: 1 }]);
    expect(await metric(world, 'facade_autopilot_decisions_total', { route: 'leads.get', decision: 'raise' })).toBe(1);
    await pilot.tick();
    expect(await metric(world, 'facade_autopilot_step', { route: 'leads.get' })).toBe(0.01);
  });

  it('judges a step by what was served at that step only', async () => {
    const world = new World();
    const route = world.add('leads.get', { gateway: 5 });
    const pilot = world.autopilot();
    await minutes(world, pilot, 31);
    expect(route.gateway).toBe(25);
    const [report] = await pilot.reports();
    expect(report?.evidence.traffic.gateway.attempts).toBeGreaterThan(1_000);
    await minutes(world, pilot, 1);
    const [next] = await pilot.reports();
    expect(next?.evidence.traffic).toEqual({
      direct: { attempts: 750, failures: 0 },
      gateway: { attempts: 250, failures: 0 },
    });
  });

  it.each([
    ['fails', { fails: 0.3 }, 5],
    ['is slow', { ms: 400 }, 5],
    ['has its breaker open', { breaker: 'open' }, 5],
    ['answers wrongly', { parity: { ...READY, mismatches: 500, verdict: 'not ready' } }, 0],
  ] as const)('takes a gateway back at the next tick when it %s', async (_, fault, to) => {
    const world = new World();
    const route = world.add('leads.get', { gateway: 25 });
    const pilot = world.autopilot();
    await minutes(world, pilot, 10);
    Object.assign(route, fault);
    await minutes(world, pilot, 1);
    expect(route.gateway).toBe(to);
    expect(await pilot.reports()).toMatchObject([{ phase: 'cooling', decision: 'roll_back' }]);
  });

  it('finds a fault that begins after hours of good traffic as fast', async () => {
    const world = new World();
    const route = world.add('leads.get', { gateway: 100 });
    const pilot = world.autopilot();
    await minutes(world, pilot, 300, 10_000);
    route.fails = 0.03;
    await minutes(world, pilot, 1, 10_000);
    expect(route.gateway).toBe(50);
  });

  it('waits on a quiet route, and gets there later instead of never', async () => {
    const world = new World();
    const route = world.add('leads.get', { gateway: 5 });
    const pilot = world.autopilot();
    await minutes(world, pilot, 60, 20);
    expect(route.gateway).toBe(5);
    expect((await pilot.reports())[0]?.why).toContain('not enough data');
    await minutes(world, pilot, 150, 20);
    expect(route.gateway).toBe(25);
  });

  it('serves the change that it proposes as a diff, and makes none itself', async () => {
    const world = new World();
    world.add('leads.get', { settings: { ...SETTINGS, mode: 'propose' } });
    const pilot = world.autopilot();
    await minutes(world, pilot, 31);
    expect(world.flips).toEqual([]);
    const [report] = await pilot.reports();
    const diff = '-  - leads.get: 0\n+  - leads.get: 1\n';
    expect(report?.proposal).toEqual({ gateway: 1, diff, command: 'flip leads.get 1' });
    expect(report?.evidence.gates.parity.state).toBe('green');
  });

  it('leaves everything as it was when a flip is refused, and says so', async () => {
    const world = new World();
    const route = world.add('leads.get', { gateway: 25 });
    const pilot = world.autopilot();
    await minutes(world, pilot, 5);
    world.refusal = 'the file is read-only';
    route.breaker = 'open';
    await minutes(world, pilot, 1);
    expect(await pilot.reports()).toMatchObject([
      { phase: 'holding', gateway: 25, why: 'the flip was not made: the file is read-only' },
    ]);
    expect(await metric(world, 'facade_autopilot_decisions_total', { route: 'leads.get', decision: 'refused' })).toBe(
      1,
    );
    world.refusal = undefined;
    await minutes(world, pilot, 1);
    expect(route.gateway).toBe(5);
  });

  it('does not hold up the other routes for one that is refused', async () => {
    const world = new World();
    world.add('leads.get', { gateway: 25, breaker: 'open' });
    const other = world.add('tags.list', { gateway: 25, breaker: 'open' });
    const pilot = world.autopilot();
    const ports = world.ports();
    expect(ports.routes()).toHaveLength(2);
    world.refusal = 'no';
    await pilot.tick();
    world.refusal = undefined;
    await pilot.tick();
    expect(other.gateway).toBe(5);
  });

  it('obeys pause and resume at once, and a human flip at the next tick', async () => {
    const world = new World();
    const route = world.add('leads.get', { gateway: 5 });
    const pilot = world.autopilot();
    await minutes(world, pilot, 29);
    await pilot.order({ route: 'leads.get', kind: 'pause', by: 'ana' }, BY_ANA);
    expect(await pilot.reports()).toMatchObject([{ phase: 'paused', why: 'paused by ana' }]);
    await minutes(world, pilot, 60);
    expect(route.gateway).toBe(5);
    await pilot.order({ route: 'leads.get', kind: 'resume', by: 'ana' }, BY_ANA);
    await minutes(world, pilot, 31);
    expect(route.gateway).toBe(25);
    world.humanSets('leads.get', 1);
    await minutes(world, pilot, 60);
    expect(route.gateway).toBe(1);
    expect((await pilot.history('leads.get')).map(({ decision }) => decision)).toEqual([
      'pause',
      'raise',
      'resume',
      'pause',
    ]);
  });
});

describe('several instances', () => {
  it('only the leader decides; who follows takes over with a hold of its own', async () => {
    const memory = new ProcessMemory();
    const world = new World();
    const route = world.add('leads.get', { gateway: 5 });
    const pilot = world.autopilot(memory);
    world.isLeader = false;
    await minutes(world, pilot, 60);
    expect(world.flips).toEqual([]);
    world.isLeader = true;
    await minutes(world, pilot, 20);
    const heir = world.autopilot(memory);
    await minutes(world, heir, 30);
    expect(route.gateway).toBe(5);
    await minutes(world, heir, 2);
    expect(route.gateway).toBe(25);
  });

  it('what a process had counted before it was first seen belongs to no step', async () => {
    const world = new World();
    world.add('leads.get', { gateway: 5, fails: 1 });
    world.serve('leads.get', 100_000);
    const pilot = world.autopilot();
    await pilot.tick();
    expect(world.flips).toEqual([]);
    expect((await pilot.reports())[0]?.evidence.traffic.gateway.attempts).toBe(0);
  });

  it('counters that fall are those of a new process, and counted whole', async () => {
    const world = new World();
    const route = world.add('leads.get', { gateway: 50 });
    const pilot = world.autopilot();
    await minutes(world, pilot, 3);
    const { tallies } = world.add('scratch');
    route.tallies = tallies;
    world.routes.delete('scratch');
    world.serve('leads.get', 10);
    await pilot.tick();
    // The first reading is only remembered, then two minutes of 500, then 5 of the new process.
    expect((await pilot.reports())[0]?.evidence.traffic.gateway.attempts).toBe(1_005);
  });
});

it('a pause outlives the process where there is a store', async () => {
  const memory = new ProcessMemory();
  const world = new World();
  const route = world.add('leads.get', { gateway: 5 });
  const pilot = world.autopilot(memory);
  await pilot.order({ route: 'leads.get', kind: 'pause', by: 'ana' }, BY_ANA);
  await minutes(world, world.autopilot(memory), 40);
  expect(route.gateway).toBe(5);
  expect(HOLD).toBeLessThan(40 * MINUTE);
});
