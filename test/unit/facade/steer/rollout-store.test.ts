import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../../src/facade/config/load.ts';
import { MemoryFlips } from '../../../../src/facade/steer/memory-flips.ts';
import { PendingWrites } from '../../../../src/facade/steer/pending-writes.ts';
import {
  createRolloutStore,
  type AcceptedFile,
  type RolloutStore,
} from '../../../../src/facade/steer/rollout-store.ts';
import type { RolloutStoreKind } from '../../../../src/facade/steer/diff-file.ts';
import { configOf, ENV } from '../config/support.ts';
import { BY_CLI, table } from './rig.ts';

/** The two stores as whoever serves them sees them: told of files, asked for rollouts, heard when those change. */

const accepted = (text: string): AcceptedFile => ({ text, digest: digestOf(text), config: configOf(text) });
const FILE = accepted(table({ 'leads.get': 10 }));
const gatewayOf = (store: RolloutStore, file = FILE) => store.resolve(file.config).routes[0]?.rollout.gateway;

function setUp(kind: RolloutStoreKind, flips = new MemoryFlips(() => new Date(0))) {
  const log = { warn: () => undefined, info: () => undefined } as never;
  const pending = new PendingWrites(log);
  pending.attach(flips);
  const reload = () => Promise.reject(new Error('nobody reloads here'));
  const store = createRolloutStore({ kind, file: 'f', variables: () => ENV, reload, pending, log });
  let told = 0;
  store.subscribe(() => told++);
  store.accept(FILE);
  const look = async (): Promise<void> => {
    await pending.flush();
    store.serve(await flips.state());
  };
  return { store, flips, look, told: () => told };
}
const flipTo = (flips: MemoryFlips, gateway: number) => {
  const from = { gateway: 10, shadow: 0, stickyBy: 'leadId', fallback: 'direct' } as const;
  const changes = [{ route: 'leads.get', from, to: { ...from, gateway } }];
  return flips.transact((tx) => tx.append({ ...BY_CLI, changes }));
};

describe.each(['file', 'database'] as const)('the %s', (kind) => {
  it('resolves an accepted file to itself while nothing was flipped, and changes nothing by it', async () => {
    const { store, look, told } = setUp(kind);
    await look();
    const before = structuredClone(FILE.config);
    expect([gatewayOf(store), gatewayOf(store)]).toEqual([10, 10]);
    expect(FILE.config).toEqual(before);
    expect(told()).toBe(kind === 'database' ? 1 : 0);
  });

  it('resolves a changed file to what somebody wrote into it, at once', () => {
    const { store } = setUp(kind);
    const changed = accepted(table({ 'leads.get': 30 }));
    store.accept(changed);
    expect(gatewayOf(store, changed)).toBe(30);
  });
});

it('the file is what it says, whatever the history holds', async () => {
  const { store, flips, look, told } = setUp('file');
  await flipTo(flips, 80);
  await look();
  expect([gatewayOf(store), told()]).toEqual([10, 0]);
});

it('the database is laid over the file, and tells each revision once', async () => {
  const { store, flips, look, told } = setUp('database');
  await look();
  const before = told();
  await flipTo(flips, 80);
  expect(gatewayOf(store)).toBe(10);
  await look();
  await look();
  expect([gatewayOf(store), told() - before]).toEqual([80, 1]);
});
