import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Retention } from '../../../../src/c2s/enrichment/retention.ts';
import type { Store } from '../../../../src/facade/store/index.ts';
import { storePerson } from '../../../../src/c2s/store/people.ts';
import { keepRawAnswer } from '../../../../src/c2s/store/raw-answers.ts';
import { Sealer } from '../../../../src/facade/store/seal.ts';
import { answerCpf } from '../../../../src/c2s/store/windows.ts';
import { until } from '../../../e2e/kit/upstream.ts';
import { cpfOf, log, testStores } from '../../facade/store/kit.ts';

/** What is deleted when, and by whom. On a Postgres; the time is the test's. */

const stores = testStores();
const DAY = 86_400_000;
const RETENTION = 180;
const [oldKey, newKey] = [randomBytes(32), randomBytes(32)];
const sealer = new Sealer([newKey, oldKey]);
let store: Store;
let started: Retention[];
let now: number;
beforeAll(async () => {
  store = await stores.open();
});
beforeEach(() => {
  started = [];
  now = Date.now();
});
afterEach(async () => {
  await Promise.all(started.map((one) => one.close()));
  await sql`truncate facade.people, facade.raw_answers, facade.cpf_windows cascade`.execute(store.db);
});

function start(): Retention {
  const one = new Retention({
    store,
    holdMs: () => 300_000,
    retentionDays: () => RETENTION,
    auditDays: () => RETENTION,
    sealer,
    now: () => now,
    log,
  });
  started.push(one);
  return one;
}
const person = (n: number) => {
  const nothing = { economics: {}, emails: [], phones: [], addresses: [], companies: [] };
  return storePerson(store.db, { ...nothing, cpf: cpfOf(n) });
};
const countIn = async (table: 'people' | 'cpf_windows'): Promise<number> =>
  (await store.db.selectFrom(table).select('cpf').execute()).length;
const keyIds = async () => {
  const rows = await store.db.selectFrom('raw_answers').select('key_id').distinct().execute();
  return rows.map(({ key_id }) => key_id);
};

describe('housekeeping', () => {
  it('does at once what is due, and seals anew what an older key sealed', async () => {
    await person(1);
    for (let n = 0; n < 101; n++) {
      await keepRawAnswer(store.db, new Sealer([oldKey]), { cpf: cpfOf(n), source: 'work-api', text: 'text' });
    }
    await sql`update facade.people set updated_at = now() - interval '181 days'`.execute(store.db);
    start();
    await until(async () => (await countIn('people')) === 0, 'the person is deleted');
    await until(async () => String(await keyIds()) === sealer.keyId, 'all is sealed anew');
  });

  it('looks for whose time is over once an hour, and for windows that are over in every round', async () => {
    const one = start();
    await one.round();
    await person(1);
    await answerCpf(store.db, cpfOf(1), {});
    await sql`update facade.cpf_windows set asked_at = now() - interval '301 s'`.execute(store.db);
    await sql`update facade.people set updated_at = now() - interval '181 days'`.execute(store.db);
    now += 3_599_000;
    await one.round();
    expect([await countIn('people'), await countIn('cpf_windows')]).toEqual([1, 0]);
    now += 1_000;
    await one.round();
    expect(await countIn('people')).toBe(0);
  });

  it('counts the days by its own clock', async () => {
    const one = start();
    await person(1);
    now += (RETENTION - 1) * DAY;
    await one.round();
    expect(await countIn('people')).toBe(1);
    now += 2 * DAY;
    await one.round();
    expect(await countIn('people')).toBe(0);
  });

  it('survives a database that fails, and goes on with the next round', async () => {
    let isBroken = true;
    const failing = {
      ...store,
      get db() {
        if (isBroken) throw new Error('no database');
        return store.db;
      },
    };
    const one = new Retention({
      store: failing,
      holdMs: () => 300_000,
      retentionDays: () => RETENTION,
      auditDays: () => RETENTION,
      sealer,
      now: () => now,
      log,
    });
    started.push(one);
    await one.round();
    await person(1);
    isBroken = false;
    now += 181 * DAY;
    await one.round();
    expect(await countIn('people')).toBe(0);
  });
});
