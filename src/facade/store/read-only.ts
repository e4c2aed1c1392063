import type { DatabaseFault } from './explain-error.ts';

/** A database that takes no writes: what is kept can be read, and nothing can be added. */

/** What is asked of a pool or of a connection. */
interface Queryable {
  query(text: string): Promise<{ readonly rows: unknown[] }>;
}

/** @returns undefined: it takes writes. */
export async function readOnlyFault(database: Queryable): Promise<DatabaseFault | undefined> {
  const { rows } = await database.query(
    `select pg_is_in_recovery() as "isStandby", current_setting('transaction_read_only') = 'on' as "isReadOnly"`,
  );
  const [state] = rows as { isStandby: boolean; isReadOnly: boolean }[];
  if (state?.isStandby) {
    return { text: 'only reads: it is a standby (pg_is_in_recovery)', remedy: 'name the primary, or promote it' };
  }
  if (!state?.isReadOnly) return undefined;
  const remedy = 'switch it off for the server, the database or the role (alter … reset default_transaction_read_only)';
  return { text: 'only reads: default_transaction_read_only is on', remedy };
}

/** The same as one sentence. */
export async function readOnlyText(database: Queryable): Promise<string | undefined> {
  const fault = await readOnlyFault(database);
  return fault && `it ${fault.text}; ${fault.remedy}`;
}
