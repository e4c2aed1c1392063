import { expect, test } from 'vitest';
import type { ParityReport } from '../../../../src/facade/compare/report.ts';
import type { Notification } from '../../../../src/facade/notify/notification.ts';
import { ParityWatch } from '../../../../src/facade/notify/parity-watch.ts';
import { PostgresNotifications } from '../../../../src/facade/store/notifications.ts';
import { testStores } from '../store/kit.ts';

const stores = testStores();

type Kind = ParityReport['verdict']['kind'];

/** A watch whose verdict of one route is what `kind` is at the moment. */
function watching(tell: (verdict: string, of: (before: string) => Notification, before?: string) => Promise<void>) {
  const now = { kind: 'not enough data' as Kind };
  const watch = new ParityWatch({
    reports: () => [
      {
        route: 'leads.get',
        verdict: { kind: now.kind, text: '', reasons: [{ kind: 'parity', text: '9 of 10 differ' }] },
      } as never,
    ],
    verdict: (_, verdict, of, before) => tell(verdict, of, before),
    instance: 'one',
    now: () => 0,
  });
  const look = async (...kinds: Kind[]): Promise<void> => {
    for (now.kind of kinds) await watch.look();
  };
  return look;
}

test('a route that falls from ready, and is ready again, is told of; lack of data between changes nothing', async () => {
  const told: string[] = [];
  const look = watching((_, of, before) => {
    if (before !== undefined) {
      const { event, from, to, why } = of(before);
      told.push(`${event}: ${from as string} → ${to as string} (${why})`);
    }
    return Promise.resolve();
  });
  await look(
    'not enough data',
    'ready',
    'ready',
    'not enough data',
    'ready',
    'not ready',
    'not enough data',
    'not ready',
    'ready',
  );
  expect(told).toEqual(['parity: ready → not ready (9 of 10 differ)', 'parity: not ready → ready (9 of 10 differ)']);
});

test('what could not be told is told at a later look', async () => {
  let fails = true;
  const told: string[] = [];
  const look = watching((verdict) => {
    if (fails) return Promise.reject(new Error('away'));
    told.push(verdict);
    return Promise.resolve();
  });
  await expect(look('ready')).rejects.toThrow('away');
  fails = false;
  await look('ready');
  expect(told).toEqual(['ready']);
});

test('of instances that share a database one tells, also after a restart', async () => {
  const { db } = await stores.open();
  const queue = new PostgresNotifications(db);
  const count = async () => (await db.selectFrom('notifications').selectAll().execute()).length;
  const instance = () =>
    watching(async (verdict, of) => {
      const rowsOf = (before: string) => [
        { id: crypto.randomUUID(), target: 'a', at: new Date(), body: of(before), attempts: 0 },
      ];
      await queue.tellVerdict('leads.get', verdict, rowsOf, new Date());
    });
  const looks = [instance(), instance(), instance()];
  await Promise.all(looks.map((look) => look('ready')));
  expect(await count()).toBe(0);
  await Promise.all(looks.map((look) => look('not ready')));
  expect(await count()).toBe(1);
  await instance()('not ready');
  expect(await count()).toBe(1);
  await instance()('ready');
  expect(await count()).toBe(2);
});
