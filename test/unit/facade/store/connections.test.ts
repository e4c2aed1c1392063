import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Connections } from '../../../../src/facade/store/connections.ts';
import { STEERING_LIMITS, WORK_LIMITS, type ConnectionLimits } from '../../../../src/facade/store/limits.ts';
import { openStore, type Store } from '../../../../src/facade/store/index.ts';
import { isStoreAway } from '../../../../src/facade/store/unavailable.ts';
import { startPostgres, type TestPostgres } from '../../../e2e/kit/postgres.ts';
import { startStoreProxy, type StoreProxy } from '../../../e2e/kit/store-proxy.ts';
import { until } from '../../../e2e/kit/upstream.ts';
import { log } from './kit.ts';

/** No connection waits longer than its limits, whatever the network or another instance does. */

let postgres: TestPostgres;
let url: string;
beforeAll(async () => {
  postgres = await startPostgres();
  url = await postgres.createMigrated();
});
afterAll(() => postgres.close());

const closings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0).reverse()) await close();
});
const proxied = async (): Promise<StoreProxy> => {
  const proxy = await startStoreProxy(url);
  closings.push(() => proxy.close());
  return proxy;
};
const connected = (to: string): Connections => {
  const connections = new Connections(to, log);
  closings.push(() => connections.close());
  return connections;
};
const opened = async (to: string): Promise<Store> => {
  const store = await openStore({ databaseUrl: to, dataDir: 'unused', migrations: undefined, log });
  closings.push(() => store.close());
  return store;
};
/** Milliseconds that it took to fail, as something that the facade takes for a store that is away. */
const failsIn = async (work: () => Promise<unknown>): Promise<number> => {
  const began = performance.now();
  const error: unknown = await work().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect([error, isStoreAway(error)]).toEqual([expect.any(Error), true]);
  return performance.now() - began;
};
const QUICK: ConnectionLimits = {
  connectMs: 300,
  silenceMs: 300,
  statementMs: 200,
  lockMs: 150,
  idleInTransactionMs: 100,
};
/** With room for a loaded machine; without the limits it would be for ever. */
const SOON = 3_000;

describe('a connection', () => {
  it.each([
    ['STEERING_LIMITS', STEERING_LIMITS],
    ['WORK_LIMITS', WORK_LIMITS],
  ])('has the limits of the server too: %s', async (_, limits) => {
    const client = connected(url).single(limits);
    await client.connect();
    const read = async (name: string) => {
      const { rows } = await client.query<{ value: string }>(
        'select setting as value from pg_settings where name = $1',
        [name],
      );
      return Number(rows[0]?.value);
    };
    expect(await read('statement_timeout')).toBe(limits.statementMs);
    expect(await read('lock_timeout')).toBe(limits.lockMs);
    expect(await read('idle_in_transaction_session_timeout')).toBe(limits.idleInTransactionMs);
    await client.close();
  });

  // A pooler (pgbouncer) refuses parameters of the start that it does not know.
  it('names no parameter at its start but its application', async () => {
    const client = connected(url).single(QUICK) as unknown as { getStartupConf(): object };
    expect(Object.keys(client.getStartupConf())).toEqual(['user', 'database', 'application_name']);
  });

  it('whose peer says nothing ends, with all that waits for it', async () => {
    const proxy = await proxied();
    const client = connected(proxy.url).single(QUICK);
    await client.connect();
    proxy.silence();
    const both = Promise.all([failsIn(() => client.query('select 1')), failsIn(() => client.query('select 2'))]);
    expect(Math.max(...(await both))).toBeLessThan(SOON);
    expect(await failsIn(() => client.query('select 3'))).toBeLessThan(SOON);
  });

  it('that cannot be made is not waited for', async () => {
    const proxy = await proxied();
    proxy.silence();
    const connections = connected(proxy.url);
    expect(await failsIn(() => connections.single(QUICK).connect())).toBeLessThan(SOON);
    const pool = connections.pool({ size: 1, limits: QUICK });
    expect(await failsIn(() => pool.query('select 1'))).toBeLessThan(SOON);
  });

  it('waits for a statement, a lock and a frozen transaction no longer than the server allows', async () => {
    const connections = connected(url);
    const [one, other] = [connections.single(QUICK), connections.single(QUICK)];
    await Promise.all([one.connect(), other.connect()]);
    expect(await failsIn(() => one.query('select pg_sleep(30)'))).toBeLessThan(SOON);
    await one.query('begin');
    await one.query('select * from facade.steering for update');
    // Its own limit would be over after 150 ms: the server has ended the other transaction by then.
    await other.query('select * from facade.steering for update');
    expect(await failsIn(() => one.query('commit'))).toBeLessThan(SOON);
    await Promise.all([one.close(), other.close()]);
  });
});

describe('a pool', () => {
  it('whose connections were all forgotten asks one of them in vain, and then makes new ones', async () => {
    const proxy = await proxied();
    const pool = connected(proxy.url).pool({ size: 5, limits: QUICK });
    await Promise.all(Array.from({ length: 5 }, () => pool.query('select pg_sleep(0.05)')));
    expect(pool.totalCount).toBe(5);
    proxy.forget();
    expect(await failsIn(() => pool.query('select 1'))).toBeLessThan(SOON);
    expect((await pool.query<{ n: number }>('select 1 as n')).rows).toEqual([{ n: 1 }]);
  });

  it('lets connections rest for longer than they may be silent', async () => {
    const pool = connected(url).pool({ size: 1, limits: QUICK });
    const pid = async () => (await pool.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid;
    const before = await pid();
    await new Promise((resolve) => setTimeout(resolve, 2 * QUICK.silenceMs));
    expect(await pid()).toBe(before);
  });

  it('lends no connection that a transaction of a silent database was left on', async () => {
    const proxy = await proxied();
    const store = await opened(proxy.url);
    const write = (): Promise<unknown> =>
      store.steering.transaction().execute(async (tx) => {
        proxy.forget();
        await sql`select 1`.execute(tx);
      });
    expect(await failsIn(write)).toBeLessThan(STEERING_LIMITS.silenceMs + SOON);
    expect((await sql<{ n: number }>`select 1 as n`.execute(store.steering)).rows).toEqual([{ n: 1 }]);
  });
});

describe('a subscription', () => {
  it('whose connection was forgotten hears again within five seconds', async () => {
    const proxy = await proxied();
    const heard: string[] = [];
    const store = await opened(proxy.url);
    await store.listen('news', (payload) => heard.push(payload));
    proxy.forget();
    const began = performance.now();
    await until(() => heard.includes(''), 'it may have missed something', 5_000);
    expect(performance.now() - began).toBeLessThan(5_000);
    const direct = await opened(url);
    await direct.notify('news', 'a');
    await until(() => heard.includes('a'), 'it hears');
  });

  it('that was never heard does not keep the store from closing', async () => {
    const proxy = await proxied();
    const store = await opened(proxy.url);
    await proxy.cut();
    const listening = store.listen('news', () => undefined);
    const [ms] = await Promise.all([failsIn(() => listening), store.close()]);
    expect(ms).toBeLessThan(SOON);
  });
});

describe('the close of a store', () => {
  it.each(['forget', 'silence', 'cut'] as const)('comes to its end: %s', async (way) => {
    const proxy = await proxied();
    const store = await opened(proxy.url);
    await store.listen('news', () => undefined);
    const leadership = store.lead('a', { gained: () => undefined, lost: () => undefined });
    await until(() => leadership.isLeader, 'it leads');
    const lent = store.pool.connect();
    await lent;
    await proxy[way]();
    const asked = sql`select 1`.execute(store.db).catch(() => undefined);
    const began = performance.now();
    setTimeout(() => store.cut(), 200);
    await Promise.all([store.close(), asked]);
    expect(performance.now() - began).toBeLessThan(SOON);
    expect(await failsIn(() => sql`select 1`.execute(store.db))).toBeLessThan(SOON);
  });

  it('ends an opening that waits for a silent database', async () => {
    const proxy = await proxied();
    proxy.silence();
    const closing = new AbortController();
    const opening = openStore({
      databaseUrl: proxy.url,
      dataDir: 'unused',
      migrations: undefined,
      log,
      patience: 60_000,
      signal: closing.signal,
    });
    setTimeout(() => closing.abort(), 100);
    const began = performance.now();
    await expect(opening).rejects.toThrow();
    expect(performance.now() - began).toBeLessThan(SOON);
  });
});

it('knows when the database last answered', async () => {
  const proxy = await proxied();
  const connections = connected(proxy.url);
  expect(connections.answeredAt).toBeUndefined();
  const pool = connections.pool({ size: 1, limits: QUICK });
  await pool.query('select 1');
  const answeredAt = connections.answeredAt ?? 0;
  expect(performance.now() - answeredAt).toBeLessThan(SOON);
  proxy.silence();
  await failsIn(() => pool.query('select 1'));
  expect(connections.answeredAt).toBe(answeredAt);
});
