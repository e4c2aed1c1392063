import { mkdirSync, realpathSync } from 'node:fs';
import type { Logger } from '../../observe/log.ts';
import { serverAccount } from './account.ts';
import { findBinaries } from './binaries.ts';
import { isMade, openCluster, connectionStringOf } from './cluster.ts';
import { claim } from './owner.ts';
import { runtimeDir } from './runtime-dir.ts';
import { startServer } from './server.ts';

/** The embedded database: a Postgres of our own, on a Unix socket that nobody else can reach. */

export interface Embedded {
  readonly connectionString: string;
  stop(): Promise<void>;
}

/** @throws StoreUnavailable. */
export async function startEmbedded(dataDir: string, log: Logger): Promise<Embedded> {
  const binaries = await findBinaries();
  const account = await serverAccount();
  mkdirSync(dataDir, { recursive: true });
  const dir = realpathSync(dataDir);
  const runDir = runtimeDir(dir, account);
  const owned = await claim(runDir, dir);
  try {
    const doing = isMade(dir) ? 'starting the embedded Postgres' : 'making the embedded Postgres, once: a few seconds';
    log.info({ dataDir: dir }, doing);
    const cluster = await openCluster({ dataDir: dir, binaries, account });
    const server = await startServer({ binaries, cluster, runDir, account });
    const stop = async (): Promise<void> => {
      await server.stop();
      await owned.release();
    };
    return { connectionString: connectionStringOf(cluster, runDir), stop };
  } catch (error) {
    await owned.release();
    throw error;
  }
}
