import { pino } from 'pino';
import { afterAll, beforeAll } from 'vitest';
import { openStore, type Store } from '../../../src/store/index.ts';
import { startPostgres, type TestPostgres } from '../../e2e/kit/postgres.ts';

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
        databaseUrl: databaseUrl ?? (await postgres.createDatabase()),
        dataDir: 'unused',
        log,
      });
      opened.push(store);
      return store;
    },
  };
}

/** The CPF whose first nine digits are a number's: invented, with check digits that are right. */
export function cpfOf(number: number): string {
  let digits = String(number).padStart(9, '0');
  for (let length = 9; length < 11; length++) {
    const sum = [...digits].reduce((total, digit, i) => total + Number(digit) * (length + 1 - i), 0);
    digits += String(((sum * 10) % 11) % 10);
  }
  return digits;
}
