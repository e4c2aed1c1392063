import type { PostgresPool, PostgresPoolClient } from 'kysely';
import type pg from 'pg';

/** Statements that are prepared; texts beyond that are few and rare, or somebody builds them, and fill no memory. */
const MAX_PREPARED_STATEMENTS = 200;

/**
 * A pool for kysely whose statements Postgres parses once a connection, and plans a few times: for a handful of texts
 * that are executed all the time parsing and planning cost it more than what they do.
 */
export function preparing(pool: pg.Pool): PostgresPool {
  const names = new Map<string, string>();
  const nameOf = (text: string): string | undefined => {
    const known = names.get(text);
    if (known !== undefined || names.size >= MAX_PREPARED_STATEMENTS) return known;
    const name = `facade_${names.size}`;
    names.set(text, name);
    return name;
  };
  return {
    options: {},
    async connect() {
      const client = await pool.connect();
      const query = (text: string, values: readonly unknown[]) => {
        // Without parameters: begin, commit.
        const name = values.length > 0 ? nameOf(text) : undefined;
        return client.query({ text, values: [...values], ...(name !== undefined && { name }) });
      };
      return { query, release: () => client.release() } as unknown as PostgresPoolClient;
    },
    end: () => pool.end(),
  };
}
