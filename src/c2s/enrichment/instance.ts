import { randomInt } from 'node:crypto';
import type pg from 'pg';
import { INSTANCE_LOCKS } from '../store/instance-locks.ts';
import type { Logger } from '../../http/log.ts';
import { noteLineage } from '../store/lineage.ts';
import type { Connections } from '../../facade/store/connections.ts';
import type { Session } from '../../facade/store/session.ts';

/**
 * This process among those that share the database. It holds one advisory lock under a random number for as long as its
 * connection lives, and writes that number on what it works on. So everybody can tell work that is under way from work
 * whose process died: the lock of a dead one is gone the moment its connection is, without a lease to wait for.
 *
 * A number is never taken twice: after a lost connection comes a new one, and what was begun under the old number may
 * be taken over. Whoever was cut off notices at its next statement, since each of them asks for its own number.
 */

export class Instance {
  readonly #session: Session;
  #number: number | undefined;

  /** @param onAlive it can take on work, again or for the first time. */
  constructor(connections: Connections, onAlive: () => void, log: Logger) {
    const connected = async (client: pg.Client): Promise<void> => {
      // Before any work is taken on. A server that does not tell its history is served as if it had only one.
      const isNew = await noteLineage(client).catch((error: unknown) => {
        log.debug({ err: error }, 'enrichment: the database does not tell which history it is in');
        return false;
      });
      if (isNew)
        log.warn('enrichment: the database was promoted or restored; older work waits for settle before it sends');
      this.#number = await takeNumber(client);
      onAlive();
    };
    const lost = (): void => {
      this.#number = undefined;
    };
    this.#session = connections.session({ connected, lost });
  }

  /** What this process writes on its work; undefined while it must not take on any. */
  get number(): number | undefined {
    return this.#number;
  }

  /** From here on its work may be taken over. */
  async close(): Promise<void> {
    this.#number = undefined;
    await this.#session.close();
  }
}

async function takeNumber(client: pg.Client): Promise<number> {
  for (;;) {
    const number = randomInt(1, 2 ** 31);
    const { rows } = await client.query<{ won: boolean }>('select pg_try_advisory_lock($1, $2) as won', [
      INSTANCE_LOCKS,
      number,
    ]);
    if (rows[0]?.won) return number;
  }
}
