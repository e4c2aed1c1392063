import { randomInt } from 'node:crypto';
import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '../../../../src/facade/store/index.ts';
import { INSTANCE_LOCKS } from '../../../../src/c2s/store/instance-locks.ts';
import { firstSeen } from '../../../../src/c2s/store/seen-events.ts';
import { answerCpf, claimCpf, nextSlot, releaseCpf, sweepWindows } from '../../../../src/c2s/store/windows.ts';
import { until } from '../../../e2e/kit/upstream.ts';
import { cpfOf, testStores } from '../../facade/store/kit.ts';

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

/** A process that lives, as far as the database knows. */
async function process(): Promise<{ readonly number: number; end(): Promise<void> }> {
  const client = new pg.Client(one.connectionString);
  await client.connect();
  const number = randomInt(1, 2 ** 31);
  await client.query('select pg_advisory_lock($1, $2)', [INSTANCE_LOCKS, number]);
  return { number, end: () => client.end() };
}

describe('the window of a CPF', () => {
  const [OURS, TAKEN] = [{ kind: 'ours' }, { kind: 'taken' }];
  const WINDOW = 60_000;
  let first: Awaited<ReturnType<typeof process>>;
  let second: typeof first;
  beforeAll(async () => {
    first = await process();
    second = await process();
  });
  afterAll(async () => {
    await first.end();
    await second.end();
  });
  const claim = (cpf: string, { number } = first, { db } = one) => claimCpf(db, cpf, WINDOW, number);
  const fiftyClaims = async (cpf: string): Promise<unknown[]> => {
    const claims = await fifty((store) => claim(cpf, store === one ? first : second, store));
    return claims.map(({ kind }) => kind).filter((kind) => kind !== 'taken');
  };

  it('lets exactly one of fifty ask, and tells the others the answer', async () => {
    expect(await fiftyClaims(cpfOf(1))).toEqual(['ours']);
    await answerCpf(one.db, cpfOf(1), { kind: 'unknown', text: 'No\0me' });
    expect(await claim(cpfOf(1), second, other)).toEqual({
      kind: 'answered',
      answer: { kind: 'unknown', text: 'Nome' },
    });
  });

  it('lets exactly one ask again when it is over', async () => {
    const cpf = cpfOf(2);
    await answerCpf(one.db, cpf, {});
    await age(cpf, 59);
    expect((await claim(cpf)).kind).toBe('answered');
    await age(cpf, 61);
    expect(await fiftyClaims(cpf)).toEqual(['ours']);
  });

  it('is given back by whoever got no answer, and by nobody else', async () => {
    const cpf = cpfOf(3);
    await claim(cpf);
    await releaseCpf(one.db, cpf, second.number);
    expect(await claim(cpf, second, other)).toEqual(TAKEN);
    await releaseCpf(one.db, cpf, first.number);
    expect(await claim(cpf, second, other)).toEqual(OURS);
  });

  it('is free when the process that asked is dead', async () => {
    const cpf = cpfOf(5);
    const dying = await process();
    expect(await claim(cpf, dying)).toEqual(OURS);
    expect(await claim(cpf)).toEqual(TAKEN);
    await dying.end();
    await until(async () => (await claim(cpf)).kind === 'ours', 'the claim of the dead is free');
  });

  it('is free after an hour, when whoever asked lives and says nothing', async () => {
    const cpf = cpfOf(6);
    await claim(cpf);
    await age(cpf, 3_599);
    expect(await claim(cpf, second)).toEqual(TAKEN);
    await age(cpf, 3_601);
    expect(await claim(cpf, second)).toEqual(OURS);
  });

  it('is swept after 300 s, so none may be longer; not while somebody asks', async () => {
    await answerCpf(one.db, cpfOf(4), {});
    await claim(cpfOf(7));
    for (const cpf of [cpfOf(4), cpfOf(7)]) await age(cpf, 301);
    expect(await sweepWindows(one.db)).toBe(1);
    expect(await claim(cpfOf(7), second)).toEqual(TAKEN);
    await expect(claimCpf(one.db, cpfOf(4), 300_001, first.number)).rejects.toThrow(RangeError);
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

  it('may be none', async () => {
    expect(await firstSeen(one.db, 'c2s', [])).toEqual([]);
  });
});
