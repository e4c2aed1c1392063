import type pg from 'pg';
import type { Logger } from '../../http/log.ts';
import type { DatabaseConnection } from './connection.ts';

/**
 * One connection that is made again whenever it dies, for what belongs to a session: LISTEN and advisory locks. A pool
 * would hand such a session to somebody else. A peer that vanished without a word (a pulled cable, a firewall that
 * forgot the connection, a database that moved) is noticed by asking it something every second.
 */

export interface SessionHandlers {
  /** Prepares a new connection; a failure counts as a lost connection. */
  connected(client: pg.Client): Promise<void>;
  lost(): void;
  /** It is over for good. */
  closed?(): void;
}

const FIRST_DELAY_MS = 50;
const MAX_DELAY_MS = 2_000;
/** With the silence that is allowed (limits.ts) a vanished peer is noticed within three seconds. */
const PING_EVERY_MS = 1_000;
/** After so long without a ping the database ends the session itself, and with it the locks of a vanished holder. */
const SETTINGS = { idle_session_timeout: '15000' };

export class Session {
  readonly #make: (settings: Readonly<Record<string, string>>) => DatabaseConnection;
  readonly #handlers: SessionHandlers;
  readonly #log: Logger;
  #client: DatabaseConnection | undefined;
  #timer: NodeJS.Timeout | undefined;
  #delayMs = FIRST_DELAY_MS;
  #isClosed = false;

  constructor(
    make: (settings: Readonly<Record<string, string>>) => DatabaseConnection,
    handlers: SessionHandlers,
    log: Logger,
  ) {
    this.#make = make;
    this.#handlers = handlers;
    this.#log = log;
    void this.#connect();
  }

  /** Never rejects, and waits for nobody longer than a second. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = undefined;
    this.#handlers.closed?.();
    await client?.close();
  }

  async #connect(): Promise<void> {
    const client = this.#make(SETTINGS);
    this.#client = client;
    // Both come for one death, and in either order: the first one counts.
    client.on('error', (error) => this.#drop(client, error));
    client.on('end', () => this.#drop(client, undefined));
    try {
      await client.connect();
      if (this.#isClosed) return await client.close();
      await this.#handlers.connected(client);
      this.#delayMs = FIRST_DELAY_MS;
      this.#schedulePing(client);
    } catch (error) {
      this.#drop(client, error);
    }
  }

  #schedulePing(client: DatabaseConnection): void {
    if (this.#client !== client) return;
    this.#timer = setTimeout(() => {
      client.query('select 1').then(
        () => this.#schedulePing(client),
        (error: unknown) => this.#drop(client, error),
      );
    }, PING_EVERY_MS);
  }

  #drop(client: DatabaseConnection, error: unknown): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    clearTimeout(this.#timer);
    void client.close();
    this.#handlers.lost();
    if (this.#isClosed) return;
    this.#log.warn({ err: error, retryInMs: this.#delayMs }, 'a database session was lost');
    this.#timer = setTimeout(() => void this.#connect(), this.#delayMs);
    this.#delayMs = Math.min(this.#delayMs * 2, MAX_DELAY_MS);
  }
}
