import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { KillSwitchFile } from '../../../../src/facade/steer/kill-switch-file.ts';
import { SharedKillSwitch } from '../../../../src/facade/steer/shared-kill-switch.ts';
import { MemoryFlips } from '../../../../src/facade/steer/memory-flips.ts';
import type { FlipLog } from '../../../../src/facade/store/flips.ts';
import { log } from '../store/kit.ts';
import { BY_CLI } from './rig.ts';
import { SlowFlips } from './slow-flips.ts';

/** What is set acts at once, is kept until the database has it, and no look at the database undoes it. */

let dir: string;
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), 'kill-'))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** An instance. Each has its file unless it restarts. */
function start(name = 'one') {
  const local = { on: false, set: (on: boolean) => void (local.on = on) };
  const candidates = [join(dir, name, 'kept'), join(dir, 'data', name)];
  mkdirSync(join(dir, name), { recursive: true });
  const file = new KillSwitchFile(candidates, log);
  const shared = new SharedKillSwitch({ local, file, log });
  const look = async (flips: FlipLog): Promise<void> => {
    await shared.carryOut(flips);
    const { mark } = shared;
    shared.heard(mark, await flips.state());
  };
  return { local, shared, look, file, candidates, set: (on: boolean) => shared.set(on, BY_CLI) };
}

const gate = () => Promise.withResolvers<void>();

describe('a look at the database', () => {
  it.each([
    ['began before the switch was set', 'before'],
    ['began after it was set and before the database had it', 'between'],
  ] as const)('that %s does not undo it', async (_, when) => {
    const flips = new SlowFlips();
    const one = start();
    await one.look(flips);
    const slow = gate();
    const older = async (): Promise<void> => {
      const { mark } = one.shared;
      const seen = await flips.state();
      await slow.promise;
      one.shared.heard(mark, seen);
    };
    let look = when === 'before' ? older() : undefined;
    const setting = one.set(true);
    look ??= older();
    expect(await setting).toEqual({ isRecorded: true, where: 'in the database' });
    slow.resolve();
    await look;
    expect(one.local.on).toBe(true);
    await one.look(flips);
    expect(one.local.on).toBe(true);
  });

  it('takes over what another instance set, and what is written into the database by hand', async () => {
    const flips = new SlowFlips();
    const [one, two] = [start('one'), start('two')];
    await Promise.all([one.look(flips), two.look(flips)]);
    await one.set(true);
    await two.look(flips);
    expect(two.local.on).toBe(true);
    flips.restored = { ...(await flips.state()), killSwitch: false };
    await two.look(flips);
    expect(two.local.on).toBe(false);
  });

  it('is taken before the switch is set off: it ends one of which this instance has not heard', async () => {
    const flips = new SlowFlips();
    const [one, two] = [start('one'), start('two')];
    await Promise.all([one.look(flips), two.look(flips)]);
    await one.set(true);
    expect(two.local.on).toBe(false);
    expect(await two.set(false)).toEqual({ isRecorded: true, where: 'in the database' });
    await one.look(flips);
    expect([one.local.on, two.local.on, (await flips.state()).killSwitch]).toEqual([false, false, false]);
  });

  it('that an off waits for ends no on that was asked for and answered meanwhile', async () => {
    const flips = new SlowFlips();
    const one = start();
    await one.look(flips);
    await one.set(true);
    const slow = gate();
    flips.held = slow.promise;
    const off = one.set(false);
    const on = one.set(true);
    slow.resolve();
    await Promise.all([off, on]);
    await one.look(flips);
    expect([one.local.on, (await flips.state()).killSwitch]).toEqual([true, true]);
  });

  it('that finds less than there was does not end it: it is written again', async () => {
    const flips = new SlowFlips();
    const [one, two] = [start('one'), start('two')];
    await one.look(flips);
    await one.set(true);
    await two.look(flips);
    const standby = new SlowFlips();
    await two.look(standby);
    expect(two.local.on).toBe(true);
    await two.shared.carryOut(standby);
    expect(await standby.state()).toMatchObject({ revision: 1, killSwitch: true });
    await one.look(standby);
    expect([one.local.on, two.local.on]).toEqual([true, true]);
  });
});

it('a database that takes the order while it is written into the file has it', async () => {
  const flips = new SlowFlips();
  const one = start();
  await one.look(flips);
  const slow = gate();
  flips.held = slow.promise;
  vi.spyOn(one.file, 'keep').mockImplementationOnce(async () => {
    flips.held = undefined;
    slow.resolve();
    await vi.waitFor(() => expect(one.shared.isCarriedOut).toBe(true));
    return undefined;
  });
  expect(await one.set(true)).toEqual({ isRecorded: true, where: 'in the database' });
});

describe('a database that went back', () => {
  it('is not told to be as it was by an instance that hears later of what was set since', async () => {
    const [flips, standby] = [new SlowFlips(), new SlowFlips()];
    const [one, two] = [start('one'), start('two')];
    await one.look(flips);
    await one.set(true);
    await two.look(flips);
    // Both find less; what one writes is ended by hand before two writes.
    await one.look(standby);
    await one.shared.carryOut(standby);
    await two.shared.carryOut(standby);
    const { mark } = two.shared;
    two.shared.heard(mark, { revision: 0, killSwitch: false, rollouts: new Map() });
    expect(two.local.on).toBe(true);
    await one.set(false);
    await two.look(standby);
    expect([one.local.on, two.local.on, (await standby.state()).killSwitch]).toEqual([false, false, false]);
  });
});

describe('while the database does not answer', () => {
  it.each([
    ['is gone', (flips: SlowFlips) => void (flips.isAway = true)],
    ['is silent', (flips: SlowFlips) => void (flips.held = gate().promise)],
  ])('(it %s) it is answered within a second, acts, and is kept in a file', async (_, into) => {
    const flips = new SlowFlips();
    const one = start();
    await one.look(flips);
    into(flips);
    const began = performance.now();
    const kept = await one.set(true);
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(kept).toEqual({ isRecorded: false, where: `in ${one.candidates[0]} until the database has it` });
    expect([one.local.on, one.shared.isCarriedOut]).toEqual([true, false]);
  });

  it('a restart begins with it, and carries it out when the database is back; then the file goes', async () => {
    const flips = new SlowFlips();
    flips.isAway = true;
    const first = start();
    await first.look(flips).catch(() => undefined);
    await first.set(true);
    const again = start();
    expect(again.local.on).toBe(true);
    flips.isAway = false;
    await again.look(flips);
    expect(await flips.state()).toMatchObject({ killSwitch: true });
    expect(existsSync(again.candidates[0] ?? '')).toBe(false);
    expect(start().local.on).toBe(false);
  });

  it('both its on and its off stand in the history afterwards, in their order', async () => {
    const flips = new SlowFlips();
    const one = start();
    await one.look(flips);
    flips.isAway = true;
    await one.set(true);
    await one.set(false);
    expect(one.local.on).toBe(false);
    flips.isAway = false;
    await one.look(flips);
    expect((await flips.list({ limit: 9 })).map(({ to }) => to)).toEqual([false, true]);
  });

  it('its end ends no switch that another instance set since', async () => {
    const flips = new SlowFlips();
    const [one, two] = [start('one'), start('two')];
    await Promise.all([one.look(flips), two.look(flips)]);
    await one.set(true);
    await two.look(flips);
    flips.isAway = true;
    await two.set(false);
    expect(two.local.on).toBe(false);
    flips.isAway = false;
    await one.set(false);
    await one.set(true);
    await two.look(flips);
    expect(await flips.state()).toMatchObject({ killSwitch: true });
    expect([one.local.on, two.local.on]).toEqual([true, true]);
  });
});

describe('the file', () => {
  it('is in DATA_DIR where none can be written beside the table', async () => {
    const one = start();
    rmSync(join(dir, 'one'), { recursive: true });
    writeFileSync(join(dir, 'one'), 'no directory');
    expect((await one.set(true)).where).toBe(`in ${one.candidates[1]} until the database has it`);
    rmSync(join(dir, 'one'));
    expect(start().local.on).toBe(true);
  });

  it('that can be written nowhere is said', async () => {
    const one = start();
    for (const name of ['one', 'data']) {
      rmSync(join(dir, name), { recursive: true, force: true });
      writeFileSync(join(dir, name), 'no directory');
    }
    expect((await one.set(true)).where).toContain('in memory only');
    expect(one.local.on).toBe(true);
  });

  it('that is broken changes nothing, and is for its owner alone', async () => {
    const one = start();
    await one.set(true);
    const file = one.candidates[0] ?? '';
    expect(readFileSync(file, 'utf8')).toContain('"on":true');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    writeFileSync(file, '{');
    expect(start().local.on).toBe(false);
  });

  it.each(['{"orders":[null]}', '{"orders":"on"}', '{"orders":[[]]}', '{"orders":[{"on":true}]}'])(
    'that holds no order that can be carried out (%s) keeps nobody from following the others',
    async (text) => {
      const flips = new SlowFlips();
      const [one, two] = [start('one'), start('two')];
      await two.look(flips);
      writeFileSync(one.candidates[0] ?? '', text);
      const again = start('one');
      await again.look(flips);
      for (const on of [true, false]) {
        await two.set(on);
        await again.look(flips);
        expect([again.local.on, again.shared.isCarriedOut]).toEqual([on, true]);
      }
    },
  );

  it('is not waited for where a FIFO stands in its place', async () => {
    const one = start();
    execFileSync('mkfifo', [`${one.candidates[0]}.new`]);
    expect((await one.set(true)).where).toContain(one.candidates[1]);
    expect(start().local.on).toBe(true);
  });

  it('that was written last counts, where the first place can no longer be written', async () => {
    const one = start();
    await one.set(true);
    await one.set(false);
    // As a full disk: what is there can be read, and nothing can be made beside it.
    mkdirSync(`${one.candidates[0]}.new`);
    expect((await one.set(true)).where).toContain(one.candidates[1]);
    expect(start().local.on).toBe(true);
  });

  it('of another worker is read, and left alone', async () => {
    const owner = start();
    await owner.set(true);
    const local = { on: false, set: (on: boolean) => void (local.on = on) };
    const worker = new SharedKillSwitch({ local, file: new KillSwitchFile(owner.candidates, log, false), log });
    expect(local.on).toBe(true);
    const flips = new SlowFlips();
    await worker.carryOut(flips);
    expect((await flips.state()).killSwitch).toBe(false);
    await owner.look(flips);
    expect((await flips.state()).killSwitch).toBe(true);
    expect(existsSync(owner.candidates[0] ?? '')).toBe(false);
  });

  it('stays for as long as it is on where there is no database at all', async () => {
    const one = start();
    await one.look(new MemoryFlips(() => new Date(0)));
    expect(await one.set(true)).toEqual({
      isRecorded: true,
      where: `in ${one.candidates[0]}: there is no database`,
    });
    const again = start();
    expect(again.local.on).toBe(true);
    await again.look(new MemoryFlips(() => new Date(0)));
    expect(again.local.on).toBe(true);
    expect((await again.set(false)).isRecorded).toBe(true);
    expect([again.local.on, start().local.on]).toEqual([false, false]);
  });
});
