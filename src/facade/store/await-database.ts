import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../http/log.ts';
import { codeOf } from '../../http/error-code.ts';
import type { Connections } from './connections.ts';
import { databaseErrorText } from './explain-error.ts';
import { WORK_LIMITS } from './limits.ts';
import { StoreUnavailable } from './unavailable.ts';

/** Not there yet: refused, no such host, starting up, shutting down. Anything else will not mend itself. */
const MENDING = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
  'ECONNRESET',
  'ETIMEDOUT',
  '57P03',
  '57P01',
]);
/** Milliseconds between two tries. */
const TRY_INTERVAL_MS = 250;
/** `unique nulls not distinct` came with it. */
const OLDEST = 15;

interface WaitOptions {
  /** Milliseconds. */
  readonly patience: number;
  readonly log: Logger;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Waits until the database answers, so that one that starts beside us may be slower.
 * @throws StoreUnavailable when it does not answer, refuses us, or is too old; AbortError when nobody waits any more.
 */
export async function awaitDatabase(connections: Connections, options: WaitOptions): Promise<void> {
  const { patience, log, signal } = options;
  const deadline = performance.now() + patience;
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await judge(connections);
    } catch (error) {
      if (error instanceof StoreUnavailable) throw error;
      const code = codeOf(error);
      const reason = databaseErrorText(error, { name: 'DATABASE_URL', url: connections.url });
      if (!MENDING.has(code) || performance.now() + TRY_INTERVAL_MS > deadline) {
        throw new StoreUnavailable(reason, { cause: error });
      }
      if (isFirst) log.warn({ code, reason }, 'the database does not answer; it is waited for');
    }
    await sleep(TRY_INTERVAL_MS, undefined, signal && { signal });
  }
}

async function judge(connections: Connections): Promise<void> {
  const client = connections.single(WORK_LIMITS);
  try {
    await client.connect();
    const { rows } = await client.query<{ version: number }>(
      `select current_setting('server_version_num')::int / 10000 as version`,
    );
    const version = rows[0]?.version ?? 0;
    if (version < OLDEST)
      throw new StoreUnavailable(`Postgres ${version} is too old; ${OLDEST} is the oldest that serves`);
  } finally {
    await client.close();
  }
}
