import { sql } from 'kysely';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { RolloutValues } from '../../../../src/facade/config/rollout.ts';
import type { FlipReason } from '../../../../src/facade/rollout/flip.ts';
import { MemoryFlips } from '../../../../src/facade/steer/memory-flips.ts';
import { MemoryTraffic } from '../../../../src/facade/steer/memory-traffic.ts';
import { PostgresFlips, type FlipLog } from '../../../../src/facade/store/flips.ts';
import { PostgresTraffic, type TrafficLog, type TrafficRow } from '../../../../src/facade/store/traffic.ts';
import { testStores } from '../store/kit.ts';

/** One contract for both places: what is true of the history and the traffic must not depend on whether there is a store. */

const stores = testStores();
const at = (gateway: number): RolloutValues => ({ gateway, shadow: 0, stickyBy: 'leadId', fallback: 'direct' });
const change = (route: string, from: number, to: number) => ({ route, from: at(from), to: at(to) });
const BY: FlipReason = { source: 'cli', who: 'ana', identity: 'loopback', why: undefined };

describe.each([
  ['in memory', async (): Promise<FlipLog> => new MemoryFlips(() => new Date())],
  ['in Postgres', async (): Promise<FlipLog> => new PostgresFlips((await stores.open()).db)],
])('the history %s', (_, create) => {
  let flips: FlipLog;
  beforeEach(async () => void (flips = await create()));
  const append = (...changes: ReturnType<typeof change>[]) => flips.transact((tx) => tx.append({ ...BY, changes }));

  it('counts revisions up, and knows what is in force', async () => {
    expect(await flips.state()).toEqual({ revision: 0, killSwitch: false, rollouts: new Map() });
    expect([await append(change('a', 0, 5), change('b', 0, 5)), await append(change('a', 5, 10))]).toEqual([1, 2]);
    expect(await flips.state()).toEqual({
      revision: 2,
      killSwitch: false,
      rollouts: new Map([
        ['a', at(10)],
        ['b', at(5)],
      ]),
    });
    expect(await append()).toBe(2);
  });

  it('is read newest first, by route, in pages that cut no flip in two', async () => {
    await append(change('a', 0, 1), change('b', 0, 1));
    await append(change('b', 1, 2));
    await append(change('a', 1, 3), change('b', 2, 3));
    const read = async (query: Partial<Parameters<FlipLog['list']>[0]>) =>
      (await flips.list({ limit: 10, ...query })).map(
        (line) => `${line.revision}${line.kind === 'flip' ? line.route : ''}`,
      );
    expect(await read({})).toEqual(['3a', '3b', '2b', '1a', '1b']);
    expect(await read({ limit: 1 })).toEqual(['3a', '3b']);
    expect(await read({ limit: 1, before: 3 })).toEqual(['2b']);
    expect(await read({ route: 'a' })).toEqual(['3a', '1a']);
    expect(await read({ after: 1 })).toEqual(['3a', '3b', '2b']);
  });

  it('keeps what the evidence said against a flip; an edit of the file overruled nothing', async () => {
    const against = 'gateway 0 → 5 against the verdict\0';
    const held = { ...change('a', 0, 5), against };
    await flips.transact((tx) => tx.append({ ...BY, changes: [held, change('b', 0, 5)] }));
    await flips.transact((tx) => tx.append({ ...BY, source: 'file', changes: [{ ...held, route: 'c' }] }));
    const told = (await flips.list({ limit: 10 })).map((line) => {
      return line.kind === 'flip' && [line.route, line.forced, line.against?.replace('\0', '')];
    });
    expect(told).toEqual([
      ['c', undefined, 'gateway 0 → 5 against the verdict'],
      ['a', true, 'gateway 0 → 5 against the verdict'],
      ['b', undefined, undefined],
    ]);
  });

  it('keeps who, why and the evidence of a line, and leaves out what was not said', async () => {
    const evidence = { requests: 420, parity: 0.9993, gates: ['parity'] };
    await flips.transact((tx) => tx.append({ ...BY, why: 'ready', evidence, changes: [change('a', 0, 5)] }));
    await append(change('a', 5, 6));
    const [second, first] = await flips.list({ limit: 10 });
    expect(first).toEqual({
      ...BY,
      kind: 'flip',
      revision: 1,
      at: expect.any(Date) as Date,
      why: 'ready',
      evidence,
      ...change('a', 0, 5),
    });
    expect(second).toEqual({ ...BY, kind: 'flip', revision: 2, at: expect.any(Date) as Date, ...change('a', 5, 6) });
  });

  it('keeps the kill switch beside the routes, and only its changes', async () => {
    const set = (killSwitch: boolean) => flips.transact((tx) => tx.append({ ...BY, changes: [], killSwitch }));
    expect([await set(true), await set(true), await set(false)]).toEqual([1, 1, 2]);
    expect(await flips.list({ limit: 10 })).toMatchObject([
      { kind: 'kill-switch', from: true, to: false },
      { kind: 'kill-switch', from: false, to: true },
    ]);
    expect((await flips.state()).killSwitch).toBe(false);
  });

  it('tells of a file that holds the kill switch somewhere, and leaves the switch that all share as it is', async () => {
    const tell = (killSwitchFile: boolean) =>
      flips.transact((tx) => tx.append({ ...BY, source: 'file', changes: [], killSwitchFile }));
    expect([await tell(true), await tell(true), await tell(false)]).toEqual([1, 2, 3]);
    expect(await flips.list({ limit: 1 })).toMatchObject([
      { kind: 'kill-switch', source: 'file', from: true, to: false },
    ]);
    expect(await flips.state()).toMatchObject({ revision: 3, killSwitch: false });
  });

  it('tells what every route had at a revision', async () => {
    await append(change('a', 0, 1));
    await append(change('a', 1, 2), change('b', 0, 9));
    await append(change('a', 2, 3));
    expect(await flips.rolloutsAt(1)).toEqual(
      new Map([
        ['a', at(1)],
        ['b', at(0)],
      ]),
    );
    expect(await flips.rolloutsAt(3)).toEqual(new Map());
  });

  it('remembers the files that were taken over', async () => {
    const file = { digest: 'abc', rollouts: new Map([['a', at(0)]]) };
    const read = () => flips.transact(async (tx) => [await tx.lastFile(), await tx.wasImported('abc')] as const);
    expect(await read()).toEqual([undefined, false]);
    await flips.transact((tx) => tx.imported(file));
    await flips.transact((tx) => tx.imported({ ...file, digest: 'def' }));
    expect(await read()).toEqual([{ ...file, digest: 'def' }, true]);
  });

  it('keeps nothing of what failed half-way', async () => {
    const failing = flips.transact(async (tx) => {
      await tx.append({ ...BY, changes: [change('a', 0, 5)] });
      throw new Error('half-way');
    });
    await expect(failing).rejects.toThrow('half-way');
    expect([(await flips.state()).revision, await flips.list({ limit: 10 })]).toEqual([0, []]);
  });

  it('has one order: of flips at once each sees the one before', async () => {
    await Promise.all(
      Array.from({ length: 8 }, () =>
        flips.transact(async (tx) => {
          const now = tx.rollouts.get('a')?.gateway ?? 0;
          await tx.append({ ...BY, changes: [change('a', now, now + 1)] });
        }),
      ),
    );
    expect((await flips.state()).rollouts.get('a')).toEqual(at(8));
    expect((await flips.list({ limit: 20 })).map(({ revision }) => revision)).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
  });
});

describe.each([
  ['in memory', async (): Promise<TrafficLog> => new MemoryTraffic()],
  ['in Postgres', async (): Promise<TrafficLog> => new PostgresTraffic((await stores.open()).db, 'one')],
])('the traffic %s', (_, create) => {
  let traffic: TrafficLog;
  beforeEach(async () => void (traffic = await create()));
  const row = (path: string, requests: number, more: Partial<TrafficRow> = {}): TrafficRow => {
    return { route: 'leads.get', path, requests, failures: 0, failovers: 0, untranslatable: 0, ...more };
  };
  const time = (text: string) => new Date(`2026-03-${text}Z`);

  it('adds up by minute, hour and day', async () => {
    await traffic.add(time('01T10:00:10'), [row('direct', 3, { failures: 1 }), row('gateway', 1)]);
    await traffic.add(time('01T10:00:50'), [row('direct', 4)]);
    await traffic.add(time('01T10:01:00'), [row('direct', 5)]);
    await traffic.add(time('02T00:00:00'), [row('gateway', 9)]);
    const direct = async (...args: Parameters<TrafficLog['sums']>) =>
      (await traffic.sums(...args)).find(({ path }) => path === 'direct');
    expect(await direct('minute', time('01T10:01:00'))).toEqual(row('direct', 5));
    expect(await direct('minute', time('01T10:00:00'))).toEqual(row('direct', 12, { failures: 1 }));
    expect(await direct('hour', time('01T10:00:00'))).toEqual(row('direct', 12, { failures: 1 }));
    expect(await direct('hour', time('01T11:00:00'))).toBeUndefined();
    const days = (await traffic.days(time('01T00:00:00'))).map(
      ({ day, path, requests }) => `${day.getUTCDate()} ${path} ${requests}`,
    );
    expect(days.toSorted()).toEqual(['1 direct 12', '1 gateway 1', '2 gateway 9']);
  });

  it('tells when a path was last used, failed over from, or could not carry a request: when that minute had ended', async () => {
    await traffic.add(time('01T10:00:10'), [row('direct', 1), row('gateway', 1, { failovers: 1, untranslatable: 1 })]);
    await traffic.add(time('01T10:07:10'), [row('gateway', 1, { failovers: 1 })]);
    expect((await traffic.lastUse()).toSorted((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
      {
        route: 'leads.get',
        path: 'direct',
        requested: time('01T10:01:00'),
        failedOver: undefined,
        untranslatable: undefined,
      },
      {
        route: 'leads.get',
        path: 'gateway',
        requested: time('01T10:08:00'),
        failedOver: time('01T10:08:00'),
        untranslatable: time('01T10:01:00'),
      },
    ]);
  });

  it('forgets minutes before hours before days; a last use is then known to the hour, and to the day', async () => {
    await traffic.add(time('01T10:20:00'), [row('direct', 1)]);
    const lastUse = async () => (await traffic.lastUse())[0]?.requested;
    await traffic.prune(time('04T00:00:00'));
    expect([await traffic.sums('minute', time('01T00:00:00')), await lastUse()]).toEqual([[], time('01T11:00:00')]);
    await traffic.prune(new Date('2026-06-01T00:00:00Z'));
    expect([await traffic.sums('hour', time('01T00:00:00')), await lastUse()]).toEqual([[], time('02T00:00:00')]);
    expect(await traffic.days(time('01T00:00:00'))).toHaveLength(1);
  });
});

describe('the traffic of instances that share Postgres', () => {
  it('is summed, however many write at once', async () => {
    const { db } = await stores.open();
    const instances = ['one', 'two', 'three'].map((name) => new PostgresTraffic(db, name));
    const rows = ['c', 'a', 'b'].map((route) => ({
      route,
      path: 'direct',
      requests: 1,
      failures: 0,
      failovers: 0,
      untranslatable: 0,
    }));
    const at = new Date('2026-03-01T10:00:00Z');
    await Promise.all(
      Array.from({ length: 12 }, (_, i) => instances[i % 3]!.add(at, i % 2 ? rows : rows.toReversed())),
    );
    for (const grain of ['minute', 'hour', 'day'] as const) {
      const sums = await instances[0]!.sums(grain, new Date('2026-03-01T00:00:00Z'));
      expect(sums.map(({ requests }) => requests)).toEqual([12, 12, 12]);
    }
  });
});

describe('rows that somebody else wrote', () => {
  it.each(['null', '1', '"on"', '[]', '{}', '{"on": "yes"}', '{"gateway": {"a": 1}, "shadow": -5}'])(
    '%s is told of once and left out, and everything else goes on',
    async (json) => {
      const { db } = await stores.open();
      const error = vi.fn();
      const flips = new PostgresFlips(db, { error } as never);
      const line = (route: string | null) =>
        sql`insert into facade.flips (revision, source, who, identity, route, "from", "to")
            values (999, 'api', 'x', 'x', ${route}, ${json}::jsonb, ${json}::jsonb)`.execute(db);
      await flips.transact((tx) => tx.append({ ...BY, killSwitch: true, changes: [change('a', 0, 5)] }));
      await line(null);
      await line('b');
      await sql`insert into facade.rollouts (route, rollout, revision) values ('b', ${json}::jsonb, 1)`.execute(db);
      expect((await flips.state()).rollouts).toEqual(new Map([['a', at(5)]]));
      expect(await flips.rolloutsAt(0)).toEqual(new Map([['a', at(0)]]));
      expect(await flips.transact((tx) => tx.lastSwitch(0))).toBe(true);
      expect(await flips.list({ limit: 10 })).toHaveLength(2);
      await flips.transact((tx) => tx.append({ ...BY, killSwitch: false, changes: [] }));
      expect((await flips.state()).killSwitch).toBe(false);
      const told = error.mock.calls.map(([row]) => JSON.stringify(row));
      expect(told).toContain('{"revision":999,"route":null}');
      expect(new Set(told).size).toBe(told.length);
    },
  );
});
