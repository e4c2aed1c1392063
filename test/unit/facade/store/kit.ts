import type { Kysely } from 'kysely';
import { pino } from 'pino';
import { afterAll, beforeAll } from 'vitest';
import { migrations } from '../../../../src/c2s/store/migrations/index.ts';
import { openStore, type Database, type Store } from '../../../../src/facade/store/index.ts';
import { startPostgres, type TestPostgres } from '../../../e2e/kit/postgres.ts';

export { inventedCpf as cpfOf } from '../../../../src/c2s/sandbox/cpf.ts';

export const log = pino({ level: 'silent' });

export interface TestStores {
  /** A store on a new database, or on that of another store. */
  open(databaseUrl?: string): Promise<Store>;
}

/** Stores for the tests of a file, on one server; all are closed after the last test. */
export function testStores(): TestStores {
  let postgres: TestPostgres;
  const opened: Store[] = [];
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(async () => {
    await Promise.all(opened.map((store) => store.close()));
    await postgres.close();
  });
  return {
    async open(databaseUrl) {
      const store = await openStore({
        migrations,
        databaseUrl: databaseUrl ?? (await postgres.createDatabase()),
        dataDir: 'unused',
        log,
      });
      opened.push(store);
      return store;
    },
  };
}

/** What is known by a CPF, in the order of its source. */
export async function readPerson(db: Kysely<Database>, cpf: string) {
  const person = await db.selectFrom('people').selectAll().where('cpf', '=', cpf).executeTakeFirst();
  if (!person) return undefined;
  const [contacts, addresses, companies] = await Promise.all([
    db.selectFrom('contacts').selectAll().where('person_id', '=', person.id).orderBy('rank').execute(),
    db.selectFrom('addresses').selectAll().where('person_id', '=', person.id).orderBy('rank').execute(),
    db.selectFrom('companies').selectAll().where('person_id', '=', person.id).orderBy('rank').execute(),
  ]);
  return { ...person, contacts, addresses, companies };
}
