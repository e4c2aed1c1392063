import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import type { Express } from 'express';
import { createControl } from './control.ts';
import { Faults } from './faults.ts';
import { seededRandom } from './random.ts';
import { RateLimit } from './rate-limit.ts';
import type { RateLimitSettings } from './rate-limit.ts';
import { ReceivedLog } from './received.ts';
import type { ReceivedRequest } from './received.ts';
import { Refusal, answerErrors } from './refusal.ts';

/** What every stand-in has: control → record → rate limit → faults → its own routes → 404. */
export interface StandInOptions {
  /** Default 0: the system picks a free one. */
  readonly port?: number | undefined;
  /** Milliseconds since the epoch. Default: the system clock. */
  readonly now?: (() => number) | undefined;
  /** 0 ≤ n < 1; decides `errorRate`. Default: seeded, the same in every run. */
  readonly random?: (() => number) | undefined;
  /** Default: off. */
  readonly rateLimit?: RateLimitSettings | undefined;
}

export interface StandIn {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  readonly faults: Faults;
  readonly rateLimit: RateLimit;
  /** Oldest first, the last 10,000; live. */
  readonly received: readonly ReceivedRequest[];
  clearReceived(): void;
  /** Stops listening and ends every connection, idle or not. */
  close(): Promise<void>;
}

/** Hands the routes of a stand-in the app and the log that holds the bodies (already read). */
type Mount = (app: Express, received: ReceivedLog) => void;

export async function startStandIn(options: StandInOptions, mount: Mount): Promise<StandIn> {
  const now = options.now ?? Date.now;
  const faults = new Faults(options.random ?? seededRandom(1));
  const received = new ReceivedLog(now);
  const rateLimit = new RateLimit(now);
  rateLimit.set(options.rateLimit);

  const app = express();
  app.disable('x-powered-by');
  app.set('case sensitive routing', true);
  app.use('/__sandbox', createControl(faults, received, rateLimit));
  app.use(received.middleware());
  app.use(rateLimit.middleware());
  app.use(faults.middleware());
  mount(app, received);
  app.use(() => {
    throw new Refusal(404, 'no such path');
  });
  app.use(answerErrors);

  const { port, close } = await listen(app, options.port ?? 0);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    faults,
    rateLimit,
    received: received.entries,
    clearReceived: () => received.clear(),
    close,
  };
}

/** Loopback only: a stand-in has no business on a network. */
async function listen(app: Express, wanted: number): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer(app);
  server.listen(wanted, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    async close() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
