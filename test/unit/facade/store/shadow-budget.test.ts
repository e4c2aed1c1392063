import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PostgresParity } from '../../../../src/facade/store/parity.ts';
import { PostgresShadowBudget } from '../../../../src/facade/store/shadow-budget.ts';
import type { Store } from '../../../../src/facade/store/index.ts';
import { testStores } from './kit.ts';

const stores = testStores();
let store: Store;
let budget: PostgresShadowBudget;
beforeAll(async () => {
  store = await stores.open();
  budget = new PostgresShadowBudget(store.db);
});
beforeEach(async () => void (await store.pool.query('truncate facade.shadow_budget')));

const DAY = '2026-11-24';

describe('the shadow budget in Postgres', () => {
  it('grants what is left, to each day and each route its own', async () => {
    expect(await budget.lease(DAY, '', 6, 10)).toEqual({ granted: 6, used: 6 });
    expect(await budget.lease(DAY, '', 6, 10)).toEqual({ granted: 4, used: 10 });
    expect(await budget.lease(DAY, '', 6, 10)).toEqual({ granted: 0, used: 10 });
    expect(await budget.lease(DAY, 'leads.get', 2, 10)).toEqual({ granted: 2, used: 2 });
    expect(await budget.lease('2026-11-25', '', 1, 10)).toEqual({ granted: 1, used: 1 });
    await budget.release(DAY, '', 3);
    expect(await budget.lease(DAY, '', 6, 10)).toEqual({ granted: 3, used: 10 });
    expect(await budget.lease(DAY, '', 6, 5)).toEqual({ granted: 0, used: 10 });
  });

  it('grants no request twice to instances that ask at once', async () => {
    const leases = await Promise.all(Array.from({ length: 30 }, () => budget.lease(DAY, '', 7, 100)));
    expect(leases.reduce((sum, { granted }) => sum + granted, 0)).toBe(100);
  });

  it('forgets former days', async () => {
    await budget.lease(DAY, '', 6, 10);
    await budget.prune(DAY);
    expect((await budget.lease(DAY, '', 0, 10)).used).toBe(6);
    await budget.prune('2026-11-25');
    expect((await budget.lease(DAY, '', 0, 10)).used).toBe(0);
  });
});

it('the shapes of direct are kept apart from the evidence of parity', async () => {
  const shapes = new PostgresParity<{ n: number }>(store.db, 'direct_shapes');
  const row = {
    route: 'leads.get',
    minute: Date.UTC(2026, 10, 24),
    instance: 'a',
    fingerprint: 'f',
    evidence: { n: 1 },
  };
  await shapes.save([row]);
  await shapes.save([{ ...row, evidence: { n: 2 } }]);
  expect((await shapes.since(undefined)).rows).toEqual([{ ...row, evidence: { n: 2 } }]);
  expect((await new PostgresParity(store.db).since(undefined)).rows).toEqual([]);
  await shapes.prune(row.minute + 1);
  expect((await shapes.since(undefined)).rows).toEqual([]);
});
