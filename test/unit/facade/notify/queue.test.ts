import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { MemoryQueue } from '../../../../src/facade/notify/memory-queue.ts';
import type { NotificationQueue, QueuedNotification } from '../../../../src/facade/store/notification-queue.ts';
import { PostgresNotifications } from '../../../../src/facade/store/notifications.ts';
import { testStores } from '../store/kit.ts';

/** One contract for both places in which notifications wait. */

const stores = testStores();
const START = Date.UTC(2026, 0, 1);
const time = (seconds: number): Date => new Date(START + seconds * 1_000);
const row = (target: string, seconds: number): QueuedNotification => ({
  id: randomUUID(),
  target,
  at: time(seconds),
  body: { event: 'flip', n: seconds },
  attempts: 0,
});
const LEASE_MS = 30_000;

describe.each([
  ['in memory', async (): Promise<NotificationQueue> => new MemoryQueue(() => undefined)],
  ['in Postgres', async (): Promise<NotificationQueue> => new PostgresNotifications((await stores.open()).db)],
])('notifications %s', (_, create) => {
  let queue: NotificationQueue;
  beforeEach(async () => void (queue = await create()));
  const take = async (seconds: number, target = 'a') => {
    const taken = await queue.take(target, time(seconds), LEASE_MS);
    return taken && (taken.body as { n: number }).n;
  };

  test('are taken in the order of time, one at a time for each target', async () => {
    const [first, second] = [row('a', 1), row('a', 2)];
    await queue.add([second, first, row('b', 3)], time(3));
    expect([...(await queue.due(time(3)))].toSorted()).toEqual(['a', 'b']);
    expect([await take(3), await take(3), await take(3, 'b'), await take(3, 'c')]).toEqual([
      1,
      undefined,
      3,
      undefined,
    ]);
    const [taken] = [first];
    await queue.remove(taken);
    expect(await take(4)).toBe(2);
  });

  test('that failed are due later, and at once when the target works again', async () => {
    await queue.add([row('a', 1)], time(1));
    const taken = (await queue.take('a', time(1), LEASE_MS)) as QueuedNotification;
    await queue.retry(taken, time(60));
    expect([await queue.due(time(59)), await take(59)]).toEqual([[], undefined]);
    await queue.wake('a', time(10));
    const again = (await queue.take('a', time(10), LEASE_MS)) as QueuedNotification;
    expect([again.id, again.attempts]).toEqual([taken.id, 1]);
  });

  test('of which one fails again and again do not wait for it', async () => {
    await queue.add([row('a', 1), row('a', 2)], time(2));
    for (let i = 0; i < 9; i++) {
      const failing = (await queue.take('a', time(i + 2), LEASE_MS)) as QueuedNotification;
      expect((failing.body as { n: number }).n).toBe(1);
      await queue.retry(failing, time(i + 3));
    }
    expect(await take(13)).toBe(2);
  });

  test('that are too old are let go', async () => {
    await queue.add([row('a', 1), row('a', 100)], time(100));
    expect((await queue.expire(time(50))).map(({ body }) => body)).toEqual([{ event: 'flip', n: 1 }]);
    expect(await take(101)).toBe(100);
  });
});

test('in Postgres, what an instance took that is gone is taken by another when its lease is over', async () => {
  const queue = new PostgresNotifications((await stores.open()).db);
  await queue.add([row('a', 1)], time(1));
  const taken = await queue.take('a', time(1), LEASE_MS);
  expect(await queue.take('a', time(30), LEASE_MS)).toBeUndefined();
  expect((await queue.take('a', time(32), LEASE_MS))?.id).toBe(taken?.id);
});

test('in Postgres, of instances that take at once each gets another one, or none', async () => {
  const queue = new PostgresNotifications((await stores.open()).db);
  await queue.add(
    Array.from({ length: 5 }, (_, i) => row('a', i)),
    time(5),
  );
  const taken = await Promise.all(Array.from({ length: 8 }, () => queue.take('a', time(6), LEASE_MS)));
  const ids = taken.flatMap((one) => one?.id ?? []);
  expect(ids.length).toBeGreaterThan(0);
  expect(new Set(ids).size).toBe(ids.length);
});

test('in memory there is room for a thousand; of one more the oldest is lost, and told', async () => {
  const lost: QueuedNotification[] = [];
  const queue = new MemoryQueue((one) => lost.push(one));
  await queue.add(
    Array.from({ length: 1_002 }, (_, i) => row('a', i)),
    time(0),
  );
  expect([queue.rows.length, lost.map(({ at }) => at)]).toEqual([1_000, [time(0), time(1)]]);
});
