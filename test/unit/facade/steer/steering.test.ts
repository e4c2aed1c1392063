import { chmodSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { FlipLog } from '../../../../src/facade/store/flips.ts';
import type { FlipRecord } from '../../../../src/facade/rollout/flip.ts';
import { FlipRefused } from '../../../../src/facade/steer/refused.ts';
import { MemoryFlips } from '../../../../src/facade/steer/memory-flips.ts';
import type { RolloutStoreKind } from '../../../../src/facade/steer/diff-file.ts';
import { BY_CLI, startRig, table, type Rig } from './rig.ts';
import { SlowFlips } from './slow-flips.ts';

const rigs: Rig[] = [];
afterEach(() => Promise.all(rigs.splice(0).map((rig) => rig.close())));
const start = (kind: RolloutStoreKind, text: string, flips?: FlipLog): Rig => {
  const rig = startRig(kind, text, flips);
  rigs.push(rig);
  return rig;
};
const memory = () => new MemoryFlips(() => new Date(0));
const lines = (records: readonly FlipRecord[]) =>
  records.map((record) =>
    record.kind === 'flip'
      ? `${record.revision} ${record.source} ${record.route} ${record.from.gateway}→${record.to.gateway}`
      : `${record.revision} ${record.source} kill switch ${record.from}→${record.to}`,
  );
const historyOf = async (rig: Rig) => lines((await rig.steering.history({ limit: 50 })).flips);
const flip = (rig: Rig, gateway: number, more: object = {}, route = 'leads.get') =>
  rig.steering.flip({ ...BY_CLI, changes: [{ route, set: { gateway } }], ...more });
const refusal = async (promise: Promise<unknown>) => {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof FlipRefused) return `${error.kind}: ${error.message}`;
  throw new Error(`not refused: ${String(error)}`);
};

const TABLE = table({ 'leads.get': 0, 'leads.create': 0, 'tags.list': 0, 'me.get': 0 });

describe.each(['file', 'database'] as const)('with the %s as the rollout store', (kind) => {
  it('a flip serves when it returns, and stands in the history with who and why', async () => {
    const rig = start(kind, TABLE, memory());
    const result = await flip(rig, 25);
    expect(rig.rollout('leads.get')).toMatchObject({ gateway: 25 });
    expect(result).toMatchObject({
      revision: 1,
      changes: [{ route: 'leads.get', from: { gateway: 0 }, to: { gateway: 25 } }],
    });
    expect(result.diff).toMatch(/^\+.*gateway: 25/m);
    const { revision, flips } = await rig.steering.history({ limit: 10 });
    expect([revision, flips]).toMatchObject([1, [{ source: 'cli', who: 'ana', identity: 'loopback', why: 'a test' }]]);
  });

  it('a dry run says the same and changes nothing', async () => {
    const rig = start(kind, TABLE, memory());
    const result = await flip(rig, 25, { dryRun: true });
    expect(result.diff).toMatch(/^\+.*gateway: 25/m);
    expect(rig.rollout('leads.get')).toMatchObject({ gateway: 0 });
    expect([await historyOf(rig), rig.text()]).toEqual([[], TABLE]);
  });

  it('a flip to what is in force is none', async () => {
    const rig = start(kind, TABLE, memory());
    await flip(rig, 25);
    expect(await flip(rig, 25)).toEqual({ revision: 1, changes: [], guard: [], diff: '' });
    expect(await historyOf(rig)).toHaveLength(1);
  });

  it('refuses what the loader would: an unknown route, a range, a copied write, an endpoint that is not there', async () => {
    const rig = start(kind, TABLE, memory());
    expect(await refusal(flip(rig, 5, {}, 'leads.gone'))).toMatch(/^unknown: .*c2s-facade routes/);
    expect(await refusal(flip(rig, 101))).toMatch(/^invalid: .*gateway.*100/s);
    expect(await refusal(flip(rig, 1e-320))).toMatch(/^invalid: .*gateway.*write at most two decimals/s);
    expect(await refusal(flip(rig, 5, {}, 'me.get'))).toMatch(/^invalid: .*has no gateway endpoint/s);
    const shadow = [{ route: 'leads.create', set: { shadow: 5 } }];
    expect(await refusal(rig.steering.flip({ ...BY_CLI, changes: shadow }))).toMatch(/^invalid: .*done twice/s);
    expect([await historyOf(rig), rig.text()]).toEqual([[], TABLE]);
  });

  it('refuses when another revision or another rollout is in force than the caller thought', async () => {
    const rig = start(kind, TABLE, memory());
    await flip(rig, 25, { expectRevision: 0 });
    expect(await refusal(flip(rig, 50, { expectRevision: 0 }))).toMatch(/^conflict: revision 1 is in force, not 0/);
    const from = { gateway: 0 };
    const changes = [{ route: 'leads.get', set: { gateway: 50 }, from }];
    expect(await refusal(rig.steering.flip({ ...BY_CLI, changes }))).toMatch(
      /^conflict: gateway of leads.get is 25, not 0/,
    );
    expect(rig.rollout('leads.get')).toMatchObject({ gateway: 25 });
  });

  it('flips all routes with two endpoints, with shadows only where they are safe', async () => {
    const rig = start(kind, TABLE, memory());
    await rig.steering.flipAll({ gateway: 10, shadow: 5 }, BY_CLI);
    expect(['leads.get', 'leads.create', 'tags.list', 'me.get'].map((id) => rig.rollout(id))).toMatchObject([
      { gateway: 10, shadow: 5 },
      { gateway: 10, shadow: 0 },
      { gateway: 10, shadow: 5 },
      { gateway: 0, shadow: 0 },
    ]);
    expect(new Set((await rig.steering.history({ limit: 10 })).flips.map(({ revision }) => revision))).toEqual(
      new Set([1]),
    );
  });

  it('rolls back to any revision, and by default to before the last flip; both are flips themselves', async () => {
    const rig = start(kind, TABLE, memory());
    await flip(rig, 25);
    await flip(rig, 100, {}, 'tags.list');
    await flip(rig, 50);
    await rig.steering.rollback(undefined, BY_CLI);
    expect([rig.rollout('leads.get'), rig.rollout('tags.list')]).toMatchObject([{ gateway: 25 }, { gateway: 100 }]);
    await rig.steering.rollback(0, BY_CLI);
    expect([rig.rollout('leads.get'), rig.rollout('tags.list')]).toMatchObject([{ gateway: 0 }, { gateway: 0 }]);
    expect((await historyOf(rig)).slice(0, 3)).toEqual([
      '5 rollback leads.get 25→0',
      '5 rollback tags.list 100→0',
      '4 rollback leads.get 50→25',
    ]);
    expect(await refusal(rig.steering.rollback(9, BY_CLI))).toMatch(/^unknown: there is no revision 9; .* 0 to 5/);
    if (kind === 'file') expect(rig.text()).toBe(TABLE);
  });

  it('has nothing to roll back before the first flip', async () => {
    const rig = start(kind, TABLE, memory());
    expect(await refusal(rig.steering.rollback(undefined, BY_CLI))).toMatch(/^unknown: nothing was flipped yet/);
  });

  it('records a change of the file by hand, and tells who listens', async () => {
    const rig = start(kind, TABLE, memory());
    await rig.steering.look();
    const told: string[] = [];
    rig.steering.subscribe((records) => told.push(...lines(records)));
    await rig.save(TABLE.replace('{ gateway: 0 } # leads.get', '{ gateway: 7 } # leads.get'));
    expect(rig.rollout('leads.get')).toMatchObject({ gateway: 7 });
    expect(await historyOf(rig)).toEqual(['1 file leads.get 0→7']);
    await flip(rig, 8);
    await rig.steering.look();
    expect(told).toEqual(['1 file leads.get 0→7', '2 cli leads.get 7→8']);
  });

  it('tells of a flip before it says that it is made', async () => {
    const rig = start(kind, TABLE, memory());
    await rig.steering.look();
    const told: string[] = [];
    rig.steering.subscribe((records) => void told.push(...lines(records)));
    await flip(rig, 8);
    expect(told).toEqual(['1 cli leads.get 0→8']);
  });

  it('records the kill switch, which acts even while nothing can be recorded', async () => {
    const rig = start(kind, TABLE);
    const burning = { ...BY_CLI, why: 'gateway on fire' };
    expect([await rig.steering.setKillSwitch(true, burning), rig.killed()]).toMatchObject([
      { isRecorded: false },
      true,
    ]);
    await rig.steering.attach(memory());
    expect([rig.killed(), await historyOf(rig)]).toEqual([true, ['1 cli kill switch false→true']]);
    expect([await rig.steering.setKillSwitch(false, burning), rig.killed()]).toMatchObject([
      { isRecorded: true },
      false,
    ]);
  });

  it('records that the file of the kill switch came and went, also while it is on by hand', async () => {
    const rig = start(kind, TABLE);
    rig.steering.noteKillSwitch(['file']);
    rig.steering.noteKillSwitch(['admin', 'file']);
    await rig.steering.attach(memory());
    await rig.steering.setKillSwitch(true, BY_CLI);
    rig.steering.noteKillSwitch(['admin']);
    expect(await historyOf(rig)).toEqual([
      '3 file kill switch true→false',
      '2 cli kill switch false→true',
      '1 file kill switch false→true',
    ]);
    // Of the switch that all share it says nothing.
    expect(rig.killed()).toBe(true);
    expect(await rig.steering.flips?.state()).toMatchObject({ killSwitch: true });
  });

  it('keeps the kill switch on through a restart', async () => {
    const flips = new SlowFlips();
    await start(kind, TABLE, flips).steering.setKillSwitch(true, BY_CLI);
    const again = start(kind, TABLE);
    await again.steering.attach(flips);
    expect(again.killed()).toBe(true);
  });
});

describe('with the file as the rollout store', () => {
  it('a flip changes one number in the file, before which a hand that saved just now comes first', async () => {
    const rig = start('file', TABLE, memory());
    const byHand = TABLE.replace('{ gateway: 0 } # tags.list', '{ gateway: 3 } # tags.list');
    writeFileSync(rig.file, byHand);
    await flip(rig, 25);
    expect(rig.text()).toBe(byHand.replace('{ gateway: 0 } # leads.get', '{ gateway: 25 } # leads.get'));
    expect(await historyOf(rig)).toEqual(['2 cli leads.get 0→25', '1 file tags.list 0→3']);
  });

  it('flips at once follow one another: none is lost', async () => {
    const rig = start('file', TABLE, memory());
    await Promise.all([flip(rig, 5), flip(rig, 6, {}, 'tags.list'), flip(rig, 7, {}, 'leads.create')]);
    expect(rig.text()).toBe(table({ 'leads.get': 5, 'leads.create': 7, 'tags.list': 6, 'me.get': 0 }));
    expect(await historyOf(rig)).toHaveLength(3);
  });

  it('a flip is refused while the file has errors', async () => {
    const rig = start('file', TABLE, memory());
    writeFileSync(rig.file, TABLE.replace('gateway: 0 }', 'gateway: 200 }'));
    expect(await refusal(flip(rig, 25))).toMatch(/^invalid: .*has errors; mend them first/);
  });

  it('a flip needs no history: it is written down when there is one', async () => {
    const rig = start('file', TABLE);
    expect(await flip(rig, 25)).toMatchObject({ revision: null });
    expect(rig.rollout('leads.get')).toMatchObject({ gateway: 25 });
    expect(await refusal(flip(rig, 26, { expectRevision: 0 }))).toMatch(/^unavailable: /);
    await rig.steering.attach(memory());
    expect(await historyOf(rig)).toEqual(['1 cli leads.get 0→25']);
  });

  it.skipIf(process.getuid?.() === 0)('a directory that cannot be written is said, with what to do', async () => {
    const rig = start('file', TABLE, memory());
    chmodSync(dirname(rig.file), 0o500);
    expect(await refusal(flip(rig, 25))).toMatch(/^read-only: .*EACCES.*DATABASE_URL/);
    chmodSync(dirname(rig.file), 0o700);
  });

  it('what was changed while it was stopped is in the history after the start', async () => {
    const flips = memory();
    await flip(start('file', TABLE, flips), 25);
    const again = start('file', TABLE, flips);
    await again.steering.look();
    expect(again.rollout('leads.get')).toMatchObject({ gateway: 0 });
    expect(await historyOf(again)).toEqual(['2 file leads.get 25→0', '1 cli leads.get 0→25']);
  });
});

describe('with the database as the rollout store', () => {
  it('a flip leaves the file alone and reaches every instance at its next look', async () => {
    const flips = memory();
    const [a, b] = [start('database', TABLE, flips), start('database', TABLE, flips)];
    await b.steering.look();
    await flip(a, 25);
    await b.steering.look();
    expect([b.rollout('leads.get')?.gateway, a.text(), b.text()]).toEqual([25, TABLE, TABLE]);
  });

  it('a restart with the old file does not undo a flip', async () => {
    const flips = memory();
    await flip(start('database', TABLE, flips), 25);
    const again = start('database', TABLE);
    expect(again.rollout('leads.get')).toMatchObject({ gateway: 0 });
    await again.steering.attach(flips);
    expect(again.rollout('leads.get')).toMatchObject({ gateway: 25 });
    expect(await historyOf(again)).toEqual(['1 cli leads.get 0→25']);
  });

  it('a new image with a changed route flips that route, everywhere, and leaves the flips of others', async () => {
    const flips = memory();
    const old = start('database', TABLE, flips);
    await flip(old, 25);
    await flip(old, 30, {}, 'tags.list');
    const fresh = start('database', TABLE.replace('{ gateway: 0 } # tags.list', '{ gateway: 50 } # tags.list'));
    await fresh.steering.attach(flips);
    await old.steering.look();
    for (const rig of [old, fresh]) {
      expect([rig.rollout('leads.get'), rig.rollout('tags.list')]).toMatchObject([{ gateway: 25 }, { gateway: 50 }]);
    }
    expect((await historyOf(fresh))[0]).toBe('3 file tags.list 30→50');
  });

  it('two instances that see the same new file flip once, and the late one does not undo what came between', async () => {
    const flips = memory();
    const [a, b] = [start('database', TABLE, flips), start('database', TABLE, flips)];
    await Promise.all([a.steering.look(), b.steering.look()]);
    const next = TABLE.replace('{ gateway: 0 } # leads.get', '{ gateway: 7 } # leads.get');
    await a.save(next);
    await flip(a, 9);
    await b.save(next);
    await a.steering.look();
    expect([a.rollout('leads.get'), b.rollout('leads.get')]).toMatchObject([{ gateway: 9 }, { gateway: 9 }]);
    expect(await historyOf(a)).toEqual(['2 cli leads.get 7→9', '1 file leads.get 0→7']);
  });

  it('a file that is changed while the database is away acts at once, over any flip, and reaches the store later', async () => {
    const flips = memory();
    const rig = start('database', TABLE, flips);
    await flip(rig, 25);
    const transact = flips.transact.bind(flips);
    flips.transact = () => Promise.reject(new Error('away'));
    await rig.save(TABLE.replace('{ gateway: 0 } # leads.get', '{ gateway: 1 } # leads.get'));
    expect(rig.rollout('leads.get')).toMatchObject({ gateway: 1 });
    expect(await refusal(flip(rig, 3))).toMatch(/^unavailable: .*kill switch works without it/);
    flips.transact = transact;
    await rig.steering.look();
    expect([rig.rollout('leads.get'), await historyOf(rig)]).toMatchObject([
      { gateway: 1 },
      ['2 file leads.get 25→1', '1 cli leads.get 0→25'],
    ]);
  });

  it('a rollout that the route of this file cannot have is left out, and said', async () => {
    const flips = memory();
    await flip(start('database', TABLE, flips), 25);
    const shrunk = TABLE.replace('\n    gateway: GET /leads/:leadId', '');
    const rig = start('database', shrunk);
    await rig.steering.attach(flips);
    expect(rig.rollout('leads.get')).toMatchObject({ gateway: 0 });
    expect(rig.logs.join()).toContain('does not fit this file');
  });

  it('without a database nothing is flipped, and it is said what works', async () => {
    expect(await refusal(flip(start('database', TABLE), 25))).toMatch(/^unavailable: .*not reached yet/);
  });

  it('the kill switch of one is the kill switch of all, both ways', async () => {
    const flips = new SlowFlips();
    const [a, b] = [start('database', TABLE, flips), start('database', TABLE, flips)];
    await b.steering.look();
    await a.steering.setKillSwitch(true, BY_CLI);
    await b.steering.look();
    expect(b.killed()).toBe(true);
    await b.steering.setKillSwitch(false, BY_CLI);
    await a.steering.look();
    expect(a.killed()).toBe(false);
  });

  it('the file of the kill switch on one machine is told to all, and switches no other', async () => {
    const flips = memory();
    const [a, b] = [start('database', TABLE, flips), start('database', TABLE, flips)];
    a.steering.noteKillSwitch(['file']);
    await a.steering.look();
    await b.steering.look();
    expect([a.killed(), b.killed(), await historyOf(b)]).toEqual([false, false, ['1 file kill switch false→true']]);
  });
});

describe('the history in memory', () => {
  it('forgets the oldest lines, and says so to who wants to go back that far', async () => {
    const rig = start('file', TABLE, new MemoryFlips(() => new Date(0), 2));
    for (const gateway of [1, 2, 3]) await flip(rig, gateway);
    expect(await historyOf(rig)).toEqual(['3 cli leads.get 2→3', '2 cli leads.get 1→2']);
    expect(await refusal(rig.steering.rollback(0, BY_CLI))).toMatch(/does not reach back to 0/);
    await rig.steering.rollback(1, BY_CLI);
    expect(rig.rollout('leads.get')).toMatchObject({ gateway: 1 });
  });
});
