import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createAdmin } from './admin/server.ts';
import { startComparison } from './compare/start.ts';
import type { Environment } from './config/environment.ts';
import { parseDuration, parseSize } from './config/units.ts';
import { watchConfig, type ConfigWatch } from './config/watch.ts';
import { DataPlane } from './forward/data-plane.ts';
import { Drain } from './forward/drain.ts';
import { KillSwitch } from './forward/kill-switch.ts';
import { createListener, listen } from './forward/listener.ts';
import { createPages } from './forward/pages.ts';
import { ConfigRefused, Loader } from './forward/reload.ts';
import { Table } from './forward/table.ts';
import { createEnrichment, type EnrichmentOptions } from './enrichment/index.ts';
import type { Logger } from './observe/log.ts';
import { Metrics } from './observe/metrics.ts';
import { StoreHolder } from './store/holder.ts';
import { openStore } from './store/index.ts';

/** The composition root: who is wired to whom. No logic. */

export interface AppOptions {
  readonly environment: Environment;
  /** The variables that ${NAME} in the config file stands for, read anew at every load. */
  readonly variables: () => Record<string, string | undefined>;
  /** Watched like the config file: a variable emptied there acts at once. */
  readonly envFile?: string | undefined;
  readonly log: Logger;
  /** One line a request. */
  readonly requestLog: Logger;
  /** The upstreams are the sandbox, whose data are invented. */
  readonly isSandbox?: boolean;
  /** Watches the runs of enrichments. */
  readonly reached?: EnrichmentOptions['reached'];
}

export interface App {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  readonly adminUrl: string;
  readonly dataPlane: DataPlane;
  /** Reads the config file again, now, even if it did not change. */
  reload(): Promise<void>;
  /** Not ready, no new connections, finish what is under way, close. False when the deadline cut something. */
  stop(): Promise<boolean>;
}

/**
 * Starts both listeners.
 * @throws ConfigRefused with every problem, one a line; ListenError when a port cannot be had.
 */
export async function startApp(options: AppOptions): Promise<App> {
  const { environment, log } = options;
  const parts = wire(options);
  const { dataPlane, config } = parts;
  const listener = publicListener(dataPlane, config().server);
  const drain = new Drain(listener);
  const admin = createServer(
    createAdmin({ ...parts, ...adminSettings(options) }),
  );
  const close = async (): Promise<void> => {
    await parts.close();
    admin.close();
    admin.closeAllConnections();
  };
  try {
    // Admin first: a probe must find it when the public port opens.
    const adminUrl = await listen(admin, environment.adminHost, environment.adminPort, 'ADMIN_PORT');
    const url = await listen(listener, environment.host, environment.port, 'PORT');
    log.info({ listening: url, admin: adminUrl }, 'ready');
    parts.enrichment.attach(listener);
    parts.store.start();
    const stop = async (): Promise<boolean> => {
      dataPlane.drain();
      const deadline = parseDuration(config().server.drain);
      // Together: callers wait for enrichments, and enrichments call through the listener.
      const [isWhole] = await Promise.all([drain.run(deadline), parts.enrichment.stop(deadline)]);
      await close();
      return isWhole;
    };
    return { url, adminUrl, dataPlane, reload: parts.reload, stop };
  } catch (error) {
    await close();
    throw error;
  }
}

function wire({ environment, variables, envFile, log, requestLog, reached }: AppOptions) {
  const now = () => performance.now();
  const { configFile } = environment;
  const metrics = new Metrics();
  const table = new Table(metrics, now);
  const loader = new Loader({ file: configFile, table, metrics, log, variables });
  const text = readConfig(configFile);
  const first = loader.load(text);
  if (!first.ok) throw new ConfigRefused(first.problems);
  let { config } = first;

  const dataPlane = new DataPlane(
    { ...environment, metrics, requestLog, now, defaults: () => config.defaults },
    first.generation,
  );
  const comparing = startComparison({
    dataPlane,
    metrics,
    log,
    now,
    calendar: Date.now,
    random: Math.random,
    config,
  });
  const store = storeOf(environment, log);
  const enrichment = createEnrichment({
    environment,
    config: () => config.enrichment,
    store,
    metrics,
    isKnown: (req) => dataPlane.isKnown(req),
    log,
    reached,
  });
  store.whenReady((opened) => comparing.keep(opened));
  const pages = createPages(dataPlane, [enrichment.router]);
  dataPlane.others = (req, res) => void pages(req, res);
  const killSwitch = new KillSwitch(
    () => dataPlane.generation.killSwitchFile,
    (on, by) => {
      dataPlane.killed = on;
      log.warn({ on, by }, 'kill switch');
    },
  );
  const load = (text: string): void => {
    const loaded = loader.load(text);
    if (!loaded.ok) return;
    config = loaded.config;
    dataPlane.swap(loaded.generation);
    comparing.use(config);
    killSwitch.look();
  };
  const watcher = watchConfig({
    file: configFile,
    onChange: load,
    onError: (error) => loader.unreadable(error),
    current: text,
  });
  const reload = () => watcher.reload();
  const envWatcher = envFile === undefined ? undefined : watchEnvFile(envFile, reload, log);
  const close = async (): Promise<void> => {
    watcher.close();
    envWatcher?.close();
    killSwitch.close();
    await comparing.close();
    dataPlane.close();
    await table.close();
    await store.close();
  };
  return {
    now,
    metrics,
    loader,
    dataPlane,
    killSwitch,
    store,
    enrichment,
    book: comparing.book,
    config: () => config,
    reload,
    close,
  };
}

function adminSettings({ environment, isSandbox = false }: AppOptions) {
  return { configFile: environment.configFile, adminToken: environment.adminToken, isSandbox };
}

function storeOf({ database, dataDir }: Environment, log: Logger): StoreHolder {
  if (database.kind === 'none') return new StoreHolder(undefined);
  const databaseUrl = database.kind === 'url' ? database.url : undefined;
  return new StoreHolder({ databaseUrl, dataDir, log, open: openStore });
}

function watchEnvFile(file: string, reload: () => Promise<void>, log: Logger): ConfigWatch {
  // Gone is a change too: the variables that stood in it are no longer set.
  const onError = (error: Error): void => {
    log.warn({ err: error }, 'the .env file cannot be read');
    void reload();
  };
  return watchConfig({ file, onChange: () => void reload(), onError });
}

function publicListener(dataPlane: DataPlane, server: { maxHeaderSize: string; keepAlive: string }): Server {
  return createListener({
    maxHeaderSize: parseSize(server.maxHeaderSize),
    keepAlive: parseDuration(server.keepAlive),
    handle: (req, res, expectsContinue) => dataPlane.handle(req, res, expectsContinue),
    upgrade: (req, socket, head) => dataPlane.upgrade(req, socket, head),
    isUpgrade: (req) => dataPlane.isUpgrade(req),
  });
}

function readConfig(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new ConfigRefused(`${file}: cannot be read (${code}); set FACADE_CONFIG to the rollout table`);
  }
}
