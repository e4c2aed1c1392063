import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from '../../http/log.ts';
import { connectionConfig } from './pool.ts';

/**
 * One connection that is made again whenever it dies, for what belongs to a session: LISTEN and advisory locks. A pool
 * would hand such a session to somebody else. A peer that vanished without a word (a pulled cable, a database that
 * moved) is noticed by asking it something every few seconds.
 */

interface SessionHandlers {
  /** Prepares a new connection; a failure counts as a lost connection. */
  connected(client: pg.Client): Promise<void>;
  lost(): void;
}

/** Milliseconds. */
const FIRST_DELAY = 50;
const LONGEST_DELAY = 5_000;
const PING_EVERY = 5_000;
const PING_TIMEOUT = 5_000;
/** After so long without a ping the database ends the session itself, and with it the locks of a vanished holder. */
const SILENCE = 15_000;
/** A farewell that nobody answers is not waited for. */
const FAREWELL = 1_000;

export class Session {
  readonly #connectionString: string;
  readonly #handlers: SessionHandlers;
  readonly #log: Logger;
  #client: pg.Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #delay = FIRST_DELAY;
  #isClosed = false;

  constructor(connectionString: string, handlers: SessionHandlers, log: Logger) {
    this.#connectionString = connectionString;
    this.#handlers = handlers;
    this.#log = log;
    void this.#connect();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = undefined;
    if (client) await end(client);
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({ ...connectionConfig(this.#connectionString), query_timeout: PING_TIMEOUT });
    this.#client = client;
    // Both come for one death, and in either order: the first one counts.
    client.on('error', (error) => this.#drop(client, error));
    client.on('end', () => this.#drop(client, undefined));
    try {
      await client.connect();
      if (this.#isClosed) return await end(client);
      await client.query(`set idle_session_timeout = ${SILENCE}`);
      await this.#handlers.connected(client);
      this.#delay = FIRST_DELAY;
      this.#schedulePing(client);
    } catch (error) {
      this.#drop(client, error);
    }
  }

  #schedulePing(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#timer = setTimeout(() => {
      client.query('select 1').then(
        () => this.#schedulePing(client),
        (error: unknown) => this.#drop(client, error),
      );
    }, PING_EVERY);
  }

  #drop(client: pg.Client, error: unknown): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    clearTimeout(this.#timer);
    void end(client);
    this.#handlers.lost();
    if (this.#isClosed) return;
    this.#log.warn({ err: error, retryInMs: this.#delay }, 'a database session was lost');
    this.#timer = setTimeout(() => void this.#connect(), this.#delay);
    this.#delay = Math.min(this.#delay * 2, LONGEST_DELAY);
  }
}

async function end(client: pg.Client): Promise<void> {
  const farewell = client.end().catch(() => undefined);
  await Promise.race([farewell, sleep(FAREWELL, undefined, { ref: false })]);
}
