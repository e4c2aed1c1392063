import { Kysely, PostgresDialect } from 'kysely';
import type pg from 'pg';
import type { Logger } from '../../http/log.ts';
import { awaitDatabase } from './await-database.ts';
import { DEFAULT_CONNECTIONS, splitConnections } from './connection-budget.ts';
import { codeOf } from '../../http/error-code.ts';
import { Connections } from './connections.ts';
import { databaseErrorText, rootOf } from './explain-error.ts';
import { startEmbedded } from './embedded/index.ts';
import { lead, type LeadHandlers, type Leadership } from './lead.ts';
import { STEERING_LIMITS, WORK_LIMITS } from './limits.ts';
import { listen, type Subscription } from './listen.ts';
import { migrate, type Migrations } from './migrate.ts';
import { migrations as ENGINE_MIGRATIONS } from './migrations/index.ts';
import { SCHEMA, type Database } from './schema.ts';
import { readOnlyText } from './read-only.ts';
import { StoreUnavailable } from './unavailable.ts';
import { refuseTransactionPooling } from './transaction-pooling.ts';

/**
 * The store: one Postgres, the operator's or one of our own, with its tables up to date. Who has a `Store` need not
 * know which it is, nor that its connections die and come back.
 */

export { StoreUnavailable } from './unavailable.ts';
export type { Database } from './schema.ts';
export type { Leadership } from './lead.ts';
export type { Subscription } from './listen.ts';

export interface StoreOptions {
  /** Unset: an embedded server under `dataDir`. */
  readonly databaseUrl: string | undefined;
  readonly dataDir: string;
  /** Of an extension, beside the engine's. */
  readonly migrations: Migrations | undefined;
  readonly log: Logger;
  /** Connections of this process at most; 25, and 10 at least. */
  readonly maxConnections?: number;
  /** Milliseconds to wait for a database that does not answer yet; 10 000. */
  readonly patience?: number;
  /** Whoever waits for the database waits no longer. */
  readonly signal?: AbortSignal | undefined;
}

export interface Store {
  /** Every table without its schema's name: `store.db.selectFrom('people')`. */
  readonly db: Kysely<Database>;
  readonly pool: pg.Pool;
  /** The same for flips and looks, on few connections of their own: whatever the others wait for, these are free. */
  readonly steering: Kysely<Database>;
  /** For those that keep connections of their own. */
  readonly connections: Connections;
  /** Connections that a pool of an extension may have beside these. */
  readonly extensionPoolSize: number;
  /** Holds a password: never for a log. */
  readonly connectionString: string;
  readonly isEmbedded: boolean;
  /** Why it takes no writes now; undefined: it takes them. Rejects while it cannot be asked. */
  readOnly(): Promise<string | undefined>;
  /** On its own connection; after a reconnection `onMessage('')` says that something may have been missed. */
  listen(channel: string, onMessage: (payload: string) => void): Promise<Subscription>;
  /** @param payload below 8000 bytes. */
  notify(channel: string, payload: string): Promise<void>;
  /** Stands for leadership until closed; a lost connection is a lost leadership. */
  lead(name: string, on: LeadHandlers): Leadership;
  /** Ends every connection at once: who waits for an answer gets an error. `close` is still to be called. */
  cut(): void;
  /** Ends what `listen` and `lead` began, the pools, and the embedded server. */
  close(): Promise<void>;
}

/**
 * Starts the embedded server where there is no URL, connects, migrates.
 * @throws StoreUnavailable when there is no database to be had; the message says what to do.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const {
    databaseUrl,
    dataDir,
    migrations,
    log,
    maxConnections = DEFAULT_CONNECTIONS,
    patience = 10_000,
    signal,
  } = options;
  const embedded =
    databaseUrl === undefined ? await startEmbedded(dataDir, log, { maxConnections, signal }) : undefined;
  const connectionString = databaseUrl ?? embedded?.connectionString ?? '';
  const connections = new Connections(connectionString, log);
  const cut = (): void => connections.cut();
  const close = async (): Promise<void> => {
    await connections.close();
    await embedded?.stop();
  };
  // Whoever opens it and gives up waits for no answer.
  signal?.addEventListener('abort', cut);
  try {
    await awaitDatabase(connections, { patience, log, signal });
    if (!embedded) await refuseTransactionPooling(connections);
    await migrated(connections, { ...ENGINE_MIGRATIONS, ...migrations }, log);
    signal?.throwIfAborted();
  } catch (error) {
    await close();
    throw error;
  } finally {
    signal?.removeEventListener('abort', cut);
  }
  const budget = splitConnections(maxConnections);
  const pool = connections.pool({ size: budget.work, limits: WORK_LIMITS });
  return {
    db: databaseOn(pool),
    pool,
    steering: databaseOn(connections.pool({ size: budget.steering, limits: STEERING_LIMITS })),
    connections,
    extensionPoolSize: budget.extension,
    connectionString,
    isEmbedded: embedded !== undefined,
    readOnly: () => readOnlyText(pool),
    listen: (channel, onMessage) => listen(connections, channel, onMessage),
    notify: async (channel, payload) => void (await pool.query('select pg_notify($1, $2)', [channel, payload])),
    lead: (name, on) => lead(connections, name, on, log),
    cut,
    close,
  };
}

/** @throws StoreUnavailable where the server refuses: a right is missing, or it takes no writes. */
async function migrated(connections: Connections, migrations: Migrations, log: Logger): Promise<void> {
  await migrate(connections, migrations, log).catch((error: unknown) => {
    const code = codeOf(rootOf(error));
    if (code !== '42501' && code !== '25006') throw error;
    const address = { name: 'DATABASE_URL', url: connections.url };
    throw new StoreUnavailable(databaseErrorText(error, address), { cause: error });
  });
}

const databaseOn = (pool: pg.Pool): Kysely<Database> =>
  new Kysely<Database>({ dialect: new PostgresDialect({ pool }) }).withSchema(SCHEMA);
