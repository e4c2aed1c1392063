import { sql } from 'kysely';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '../../../src/store/index.ts';
import { firstSeen, forgetEvents } from '../../../src/store/seen-events.ts';
import { claimCpf, nextSlot, releaseCpf, sweepWindows } from '../../../src/store/windows.ts';
import { cpfOf, testStores } from './kit.ts';

const stores = testStores();
let one: Store;
let other: Store;
beforeAll(async () => {
  one = await stores.open();
  other = await stores.open(one.connectionString);
});
/** Fifty at once, through two instances. */
const fifty = <T>(act: (store: Store) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: 50 }, (_, i) => act(i % 2 === 0 ? one : other)));

const age = (cpf: string, seconds: number) =>
  one.db
    .updateTable('cpf_windows')
    .set({ asked_at: sql<Date>`now() - ${seconds} * interval '1 second'` })
    .where('cpf', '=', cpf)
    .execute();

describe('the window of a CPF', () => {
  it('lets exactly one of fifty ask', async () => {
    const answers = await fifty(({ db }) => claimCpf(db, cpfOf(1), 60_000));
    expect(answers.filter((answer) => answer === 'ask')).toHaveLength(1);
  });

  it('lets exactly one ask again when it is over', async () => {
    const cpf = cpfOf(2);
    await claimCpf(one.db, cpf, 60_000);
    await age(cpf, 59);
    expect(await claimCpf(other.db, cpf, 60_000)).toBe('recent');
    await age(cpf, 61);
    const answers = await fifty(({ db }) => claimCpf(db, cpf, 60_000));
    expect(answers.filter((answer) => answer === 'ask')).toHaveLength(1);
  });

  it('is given back by whoever got no answer', async () => {
    await claimCpf(one.db, cpfOf(3), 60_000);
    await releaseCpf(one.db, cpfOf(3));
    expect(await claimCpf(other.db, cpfOf(3), 60_000)).toBe('ask');
  });

  it('is swept after 300 s, so none may be longer', async () => {
    await claimCpf(one.db, cpfOf(4), 60_000);
    await age(cpfOf(4), 301);
    expect(await sweepWindows(one.db)).toBe(1);
    await expect(claimCpf(one.db, cpfOf(4), 300_001)).rejects.toThrow(RangeError);
  });
});

describe('a pace', () => {
  it('gives fifty who come at once a turn each, an interval apart', async () => {
    const waits = (await fifty(({ db }) => nextSlot(db, 'work-api', 3_000))).toSorted((a, b) => a - b);
    expect(waits[0]).toBe(0);
    waits.slice(1).forEach((wait, i) => {
      // They did not ask at the same moment, so each waits a little less than its turn's place.
      expect(wait).toBeGreaterThan((i + 1) * 3_000 - 2_000);
      expect(wait).toBeLessThanOrEqual((i + 1) * 3_000);
    });
  });

  it('saves nothing up while nobody comes', async () => {
    await nextSlot(one.db, 'idle', 1_000);
    await sql`update facade.paces set next_at = now() - interval '1 hour' where name = 'idle'`.execute(one.db);
    expect(await nextSlot(one.db, 'idle', 1_000)).toBe(0);
    expect(await nextSlot(other.db, 'idle', 1_000)).toBeGreaterThan(0);
  });
});

describe('events', () => {
  it('are new once: to one instance, and not again after a restart', async () => {
    const keys = Array.from({ length: 200 }, (_, i) => `lead-${i}`);
    const [a, b] = await Promise.all([firstSeen(one.db, 'c2s', keys), firstSeen(other.db, 'c2s', keys.toReversed())]);
    expect([...a, ...b].toSorted()).toEqual(keys.toSorted());
    const restarted = await stores.open(one.connectionString);
    expect(await firstSeen(restarted.db, 'c2s', [...keys, 'lead-new', 'lead-new'])).toEqual(['lead-new']);
    expect(await firstSeen(restarted.db, 'google', ['lead-1'])).toEqual(['lead-1']);
  });

  it('can be taken back, and may be none', async () => {
    await firstSeen(one.db, 'c2s', ['x']);
    await forgetEvents(one.db, 'c2s', ['x']);
    expect(await firstSeen(one.db, 'c2s', ['x'])).toEqual(['x']);
    expect(await firstSeen(one.db, 'c2s', [])).toEqual([]);
  });
});
