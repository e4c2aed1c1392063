import type { Connections } from './connections.ts';
import { WORK_LIMITS } from './limits.ts';
import { StoreUnavailable } from './unavailable.ts';

/**
 * A pooler in transaction mode (pgbouncer with `pool_mode = transaction` or `statement`) gives each transaction whatever
 * connection to the server is free. Advisory locks, LISTEN, prepared statements and settings belong to a connection: the
 * lock by which an instance shows that it lives would be held by somebody else's, and work would be taken for dead.
 */

/** One of our connections. @property pid the process of the server that serves it at this moment. */
export interface Probe {
  pid(): Promise<number>;
}

/** A pooler with many free connections may hand out the same one several times by chance. */
const ROUNDS = 5;

/** Whether a connection of ours changes its server's, or shares it with another one. Asked in turns. */
export async function sharesServers(first: Probe, second: Probe): Promise<boolean> {
  const own = { first: await first.pid(), second: await second.pid() };
  for (let round = 0; round < ROUNDS; round++) {
    if (own.first === own.second) return true;
    if ((await first.pid()) !== own.first || (await second.pid()) !== own.second) return true;
  }
  return false;
}

/** @throws StoreUnavailable when sessions do not last on the way to the database. */
export async function refuseTransactionPooling(connections: Connections): Promise<void> {
  const clients = [connections.single(WORK_LIMITS), connections.single(WORK_LIMITS)] as const;
  try {
    for (const client of clients) await client.connect();
    const [first, second] = clients.map((client) => ({
      async pid() {
        const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
        return rows[0]?.pid ?? 0;
      },
    })) as [Probe, Probe];
    if (await sharesServers(first, second)) {
      const remedy = 'set pool_mode = session there, or let DATABASE_URL name the Postgres itself';
      throw new StoreUnavailable(`there is a pooler in transaction mode before it, which breaks its locks; ${remedy}`);
    }
  } finally {
    for (const client of clients) await client.close();
  }
}
