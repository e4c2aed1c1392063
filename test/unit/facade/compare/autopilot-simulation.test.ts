import { describe, expect, it } from 'vitest';
import { READY, SETTINGS } from './autopilot/facts.ts';
import { World, type SimulatedRoute } from './autopilot/world.ts';

/**
 * A whole migration in memory: twelve routes at 200 requests a second together, a tick every fifteen seconds, and on three
 * of them a fault that begins at 25 %. The same with real sockets is test/e2e/migration.load.test.ts.
 */

const FAULTS: Readonly<Record<string, Partial<SimulatedRoute>>> = {
  'route.3': { fails: 0.05 },
  'route.6': { ms: 300 },
  'route.9': { parity: { ...READY, mismatches: 60, verdict: 'not ready' } },
};
const TICK = 15_000;

async function migrate(hours: number) {
  const world = new World();
  const ids = Array.from({ length: 12 }, (_, i) => `route.${i}`);
  for (const id of ids) world.add(id, { settings: { ...SETTINGS, hold: 600_000 } });
  const pilot = world.autopilot();
  const highest = new Map<string, number>();
  for (let tick = 0; tick < (hours * 3_600_000) / TICK; tick++) {
    world.now += TICK;
    for (const [i, id] of ids.entries()) {
      const route = world.routes.get(id) as SimulatedRoute;
      // Some are asked often, some seldom: 3,000 requests a tick over all.
      world.serve(id, Math.round((3_000 * (i + 1)) / 78));
      if (route.gateway >= 25) Object.assign(route, FAULTS[id]);
      highest.set(id, Math.max(highest.get(id) ?? 0, route.gateway));
    }
    await pilot.tick();
  }
  return { world, pilot, highest };
}

describe('a simulated migration', () => {
  it('moves every good route to 100 %, and takes the three with a fault back and keeps them there', async () => {
    const { world, pilot, highest } = await migrate(4);
    const reached = Array.from(world.routes, ([id, { gateway }]) => [id, gateway] as const);
    expect(reached.filter(([id]) => !(id in FAULTS)).map(([, gateway]) => gateway)).toEqual(Array(9).fill(100));
    for (const id of Object.keys(FAULTS)) {
      expect(highest.get(id)).toBe(25);
      expect(world.routes.get(id)?.gateway).toBeLessThan(25);
      const [worst] = (await pilot.history(id)).filter(({ decision }) => decision === 'roll_back');
      expect(worst?.why).toMatch(/errorRate|latency|parity/);
    }
    expect(world.routes.get('route.9')?.gateway).toBe(0);
  });
});
