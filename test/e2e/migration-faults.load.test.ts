import { afterAll, beforeAll, expect, onTestFailed, test } from 'vitest';
import type { DecisionRecord } from '../../src/facade/compare/autopilot/ports.ts';
import { READ, startFaultyMigration, WRITE, type Asked, type FaultyMigration } from './kit/faulty-migration.ts';
import { Opened } from './kit/load.ts';
import { debianPostgres, migrateAll, startPostgres } from './kit/postgres.ts';
import { startPrimary } from './kit/standby.ts';
import { startStoreProxy, type StoreProxy } from './kit/store-proxy.ts';
import { until } from './kit/upstream.ts';

/**
 * A migration in which one thing after another goes wrong. No caller is to be hurt by what the facade can cover, no write is to be
 * lost or doubled, and every signal is to say what happened: metrics, the view of the routes, parity, autopilot, notifications.
 */

const opened = new Opened();
let scene: FaultyMigration;
let proxy: StoreProxy;
/** Another server takes over, with all that was committed; where none can be made, the same one comes back. */
let takeOver: () => Promise<void>;

beforeAll(async () => {
  const binaries = debianPostgres();
  if (binaries) {
    const primary = opened.keep(await startPrimary(binaries));
    await migrateAll(primary.url);
    const standby = await primary.startStandby();
    proxy = opened.keep(await startStoreProxy(primary.url));
    takeOver = async () => {
      await standby.catchUp();
      await primary.kill();
      proxy.lead(standby.url);
      await proxy.pass();
      await standby.promote();
    };
  } else {
    const postgres = opened.keep(await startPostgres());
    proxy = opened.keep(await startStoreProxy(await postgres.createMigrated()));
    takeOver = () => proxy.pass();
  }
  scene = await startFaultyMigration(opened, proxy.url);
}, 60_000);
afterAll(opened.closeAll);

interface RouteView {
  readonly id: string;
  readonly trouble?: { readonly text: string; readonly isDown: boolean };
}
interface Parity {
  readonly verdict: { readonly kind: string; readonly text: string };
  readonly counts: Readonly<Record<string, number>>;
}
interface Sample {
  readonly at: string;
}

const get = async <T>(path: string): Promise<T> => (await scene.admin<T>('GET', path)).body;
const troubleOf = async (route: string): Promise<string | undefined> =>
  (await get<{ routes: RouteView[] }>('routes')).routes.find(({ id }) => id === route)?.trouble?.text;
const parity = (): Promise<Parity> => get<Parity>(`parity/${READ}`);
const ready = async (): Promise<Record<string, unknown>> =>
  (await (await fetch(`${scene.facade.adminUrl}/readyz`)).json()) as Record<string, unknown>;
const rolledBack = async (): Promise<DecisionRecord[]> =>
  (await get<{ decisions: DecisionRecord[] }>(`autopilot/${READ}`)).decisions.filter(
    ({ decision }) => decision === 'roll_back',
  );
const metric = (line: string | RegExp): Promise<number> => scene.facade.metric(line);
const failed = (asked: readonly Asked[]): Asked[] => asked.filter(({ status }) => status >= 400);
const told = (event: string): string[] => scene.hook.told.filter((one) => one.event === event).map(({ text }) => text);
/** What is told is posted by the calendar. */
async function isTold(event: string, text: RegExp): Promise<void> {
  for (let i = 0; i < 60 && !told(event).some((one) => text.test(one)); i++) {
    await scene.calendar.advance(1_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(told(event).join('\n')).toMatch(text);
}
const onFailure = (): void => onTestFailed(() => console.log(scene.timeline()));
const flip = (gateway: number) =>
  scene.admin('POST', 'flips', {
    changes: [{ route: READ, set: { gateway } }],
    ...{ who: 'ana', why: 'on with it', force: true },
  });

test('all is well: the route is proved, and nobody sees an error', { timeout: 60_000 }, async () => {
  onFailure();
  expect(failed(await scene.minutes(4, 'all is well'))).toEqual([]);
  expect((await parity()).verdict.kind).toBe('ready');
  expect(await troubleOf(READ)).toBeUndefined();
});

test('the gateway is dead for four minutes: direct answers all, and it is said', { timeout: 60_000 }, async () => {
  onFailure();
  const before = await metric(/^facade_failovers_total\{/);
  await scene.gateway.die();
  const asked = await scene.minutes(4, 'the gateway is dead');
  expect(failed(asked)).toEqual([]);
  expect(asked.every(({ path }) => path === 'direct')).toBe(true);
  expect(await metric(/^facade_failovers_total\{/)).toBeGreaterThan(before);
  expect(await metric(/^facade_attempts_total\{.*path="gateway",outcome="upstream_connect"/)).toBeGreaterThan(0);
  // The minute before it is in the view, too: it counts by the clock on the wall.
  expect(await troubleOf(WRITE)).toMatch(/^gateway: \d+ of \d+ attempts failed, direct answered all$/);
  await isTold('breaker', /leads\.get.*open/);
  const [fall] = await rolledBack();
  expect(fall?.why).toMatch(/breaker|attempts failed/);
  await isTold('roll_back', /leads\.get.*50 → 0/);

  await scene.gateway.revive();
  expect(failed(await scene.minutes(2, 'the gateway is back'))).toEqual([]);
  // The breaker's reset runs by the clock on the wall: a request after it closes it.
  await until(async () => {
    expect(failed(await scene.minutes(1, 'the gateway is back'))).toEqual([]);
    return (await metric(`facade_breaker_state{route="${WRITE}",path="gateway"}`)) === 0;
  }, 'the breaker is closed');
  await isTold('breaker', /closed/);
  expect((await flip(50)).status).toBe(200);
  expect((await scene.admin('POST', `autopilot/${READ}/resume`)).status).toBe(200);
  expect(failed(await scene.minutes(2, 'on the gateway again'))).toEqual([]);
});

test(
  'the token of the facade expires: it is named, and not held against the gateway',
  { timeout: 60_000 },
  async () => {
    onFailure();
    const before = await parity();
    const falls = (await rolledBack()).length;
    const readBack = /^facade_verify_total\{.*result="not_arrived"/;
    scene.legacy.expire(true);
    const asked = await scene.minutes(3, 'the token has expired');
    // Nobody but known callers on direct, who cannot be answered by anything else.
    expect(failed(asked).every(({ who, path, status }) => who === 'known' && path === 'direct' && status === 401)).toBe(
      true,
    );
    expect(failed(asked).length).toBeGreaterThan(0);
    expect(
      failed(asked.filter(({ who, what, path }) => who === 'own token' || what === 'write' || path === 'gateway')),
    ).toEqual([]);
    expect(await metric(`facade_direct_unauthorized_total{route="${READ}"}`)).toBe(failed(asked).length);
    expect(await ready()).toMatchObject({
      directCredentials: expect.stringMatching(/answers 401: check C2S_TOKEN\..*Routes: leads\.get/) as string,
    });
    const after = await parity();
    expect(after.counts['mismatch']).toBe(before.counts['mismatch']);
    expect(after.verdict.kind).toBe(before.verdict.kind);
    expect(await rolledBack()).toHaveLength(falls);
    expect(await metric(readBack)).toBe(0);

    scene.legacy.expire(false);
    expect(failed(await scene.minutes(1, 'a new token'))).toEqual([]);
  },
);

test(
  'a standby takes over from the database: traffic goes on, flips wait, and are made again',
  { timeout: 90_000 },
  async () => {
    onFailure();
    await proxy.cut();
    expect(failed(await scene.minutes(1, 'the database is away'))).toEqual([]);
    await until(async () => (await metric('facade_store_up')) === 0, 'store_up says it', 30_000);
    expect((await flip(100)).status).toBe(503);
    expect(Number((await ready())['databaseSilence'])).toBeGreaterThanOrEqual(15);
    await takeOver();
    await until(async () => (await metric('facade_store_up')) === 1, 'the database is back', 30_000);
    await until(async () => (await flip(100)).status === 200, 'flips are made again', 15_000);
    expect((await flip(50)).status).toBe(200);
    expect((await scene.admin('POST', `autopilot/${READ}/resume`)).status).toBe(200);
    expect(failed(await scene.minutes(1, 'the database is another one'))).toEqual([]);
    const { flips } = await get<{ flips: { why?: string }[] }>('history?limit=20');
    // What was committed before is there, and what was refused is not.
    expect(flips.filter(({ why }) => why === 'on with it')).toHaveLength(3);
  },
);

test(
  'the legacy API changes a field for good: parity names it, and the route is rolled back',
  { timeout: 60_000 },
  async () => {
    onFailure();
    // Samples are kept by the clock on the wall.
    const at = Date.now();
    const falls = (await rolledBack()).length;
    scene.legacy.changeField();
    expect(failed(await scene.minutes(6, 'a field has changed'))).toEqual([]);
    const { verdict } = await parity();
    expect(verdict.kind).toBe('not ready');
    expect(verdict.text).toMatch(/answers differ.*de(scription|tails)/);
    const [latest, ...older] = await rolledBack();
    expect(older).toHaveLength(falls);
    expect(latest?.why).toMatch(/parity/);
    await isTold('roll_back', /leads\.get.*50 → 0.*parity/);
    // Since when: the oldest answer with it that is kept.
    const { samples } = await get<{ samples: Sample[] }>(`parity/${READ}/samples`);
    expect(samples.length).toBeGreaterThan(0);
    for (const sample of samples) expect(Date.parse(sample.at)).toBeGreaterThanOrEqual(at);
  },
);

test('of all the writes that were answered none is lost, and none is there twice', () => {
  onFailure();
  const copies = scene.copies();
  expect(copies.length).toBeGreaterThan(50);
  expect(copies.filter((count) => count !== 1)).toEqual([]);
});
