import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createAdmin } from './admin/server.ts';
import { Observer, type Evidence } from './compare/observer.ts';
import { compileRules } from './compare/rules.ts';
import { shadowSettings } from './compare/settings.ts';
import { WriteReader } from './compare/write-reader.ts';
import type { Environment } from './config/environment.ts';
import type { FacadeConfig } from './config/schema.ts';
import { parseDuration, parseSize } from './config/units.ts';
import { watchConfig, type ConfigWatch } from './config/watch.ts';
import type { Caller } from './forward/callers.ts';
import { DataPlane } from './forward/data-plane.ts';
import { Drain } from './forward/drain.ts';
import { KillSwitch } from './forward/kill-switch.ts';
import { createListener, listen } from './forward/listener.ts';
import { createPages } from './forward/pages.ts';
import { ConfigRefused, Loader } from './forward/reload.ts';
import { Table } from './forward/table.ts';
import { createEnrichment, type EnrichmentOptions, type EnrichmentRoom } from './enrichment/index.ts';
import type { Logger } from './observe/log.ts';
import { Metrics } from './observe/metrics.ts';
import type { Path } from './rollout/route.ts';
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
  /** Watches the runs of enrichments. */
  readonly reached?: EnrichmentOptions['reached'];
}

export interface App {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  readonly adminUrl: string;
  readonly dataPlane: DataPlane;
  readonly store: StoreHolder;
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
    createAdmin({ ...parts, configFile: environment.configFile, adminToken: environment.adminToken }),
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
    return { url, adminUrl, dataPlane, store: parts.store, reload: parts.reload, stop };
  } catch (error) {
    await close();
    throw error;
  }
}

function wire(options: AppOptions) {
  const { environment, variables, envFile, log, requestLog } = options;
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
  const observer = observe(dataPlane, metrics, now, () => config);
  dataPlane.tap = observer;
  const store = storeOf(environment, log);
  const enrichment = enrichmentOn(options, { store, metrics, dataPlane, config: () => config });
  const pages = createPages(dataPlane, [enrichment.router]);
  dataPlane.others = (req, res) => void pages(req, res);
  const killSwitch = killSwitchOf(dataPlane, log);
  const load = (text: string): void => {
    const loaded = loader.load(text);
    if (!loaded.ok) return;
    config = loaded.config;
    dataPlane.swap(loaded.generation);
    observer.configure(shadowSettings(config));
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
    await observer.close();
    dataPlane.close();
    await table.close();
    await store.close();
  };
  return { now, metrics, loader, dataPlane, killSwitch, store, enrichment, config: () => config, reload, close };
}

function killSwitchOf(dataPlane: DataPlane, log: Logger): KillSwitch {
  return new KillSwitch(
    () => dataPlane.generation.killSwitchFile,
    (on, by) => {
      dataPlane.killed = on;
      log.warn({ on, by }, 'kill switch');
    },
  );
}

interface EnrichmentParts {
  readonly store: StoreHolder;
  readonly metrics: Metrics;
  readonly dataPlane: DataPlane;
  readonly config: () => FacadeConfig;
}

function enrichmentOn({ environment, log, reached }: AppOptions, parts: EnrichmentParts): EnrichmentRoom {
  const { store, metrics, dataPlane, config } = parts;
  return createEnrichment({
    environment,
    config: () => config().enrichment,
    store,
    metrics,
    isKnown: (req) => dataPlane.isKnown(req),
    log,
    reached,
  });
}

function storeOf({ database, dataDir }: Environment, log: Logger): StoreHolder {
  if (database.kind === 'none') return new StoreHolder(undefined);
  const databaseUrl = database.kind === 'url' ? database.url : undefined;
  return new StoreHolder({ databaseUrl, dataDir, log, open: openStore });
}

function observe(dataPlane: DataPlane, metrics: Metrics, now: () => number, config: () => FacadeConfig): Observer {
  const ports = {
    now,
    generation: () => dataPlane.generation,
    credentials: (path: Path, caller: Caller | undefined) => dataPlane.credentials(path, caller),
  };
  const settings = shadowSettings(config());
  const evidence: Evidence = {
    record: ({ id: route }, { comparison }) => metrics.shadows.inc({ route, result: comparison.result }),
    seen: () => undefined,
    noiseShare: () => config().compare.noiseShare,
  };
  const writes = new WriteReader(settings, { ...ports, random: Math.random, read: () => undefined });
  return new Observer({
    ...ports,
    settings,
    evidence,
    rulesFor: (route) => compileRules(route, config().knownDifferences, settings.maxBody),
    writes,
    calendar: Date.now,
  });
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
