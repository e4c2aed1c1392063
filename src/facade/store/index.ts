import { setTimeout as sleep } from 'node:timers/promises';
import { Kysely, PostgresDialect } from 'kysely';
import type pg from 'pg';
import type { Logger } from '../../http/log.ts';
import { awaitDatabase } from './await-database.ts';
import { startEmbedded } from './embedded/index.ts';
import { lead, type LeadHandlers, type Leadership } from './lead.ts';
import { listen, type Subscription } from './listen.ts';
import { migrate, type Migrations } from './migrate.ts';
import { migrations as ENGINE_MIGRATIONS } from './migrations/index.ts';
import { createPool } from './pool.ts';
import { SCHEMA, type Database } from './schema.ts';

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
  /** Connections at most; 10. */
  readonly poolSize?: number;
  /** Milliseconds to wait for a database that does not answer yet; 10 000. */
  readonly patience?: number;
  /** Whoever waits for the database waits no longer. */
  readonly signal?: AbortSignal | undefined;
}

export interface Store {
  /** Every table without its schema's name: `store.db.selectFrom('people')`. */
  readonly db: Kysely<Database>;
  readonly pool: pg.Pool;
  /** For those that keep connections of their own. Holds a password: never for a log. */
  readonly connectionString: string;
  readonly isEmbedded: boolean;
  /** On its own connection; after a reconnection `onMessage('')` says that something may have been missed. */
  listen(channel: string, onMessage: (payload: string) => void): Promise<Subscription>;
  /** @param payload below 8000 bytes. */
  notify(channel: string, payload: string): Promise<void>;
  /** Stands for leadership until closed; a lost connection is a lost leadership. */
  lead(name: string, on: LeadHandlers): Leadership;
  /** Ends what `listen` and `lead` began, the pool, and the embedded server. */
  close(): Promise<void>;
}

/** Milliseconds to wait for connections that are in use. */
const CLOSE_TIMEOUT = 5_000;

/**
 * Starts the embedded server where there is no URL, connects, migrates.
 * @throws StoreUnavailable when there is no database to be had; the message says what to do.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { databaseUrl, dataDir, migrations, log, poolSize = 10, patience = 10_000, signal } = options;
  const embedded = databaseUrl === undefined ? await startEmbedded(dataDir, log, { signal }) : undefined;
  const connectionString = databaseUrl ?? embedded?.connectionString ?? '';
  const pool = createPool(connectionString, poolSize, log);
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) }).withSchema(SCHEMA);
  const open = new Set<{ close(): Promise<void> }>();
  const close = async (): Promise<void> => {
    await Promise.all([...open].map((one) => one.close()));
    // A connection that somebody does not give back must not keep the server from being stopped.
    if (!pool.ending) await Promise.race([pool.end(), sleep(CLOSE_TIMEOUT, undefined, { ref: false })]);
    await embedded?.stop();
  };
  const kept = <T extends { close(): Promise<void> }>(one: T): T => {
    open.add(one);
    return one;
  };
  try {
    await awaitDatabase(connectionString, { patience, log, signal });
    await migrate(db, { ...ENGINE_MIGRATIONS, ...migrations }, connectionString, log);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    db,
    pool,
    connectionString,
    isEmbedded: embedded !== undefined,
    listen: async (channel, onMessage) => kept(await listen(connectionString, channel, onMessage, log)),
    notify: async (channel, payload) => void (await pool.query('select pg_notify($1, $2)', [channel, payload])),
    lead: (name, on) => kept(lead(connectionString, name, on, log)),
    close,
  };
}
