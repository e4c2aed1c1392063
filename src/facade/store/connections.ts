import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from '../../http/log.ts';
import { DatabaseConnection, type ConnectionOptions } from './connection.ts';
import { SESSION_LIMITS, type ConnectionLimits } from './limits.ts';
import { Session, type SessionHandlers } from './session.ts';

/**
 * Every connection of this process to one Postgres: made here and nowhere else, so that none is without its limits, all
 * can be ended at once, and it is known when the database last answered.
 */

interface PoolOptions {
  /** Connections at most. */
  readonly size: number;
  readonly limits: ConnectionLimits;
  /** Parameters of the server for each of them, by name. */
  readonly settings?: Readonly<Record<string, string>>;
}

const IDLE_TIMEOUT_MS = 30_000;
/** For connections that are in use. */
const CLOSE_TIMEOUT_MS = 5_000;

export class Connections {
  readonly #connectionString: string;
  readonly #log: Logger;
  readonly #open = new Set<DatabaseConnection>();
  readonly #pools = new Set<pg.Pool>();
  readonly #sessions = new Set<Session>();
  #answeredAt: number | undefined;
  readonly #cut = new AbortController();

  /** @param connectionString holds a password: never for a log. */
  constructor(connectionString: string, log: Logger) {
    this.#connectionString = connectionString;
    this.#log = log;
  }

  /** Holds a password: never for a log. */
  get url(): string {
    return this.#connectionString;
  }

  /** When the database last answered anything: milliseconds, of `performance.now()`. */
  get answeredAt(): number | undefined {
    return this.#answeredAt;
  }

  /** A pool that survives its database: a connection that dies idle is one line in the log, and is replaced at need. */
  pool({ size, limits, settings }: PoolOptions): pg.Pool {
    const options: pg.PoolConfig & ConnectionOptions = {
      ...this.#options(limits, settings),
      max: size,
      connectionTimeoutMillis: limits.connectMs,
      idleTimeoutMillis: IDLE_TIMEOUT_MS,
      Client: DatabaseConnection,
    };
    const pool = new pg.Pool(options);
    this.#pools.add(pool);
    // One that was being closed when the server stopped is no news.
    pool.on('error', (error) => {
      if (!pool.ending && !this.#cut.signal.aborted)
        this.#log.warn({ err: error }, 'an idle database connection was lost');
    });
    pool.on('acquire', (client) => (client as unknown as DatabaseConnection).wake());
    pool.on('release', (_, client) => (client as unknown as DatabaseConnection).rest());
    return pool;
  }

  /** One that its owner connects and closes. */
  single(limits: ConnectionLimits): DatabaseConnection {
    return new DatabaseConnection(this.#options(limits));
  }

  /** One that is made again whenever it dies. */
  session(handlers: SessionHandlers): Session {
    const make = (settings: Readonly<Record<string, string>>) =>
      new DatabaseConnection(this.#options(SESSION_LIMITS, settings));
    const session = new Session(make, handlers, this.#log);
    this.#sessions.add(session);
    return session;
  }

  /** Ends a pool; what is lent out has five seconds to come back. Never rejects. */
  async end(pool: pg.Pool): Promise<void> {
    if (!this.#pools.delete(pool)) return;
    const { signal } = this.#cut;
    const tired = sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false, signal }).catch(() => undefined);
    await Promise.race([pool.end(), tired]);
  }

  /** Ends everything at once and for good: who waits for an answer gets an error, and so does who asks from now on. */
  cut(): void {
    this.#cut.abort();
    for (const session of this.#sessions) void session.close();
    for (const connection of this.#open) connection.drop(new ConnectionsClosed());
  }

  /** Ends sessions, then pools, then what is left. Never rejects. */
  async close(): Promise<void> {
    await Promise.all([...this.#sessions].map((session) => session.close()));
    await Promise.all([...this.#pools].map((pool) => this.end(pool)));
    this.cut();
  }

  #options(limits: ConnectionLimits, settings?: Readonly<Record<string, string>>): ConnectionOptions {
    const watch = {
      opened: (connection: DatabaseConnection) => this.#opened(connection),
      answered: () => void (this.#answeredAt = performance.now()),
      fellSilent: () => this.#doubtIdle(),
      ended: (connection: DatabaseConnection) => void this.#open.delete(connection),
    };
    return { connectionString: this.#connectionString, limits, settings, watch };
  }

  #opened(connection: DatabaseConnection): void {
    this.#open.add(connection);
    if (this.#cut.signal.aborted) connection.drop(new ConnectionsClosed());
  }

  /** Whatever made one connection silent did so to those that nobody asks: each would cost its borrower a time-out. */
  #doubtIdle(): void {
    for (const connection of this.#open) if (connection.isResting) connection.drop(new IdleInDoubt());
  }
}

class ConnectionsClosed extends Error {
  override readonly name = 'ConnectionsClosed';
  readonly code = 'ECONNABORTED';

  constructor() {
    super('the connections to the database are closed');
  }
}

class IdleInDoubt extends Error {
  override readonly name = 'IdleInDoubt';
  readonly code = 'ETIMEDOUT';

  constructor() {
    super('another connection to the database fell silent');
  }
}
