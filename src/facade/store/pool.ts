import pg from 'pg';
import type { Logger } from '../../http/log.ts';

/**
 * Connections. What Postgres calls bigint and numeric are numbers here (counts, milliseconds, reais: all far below
 * 2^53), and a date is a text: as a JavaScript Date it would become the day before, west of Greenwich.
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

/** Milliseconds. A database that does not answer by then is down for whoever waits. */
const CONNECT_TIMEOUT = 5_000;

/** What every connection of ours has in common. */
export function connectionConfig(connectionString: string): pg.ClientConfig {
  return {
    connectionString,
    types,
    application_name: 'c2s-facade',
    connectionTimeoutMillis: CONNECT_TIMEOUT,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
}

/**
 * A pool that survives its database: an idle connection that dies is one line in the log, and is replaced at need. One
 * that dies while it is lent out, between two queries, has no listener of the pool's, and would end the process.
 */
export function createPool(connectionString: string, size: number, log: Logger): pg.Pool {
  const pool = new pg.Pool({ ...connectionConfig(connectionString), max: size, idleTimeoutMillis: 30_000 });
  // One that was being closed when the server stopped is no news.
  pool.on('error', (error) => {
    if (!pool.ending) log.warn({ err: error }, 'an idle database connection was lost');
  });
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}
