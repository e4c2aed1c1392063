import { describe, expect, it, test } from 'vitest';
import { ShadowBudget, type BudgetStore } from '../../../../src/facade/compare/shadow-budget.ts';
import { NOON } from './support.ts';

const HOUR = 3_600_000;
const ALL = { perDay: 10, routes: new Map<string, number>() };

/** As the table in Postgres: what is leased of a day, whoever leases. */
class SharedCount implements BudgetStore {
  readonly used = new Map<string, number>();
  isAway = false;
  lease(day: string, scope: string, wanted: number, limit: number): Promise<{ granted: number; used: number }> {
    if (this.isAway) return Promise.reject(new Error('away'));
    const before = this.used.get(`${day} ${scope}`) ?? 0;
    const granted = Math.min(wanted, Math.max(0, limit - before));
    this.used.set(`${day} ${scope}`, before + granted);
    return Promise.resolve({ granted, used: before + granted });
  }
  release(day: string, scope: string, count: number): Promise<void> {
    this.used.set(`${day} ${scope}`, (this.used.get(`${day} ${scope}`) ?? 0) - count);
    return Promise.resolve();
  }
  prune(): Promise<void> {
    return Promise.resolve();
  }
}

function setUp(options: { store?: BudgetStore; limits?: typeof ALL; place?: number; workers?: number } = {}) {
  const { store, limits = ALL, place = 0, workers = 1 } = options;
  const clock = { now: NOON };
  const logs: string[] = [];
  const note = (_: object, text: string) => void logs.push(text);
  const log = { info: note, warn: note } as never;
  const budget = new ShadowBudget({ now: () => clock.now, hasStore: store !== undefined, place, workers, log });
  budget.configure(limits);
  if (store) budget.attach(store);
  /** How many of so many are granted, with the answers of the store in between. */
  const spend = async (wanted: number, route = 'leads.get'): Promise<number> => {
    let granted = 0;
    for (let i = 0; i < wanted; i++) {
      await budget.tick();
      if (budget.take(route)) granted++;
    }
    return granted;
  };
  return { budget, clock, logs, spend };
}

describe.each([
  ['of one process', () => undefined],
  ['of a store', () => new SharedCount()],
])('the count %s', (_, storeOf) => {
  it('grants what is written and no more, says so once, and goes on at midnight UTC', async () => {
    const { budget, clock, logs, spend } = setUp({ store: storeOf() });
    expect(await spend(15)).toBe(10);
    expect(budget.isSpent('leads.get')).toBe(true);
    expect(budget.view()).toMatchObject({
      all: { perDay: 10, left: 0, isSpent: true },
      resetsAt: '2026-11-25T00:00:00.000Z',
    });
    clock.now += 12 * HOUR - 1;
    expect(await spend(3)).toBe(0);
    clock.now += 1;
    expect(await spend(4)).toBe(4);
    await budget.tick();
    expect(budget.view().all).toMatchObject({ left: 6, isSpent: false });
    expect(logs).toEqual([
      'the shadow budget of the day is spent: shadows and read-backs pause until 00:00 UTC',
      'a new day: shadows and read-backs go on',
    ]);
  });

  test.each([
    ['by an hour', -HOUR],
    ['over midnight, into a day that is spent', -24 * HOUR],
  ])('refills nothing when the clock jumps back %s', async (_name, jump) => {
    const { clock, spend } = setUp({ store: storeOf() });
    expect(await spend(12)).toBe(10);
    clock.now += 24 * HOUR;
    expect(await spend(12)).toBe(10);
    clock.now += jump;
    expect(await spend(12)).toBe(0);
  });

  it('holds for a route within that of all', async () => {
    const limits = { perDay: 10, routes: new Map([['leads.get', 3]]) };
    const { budget, spend } = setUp({ store: storeOf(), limits });
    expect(await spend(5)).toBe(3);
    expect([budget.isSpent('leads.get'), budget.isSpent('leads.list')]).toEqual([true, false]);
    expect(await spend(20, 'leads.list')).toBe(7);
  });

  it('is raised and lowered by a reload; what was spent stays spent', async () => {
    const { budget, spend } = setUp({ store: storeOf() });
    expect(await spend(12)).toBe(10);
    budget.configure({ ...ALL, perDay: 15 });
    expect(await spend(12)).toBe(5);
    budget.configure({ ...ALL, perDay: 5 });
    expect(await spend(3)).toBe(0);
    budget.configure({ ...ALL, perDay: undefined });
    expect(await spend(3)).toBe(3);
  });
});

it.each([
  [10, 3],
  [2, 4],
  [7, 7],
])('of %d over %d workers without a store grants the whole, and no more', async (perDay, workers) => {
  let granted = 0;
  for (let place = 0; place < workers; place++)
    granted += await setUp({ limits: { ...ALL, perDay }, place, workers }).spend(20);
  expect(granted).toBe(perDay);
});

describe('instances that share a store', () => {
  const limits = { ...ALL, perDay: 500 };

  it('never spend more than one budget, turn by turn and at once', async () => {
    const store = new SharedCount();
    const [one, two] = [setUp({ store, limits }), setUp({ store, limits })];
    let granted = 0;
    for (let i = 0; i < 400; i++) {
      granted += (await one.spend(1)) + (await two.spend(1));
      // A burst, without a moment for the store to answer.
      for (let k = 0; k < 5; k++) if (one.budget.take('leads.get')) granted++;
    }
    expect(granted).toBeLessThanOrEqual(500);
    expect(granted).toBeGreaterThan(480);
  });

  it('go on where a former one stopped, which gives back what it had leased', async () => {
    const store = new SharedCount();
    const before = setUp({ store, limits });
    expect(await before.spend(100)).toBe(100);
    await before.budget.close();
    expect(store.used.get('2026-11-24 ')).toBe(100);
    const after = setUp({ store, limits });
    expect(await after.spend(600)).toBe(400);
  });

  it('lose no more than a lease with one that dies', async () => {
    const store = new SharedCount();
    const died = setUp({ store, limits });
    expect(await died.spend(100)).toBe(100);
    const spent = await setUp({ store, limits }).spend(600);
    expect(spent).toBeGreaterThanOrEqual(390);
    expect(spent).toBeLessThanOrEqual(400);
  });

  it('spend nothing while the store was never there, and what is leased while it is away', async () => {
    const store = new SharedCount();
    store.isAway = true;
    const { spend } = setUp({ store, limits });
    expect(await spend(5)).toBe(0);
    store.isAway = false;
    expect(await spend(5)).toBe(5);
    store.isAway = true;
    // One of the ten that were leased is spent.
    expect(await spend(30)).toBe(9);
  });
});
