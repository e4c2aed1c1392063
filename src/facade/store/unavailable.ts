import { codeOf } from '../../http/error-code.ts';

/**
 * The store cannot be had. The message is for the operator: it says what still works and what to do, and holds no
 * password, since connection strings never enter it.
 */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';

  constructor(reason: string, options?: ErrorOptions) {
    super(`Routing works; the history and whatever else is kept need a database: ${reason}`, options);
  }
}

/**
 * The transaction was sent whole, and nobody said whether it was carried out: the connection was lost, or time was over,
 * while its end was awaited.
 */
export class CommitUnknown extends Error {
  override readonly name = 'CommitUnknown';

  constructor(options?: ErrorOptions) {
    super('the database did not say whether the change was carried out', options);
  }
}

/**
 * Does the error say that the database cannot be used now, rather than that a statement is wrong? A connection that
 * cannot be made or was lost, a server that starts, ends, is full or takes no writes, an account that it does not know.
 */
export function isStoreAway(error: unknown): boolean {
  if (error instanceof StoreUnavailable) return true;
  if (error instanceof AggregateError && error.errors.length > 0) return isStoreAway(error.errors[0]);
  if (!(error instanceof Error)) return false;
  const code = codeOf(error);
  if (NETWORK_CODES.has(code) || AWAY_STATES.test(code)) return true;
  // The Unix socket of a server that has ended; of a file that is missing it says something else.
  if (code === 'ENOENT') return 'syscall' in error && error.syscall === 'connect';
  return code === error.name && CODELESS.test(error.message);
}

const NETWORK_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/**
 * SQLSTATE (Postgres, appendix A): 08 connection, 28 account, 3D database, 53 resources, 57 operator (a statement that
 * took too long, too), a server that only reads, a transaction that stood still, a lock that was not to be had in time.
 */
const AWAY_STATES = /^(?:(?:08|28|3D|53|57)[0-9A-Z]{3}|25006|25P03|55P03)$/;

/** What pg and pg-pool say without a code (pg 8.23, `client.js`; pg-pool, `index.js`). */
const CODELESS =
  /^(?:Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client (?:was closed|has encountered a connection error) and is not queryable|Cannot use a pool after calling end)/;
