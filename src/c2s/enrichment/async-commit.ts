import { Kysely, PostgresDialect } from 'kysely';
import type { Connections } from '../../facade/store/connections.ts';
import { WORK_LIMITS } from '../../facade/store/limits.ts';
import { preparing } from '../store/prepared.ts';
import { SCHEMA, type Database } from '../../facade/store/schema.ts';

/**
 * Connections that do not wait until a commit is on the disk (`synchronous_commit = off`), for what may be lost when the
 * database's machine loses power: a step that is then gone through again. What must not be lost (an order that was
 * answered, the intent to send) is committed on the store's own connections, and with it everything that was committed
 * before, since Postgres writes its log in order. docs/decisions/0010-jobs.md has the figures.
 */
export interface AsyncCommitPool {
  readonly db: Kysely<Database>;
  close(): Promise<void>;
}

export function openAsyncCommitPool(connections: Connections, size: number): AsyncCommitPool {
  const pool = connections.pool({ size, limits: WORK_LIMITS, settings: { synchronous_commit: 'off' } });
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool: preparing(pool) }) }).withSchema(SCHEMA);
  return { db, close: () => connections.end(pool) };
}
