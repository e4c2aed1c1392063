import { sql, type Kysely } from 'kysely';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Database, Store } from '../../../../src/facade/store/index.ts';
import { until } from '../../../e2e/kit/upstream.ts';
import { testStores } from './kit.ts';

const stores = testStores();
let one: Store;
let other: Store;
beforeAll(async () => {
  one = await stores.open();
  other = await stores.open(one.connectionString);
});

/** Ends connections as a database does that is restarted. @returns how many. */
async function terminate(which: ReturnType<typeof sql>): Promise<number> {
  const { rows } = await sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and ${which}`.execute(one.db);
  return rows.length;
}
/** Of this database: other tests share the server. */
const ADVISORY = sql`locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`;
const holdsLock = sql`pid in (select pid from pg_locks where ${ADVISORY} and granted)`;

describe('listening', () => {
  it('hears what others say on its channel only', async () => {
    const heard: string[] = [];
    const subscription = await one.listen('News "of today"', (payload) => heard.push(payload));
    await other.notify('other', 'not for us');
    await other.notify('News "of today"', 'a');
    await one.notify('News "of today"', '');
    await until(() => heard.length === 2, 'both are heard');
    expect(heard).toEqual(['a', '']);
    await subscription.close();
  });

  it('goes on after its connection died, and says that something may have been missed', async () => {
    const heard: string[] = [];
    const subscription = await one.listen('flips', (payload) => heard.push(payload));
    for (let death = 1; death <= 2; death++) {
      expect(await terminate(sql`query ilike 'listen%'`)).toBe(1);
      await until(() => heard.length === 2 * death - 1, 'it is heard again');
      await other.notify('flips', `after ${death}`);
      await until(() => heard.length === 2 * death, 'the message is heard');
    }
    expect(heard).toEqual(['', 'after 1', '', 'after 2']);
    await subscription.close();
    expect(await terminate(sql`query ilike 'listen%'`)).toBe(0);
  });
});

describe('leadership', () => {
  function candidate(store: Store, name: string) {
    const events: string[] = [];
    const leadership = store.lead(name, {
      gained: () => events.push('gained'),
      lost: () => events.push('lost'),
    });
    return { leadership, events };
  }

  it('is one instance’s, and moves when the leader’s connection dies', async () => {
    const first = candidate(one, 'a');
    await until(() => first.leadership.isLeader, 'the only one leads');
    const second = candidate(other, 'a');
    const elsewhere = candidate(other, 'b');
    await until(() => elsewhere.leadership.isLeader, 'another name has another leader');
    await elsewhere.leadership.close();
    expect(second.leadership.isLeader).toBe(false);

    expect(await terminate(holdsLock)).toBe(1);
    await until(() => first.events.includes('lost'), 'the leader hears of it');
    await until(() => first.leadership.isLeader || second.leadership.isLeader, 'there is a leader again');
    expect(first.leadership.isLeader && second.leadership.isLeader).toBe(false);

    const [leader, follower] = first.leadership.isLeader ? [first, second] : [second, first];
    await leader.leadership.close();
    expect(leader.leadership.isLeader).toBe(false);
    expect(leader.events.at(-1)).toBe('lost');
    await until(() => follower.leadership.isLeader, 'the follower leads');
    await follower.leadership.close();
  });

  it('is not gained by one that was closed before it was answered', async () => {
    for (let i = 0; i < 10; i++) {
      const { leadership, events } = candidate(one, 'c');
      if (i % 2 === 1) await sql`select 1`.execute(one.db);
      await leadership.close();
      const before = [...events];
      await sql`select pg_sleep(0.01)`.execute(one.db);
      expect(events).toEqual(before);
      expect(leadership.isLeader).toBe(false);
      expect(events.filter((event) => event === 'gained')).toHaveLength(events.length / 2);
    }
    await until(
      () => sql`select 1 from pg_locks where ${ADVISORY}`.execute(one.db).then(({ rows }) => rows.length === 0),
      'no lock is left',
    );
  });
});

describe('the pool', () => {
  it('outlives its connections', async () => {
    await Promise.all(Array.from({ length: 5 }, () => sql`select pg_sleep(0.05)`.execute(other.db)));
    expect(await terminate(sql`application_name = 'c2s-facade'`)).toBeGreaterThanOrEqual(5);
    await until(() => other.pool.totalCount === 0, 'the dead ones are gone');
    expect(await other.db.selectFrom('people').selectAll().execute()).toEqual([]);
  });

  it('outlives one that dies between two queries of whoever borrowed it', async () => {
    const works = (db: Kysely<Database>): Promise<boolean> =>
      sql`select 1`.execute(db).then(
        () => true,
        () => false,
      );
    await other.db.connection().execute(async (lent) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(lent);
      await terminate(sql`pid = ${rows[0]?.pid}`);
      await until(async () => !(await works(lent)), 'the borrower is told');
    });
    // Returned before its end was heard of, it may fail one more.
    await until(() => works(other.db), 'the next one has a living one');
  });

  it('gives big integers and amounts as numbers, and days as they are', async () => {
    const { rows } = await sql`select 3::bigint as n, 1.50::numeric as r, date '1985-05-15' as d, now() as t`.execute(
      one.db,
    );
    expect(rows).toEqual([{ n: 3, r: 1.5, d: '1985-05-15', t: expect.any(Date) as Date }]);
  });
});
