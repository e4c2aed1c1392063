import type { Server } from 'node:http';
import type { Express } from 'express';
import { createListener } from '../../http/listener.ts';
import { timedRoutes } from '../admin/routes.ts';
import { createAdmin } from '../admin/server.ts';
import { Timeline } from '../admin/timeline.ts';
import type { Background } from './background.ts';
import type { Closing } from './closing.ts';
import type { ComposeContext } from './options.ts';
import type { Runtime } from './runtime.ts';

/** What is spoken to from outside; neither listens yet. */
export interface Listeners {
  readonly listener: Server;
  /** The handler of the admin listener, whose port is its owner's to open. */
  readonly admin: Express;
}

export function createListeners(
  context: ComposeContext,
  runtime: Runtime,
  background: Background,
  closing: Closing,
): Listeners {
  const { environment, now, calendar, isSandbox, log } = context;
  const { dataPlane } = runtime;
  const timeline = new Timeline({ routes: () => timedRoutes(dataPlane.snapshot, now()), now: calendar.now });
  closing.defer(() => timeline.close());
  const { configFile, adminToken } = environment;
  const admin = createAdmin({
    ...runtime,
    ...background,
    ...{ now, calendar, isSandbox, log, timeline, configFile, adminToken },
    book: background.comparing.book,
    drift: background.drift,
    budget: background.budget,
    forgetEvidence: (route) => background.comparing.forget(route),
    adminRoutes: background.extension?.adminRoutes ?? [],
  });
  return { listener: publicListener(runtime), admin };
}

function publicListener({ dataPlane, active }: Runtime): Server {
  const { maxHeaderSize, keepAlive } = active.config.server;
  const listener = createListener({
    maxHeadBytes: maxHeaderSize,
    keepAliveMs: keepAlive,
    handle: (req, res, expectsContinue) => dataPlane.handle(req, res, expectsContinue),
    takeUpgrade: (req) => dataPlane.takeUpgrade(req),
  });
  dataPlane.overload.watch(listener);
  return listener;
}
