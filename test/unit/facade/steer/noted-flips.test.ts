import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { createLogs } from '../../../../src/http/log.ts';
import type { RolloutValues } from '../../../../src/facade/config/rollout.ts';
import type { FlipReason, FlipRecord } from '../../../../src/facade/rollout/flip.ts';
import { ChangeLog } from '../../../../src/facade/steer/change-log.ts';
import { MemoryFlips } from '../../../../src/facade/steer/memory-flips.ts';
import { NotedFlips } from '../../../../src/facade/steer/noted-flips.ts';
import { PostgresFlips, type FlipLog, type SteerTransaction } from '../../../../src/facade/store/flips.ts';
import type { QueuedNotification } from '../../../../src/facade/store/notification-queue.ts';
import { CommitUnknown } from '../../../../src/facade/store/unavailable.ts';
import { testStores } from '../store/kit.ts';

/** What is written into the history is logged once, and what is to be posted of it is kept with it. */

const stores = testStores();
const BY: FlipReason = { source: 'cli', who: 'ana\u001b[2J\u202e', identity: 'loopback', why: 'ready\nnow' };
const at = (gateway: number): RolloutValues => ({ gateway, shadow: 0, stickyBy: 'leadId', fallback: 'direct' });
const changes = [{ route: 'a', from: at(0), to: at(5) }];

function noted(inner: FlipLog) {
  const logs: string[] = [];
  const sink = new Writable({ write: (chunk: Buffer, _, done) => (logs.push(chunk.toString()), done()) });
  const changeLog = new ChangeLog(createLogs('info', sink).log);
  const unkept: QueuedNotification[] = [];
  const rowsOf = (records: readonly FlipRecord[]) =>
    records.map(({ revision }) => ({ id: randomUUID(), target: 'a', at: new Date(), body: { revision }, attempts: 0 }));
  const flips = new NotedFlips(inner, {
    changes: changeLog,
    rowsOf,
    flipped: (rows) => unkept.push(...rows),
    now: () => new Date(),
  });
  const lines = () => logs.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  return { flips, changeLog, unkept, lines };
}

describe('a flip', () => {
  test('is one line, with what would steer a terminal written out; what changes nothing is none', async () => {
    const { flips, lines, unkept } = noted(new MemoryFlips(() => new Date()));
    await flips.transact((tx) => tx.append({ ...BY, changes }));
    await flips.transact((tx) => tx.append({ ...BY, changes: [] }));
    expect(lines()).toMatchObject([
      {
        msg: 'route flipped',
        route: 'a',
        from: { gateway: 0 },
        to: { gateway: 5 },
        by: { who: String.raw`ana\x1b[2J\u202e`, source: 'cli' },
        why: String.raw`ready\nnow`,
        revision: 1,
      },
    ]);
    // A history of this process alone keeps nothing.
    expect(unkept).toHaveLength(1);
  });

  test('that fails is neither logged nor posted', async () => {
    const { db } = await stores.open();
    const { flips, lines } = noted(new PostgresFlips(db));
    const failing = flips.transact(async (tx) => {
      await tx.append({ ...BY, changes });
      throw new Error('half-way');
    });
    await expect(failing).rejects.toThrow('half-way');
    expect([lines(), await db.selectFrom('notifications').selectAll().execute()]).toEqual([[], []]);
  });

  test('is kept with what is to be posted of it; where that cannot be kept, the flip is made all the same', async () => {
    const { db } = await stores.open();
    const { flips, unkept } = noted(new PostgresFlips(db));
    await flips.transact((tx) => tx.append({ ...BY, changes }));
    expect(await db.selectFrom('notifications').select('body').execute()).toEqual([{ body: { revision: 1 } }]);
    await sql`drop table facade.notifications`.execute(db);
    await flips.transact((tx) => tx.append({ ...BY, changes: [{ route: 'b', from: at(0), to: at(7) }] }));
    expect([(await flips.state()).revision, unkept.map(({ body }) => body)]).toEqual([2, [{ revision: 2 }]]);
  });

  test('is logged as made here, once, also where only the history tells that it was', async () => {
    const inner = new MemoryFlips(() => new Date());
    const { flips, changeLog, lines } = noted(inner);
    await flips.transact((tx) => tx.append({ ...BY, changes }));
    changeLog.seen(await flips.list({ limit: 10 }));
    expect(lines().map(({ msg }) => msg)).toEqual(['route flipped']);
    const cut = noted({
      ...inner,
      isLasting: true,
      transact: async (work: (tx: SteerTransaction) => Promise<unknown>) => {
        await inner.transact(work);
        throw new CommitUnknown();
      },
    } as unknown as FlipLog);
    const more = [{ route: 'a', from: at(5), to: at(9) }];
    await expect(cut.flips.transact((tx) => tx.append({ ...BY, changes: more }))).rejects.toThrow(CommitUnknown);
    expect(cut.lines()).toEqual([]);
    cut.changeLog.seen(await inner.list({ limit: 1 }));
    expect(cut.lines().map(({ msg }) => msg)).toEqual(['route flipped']);
  });

  test('of another instance is logged as seen', async () => {
    const inner = new MemoryFlips(() => new Date());
    await inner.transact((tx) => tx.append({ ...BY, changes }));
    await inner.transact((tx) => tx.append({ ...BY, changes: [], killSwitch: true }));
    const { changeLog, lines } = noted(inner);
    changeLog.seen(await inner.list({ limit: 10 }));
    expect(lines().map(({ msg, revision }) => `${String(revision)} ${String(msg)}`)).toEqual([
      '1 route flipped by another instance',
      '2 kill switch set by another instance',
    ]);
  });
});
