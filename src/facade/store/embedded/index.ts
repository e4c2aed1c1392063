import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../../../http/log.ts';
import { codeOf } from '../../../http/error-code.ts';
import { StoreUnavailable } from '../unavailable.ts';
import { serverAccount } from './account.ts';
import { findBinaries } from './binaries.ts';
import { CLUSTER, connectionStringOf, isMade, openCluster } from './cluster.ts';
import { claim } from './owner.ts';
import { runtimeDir } from './runtime-dir.ts';
import { supervise } from './supervise.ts';

/** The embedded database: a Postgres of our own, on a Unix socket that nobody else can reach. */

export interface Embedded {
  readonly connectionString: string;
  stop(): Promise<void>;
}

interface EmbeddedOptions {
  /** Processes that use it; each has its connections. */
  readonly instances?: number;
  /** Of one such process. */
  readonly maxConnections: number;
  /** Ends a start that has not begun to run the server yet. */
  readonly signal?: AbortSignal | undefined;
}

/** Beside those of the facades: of a look at the database, and of Postgres itself. */
const SPARE_CONNECTIONS = 5;

/** @throws StoreUnavailable. */
export async function startEmbedded(dataDir: string, log: Logger, options: EmbeddedOptions): Promise<Embedded> {
  try {
    return await start(dataDir, log, options);
  } catch (error) {
    if (error instanceof StoreUnavailable) throw error;
    const remedy = 'may this user write there? Change DATA_DIR, or set DATABASE_URL';
    throw new StoreUnavailable(`its files under ${dataDir} cannot be used (${codeOf(error)}): ${remedy}`, {
      cause: error,
    });
  }
}

async function start(dataDir: string, log: Logger, options: EmbeddedOptions): Promise<Embedded> {
  const { instances = 1, maxConnections, signal } = options;
  mkdirSync(dataDir, { recursive: true });
  const dir = realpathSync(dataDir);
  const binaries = await findBinaries(dir);
  const account = await serverAccount(join(dir, CLUSTER));
  const runDir = runtimeDir(dir, account);
  const owned = await claim(runDir, dir);
  try {
    const doing = isMade(dir) ? 'starting the embedded Postgres' : 'making the embedded Postgres, once: a few seconds';
    log.info({ dataDir: dir }, doing);
    const cluster = await openCluster({ dataDir: dir, binaries, account, signal });
    const settings = { max_connections: (maxConnections + SPARE_CONNECTIONS) * Math.max(2, instances) };
    const server = await supervise({ binaries, cluster, runDir, account, settings }, log);
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
