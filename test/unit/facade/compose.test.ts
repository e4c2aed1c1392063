import { writeFileSync } from 'node:fs';
import { Router } from 'express';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CONTACT2SALE } from '../../../src/c2s/pair/contact2sale.ts';
import type { FromWorker } from '../../../src/facade/cluster/messages.ts';
import { SOLE_WORKER } from '../../../src/facade/cluster/worker-role.ts';
import { compose, type Composition } from '../../../src/facade/compose.ts';
import { ConfigRefused } from '../../../src/facade/config/config-refused.ts';
import type { Extension } from '../../../src/facade/extension/product.ts';
import { composeOptions, type WireOptions } from './compose/kit.ts';
import { configText, GET_LEAD } from './forward/table-fixture.ts';

const TEXT = configText({ routes: [GET_LEAD] });
const closing: (() => Promise<void> | void)[] = [];
beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(async () => {
  for (const step of closing.splice(0)) await step();
  vi.useRealTimers();
});

async function start(more: WireOptions = {}, text = TEXT): Promise<Composition & { readonly configFile: string }> {
  const { options, remove, configFile } = composeOptions(text, more);
  closing.push(remove);
  const composition = await compose(options);
  closing.unshift(() => composition.close());
  return { ...composition, configFile };
}

const extensionOf = (begin: Extension['start']): WireOptions => ({
  product: { pair: CONTACT2SALE, extension: { migrations: () => Promise.resolve({}), start: begin } },
});

describe('what cannot be composed leaves nothing behind', () => {
  test('a config that is refused', async () => {
    await expect(start({}, 'routes: [')).rejects.toThrow(ConfigRefused);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('an extension that cannot be started, when all but the listeners was', async () => {
    const broken = extensionOf(() => {
      throw new Error('no extension');
    });
    await expect(start(broken)).rejects.toThrow('no extension');
    expect(vi.getTimerCount()).toBe(0);
  });
});

test('closed, it has no timer left, and closing twice is closing once', async () => {
  const { begin, close } = await start();
  await begin();
  expect(vi.getTimerCount()).toBeGreaterThan(0);
  await Promise.all([close(), close()]);
  expect(vi.getTimerCount()).toBe(0);
});

describe('the beginning', () => {
  const role = (told: FromWorker[]) => ({
    ...SOLE_WORKER,
    isAlone: false,
    tell: (one: FromWorker) => void told.push(one),
  });

  test('gives the extension the listener, and the primary what is loaded', async () => {
    const attach = vi.fn();
    const pages = { prefixes: [], router: Router() };
    const running = { pages, adminRoutes: [], attach, stop: () => Promise.resolve() };
    const told: FromWorker[] = [];
    const { begin, listeners } = await start({ ...extensionOf(() => running), role: role(told) });
    expect([attach.mock.calls.length, told]).toEqual([0, []]);
    await begin();
    expect(attach).toHaveBeenCalledExactlyOnceWith(listeners.listener);
    expect(told).toEqual([{ kind: 'loaded', config: { text: TEXT, variables: {} } }]);
  });

  test('of a worker that comes later reads the file, which may have changed since', async () => {
    const told: FromWorker[] = [];
    const { begin, runtime, configFile } = await start({ role: role(told), lastGood: { text: TEXT, variables: {} } });
    writeFileSync(configFile, configText({ routes: [{ ...GET_LEAD, rollout: { gateway: 70 } }] }));
    await begin();
    expect(runtime.active.config.routes[0]?.rollout.gateway).toBe(70);
    expect(told.map(({ kind }) => kind)).toEqual(['loaded', 'reloaded']);
  });
});
