import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../../http/log.ts';
import { codeOf } from '../../../http/error-code.ts';
import { StoreUnavailable } from '../unavailable.ts';
import { endOrphan } from './orphan.ts';
import { startServer, type EmbeddedServer, type ServerOptions } from './server.ts';

/** Keeps the server running: one that ends without being told to is started again, sooner at first than later. */

interface Supervised {
  stop(): Promise<void>;
}

/** Milliseconds. */
const FIRST_DELAY = 100;
const MAX_DELAY_MS = 5_000;
/** Whoever lived that long is not in a loop of deaths. */
const LONG_LIFE = 30_000;
/** Milliseconds in which workers of a killed server notice and go; until then their memory keeps a new one out. */
const REMAINS = 10_000;

/** @throws StoreUnavailable when the first start fails. */
export async function supervise(options: ServerOptions, log: Logger): Promise<Supervised> {
  const stopping = new AbortController();
  let server = await firstStart(options, log);

  const keep = async (): Promise<void> => {
    let delay = FIRST_DELAY;
    let since = performance.now();
    for (;;) {
      await server.ended;
      if (stopping.signal.aborted) return;
      if (performance.now() - since > LONG_LIFE) delay = FIRST_DELAY;
      log.error({ retryInMs: delay }, 'the embedded Postgres ended unasked; starting it again');
      await sleep(delay, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      delay = Math.min(delay * 2, MAX_DELAY_MS);
      since = performance.now();
      const next = await restart(options, log);
      if (next) server = next;
      if (next && stopping.signal.aborted) await next.stop();
    }
  };
  const kept = keep();
  return {
    stop: async () => {
      stopping.abort();
      await server.stop();
      await kept;
    },
  };
}

async function firstStart(options: ServerOptions, log: Logger): Promise<EmbeddedServer> {
  const deadline = performance.now() + REMAINS;
  for (;;) {
    await endOrphan(options.cluster.dir, options.runDir, log);
    try {
      return await startServer(options, log);
    } catch (error) {
      const isInUse = error instanceof Error && /still in use/.test(error.message);
      if (!isInUse || performance.now() > deadline) throw error;
    }
    await sleep(FIRST_DELAY);
  }
}

async function restart(options: ServerOptions, log: Logger): Promise<EmbeddedServer | undefined> {
  try {
    await endOrphan(options.cluster.dir, options.runDir, log);
    const server = await startServer(options, log);
    log.info('the embedded Postgres runs again');
    return server;
  } catch (error) {
    // Our own reasons hold nobody's data; any other error is told by its code.
    const reason = error instanceof StoreUnavailable ? error.message : codeOf(error);
    log.error({ reason }, 'the embedded Postgres could not be started again');
    return undefined;
  }
}
