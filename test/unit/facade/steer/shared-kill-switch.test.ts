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

const NOBODY = { ordered: () => undefined, settled: () => undefined };

/** An instance. Each has its file unless it restarts. @param isOwner false: another worker of it. */
function start(
  name = 'one',
  others: ConstructorParameters<typeof SharedKillSwitch>[0]['others'] = NOBODY,
  isOwner = true,
  isShared = false,
) {
  const local = { on: false, set: (on: boolean) => void (local.on = on), suspect: () => void (local.on = true) };
  const candidates = [join(dir, name, 'kept'), join(dir, 'data', name)];
  mkdirSync(join(dir, name), { recursive: true });
  const file = new KillSwitchFile(candidates, log, isOwner);
  const shared = new SharedKillSwitch({ local, isShared, others, file, log });
  const look = async (flips: FlipLog): Promise<void> => {
    await shared.carryOut(flips);
    const { mark } = shared;
    shared.heard(mark, await flips.state());
  };
  return { local, shared, look, file, candidates, set: (on: boolean) => shared.set(on, BY_CLI) };
}

type Instance = ReturnType<typeof start>;

const gate = () => Promise.withResolvers<void>();

describe('a restart while the switch is on', () => {
  it.each([
    ['it was set here', 'one'],
    ['another instance set it', 'two'],
  ])('begins with it on, with no database: %s', async (_, setter) => {
    const flips = new SlowFlips();
    const [one, two] = [start('one'), start('two')];
    await Promise.all([one.look(flips), two.look(flips)]);
    await (setter === 'one' ? one : two).set(true);
    await one.look(flips);
    await vi.waitFor(() => expect(existsSync(one.candidates[0] ?? '')).toBe(true));
    const again = start('one');
    expect(again.local.on).toBe(true);
    flips.isAway = true;
    await again.look(flips).catch(() => undefined);
    expect(again.local.on).toBe(true);
    flips.isAway = false;
    await again.look(flips);
    expect([again.local.on, (await flips.state()).revision]).toEqual([true, 1]);
  });

  it('ends it with the first look, where it was switched off meanwhile; nothing is written', async () => {
    const flips = new SlowFlips();
    const [one, two] = [start('one'), start('two')];
    await one.look(flips);
    await one.set(true);
    await two.look(flips);
    await two.set(false);
    const again = start('one');
    expect(again.local.on).toBe(true);
    await again.look(flips);
    expect([again.local.on, await flips.state()]).toEqual([
      false,
      expect.objectContaining({ revision: 2, killSwitch: false }),
    ]);
    await vi.waitFor(() => expect(existsSync(one.candidates[0] ?? '')).toBe(false));
  });

  it('begins with it in a facade on another database only until it has looked there', async () => {
    const [flips, others] = [new SlowFlips(), new SlowFlips()];
    const one = start('one');
    await one.look(flips);
    await one.set(true);
    const other = start('one');
    await other.look(others);
    expect([other.local.on, (await others.state()).revision]).toEqual([false, 0]);
  });

  const ends: readonly (readonly [string, (one: Instance) => Promise<unknown>, boolean])[] = [
    ['the first look at the database says off', async (one: Instance) => one.look(new SlowFlips()), false],
    ['it is set off here', async (one: Instance) => void (await one.set(false)), false],
    ['another worker was told to set it off', (one: Instance) => Promise.resolve(one.shared.follow(false)), false],
    [
      'nothing: a database that does not answer says neither',
      async (one: Instance) => {
        const flips = new SlowFlips();
        flips.isAway = true;
        await one.look(flips).catch(() => undefined);
      },
      true,
    ],
  ];
  it.each(ends)('is on where others may have set it, until %s', async (_, then, isOn) => {
    const one = start('one', NOBODY, true, true);
    expect(one.local.on).toBe(true);
    await then(one);
    expect(one.local.on).toBe(isOn);
  });

  it('can be switched off before there is a database', async () => {
    const flips = new SlowFlips();
    const one = start('one');
    await one.look(flips);
    await one.set(true);
    const again = start('one');
    flips.isAway = true;
    await again.look(flips).catch(() => undefined);
    await again.set(false);
    expect([again.local.on, start('one').local.on]).toEqual([false, false]);
    flips.isAway = false;
    await again.look(flips);
    expect([again.local.on, (await flips.state()).killSwitch]).toEqual([false, false]);
  });
});

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

  it('a restart begins with it, and carries it out when the database is back; the file goes with its end', async () => {
    const flips = new SlowFlips();
    flips.isAway = true;
    const first = start();
    await first.look(flips).catch(() => undefined);
    await first.set(true);
    const again = start();
    expect(again.local.on).toBe(true);
    flips.isAway = false;
    await again.look(flips);
    expect(await flips.state()).toMatchObject({ revision: 1, killSwitch: true });
    const third = start();
    expect(third.local.on).toBe(true);
    await third.look(flips);
    expect(await flips.state()).toMatchObject({ revision: 1 });
    await third.set(false);
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

describe('two workers of one primary', () => {
  /** What one orders the other hears, unless it is away; nothing else is told. */
  async function pair() {
    const told: string[] = [];
    const flips = new SlowFlips();
    const between = (to: () => ReturnType<typeof start> | undefined, name: string) => ({
      ordered(on: boolean) {
        told.push(`${name} ${on ? 'on' : 'off'}`);
        to()?.shared.follow(on);
      },
      settled: () => to()?.shared.settled(),
    });
    const workers: ReturnType<typeof start>[] = [];
    workers.push(
      start(
        'one',
        between(() => workers[1], 'first'),
      ),
    );
    workers.push(
      start(
        'one',
        between(() => workers[0], 'second'),
        false,
      ),
    );
    const [first, second] = workers as [ReturnType<typeof start>, ReturnType<typeof start>];
    await Promise.all([first.look(flips), second.look(flips)]);
    const on = async () => [first.local.on, second.local.on, (await flips.state()).killSwitch];
    return { first, second, flips, told, on };
  }

  it('are told what one of them was ordered, and never what one of them looked up', async () => {
    const { first, second, flips, told, on } = await pair();
    const other = start('two');
    await other.look(flips);
    for (const is of [true, false, true]) {
      await other.set(is);
      await second.look(flips);
      await first.look(flips);
      expect(await on()).toEqual([is, is, is]);
    }
    expect(told).toEqual([]);
    await first.set(false);
    expect([told, await on()]).toEqual([['first off'], [false, false, false]]);
  });

  it.each([[1], [2]])(
    'stay on as it was ordered last, whatever %i of on, off, on a look finds in the database',
    async (found) => {
      const { first, second, flips, on } = await pair();
      const slow = gate();
      flips.held = slow.promise;
      const orders = [first.set(true), first.set(false), first.set(true)];
      await vi.waitFor(() => expect([first.local.on, second.local.on]).toEqual([true, true]));
      for (const killSwitch of [true, false].slice(0, found)) {
        const { mark } = second.shared;
        second.shared.heard(mark, { revision: found, killSwitch, rollouts: new Map() });
        expect(second.local.on).toBe(true);
      }
      slow.resolve();
      await Promise.all(orders);
      await first.look(flips);
      await second.look(flips);
      expect(await on()).toEqual([true, true, true]);
    },
  );

  it('follow another instance again once the database has what was ordered', async () => {
    const { first, second, flips, on } = await pair();
    await first.set(true);
    const other = start('two');
    await other.look(flips);
    await other.set(false);
    await second.look(flips);
    await first.look(flips);
    expect(await on()).toEqual([false, false, false]);
  });

  it.each([
    ['first', 'second'],
    ['second', 'first'],
  ] as const)('end at the %s what the %s switched on and no database has', async (ends, began) => {
    const { flips, on, ...workers } = await pair();
    flips.isAway = true;
    await workers[began].set(true);
    expect([workers.first.local.on, workers.second.local.on]).toEqual([true, true]);
    await workers[ends].set(false);
    await vi.waitFor(() => expect(existsSync(workers[began].candidates[0] ?? '')).toBe(ends === 'first'));
    flips.isAway = false;
    for (const name of [began, ends, began, ends]) await workers[name].look(flips);
    expect(await on()).toEqual([false, false, false]);
    expect(start('one').local.on).toBe(false);
  });

  it('keep an on that one of them was given before it heard of the on of the other', async () => {
    const { first, second, flips, on } = await pair();
    flips.isAway = true;
    await first.set(true);
    await second.set(true);
    flips.isAway = false;
    for (const worker of [second, first, second]) await worker.look(flips);
    expect(await on()).toEqual([true, true, true]);
  });
});

describe('an off after an on that were both set while the database was away', () => {
  /** @param meanwhile what others do between its on and its off. @returns what is on at the end. */
  async function cut(meanwhile: (flips: SlowFlips) => Promise<void>) {
    const flips = new SlowFlips();
    const [one, two] = [start('one'), start('two')];
    await Promise.all([one.look(flips), two.look(flips)]);
    const away = new SlowFlips();
    away.isAway = true;
    await one.look(away).catch(() => undefined);
    await one.set(true);
    await meanwhile(flips);
    await one.set(false);
    await one.look(flips);
    await two.look(flips);
    return [(await flips.state()).killSwitch, one.local.on, two.local.on];
  }
  const other = async (flips: SlowFlips, ...switches: boolean[]): Promise<void> => {
    for (const killSwitch of switches) await flips.transact((tx) => tx.append({ ...BY_CLI, changes: [], killSwitch }));
  };

  it.each([
    ['no on that another instance set before', true, (flips: SlowFlips) => other(flips, true)],
    ['its own, where another instance did nothing', false, () => Promise.resolve()],
    ['its own, where another instance was on and off', false, (flips: SlowFlips) => other(flips, true, false)],
  ])('ends %s', async (_, isOn, meanwhile) => {
    expect(await cut(meanwhile)).toEqual([isOn, isOn, isOn]);
  });

  it.each(['answer', 'commit'] as const)('ends its own whose %s was lost, also after a restart', async (loses) => {
    for (const isRestarted of [false, true]) {
      const flips = new SlowFlips();
      const one = start(`${isRestarted}`);
      await one.look(flips);
      flips.loses = loses;
      await one.set(true);
      flips.isAway = true;
      await one.set(false);
      flips.isAway = false;
      const again = isRestarted ? start(`${isRestarted}`) : one;
      await again.look(flips);
      expect([again.local.on, (await flips.state()).killSwitch, again.shared.isCarriedOut]).toEqual([
        false,
        false,
        true,
      ]);
    }
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

  it('is for its owner alone', async () => {
    const one = start();
    await one.set(true);
    const file = one.candidates[0] ?? '';
    expect(readFileSync(file, 'utf8')).toContain('"on":true');
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  const OFF = '{"writes":1,"orders":[{"on":false,"who":"a","identity":"a","source":"api","known":0}]}';
  const BROKEN = [
    '',
    '{',
    '{"writes":1,"by":"a","orders":[{"source":"api","wh',
    '{"orders":"on"}',
    ' '.repeat(2 ** 21),
  ];
  const STORES: readonly (readonly [string, () => FlipLog])[] = [
    ['no database', () => new MemoryFlips(() => new Date(0))],
    ['a database that knows of none', () => new SlowFlips()],
  ];
  describe.each(STORES)('that cannot be read, with %s', (_, store) => {
    beforeEach(() => void mkdirSync(join(dir, 'data')));
    it.each([0, 1].flatMap((place) => BROKEN.map((text) => [place, text.slice(0, 30), text] as const)))(
      'is taken for a switch that is on until it is set off (%i, %j)',
      async (place, __, text) => {
        writeFileSync(start().candidates[place] ?? '', text);
        const [flips, again] = [store(), start()];
        await again.look(flips);
        await again.look(flips);
        expect(again.local.on).toBe(true);
        await again.set(false);
        await again.look(flips);
        expect([again.local.on, start().local.on]).toEqual([false, text.length > 2 ** 20]);
      },
    );

    it('is taken so where what the other place says is off, and not where it says on', async () => {
      const [first = '', second = ''] = start().candidates;
      writeFileSync(first, OFF);
      writeFileSync(second, '{');
      const again = start();
      expect(again.local.on).toBe(true);
      await again.set(true);
      writeFileSync(second, '{');
      const flips = store();
      const once = start();
      await once.look(flips);
      expect([once.local.on, (await flips.state()).killSwitch]).toEqual([true, true]);
    });

    it('ends when another instance sets it on and off', async () => {
      writeFileSync(start().candidates[0] ?? '', '{');
      const again = start();
      again.shared.follow(true);
      again.shared.follow(false);
      expect(again.local.on).toBe(false);
    });
  });

  it('is no file of ours where a directory stands in its place', () => {
    mkdirSync(start().candidates[0] ?? '');
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

  it('of another facade that shares the directory is left alone', async () => {
    const [away, flips] = [new SlowFlips(), new SlowFlips()];
    away.isAway = true;
    const [one, two] = [start(), start()];
    await one.look(away).catch(() => undefined);
    await two.look(flips);
    await one.set(true);
    await two.set(true);
    await two.set(false);
    expect([existsSync(one.candidates[0] ?? ''), start().local.on]).toEqual([true, true]);
    // What it holds is for its own end alone.
    await one.look(flips);
    await one.set(false);
    expect(existsSync(one.candidates[0] ?? '')).toBe(false);
  });

  it('of another worker is read, and left alone', async () => {
    const owner = start();
    await owner.set(true);
    const local = { on: false, set: (on: boolean) => void (local.on = on), suspect: () => void (local.on = true) };
    const file = new KillSwitchFile(owner.candidates, log, false);
    const worker = new SharedKillSwitch({ local, isShared: false, others: NOBODY, file, log });
    expect(local.on).toBe(true);
    const flips = new SlowFlips();
    await worker.carryOut(flips);
    expect((await flips.state()).killSwitch).toBe(false);
    await owner.look(flips);
    expect((await flips.state()).killSwitch).toBe(true);
    await owner.set(false);
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
