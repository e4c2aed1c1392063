import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sql } from 'kysely';
import { pino } from 'pino';
import { openStore, type Store } from '../../../src/store/index.ts';
import { migrations } from '../../../src/store/migrations/index.ts';
import { startPostgres, type TestPostgres } from '../../e2e/kit/postgres.ts';

const log = pino({ level: 'silent' });
let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.close());

const open = (databaseUrl: string): Promise<Store> => openStore({ databaseUrl, dataDir: 'unused', log });

async function executed({ db }: Store): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`select name from facade.migrations order by name`.execute(db);
  return rows.map(({ name }) => name);
}

describe('migrations', () => {
  it('run once, whoever opens the store and however often', async () => {
    const url = await postgres.createDatabase();
    for (let round = 0; round < 2; round++) {
      const store = await open(url);
      expect(await executed(store)).toEqual(Object.keys(migrations));
      await store.close();
    }
  });

  it('are run by one of several that start at the same moment', async () => {
    const url = await postgres.createDatabase();
    const stores = await Promise.all(Array.from({ length: 6 }, () => open(url)));
    for (const store of stores) expect(await executed(store)).toEqual(Object.keys(migrations));
    await Promise.all(stores.map((store) => store.close()));
  });

  it('of a newer version are left alone, so that the program can be rolled back', async () => {
    const url = await postgres.createDatabase();
    const newer = await open(url);
    await sql`insert into facade.migrations (name, timestamp) values ('999-later', 'now')`.execute(newer.db);
    await newer.close();
    const older = await open(url);
    expect(await older.db.selectFrom('people').selectAll().execute()).toEqual([]);
    await older.close();
  });
});
