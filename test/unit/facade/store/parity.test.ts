import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../../../src/facade/store/index.ts';
import { PostgresParity } from '../../../../src/facade/store/parity.ts';
import { testStores } from './kit.ts';

const stores = testStores();
let store: Store;
let parity: PostgresParity<{ n: number }>;
beforeAll(async () => {
  store = await stores.open();
  parity = new PostgresParity(store.db);
});
beforeEach(async () => void (await store.pool.query('truncate facade.parity')));

const MINUTE = Date.UTC(2026, 10, 24, 12, 0);
const row = (n: number, instance = 'a', minute = MINUTE) => ({
  route: 'leads.get',
  minute,
  instance,
  fingerprint: 'f',
  evidence: { n },
});

describe('the evidence of parity in Postgres', () => {
  it('is read as it was written, and a row takes the place of the one before it', async () => {
    await parity.save([row(1), row(2, 'b')]);
    await parity.save([row(3)]);
    await parity.save([]);
    const { rows } = await parity.since(undefined);
    expect(rows.toSorted((a, b) => (a.instance < b.instance ? -1 : 1))).toEqual([row(3), row(2, 'b')]);
  });

  it('is read from a mark on: what was written since, and a little more', async () => {
    await parity.save([row(3), row(2, 'b')]);
    await store.pool.query(`update facade.parity set written_at = now() - interval '1 hour'`);
    const { mark, rows } = await parity.since(undefined);
    expect(rows).toHaveLength(2);
    expect((await parity.since(mark)).rows).toEqual([]);
    await parity.save([row(4)]);
    expect((await parity.since(mark)).rows).toEqual([row(4)]);
  });

  it('is pruned by the minute that it speaks of', async () => {
    await parity.save([row(3), row(2, 'b'), row(5, 'a', MINUTE - 60_000)]);
    await parity.prune(MINUTE);
    expect((await parity.since(undefined)).rows).toHaveLength(2);
  });
});
