import type pg from 'pg';

/** The channel that tells every instance that there is a new revision of the flips. */
export const FLIPS_CHANNEL = 'facade_flips';

/** Bytes: Postgres's own limit of a notification. */
const LONGEST = 7_999;

/** @throws RangeError for a payload that Postgres would refuse: send the key of a row instead. */
export async function notify(pool: pg.Pool, channel: string, payload: string): Promise<void> {
  const bytes = Buffer.byteLength(payload);
  if (bytes > LONGEST) throw new RangeError(`a notification of ${bytes} bytes; ${LONGEST} is the most: send a key`);
  await pool.query('select pg_notify($1, $2)', [channel, payload]);
}
