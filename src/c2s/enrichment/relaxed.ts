import { Kysely, PostgresDialect } from 'kysely';
import type { Logger } from '../../http/log.ts';
import { createPool } from '../../facade/store/pool.ts';
import { preparing } from '../store/prepared.ts';
import { SCHEMA, type Database } from '../../facade/store/schema.ts';

/**
 * Connections that do not wait until a commit is on the disk (`synchronous_commit = off`), for what may be lost when the
 * database's machine loses power: a step that is then gone through again. What must not be lost (an order that was
 * answered, the intent to send) is committed on the store's own connections, and with it everything that was committed
 * before, since Postgres writes its log in order. docs/decisions/0010-jobs.md has the figures.
 */
export interface Relaxed {
  readonly db: Kysely<Database>;
  close(): Promise<void>;
}

export function openRelaxed(connectionString: string, size: number, log: Logger): Relaxed {
  const pool = createPool(connectionString, size, log);
  // Queued before the first statement of whoever asked for the connection.
  pool.on('connect', (client) => void client.query('set synchronous_commit = off').catch(() => undefined));
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool: preparing(pool) }) }).withSchema(SCHEMA);
  return { db, close: () => pool.end() };
}
