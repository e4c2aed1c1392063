import { Kysely, PostgresDialect, sql } from 'kysely';
import { Migrator, type Migration } from 'kysely/migration';
import type { Logger } from '../../http/log.ts';
import type { Connections } from './connections.ts';
import { MIGRATION_LIMITS } from './limits.ts';
import { SCHEMA, type Database } from './schema.ts';

/**
 * Brings the tables up to date, at every start. Under an advisory lock of our own, held from before the schema exists:
 * kysely's begins only after it made its own tables, and `create ... if not exists` is no protection against a second
 * process that does the same at the same moment. One connection holds the lock and migrates: with a process that stands
 * still the server ends both.
 */

export type Migrations = Readonly<Record<string, Migration>>;

const LOCK = 'c2s-facade:migrate';
const TABLE = 'migrations';
/** For another process's migrations; who waited in vain is told, and tries again. */
const LOCK_WAIT_MS = 60_000;
const SETTINGS = { idle_session_timeout: '15000' };

/** @throws Error with the migration's name; its own work is rolled back. */
export async function migrate(connections: Connections, migrations: Migrations, log: Logger): Promise<void> {
  const pool = connections.pool({ size: 1, limits: MIGRATION_LIMITS, settings: SETTINGS });
  try {
    const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) }).withSchema(SCHEMA);
    await lock(db);
    await run(db, migrations, log);
  } finally {
    await connections.end(pool);
  }
}

/** Until the connection ends. */
async function lock(db: Kysely<Database>): Promise<void> {
  const waitAtMost = (ms: number) => sql`select set_config('lock_timeout', ${String(ms)}, false)`.execute(db);
  await waitAtMost(LOCK_WAIT_MS);
  await sql`select pg_advisory_lock(hashtextextended(${LOCK}, 0))`.execute(db);
  await waitAtMost(MIGRATION_LIMITS.lockMs);
}

async function run(db: Kysely<Database>, migrations: Migrations, log: Logger): Promise<void> {
  const unknown = await unknownMigrations(db, migrations);
  if (unknown.length > 0) {
    // A rollback of the program must not need one of the database: migrations only add.
    log.warn({ unknown }, 'the database was migrated by a newer version; its tables are used as they are');
    return;
  }
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve({ ...migrations }) },
    migrationTableName: TABLE,
    migrationLockTableName: `${TABLE}_lock`,
    migrationTableSchema: SCHEMA,
    // Of two that were written side by side, the one with the lower number may come later.
    allowUnorderedMigrations: true,
  });
  const { error, results = [] } = await migrator.migrateToLatest();
  const failed = results.find(({ status }) => status === 'Error');
  if (error !== undefined) {
    throw new Error(`The database cannot be migrated${failed ? ` (${failed.migrationName})` : ''}`, { cause: error });
  }
  const done = results.map(({ migrationName }) => migrationName);
  if (done.length > 0) log.info({ migrations: done }, 'database migrated');
}

async function unknownMigrations(db: Kysely<Database>, migrations: Migrations): Promise<string[]> {
  const table = `${SCHEMA}.${TABLE}`;
  const { rows: found } = await sql<{ exists: boolean }>`select to_regclass(${table}) is not null as exists`.execute(
    db,
  );
  if (!found[0]?.exists) return [];
  const { rows } = await sql<{ name: string }>`select name from ${sql.table(table)} order by name`.execute(db);
  return rows.map(({ name }) => name).filter((name) => !(name in migrations));
}
