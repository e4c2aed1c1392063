import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { linkSync, renameSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { StoreUnavailable } from '../unavailable.ts';

/**
 * One owner of a data directory. The claim is a Unix socket that the owner listens on and that tells its pid: it dies
 * with its process, whatever killed that, and unlike a pid in a file it cannot be taken for somebody else's later on.
 */

interface Ownership {
  release(): Promise<void>;
}

/** Milliseconds for a living owner to say its pid; it may be busy, and is the owner all the same. */
const ANSWER_TIMEOUT = 2_000;

/** @throws StoreUnavailable, naming the pid of the owner, when there is one. */
export async function claim(runDir: string, dataDir: string): Promise<Ownership> {
  const path = join(runDir, 'owner.sock');
  for (let round = 0; round < 3; round++) {
    const server = await bind(path);
    if (server) return { release: () => new Promise((done) => server.close(() => done())) };
    const owner = await ownerAt(path);
    if (owner !== undefined) throw inUse(dataDir, owner);
    await clear(path, dataDir);
  }
  throw inUse(dataDir, 'unknown');
}

const inUse = (dataDir: string, pid: string): StoreUnavailable =>
  new StoreUnavailable(
    `the one under ${dataDir} belongs to a running facade (pid ${pid}); ` +
      'stop that one, choose another DATA_DIR, or set DATABASE_URL for several instances',
  );

async function bind(path: string): Promise<Server | undefined> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(String(process.pid));
  });
  // The claim must not keep a process alive that has nothing else to do.
  server.unref();
  server.listen(path);
  try {
    await once(server, 'listening');
    return server;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return undefined;
    throw error;
  }
}

/** The pid that a living owner tells; undefined when nobody listens there. */
async function ownerAt(path: string): Promise<string | undefined> {
  const socket = connect(path);
  const timer = setTimeout(() => socket.destroy(), ANSWER_TIMEOUT);
  try {
    await once(socket, 'connect');
  } catch {
    clearTimeout(timer);
    return undefined;
  }
  try {
    return (await text(socket)) || 'unknown';
  } catch {
    return 'unknown';
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Takes a dead owner's socket away. Two who find it dead at once must not take away the claim that the other has just
 * made: so it is moved aside first, which only one can do, and put back when it turns out to be alive.
 */
async function clear(path: string, dataDir: string): Promise<void> {
  const aside = `${path}.${randomUUID().slice(0, 8)}`;
  try {
    renameSync(path, aside);
  } catch {
    return; // Somebody else did.
  }
  const owner = await ownerAt(aside);
  if (owner !== undefined) linkSync(aside, path);
  rmSync(aside);
  if (owner !== undefined) throw inUse(dataDir, owner);
}
