import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Router } from 'express';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Extension, RunningExtension } from '../../../../src/facade/extension/product.ts';
import { CONTACT2SALE } from '../../../../src/c2s/pair/contact2sale.ts';
import type { FlipReason } from '../../../../src/facade/rollout/flip.ts';
import { configText, GET_LEAD } from '../forward/table-fixture.ts';
import { wire, type Wired, type WireOptions } from './kit.ts';

let wired: Wired | undefined;
afterEach(async () => {
  await wired?.close();
  wired = undefined;
});
const TEXT = configText({ routes: [GET_LEAD] });
const start = async (more: WireOptions = {}): Promise<Wired> => (wired = await wire(TEXT, more));
const BY: FlipReason = { source: 'cli', who: 'ana', identity: 'loopback', why: 'a test' };
const change = (gateway: number) => [{ route: 'leads.get', set: { gateway } }];

describe('a flip', () => {
  test('goes into the file, comes back by it, and serves when it is answered', async () => {
    const { background, runtime, configFile } = await start();
    await background.flipsReady;
    const { revision } = await background.steering.flip({ ...BY, force: true, changes: change(60) });
    expect([revision, runtime.dataPlane.snapshot.entries[0]?.model.rollout.gateway]).toEqual([1, 6_000]);
    expect(readFileSync(configFile, 'utf8')).toContain('"gateway": 60');
  });

  test('is in the burn-down', async () => {
    const { background } = await start();
    await background.flipsReady;
    await background.steering.flip({ ...BY, force: true, changes: change(100) });
    const { routes, killSwitch } = await background.burnDown.read();
    expect([killSwitch, routes.map(({ id, stage }) => `${id} ${stage}`)]).toEqual([false, ['leads.get gateway']]);
  });
});

test('the kill switch is in the history, by hand and by its file', async () => {
  const { background, runtime, configFile, write } = await start();
  const file = join(configFile, '..', 'all-direct');
  await background.flipsReady;
  await background.steering.setKillSwitch(true, BY);
  expect([runtime.dataPlane.killed, runtime.killSwitch.by]).toEqual([true, ['admin']]);
  writeFileSync(file, '');
  write(configText({ routes: [GET_LEAD], server: { killSwitchFile: file } }));
  await runtime.reload();
  const { flips } = await background.steering.history({ limit: 5 });
  expect(flips.map(({ source, kind }) => `${source} ${kind}`)).toEqual(['file kill-switch', 'cli kill-switch']);
});

test('the comparison listens in, and follows the rules of the newest config', async () => {
  const { background, runtime, write } = await start();
  expect(runtime.dataPlane.shadowSink).toBeDefined();
  const use = vi.spyOn(background.comparing, 'use');
  write(configText({ routes: [GET_LEAD], server: { forceHeader: true } }));
  await runtime.reload();
  expect(use).toHaveBeenCalledExactlyOnceWith(runtime.active.config);
});

test('an extension is started with the config in force, and its pages are the facade’s', async () => {
  const pages = { prefixes: ['/extra'], router: Router() };
  const running: RunningExtension = { pages, adminRoutes: [], attach: () => undefined, stop: () => Promise.resolve() };
  const begin = vi.fn<Extension['start']>(() => running);
  const extension: Extension = { migrations: () => Promise.resolve({}), start: begin };
  const { background, runtime } = await start({ product: { pair: CONTACT2SALE, extension } });
  expect(background.extension).toBe(running);
  expect(begin.mock.calls[0]?.[0].config()).toBe(runtime.active.config);
  expect(['/extra/page', '/other'].map((path) => runtime.dataPlane.pages.claims('GET', path))).toEqual([true, false]);
});
