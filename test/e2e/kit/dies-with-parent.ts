import cluster from 'node:cluster';

/**
 * Preloaded into each process that a test starts (`--import`): it ends when the one that started it has ended. A test
 * runner that is interrupted kills its workers, and they have no time to close anything. A worker of ours goes by its
 * primary.
 */
const PARENT = process.ppid;
const LOOK_EVERY_MS = 500;

const look = (): void => {
  if (process.ppid !== PARENT) process.exit(1);
};
if (cluster.isPrimary) setInterval(look, LOOK_EVERY_MS).unref();
