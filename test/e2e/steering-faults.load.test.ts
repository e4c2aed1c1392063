import pg from 'pg';
import { describe, expect, test } from 'vitest';
import type { SteeringStatus } from '../../src/facade/steer/steering.ts';
import { FACADE_TOKEN, startFacade, type TestFacade } from './kit/facade.ts';
import { freeze } from './kit/freeze.ts';
import { startProcess, type FacadeProcess } from './kit/process.ts';
import { startStoreProxy, type StoreProxy } from './kit/store-proxy.ts';
import { until } from './kit/upstream.ts';
import { usePaths } from './kit/use-paths.ts';

/**
 * Instances on one Postgres that is slow, forgets them, goes back or loses the end of what they say: every flip and every
 * kill switch that was answered serves on every instance that lives, within five seconds.
 */

const FIVE_SECONDS = 5_000;
const paths = usePaths();

/** Where an instance is asked, in this process or in one of its own. */
type Asked = Pick<TestFacade, 'url' | 'adminUrl'>;

/** Other transactions (the queue of notifications, the looks for unknown writes) lock rows of their own, every second. */
const FLIPS_LOCK = '"steering" for update';

const proxyTo = async (databaseUrl: string): Promise<StoreProxy> =>
  paths.opened.keep(await startStoreProxy(databaseUrl));
const start = async (databaseUrl: string): Promise<TestFacade> =>
  paths.opened.keep(
    await startFacade({ direct: paths.direct.url, gateway: paths.gateway.url, env: { DATABASE_URL: databaseUrl } }),
  );

async function startAlone(env: Record<string, string>): Promise<Asked & { readonly process: FacadeProcess }> {
  const process = paths.opened.keep(
    startProcess({
      env: { C2S_BASE_URL: paths.direct.url, C2S_GATEWAY_URL: paths.gateway.url, DRAIN_DELAY: '0s', ...env },
    }),
  );
  return { process, ...(await process.ready()) };
}

async function served({ url }: Asked): Promise<string | null> {
  const res = await fetch(`${url}/leads/42`, { headers: { authorization: `Bearer ${FACADE_TOKEN}` } });
  await res.arrayBuffer();
  return res.headers.get('x-facade-path');
}

async function call<T>({ adminUrl }: Asked, method: string, path: string, body?: object): Promise<T> {
  const headers = { 'x-c2s-admin': 'cli', 'content-type': 'application/json' };
  const sent = body ? { body: JSON.stringify(body) } : {};
  return (await (await fetch(`${adminUrl}/api/${path}`, { method, headers, ...sent })).json()) as T;
}

interface Answer {
  readonly status?: number;
  readonly type?: string;
  readonly detail?: string;
  readonly revision?: number;
  readonly on?: boolean;
  readonly recorded?: boolean;
}
const flip = (asked: Asked, percent: number): Promise<Answer> =>
  call(asked, 'POST', 'flips', {
    changes: [{ route: 'leads.get', set: { gateway: percent } }],
    // Nothing was compared here.
    force: true,
    why: 'a test',
  });
const kill = (asked: Asked): Promise<Answer> => call(asked, 'PUT', 'kill-switch', {});
const letGo = (asked: Asked): Promise<Answer> => call(asked, 'DELETE', 'kill-switch', {});
const serves = (asked: Asked, path: string, withinMs = FIVE_SECONDS): Promise<void> =>
  until(async () => (await served(asked)) === path, `it serves by ${path}`, withinMs);
const timed = async <T>(work: Promise<T>): Promise<T & { readonly ms: number }> => {
  const began = performance.now();
  const result = await work;
  return { ...result, ms: performance.now() - began };
};

describe('connections that a firewall forgot', () => {
  test('cost an instance no flip and no kill switch of others, and its own are made', { timeout: 60_000 }, async () => {
    const databaseUrl = await paths.postgres.createMigrated();
    const proxy = await proxyTo(databaseUrl);
    const [one, forgotten] = [await start(databaseUrl), await start(proxy.url)];
    proxy.forget();
    await flip(one, 100);
    await serves(forgotten, 'gateway');
    proxy.forget();
    await kill(one);
    await serves(forgotten, 'direct');
    await letGo(one);
    await serves(forgotten, 'gateway');
    proxy.forget();
    // The first one that asks a forgotten connection pays for it; nobody waits for longer than five seconds.
    await until(
      async () => {
        const own = await timed(flip(forgotten, 0));
        expect(own.ms).toBeLessThan(FIVE_SECONDS);
        return own.revision !== undefined;
      },
      'its own flip is made',
      2 * FIVE_SECONDS,
    );
    await serves(one, 'direct');
  });
});

describe('an instance that stands still inside the transaction of a flip', () => {
  test('holds up no flip and no kill switch of the others', { timeout: 60_000 }, async () => {
    const databaseUrl = await paths.postgres.createMigrated();
    const proxy = await proxyTo(databaseUrl);
    const [one, two] = [await start(databaseUrl), await start(databaseUrl)];
    const still = await startAlone({ DATABASE_URL: proxy.url });
    const locked = proxy.sent(FLIPS_LOCK);
    const lost = flip(still, 5).catch(() => undefined);
    await locked;
    proxy.silence();
    const frozen = await freeze(still.process.child);
    const [flipped, switched] = await Promise.all([timed(flip(one, 100)), timed(kill(two))]);
    expect([flipped.revision, switched.on]).toEqual([expect.any(Number), true]);
    expect(Math.max(flipped.ms, switched.ms)).toBeLessThan(FIVE_SECONDS);
    await Promise.all([serves(one, 'direct'), serves(two, 'direct')]);
    await letGo(two);
    await Promise.all([serves(one, 'gateway'), serves(two, 'gateway')]);
    frozen.thaw();
    await proxy.pass();
    await lost;
    await serves(still, 'gateway', 2 * FIVE_SECONDS);
  });
});

describe('a kill switch', () => {
  const TRIES = 12;

  test('never goes back, with a database that is 240 ms away', { timeout: 90_000 }, async () => {
    const proxy = await proxyTo(await paths.postgres.createMigrated());
    const far = await start(proxy.url);
    await flip(far, 100);
    proxy.delay(120);
    for (let i = 0; i < TRIES; i++) {
      // At another point of the look that is under way, each time.
      await new Promise((done) => setTimeout(done, (i * 1_000) / TRIES));
      expect(await kill(far)).toMatchObject({ on: true });
      const until = performance.now() + 1_500;
      while (performance.now() < until) {
        expect(far.dataPlane.killed).toBe(true);
        await new Promise((done) => setTimeout(done, 5));
      }
      expect(await letGo(far)).toMatchObject({ on: false });
    }
  });

  test(
    'that was set while the database was away outlives a restart, and reaches the others',
    { timeout: 60_000 },
    async () => {
      const databaseUrl = await paths.postgres.createMigrated();
      const proxy = await proxyTo(databaseUrl);
      const other = await start(databaseUrl);
      await flip(other, 100);
      const first = await startAlone({ DATABASE_URL: proxy.url });
      await serves(first, 'gateway');
      await proxy.cut();
      expect(await kill(first)).toMatchObject({ on: true, recorded: false });
      first.process.child.kill('SIGKILL');
      await first.process.exited();
      const again = await startAlone({ DATABASE_URL: proxy.url, FACADE_CONFIG: first.process.configFile });
      expect(await call(again, 'GET', 'kill-switch')).toMatchObject({ on: true });
      expect([await served(again), await served(other)]).toEqual(['direct', 'gateway']);
      await proxy.pass();
      await serves(other, 'direct', 3 * FIVE_SECONDS);
      await letGo(other);
      await serves(again, 'gateway');
    },
  );

  test(
    'that the database has outlives a restart while the database is away, also on another machine',
    { timeout: 60_000 },
    async () => {
      const proxy = await proxyTo(await paths.postgres.createMigrated());
      const first = await startAlone({ DATABASE_URL: proxy.url });
      await flip(first, 100);
      await serves(first, 'gateway');
      expect(await kill(first)).toMatchObject({ on: true, recorded: true });
      first.process.child.kill('SIGKILL');
      await first.process.exited();
      await proxy.cut();
      const [again, elsewhere] = await Promise.all([
        startAlone({ DATABASE_URL: proxy.url, FACADE_CONFIG: first.process.configFile }),
        startAlone({ DATABASE_URL: proxy.url }),
      ]);
      expect(await call(again, 'GET', 'kill-switch')).toEqual({ on: true, by: ['admin'] });
      expect(await call(elsewhere, 'GET', 'kill-switch')).toEqual({ on: true, by: ['unknown'] });
      expect([await served(again), await served(elsewhere)]).toEqual(['direct', 'direct']);
      await proxy.pass();
      await until(
        async () => (await call<{ by: string[] }>(elsewhere, 'GET', 'kill-switch')).by.join() === 'admin',
        'the database was asked',
        3 * FIVE_SECONDS,
      );
      await letGo(again);
      await Promise.all([serves(again, 'gateway'), serves(elsewhere, 'gateway')]);
    },
  );

  test('works through the database alone', async () => {
    const databaseUrl = await paths.postgres.createMigrated();
    const one = await start(databaseUrl);
    await flip(one, 100);
    await inDatabase(databaseUrl, 'update facade.steering set kill_switch = true');
    await serves(one, 'direct');
  });
});

async function inDatabase(databaseUrl: string, ...statements: string[]): Promise<void> {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

const nameOf = (databaseUrl: string): string => new URL(databaseUrl).pathname.slice(1);

/** The database as it is now, under another name: what a standby has that lacks everything after. */
async function copyOf(databaseUrl: string): Promise<string> {
  const name = `${nameOf(databaseUrl)}_standby`;
  await inDatabase(adminOf(databaseUrl), `create database ${name} template ${nameOf(databaseUrl)}`);
  return name;
}

/** The copy takes the place of the database. */
async function failOver(databaseUrl: string, standby: string): Promise<void> {
  const name = nameOf(databaseUrl);
  await inDatabase(
    adminOf(databaseUrl),
    `select pg_terminate_backend(pid) from pg_stat_activity where datname in ('${name}', '${standby}')`,
    `alter database ${name} rename to ${name}_gone`,
    `alter database ${standby} rename to ${name}`,
  );
}

function adminOf(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  url.pathname = '/template1';
  return url.href;
}

async function steeringOf({ adminUrl }: Asked) {
  const { steering } = (await (await fetch(`${adminUrl}/readyz`)).json()) as { steering: SteeringStatus };
  return steering;
}

describe('a failover to a standby that lacks the newest flips', () => {
  test('is served and shown by all, and so is every flip after it', { timeout: 60_000 }, async () => {
    const databaseUrl = await paths.postgres.createMigrated();
    const proxy = await proxyTo(databaseUrl);
    const two = [await start(proxy.url), await start(proxy.url)] as const;
    await flip(two[0], 5);
    await proxy.cut();
    const standby = await copyOf(databaseUrl);
    await proxy.pass();
    await until(async () => (await flip(two[0], 100)).revision === 2, 'it is flipped', 2 * FIVE_SECONDS);
    await Promise.all(two.map((one) => serves(one, 'gateway')));
    expect(await kill(two[1])).toMatchObject({ on: true });
    for (const one of two) await until(async () => (await steeringOf(one)).revision === 3, 'all have it', FIVE_SECONDS);
    await proxy.cut();
    await failOver(databaseUrl, standby);
    await proxy.pass();
    for (const one of two) {
      await until(async () => (await steeringOf(one)).wentBack?.from === 3, 'it is shown', 2 * FIVE_SECONDS);
      // The switch that was answered stays, though the standby never had it.
      expect(await served(one)).toBe('direct');
    }
    await letGo(two[0]);
    expect((await flip(two[0], 100)).revision).toEqual(expect.any(Number));
    expect(await served(two[0])).toBe('gateway');
    await serves(two[1], 'gateway');
  });
});

describe('a flip whose commit was carried out and whose answer was lost', () => {
  test('is answered as made when the history can be asked', { timeout: 30_000 }, async () => {
    const proxy = await proxyTo(await paths.postgres.createMigrated());
    const one = await start(proxy.url);
    const committing = proxy.sent(FLIPS_LOCK).then(() => proxy.sent('commit'));
    const flipping = timed(flip(one, 100));
    await committing;
    await proxy.cut();
    await proxy.pass();
    const answer = await flipping;
    expect([answer.revision, answer.ms < FIVE_SECONDS]).toEqual([1, true]);
    expect(await served(one)).toBe('gateway');
  });

  test('is said to be uncertain when it cannot, with where to look', { timeout: 30_000 }, async () => {
    const proxy = await proxyTo(await paths.postgres.createMigrated());
    const one = await start(proxy.url);
    const committing = proxy.sent(FLIPS_LOCK).then(() => proxy.sent('commit'));
    const flipping = timed(flip(one, 100));
    await committing;
    proxy.silence();
    const answer = await flipping;
    expect([answer.status, answer.type, answer.ms < FIVE_SECONDS]).toEqual([
      503,
      'urn:c2s-facade:flip-uncertain',
      true,
    ]);
    expect(answer.detail).toMatch(/may have been carried out.*look at revision 1 /);
    await proxy.pass();
    await serves(one, 'gateway', 2 * FIVE_SECONDS);
  });
});
