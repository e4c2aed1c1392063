import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import type { Store } from '../../../../src/facade/store/index.ts';
import { migrations as enrichments } from '../../../../src/c2s/store/migrations/index.ts';
import { migrations as engines } from '../../../../src/facade/store/migrations/index.ts';
import { testStores } from './kit.ts';

const names = Object.keys({ ...engines, ...enrichments }).toSorted();

const stores = testStores();

async function executed({ db }: Store): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`select name from facade.migrations order by name`.execute(db);
  return rows.map(({ name }) => name);
}

describe('migrations', () => {
  it('run once, whoever opens the store and however often', async () => {
    const first = await stores.open();
    const second = await stores.open(first.connectionString);
    for (const store of [first, second]) expect(await executed(store)).toEqual(names);
  });

  it('are run by one of several that start at the same moment', async () => {
    const { db, connectionString } = await stores.open();
    await sql`drop schema facade cascade`.execute(db);
    const six = await Promise.all(Array.from({ length: 6 }, () => stores.open(connectionString)));
    for (const store of six) expect(await executed(store)).toEqual(names);
  });

  it('of a newer version are left alone, so that the program can be rolled back', async () => {
    const newer = await stores.open();
    await sql`insert into facade.migrations (name, timestamp) values ('999-later', 'now')`.execute(newer.db);
    const older = await stores.open(newer.connectionString);
    expect(await older.db.selectFrom('people').selectAll().execute()).toEqual([]);
  });

  it('with a lower number may come later: two were written side by side', async () => {
    const { db, connectionString } = await stores.open();
    await sql`delete from facade.migrations where name = '002-enrichments'`.execute(db);
    await sql`drop table facade.enrichments, facade.enrichment_people, facade.seen_events, facade.cpf_windows, facade.paces`.execute(
      db,
    );
    const later = await stores.open(connectionString);
    expect(await executed(later)).toEqual(names);
  });

  it('that fail leave nothing behind, and are named', async () => {
    const { db, connectionString } = await stores.open();
    await sql`drop schema facade cascade`.execute(db);
    await sql`create schema facade`.execute(db);
    await sql`create table facade.companies ()`.execute(db);
    await expect(stores.open(connectionString)).rejects.toThrow(/cannot be migrated \(001-people\)/);
    const { rows } = await sql<{ people: string | null }>`select to_regclass('facade.people') as people`.execute(db);
    expect(rows).toEqual([{ people: null }]);
  });
});
