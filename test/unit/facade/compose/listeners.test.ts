import { Router } from 'express';
import supertest from 'supertest';
import { afterEach, describe, expect, test } from 'vitest';
import { CONTACT2SALE } from '../../../../src/c2s/pair/contact2sale.ts';
import type { Extension } from '../../../../src/facade/extension/product.ts';
import { configText, GET_LEAD } from '../forward/table-fixture.ts';
import { wire, type Wired, type WireOptions } from './kit.ts';

let wired: Wired | undefined;
afterEach(async () => {
  await wired?.close();
  wired = undefined;
});
const start = async (server: object = {}, more: WireOptions = {}): Promise<Wired> =>
  (wired = await wire(configText({ routes: [GET_LEAD], server }), more));

describe('the public listener', () => {
  test('is the data plane, with the limits that the config sets, and does not listen yet', async () => {
    const { listeners, runtime } = await start({ maxHeaderSize: '4KiB' });
    expect(listeners.listener.listening).toBe(false);
    runtime.dataPlane.drain();
    const health = await supertest(listeners.listener).get('/health');
    expect([health.status, health.body]).toMatchObject([503, { status: 'draining' }]);
    const big = await supertest(listeners.listener).get('/health').set('x-big', 'a'.repeat(5_000));
    expect(big.status).toBe(431);
  });
});

describe('the admin handler', () => {
  test('tells of the same runtime and background', async () => {
    const { listeners, runtime, background } = await start();
    await background.flipsReady;
    const api = supertest(listeners.admin);
    expect((await api.get('/api/config')).body).toMatchObject({ digest: runtime.dataPlane.snapshot.digest });
    runtime.killSwitch.set(true);
    expect((await api.get('/api/kill-switch')).body).toEqual({ on: true, by: ['admin'] });
    expect((await api.get('/api/history')).body).toMatchObject({ revision: 0, flips: [] });
  });

  test('has the routes of the extension behind its guard', async () => {
    const router = Router().get('/', (_req, res) => void res.json({ extra: true }));
    const extension: Extension = {
      migrations: () => Promise.resolve({}),
      start: () => ({
        pages: { prefixes: [], router: Router() },
        adminRoutes: [{ path: '/extra', router }],
        attach: () => undefined,
        stop: () => Promise.resolve(),
      }),
    };
    const environment = { adminToken: 'admin-token' };
    const { listeners } = await start({}, { environment, product: { pair: CONTACT2SALE, extension } });
    const ask = () => supertest(listeners.admin).get('/api/extra');
    expect((await ask()).status).toBe(401);
    expect((await ask().set('authorization', 'Bearer admin-token')).body).toEqual({ extra: true });
  });
});
