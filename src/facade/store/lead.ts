import type pg from 'pg';
import type { Logger } from '../../http/log.ts';
import type { Connections } from './connections.ts';

/**
 * One leader among the instances that share a database: whoever holds a session's advisory lock. It falls with the
 * connection, so a leader that was killed is replaced within a second, and nobody has to clean up after it.
 */

export interface LeadHandlers {
  gained(): void;
  lost(): void;
}

export interface Leadership {
  readonly isLeader: boolean;
  /** Gives the leadership up; a leader hears `lost`. */
  close(): Promise<void>;
}

/** Milliseconds between two tries of a follower. */
const TRY_INTERVAL_MS = 1_000;

export function lead(connections: Connections, name: string, on: LeadHandlers, log: Logger): Leadership {
  let isLeader = false;
  let timer: NodeJS.Timeout | undefined;
  /** The connection that stands for us; an answer on any other comes too late. */
  let current: pg.Client | undefined;

  const attempt = async (client: pg.Client): Promise<void> => {
    const { rows } = await client.query<{ won: boolean }>(
      'select pg_try_advisory_lock(hashtextextended($1, 0)) as won',
      [`c2s-facade:${name}`],
    );
    if (client !== current) return;
    if (rows[0]?.won) {
      isLeader = true;
      log.info({ leadership: name }, 'leadership gained');
      on.gained();
    } else {
      // A failure here is the connection's, and the session hears of that itself.
      timer = setTimeout(() => void attempt(client).catch(() => undefined), TRY_INTERVAL_MS);
    }
  };
  const lost = (): void => {
    clearTimeout(timer);
    current = undefined;
    if (!isLeader) return;
    isLeader = false;
    log.info({ leadership: name }, 'leadership lost');
    on.lost();
  };
  const connected = (client: pg.Client): Promise<void> => attempt((current = client));
  const session = connections.session({ connected, lost });
  const close = async (): Promise<void> => {
    // First the work stops, then the lock goes.
    lost();
    await session.close();
  };
  return {
    get isLeader() {
      return isLeader;
    },
    close,
  };
}
