import { afterEach, expect, it } from 'vitest';
import { LastFlips } from '../../../src/steer/last-flips.ts';
import { MemoryFlips } from '../../../src/steer/memory-flips.ts';
import { FlipRefused } from '../../../src/steer/refused.ts';
import { BY_CLI, startRig, table, type Rig } from './rig.ts';

const rigs: Rig[] = [];
afterEach(() => rigs.splice(0).forEach((rig) => rig.close()));
const start = async (flips = new MemoryFlips(() => new Date(0))) => {
  const rig = startRig('file', table({ 'leads.get': 0, 'tags.list': 0 }));
  rigs.push(rig);
  const last = new LastFlips(rig.steering);
  await rig.steering.attach(flips);
  return { ...rig, last, flips };
};
const raise = { route: 'leads.get', from: 0, to: 5, why: 'ready', evidence: { parity: 0.9995 } };
const byHand = (rig: Rig, set: object) => rig.steering.flip({ ...BY_CLI, changes: [{ route: 'leads.get', set }] });

it('a route that nobody flipped is where a human left it', async () => {
  const { last } = await start();
  expect(last.of('leads.get')).toEqual({ revision: '0', by: 'human' });
});

it("a flip of the autopilot's own is known at once, and in the history with its evidence", async () => {
  const { last, steering } = await start();
  const revision = await last.flip(raise);
  expect(last.of('leads.get')).toEqual({ revision, by: 'autopilot' });
  expect((await steering.history({ limit: 1 })).flips).toMatchObject([
    { source: 'autopilot', why: 'ready', evidence: { parity: 0.9995 } },
  ]);
});

it('a human who flips after it is seen, and makes its next flip from the old percentage fail', async () => {
  const rig = await start();
  await rig.last.flip(raise);
  await byHand(rig, { gateway: 1 });
  await rig.steering.look();
  expect(rig.last.of('leads.get')).toEqual({ revision: '2', by: 'human' });
  await expect(rig.last.flip({ ...raise, from: 5, to: 25 })).rejects.toThrow(FlipRefused);
});

it('a flip of the shadows alone is not one of the percentage', async () => {
  const rig = await start();
  await rig.last.flip(raise);
  await byHand(rig, { shadow: 10 });
  await rig.steering.look();
  expect(rig.last.of('leads.get')).toEqual({ revision: '1', by: 'autopilot' });
});

it('what was flipped before the start is read back', async () => {
  const { last, flips } = await start();
  await last.flip(raise);
  const later = await start(flips);
  await later.last.load();
  expect(later.last.of('leads.get').by).toBe('human');
  expect(later.last.of('leads.get').revision).toBe('2');
});
