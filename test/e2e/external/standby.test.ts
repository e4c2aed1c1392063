import { afterEach, describe, expect, test } from 'vitest';
import type { SteeringStatus } from '../../../src/facade/steer/steering.ts';
import { FACADE_TOKEN, startFacade, type TestFacade } from '../kit/facade.ts';
import { Opened } from '../kit/load.ts';
import { DEBIAN_ROOT, debianPostgres } from '../kit/postgres.ts';
import { startPrimary } from '../kit/standby.ts';
import { startStoreProxy } from '../kit/store-proxy.ts';
import { startUpstream, until } from '../kit/upstream.ts';

/** The primary dies, and a standby that lacks the newest flips takes over: as it is with a real one. */

const binaries = debianPostgres();
if (!binaries) console.warn(`skipped: no Postgres from 15 on under ${DEBIAN_ROOT}; apt-get install postgresql`);

const opened = new Opened();
afterEach(opened.closeAll);

const TEN_SECONDS = 10_000;

async function call<T>({ adminUrl }: TestFacade, method: string, path: string, body?: object): Promise<T> {
  const headers = { 'x-c2s-admin': 'cli', 'content-type': 'application/json' };
  const sent = body ? { body: JSON.stringify(body) } : {};
  return (await (await fetch(`${adminUrl}/${path}`, { method, headers, ...sent })).json()) as T;
}
const flip = (facade: TestFacade, gateway: number) =>
  call<{ revision?: number }>(facade, 'POST', 'api/flips', {
    changes: [{ route: 'leads.get', set: { gateway } }],
    // Nothing was compared here.
    force: true,
    why: 'a test',
  });
const steeringOf = async (facade: TestFacade) =>
  (await call<{ steering: SteeringStatus }>(facade, 'GET', 'readyz')).steering;

async function served({ url }: TestFacade): Promise<string | null> {
  const res = await fetch(`${url}/leads/42`, { headers: { authorization: `Bearer ${FACADE_TOKEN}` } });
  await res.arrayBuffer();
  return res.headers.get('x-facade-path');
}

describe.skipIf(!binaries)('a standby of the distribution’s Postgres that is promoted', () => {
  test('without the newest flips: all serve what it holds, and what is flipped on it', async () => {
    const primary = opened.keep(await startPrimary(binaries as NonNullable<typeof binaries>));
    const standby = await primary.startStandby();
    const proxy = opened.keep(await startStoreProxy(primary.url));
    const direct = opened.keep(await startUpstream((_, res) => res.writeHead(200).end('{}')));
    const gateway = opened.keep(await startUpstream((_, res) => res.writeHead(200).end('{}')));
    const start = async () =>
      opened.keep(await startFacade({ direct: direct.url, gateway: gateway.url, env: { DATABASE_URL: proxy.url } }));
    const two = [await start(), await start()] as const;
    await until(async () => (await flip(two[0], 5)).revision === 1, 'the first flip is made', TEN_SECONDS);
    await standby.catchUp();
    await standby.loseContact();
    await flip(two[0], 100);
    await call(two[0], 'PUT', 'api/kill-switch', {});
    for (const one of two) await until(async () => (await steeringOf(one)).revision === 3, 'all have it', TEN_SECONDS);
    await primary.kill();
    await standby.promote();
    proxy.lead(standby.url);
    for (const one of two) {
      await until(async () => (await steeringOf(one)).wentBack?.from === 3, 'it is shown', TEN_SECONDS);
      expect(one.dataPlane.killed).toBe(true);
    }
    await until(async () => (await flip(two[1], 100)).revision !== undefined, 'it is flipped', TEN_SECONDS);
    await call(two[1], 'DELETE', 'api/kill-switch', {});
    expect(await served(two[1])).toBe('gateway');
    await until(async () => (await served(two[0])) === 'gateway', 'the other one serves it', TEN_SECONDS);
  });
});
