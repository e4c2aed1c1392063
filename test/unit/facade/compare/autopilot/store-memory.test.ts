import { sql } from 'kysely';
import { beforeAll, describe, expect, it } from 'vitest';
import { StoreMemory } from '../../../../../src/facade/compare/autopilot/store-memory.ts';
import { TurnLost } from '../../../../../src/facade/store/autopilot.ts';
import type { Store } from '../../../../../src/facade/store/index.ts';
import { testStores } from '../../store/kit.ts';
import { MINUTE, tally } from './facts.ts';
import { World } from './world.ts';

const BY_ANA = { who: 'ana', source: 'cli', why: undefined } as const;

const stores = testStores();
let store: Store;
beforeAll(async () => {
  store = await stores.open();
});

async function minutes(world: World, pilot: { tick(): Promise<void> }, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    world.now += MINUTE;
    for (const id of world.routes.keys()) world.serve(id, 1_000);
    await pilot.tick();
  }
}

describe('the autopilot with a store', () => {
  it('goes on in another process: pauses, cool-downs, reports and decisions', async () => {
    const world = new World();
    const get = world.add('leads.get', { gateway: 25 });
    world.add('tags.list', { gateway: 5 });
    const pilot = world.autopilot(new StoreMemory(store.db, 'one'));
    await minutes(world, pilot, 3);
    get.breaker = 'open';
    await pilot.order({ route: 'tags.list', kind: 'pause', by: 'ana' }, BY_ANA);
    get.breaker = 'closed';
    await new StoreMemory(store.db, 'one').publish(world.ports().read());
    world.instance = 'two';
    const heir = world.autopilot(new StoreMemory(store.db, 'two'));
    await minutes(world, heir, 50);
    expect(await heir.reports()).toMatchObject([
      { route: 'leads.get', phase: 'cooling', gateway: 5 },
      { route: 'tags.list', phase: 'paused', gateway: 5, why: 'paused by ana' },
    ]);
    const [fall] = await heir.history('leads.get');
    expect(fall).toMatchObject({
      decision: 'roll_back',
      from: 25,
      to: 5,
      evidence: { gates: { breaker: { state: 'broken' } } },
    });
  });

  it('sums what all living instances counted, and forgets those that fell silent', async () => {
    const memory = new StoreMemory(store.db, 'one');
    const reading = (instance: string) => ({
      instance,
      route: 'r',
      tallies: { direct: tally(10), gateway: tally(5, 1) },
      breaker: 'closed' as const,
    });
    await memory.publish([reading('one')]);
    await new StoreMemory(store.db, 'two').publish([reading('two')]);
    await memory.publish([reading('one')]);
    expect(await memory.readings()).toEqual([reading('one'), reading('two')]);
    await sql`update facade.autopilot_readings set at = now() - interval '2 minutes' where instance = 'two'`.execute(
      store.db,
    );
    expect(await memory.readings()).toEqual([reading('one')]);
  });

  it('hands orders to whoever leads, in their order, until what came of them is kept', async () => {
    const orders = [
      { route: 'r', kind: 'pause', by: 'ana' },
      { route: 'r', kind: 'resume', by: 'rui' },
    ] as const;
    const memory = new StoreMemory(store.db, 'one');
    for (const order of orders) await memory.order(order);
    // A leader that dies in its turn takes nothing with it.
    expect((await memory.turn()).orders).toEqual(orders);
    const turn = await new StoreMemory(store.db, 'two').turn();
    expect(turn.orders).toEqual(orders);
    await turn.end([...turn.kept.values()]);
    expect((await memory.turn()).orders).toEqual([]);
  });

  it('keeps a pause that another leader took while this one stood still', async () => {
    const world = new World();
    world.add('leads.get', { gateway: 5 });
    const frozen = new StoreMemory(store.db, 'one');
    await world.autopilot(frozen).tick();
    const stale = await frozen.turn();
    const heir = world.autopilot(new StoreMemory(store.db, 'two'));
    await heir.order({ route: 'leads.get', kind: 'pause', by: 'ana' }, BY_ANA);
    await expect(stale.end([...stale.kept.values()])).rejects.toThrow(TurnLost);
    expect(await heir.reports()).toMatchObject([{ route: 'leads.get', phase: 'paused' }]);
  });

  it('takes a state of another form for a route that was never seen', async () => {
    const world = new World();
    world.add('leads.get', { gateway: 5 });
    const memory = new StoreMemory(store.db, 'one');
    await world.autopilot(memory).tick();
    expect((await memory.load()).size).toBe(1);
    await sql`update facade.autopilot_routes set state = '{"phase": "soaring"}'`.execute(store.db);
    expect((await memory.load()).size).toBe(0);
  });

  it('forgets a route that is no longer on autopilot', async () => {
    const world = new World();
    world.add('leads.get');
    const memory = new StoreMemory(store.db, 'one');
    const pilot = world.autopilot(memory);
    await pilot.tick();
    world.routes.clear();
    await pilot.tick();
    expect((await memory.load()).size).toBe(0);
  });
});
