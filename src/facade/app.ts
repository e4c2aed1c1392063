import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAdminListener } from './admin/listener.ts';
import { measuredOf } from './cluster/metrics-page.ts';
import { SOLE_WORKER, type WorkerHandlers, type WorkerRole } from './cluster/worker-role.ts';
import { compose, type ComposeOptions, type Composition } from './compose.ts';
import { dutiesOf, type Duties } from './compose/duties.ts';
import type { Runtime } from './compose/runtime.ts';
import { summaryText, tableSummary, type TableSummary } from './steer/table-summary.ts';
import type { Steering } from './steer/steering.ts';
import type { Environment } from './config/environment.ts';
import type { DataPlane } from './forward/data-plane.ts';
import { Drain } from '../http/drain.ts';
import { listen } from '../http/listener.ts';
import { drainTimes } from './forward/settings.ts';
import type { StoreHolder } from './store/holder.ts';

/** A facade with its two listeners, from the first to the last request. */

export type AppOptions = ComposeOptions;

export interface App {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  readonly adminUrl: string;
  /** What the rollout table said when both listeners stood. */
  readonly table: TableSummary;
  readonly dataPlane: DataPlane;
  readonly store: StoreHolder;
  /** Reads the config file again, now, even if it did not change. */
  reload(): Promise<void>;
  /**
   * Not ready; serve for `server.drainDelay`; no new connections, finish what is under way, close; once. False when the
   * deadline cut something.
   */
  stop(): Promise<boolean>;
}

/**
 * Starts both listeners.
 * @throws ConfigRefused with every problem, one a line; ListenError when a port cannot be had.
 */
export async function startApp(options: AppOptions): Promise<App> {
  const { environment, log, role = SOLE_WORKER } = options;
  const composition = await compose(options);
  const { runtime, background, listeners } = composition;
  const { dataPlane, active, reload } = runtime;
  const { extension, store } = background;
  const { listener } = listeners;
  const drain = new Drain(listener);
  const admin = createAdminListener(listeners.admin);
  const close = async (): Promise<void> => {
    await composition.close();
    admin.close();
    admin.closeAllConnections();
  };
  try {
    await composition.begin();
    // Admin first: a probe must find it when the public port opens.
    const adminUrl = await listenAdmin(admin, environment, role);
    const url = await listen(listener, environment.host, environment.port, 'PORT');
    const table = summaryOf(composition, dutiesOf(role, environment.database));
    if (role.isAlone) log.info({ listening: url, admin: adminUrl, table }, `ready: ${summaryText(table)}`);
    let ending: Promise<boolean> | undefined;
    const end = async (): Promise<boolean> => {
      dataPlane.drain();
      const { delayMs, deadlineMs } = drainTimes(active.config, environment.drainDelayMs);
      if (delayMs > 0) {
        log.info({ delayMs }, 'health checks say 503 now; requests are served until the delay is over');
        await sleep(delayMs);
      }
      const webSockets = dataPlane.endTunnels();
      if (webSockets > 0) log.info({ webSockets }, 'open WebSockets were closed, since they have no end of their own');
      // Together: callers wait for enrichments, and enrichments call through the listener.
      const ending = Promise.all([drain.run(deadlineMs), extension?.stop(deadlineMs), dataPlane.idle(deadlineMs)]);
      const [cut] = await store.cutAfter(deadlineMs, ending);
      if (cut > 0) log.warn({ connections: cut, deadlineMs }, 'what was under way when server.drain was over was cut');
      await close();
      return cut === 0;
    };
    const stop = (): Promise<boolean> => (ending ??= end());
    role.attach(handlersOf(runtime, background.steering, stop));
    role.tell({ kind: 'ready', url, adminUrl, table });
    return { url, adminUrl, table, dataPlane, store, reload, stop };
  } catch (error) {
    await extension?.stop(0);
    await close();
    throw error;
  }
}

function summaryOf({ runtime, background }: Composition, duties: Duties): TableSummary {
  const isRead = background.steering.status.revision !== undefined;
  return tableSummary({ ...runtime, hasRollouts: duties.rolloutsIn === 'file' || isRead });
}

/** A worker's is for the primary alone, which has the port of the operator. */
function listenAdmin(admin: Server, { adminHost, adminPort }: Environment, role: WorkerRole): Promise<string> {
  if (role.isAlone) return listen(admin, adminHost, adminPort, 'ADMIN_PORT');
  return listen(admin, '127.0.0.1', 0, 'ADMIN_PORT', { exclusive: true });
}

/** What this worker does when it is told something by the primary. */
function handlersOf(
  { builder, metrics, reload }: Runtime,
  steering: Steering,
  stop: () => Promise<boolean>,
): WorkerHandlers {
  return {
    breaker: ({ route, path, state, rampStep }) => builder.followBreaker(route, path, state, rampStep),
    health: ({ upstream, check }) => builder.health[upstream].record(check),
    kill: (on) => steering.followKillSwitch(on),
    killSettled: () => steering.killSwitchSettled(),
    reload: () => void reload(),
    stop: () => void stop().then((isWhole) => process.exit(isWhole ? 0 : 1)),
    measure: () => measuredOf(metrics.registry),
  };
}
