import { afterEach, describe, expect, it } from 'vitest';
import { FlipRefused } from '../../../../src/facade/steer/refused.ts';
import { BY_CLI, startRig, table, type Rig } from './rig.ts';
import { SlowFlips } from './slow-flips.ts';

/** What serves is what the database says, whatever number it gives it; and a flip is answered as what became of it. */

const TABLE = table({ 'leads.get': 0, 'tags.list': 0 });
const rigs: Rig[] = [];
afterEach(() => Promise.all(rigs.splice(0).map((rig) => rig.close())));

async function start(flips: SlowFlips): Promise<Rig> {
  const rig = startRig('database', TABLE);
  rigs.push(rig);
  await rig.steering.attach(flips);
  return rig;
}
const flip = (rig: Rig, gateway: number, route = 'leads.get') =>
  rig.steering.flip({ ...BY_CLI, changes: [{ route, set: { gateway } }] });
const refusal = async (promise: Promise<unknown>): Promise<string> => {
  const error: unknown = await promise.catch((reason: unknown) => reason);
  if (error instanceof FlipRefused) return `${error.kind}: ${error.message}`;
  throw new Error(`not refused: ${String(error)}`);
};

describe('a database that went back', () => {
  it('is served, said and shown: flips are served when they are answered, though their numbers were there before', async () => {
    const flips = new SlowFlips();
    const rig = await start(flips);
    for (const gateway of [5, 10, 15]) await flip(rig, gateway);
    const standby = new SlowFlips();
    const other = await start(standby);
    await flip(other, 5);
    await rig.steering.attach(standby);
    expect(rig.rollout('leads.get')).toMatchObject({ gateway: 5 });
    expect(rig.steering.status).toMatchObject({ revision: 1, behind: 0, wentBack: { from: 3, to: 1 } });
    expect(rig.logs.join('')).toContain('"revision":1,"before":3');
    expect(await flip(rig, 50)).toMatchObject({ revision: 2 });
    expect(rig.rollout('leads.get')).toMatchObject({ gateway: 50 });
    expect(rig.steering.status.wentBack).toMatchObject({ from: 3, to: 1 });
  });

  it('is served also where it has the same number by now', async () => {
    const rig = await start(new SlowFlips());
    await flip(rig, 5);
    const standby = new SlowFlips();
    await flip(await start(standby), 70, 'tags.list');
    await rig.steering.attach(standby);
    expect([rig.rollout('leads.get'), rig.rollout('tags.list')]).toMatchObject([{ gateway: 0 }, { gateway: 70 }]);
  });
});

describe('a look', () => {
  it('that comes in after a newer one is of the past', async () => {
    const flips = new SlowFlips();
    const rig = await start(flips);
    const { promise, resolve } = Promise.withResolvers<void>();
    flips.held = promise;
    const older = rig.steering.look();
    // It has seen what it sees.
    await new Promise((done) => setImmediate(done));
    flips.held = undefined;
    await flip(rig, 25);
    resolve();
    await older;
    expect(rig.rollout('leads.get')).toMatchObject({ gateway: 25 });
    expect(rig.steering.status.revision).toBe(1);
  });

  it('that is never answered keeps no other from coming', async () => {
    const flips = new SlowFlips();
    const rig = await start(flips);
    flips.held = new Promise(() => undefined);
    const stuck = rig.steering.look();
    await new Promise((done) => setImmediate(done));
    const [next, same] = [rig.steering.look(), rig.steering.look()];
    await expect(stuck).rejects.toThrow('no answer within');
    flips.held = undefined;
    await Promise.all([next, same]);
    await flip(await start(flips), 30);
    await rig.steering.look();
    expect(rig.rollout('leads.get')).toMatchObject({ gateway: 30 });
  });

  it('says how many revisions were heard of and do not serve yet', async () => {
    const flips = new SlowFlips();
    const rig = await start(flips);
    flips.isAway = true;
    rig.steering.heardOf(3);
    await rig.steering.look().catch(() => undefined);
    expect(rig.steering.status).toMatchObject({ revision: 0, behind: 3 });
  });
});

describe('a flip whose end nobody told of', () => {
  it('and that was carried out is answered as that, and serves', async () => {
    const flips = new SlowFlips();
    const rig = await start(flips);
    flips.loses = 'answer';
    expect(await flip(rig, 25)).toMatchObject({ revision: 1, changes: [{ route: 'leads.get' }] });
    expect(rig.rollout('leads.get')).toMatchObject({ gateway: 25 });
  });

  it('and that was not carried out is refused as that', async () => {
    const flips = new SlowFlips();
    const rig = await start(flips);
    flips.loses = 'commit';
    expect(await refusal(flip(rig, 25))).toMatch(/^unavailable: .*nothing was changed/);
    expect(rig.rollout('leads.get')).toMatchObject({ gateway: 0 });
  });

  it('and of which the history cannot be asked is said to be uncertain, with the revision to look at', async () => {
    const flips = new SlowFlips();
    const rig = await start(flips);
    flips.loses = 'answer';
    const original = flips.transact.bind(flips);
    flips.transact = (work) =>
      original(work).catch((error: unknown) => {
        flips.isAway = true;
        throw error;
      });
    expect(await refusal(flip(rig, 25))).toMatch(/^uncertain: .*may have been carried out.* look at revision 1 /);
  });

  it('is told from the same flip of somebody else that came in its place', async () => {
    const flips = new SlowFlips();
    const rig = await start(flips);
    const other = await start(flips);
    flips.loses = 'commit';
    const lost = refusal(flip(rig, 25));
    await flip(other, 40);
    expect(await lost).toMatch(/^unavailable: /);
    await rig.steering.look();
    expect(rig.rollout('leads.get')).toMatchObject({ gateway: 40 });
  });
});

it('a flip that was made serves, though it cannot be read back', async () => {
  const flips = new SlowFlips();
  const rig = await start(flips);
  const original = flips.transact.bind(flips);
  flips.transact = (work) => original(work).finally(() => void (flips.isAway = true));
  expect(await flip(rig, 25)).toMatchObject({ revision: 1 });
  expect(rig.rollout('leads.get')).toMatchObject({ gateway: 25 });
});
