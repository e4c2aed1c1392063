import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { ConnectionLimits } from './limits.ts';

/**
 * One connection to Postgres on which nothing can hang. What Postgres calls bigint and numeric are numbers here (counts,
 * milliseconds, reais: all far below 2^53), and a date is a text: as a JavaScript Date it would become the day before,
 * west of Greenwich.
 */

const DATE = 1082;
const decoders: Record<number, (text: string) => unknown> = {
  [pg.types.builtins.INT8]: Number,
  [pg.types.builtins.NUMERIC]: Number,
  [DATE]: (text) => text,
};

const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    (format !== 'binary' && decoders[oid]) || (pg.types.getTypeParser(oid, format) as (text: string) => unknown),
};

/** Until the kernel asks a peer that says nothing whether it is there; ten times, a second apart, on Linux. */
const KEEPALIVE_AFTER_MS = 5_000;
/** The server's side of it, so that a client that vanished keeps no lock. */
const SERVER_KEEPALIVE = {
  tcp_keepalives_idle: '5',
  tcp_keepalives_interval: '2',
  tcp_keepalives_count: '3',
  tcp_user_timeout: '10000',
};
/** A close that nobody answers is not waited for. */
const CLOSE_TIMEOUT_MS = 1_000;

/** Parameters of the server, by name. */
type Settings = Readonly<Record<string, string>>;

/** Who hears how a connection fares. */
export interface ConnectionWatch {
  opened(connection: DatabaseConnection): void;
  /** The server answered something. */
  answered(): void;
  /** It was ended because the server owed an answer for `silenceMs`. */
  fellSilent(): void;
  ended(connection: DatabaseConnection): void;
}

export interface ConnectionOptions {
  readonly connectionString: string;
  readonly limits: ConnectionLimits;
  readonly settings?: Settings | undefined;
  readonly watch?: ConnectionWatch;
}

export class DatabaseConnection extends pg.Client {
  readonly #options: ConnectionOptions;
  readonly #socket: Socket;
  #isResting = false;
  #dropped: Error | undefined;

  constructor(options?: ConnectionOptions) {
    // Optional for the type of pg-pool alone, which hands over what it was given.
    if (!options) throw new TypeError('a connection needs its options');
    super({
      connectionString: options.connectionString,
      types,
      application_name: 'c2s-facade',
      connectionTimeoutMillis: options.limits.connectMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEPALIVE_AFTER_MS,
    });
    this.#options = options;
    this.#socket = this.connection.stream as Socket;
    this.#socket.on('timeout', () => this.#judgeSilence());
    // Of one that was dropped before it was connected.
    this.#socket.on('error', () => undefined);
    // Between two queries of whoever borrowed it from a pool nobody else listens, and the process would end.
    this.on('error', () => undefined);
    this.on('drain', () => options.watch?.answered());
    this.on('end', () => options.watch?.ended(this));
    options.watch?.opened(this);
  }

  override connect(): Promise<this>;
  override connect(callback: ((error: Error) => void) | ((error: null, client: pg.Client) => void)): void;
  override connect(callback?: (error: never, client: pg.Client) => void): Promise<this> | void {
    const opening = this.#open();
    if (!callback) return opening;
    opening.then(
      () => callback(null as never, this),
      (error: unknown) => callback(error as never, this),
    );
  }

  /** Nobody waits for an answer, as in a pool. */
  get isResting(): boolean {
    return this.#isResting;
  }

  rest(): void {
    this.#isResting = true;
    this.#socket.setTimeout(0);
  }

  /** From here on a silent server ends the connection. */
  wake(): void {
    this.#isResting = false;
    this.#socket.setTimeout(this.#options.limits.silenceMs);
  }

  /** Ends it at once; who waits for an answer gets the error. */
  drop(error: Error): void {
    this.#dropped = error;
    this.#socket.destroy(error);
  }

  /** Says goodbye, and waits for it no longer than a second. Never rejects. */
  async close(): Promise<void> {
    await Promise.race([this.end().catch(() => undefined), sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
    this.#socket.destroy();
  }

  async #open(): Promise<this> {
    // A socket that is connected again is as if it had never been destroyed.
    if (this.#dropped) throw this.#dropped;
    this.wake();
    try {
      await super.connect();
      // After the start, since a pooler refuses parameters of it that it does not know.
      await this.query(
        ...settingOf({ ...SERVER_KEEPALIVE, ...timeoutsOf(this.#options.limits), ...this.#options.settings }),
      );
    } catch (error) {
      this.#socket.destroy();
      throw error;
    }
    return this;
  }

  /** A loop that stood still itself has not read what came meanwhile: it does so before it judges. */
  #judgeSilence(): void {
    const { bytesRead } = this.#socket;
    setImmediate(() => {
      if (this.#socket.bytesRead !== bytesRead || this.#isResting || this.#socket.destroyed) return;
      this.drop(new SilentServer(this.#options.limits.silenceMs));
      this.#options.watch?.fellSilent();
    });
  }
}

class SilentServer extends Error {
  override readonly name = 'SilentServer';
  readonly code = 'ETIMEDOUT';

  constructor(silenceMs: number) {
    super(`the database did not answer within ${silenceMs} ms`);
  }
}

const timeoutsOf = ({ statementMs, lockMs, idleInTransactionMs }: ConnectionLimits): Settings => ({
  statement_timeout: String(statementMs),
  lock_timeout: String(lockMs),
  idle_in_transaction_session_timeout: String(idleInTransactionMs),
});

/** One statement, so that it costs one exchange. */
function settingOf(settings: Settings): [text: string, values: string[]] {
  const pairs = Object.entries(settings);
  const calls = pairs.map((_, i) => `set_config($${2 * i + 1}, $${2 * i + 2}, false)`);
  return [`select ${calls.join(', ')}`, pairs.flat()];
}
