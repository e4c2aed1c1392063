import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { timedRoutes } from './admin/routes.ts';
import { createAdmin } from './admin/server.ts';
import { Timeline } from './admin/timeline.ts';
import { startAutopilot } from './compare/autopilot/index.ts';
import { startComparison } from './compare/start.ts';
import type { Environment } from './config/environment.ts';
import type { FacadeConfig } from './config/schema.ts';
import { parseDuration, parseSize } from './config/units.ts';
import { watchConfig, type ConfigWatch, type WatchOptions } from './config/watch.ts';
import { createEnrichment, type EnrichmentOptions } from './enrichment/index.ts';
import { DataPlane } from './forward/data-plane.ts';
import { Drain } from './forward/drain.ts';
import type { Generation } from './forward/generation.ts';
import { KillSwitch } from './forward/kill-switch.ts';
import { createListener, listen } from './forward/listener.ts';
import { createPages } from './forward/pages.ts';
import { ConfigRefused, Loader } from './forward/reload.ts';
import { overloadLimits } from './forward/settings.ts';
import { Table } from './forward/table.ts';
import type { Logger } from './observe/log.ts';
import { Metrics } from './observe/metrics.ts';
import { AutopilotFlips } from './steer/autopilot-flips.ts';
import { BurnDown } from './steer/burn-down.ts';
import { proofsOf } from './steer/proof.ts';
import { startSteering } from './steer/start.ts';
import { Steering } from './steer/steering.ts';
import { TrafficMeter } from './steer/traffic-meter.ts';
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
  /** Milliseconds between two looks of the autopilot. */
  readonly autopilotEvery?: number;
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

/** Milliseconds. */
const LONGEST_WAIT_FOR_FLIPS = 3_000;

/**
 * Starts both listeners.
 * @throws ConfigRefused with every problem, one a line; ListenError when a port cannot be had.
 */
export async function startApp(options: AppOptions): Promise<App> {
  const { environment, log } = options;
  const parts = wire(options);
  const { dataPlane, config, enrichment, store } = parts;
  const listener = publicListener(dataPlane, config().server);
  const drain = new Drain(listener);
  dataPlane.overload.watch(listener);
  const timeline = new Timeline({ routes: () => timedRoutes(dataPlane.generation, parts.now()), now: Date.now });
  const admin = createServer(createAdmin({ ...parts, ...adminSettings(options), timeline }));
  const close = async (): Promise<void> => {
    timeline.close();
    await parts.close();
    admin.close();
    admin.closeAllConnections();
  };
  try {
    enrichment.attach(listener);
    store.start();
    // The file alone may be older than the flips. A database that does not answer must not keep the facade down, though.
    if (environment.database.kind === 'url') await Promise.race([parts.steeringReady, sleep(LONGEST_WAIT_FOR_FLIPS)]);
    // Admin first: a probe must find it when the public port opens.
    const adminUrl = await listen(admin, environment.adminHost, environment.adminPort, 'ADMIN_PORT');
    const url = await listen(listener, environment.host, environment.port, 'PORT');
    log.info({ listening: url, admin: adminUrl }, 'ready');
    const stop = async (): Promise<boolean> => {
      dataPlane.drain();
      const deadline = parseDuration(config().server.drain);
      // Together: callers wait for enrichments, and enrichments call through the listener.
      const [isWhole] = await Promise.all([drain.run(deadline), enrichment.stop(deadline)]);
      await close();
      return isWhole;
    };
    return { url, adminUrl, dataPlane, store, reload: parts.reload, stop };
  } catch (error) {
    await enrichment.stop(0);
    await close();
    throw error;
  }
}

function wire(options: AppOptions) {
  const { environment, variables, envFile, log } = options;
  const { configFile } = environment;
  const now = () => performance.now();
  const metrics = new Metrics();
  const table = new Table(metrics, now);
  const steering: Steering = new Steering({
    truth: environment.database.kind === 'url' ? 'store' : 'file',
    file: configFile,
    variables,
    reload: () => watcher.reload(),
    rebuild: () => load(text),
    config: () => config,
    killSwitch: () => serving.killSwitch,
    log,
  });
  const loader = new Loader({ file: configFile, table, metrics, log, variables, take: steering.take });
  let text = readConfig(configFile);
  const first = loader.load(text);
  if (!first.ok) throw new ConfigRefused(first.problems);
  let { config } = first;
  const shared: Shared = { metrics, now, config: () => config, steering };
  const serving = serve(options, shared, first.generation);
  const load = (next: string): void => {
    const loaded = loader.load(next);
    if (!loaded.ok) return;
    text = next;
    config = loaded.config;
    serving.take(loaded);
  };
  const onError = (error: Error): void => loader.unreadable(error);
  const watcher = watchFiles({ file: configFile, current: text, onChange: load, onError }, envFile, log);
  const kept = keep(options, shared, serving);
  const piloted = pilot(options, shared, serving, kept.store);
  const close = async (): Promise<void> => {
    watcher.close();
    for (const part of [piloted, serving, kept, table]) await part.close();
  };
  const reload = () => watcher.reload();
  const { book } = serving.comparing;
  return { ...shared, ...serving, ...kept, book, loader, reload, close, autopilot: piloted.autopilot };
}

interface Shared {
  readonly metrics: Metrics;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  readonly config: () => FacadeConfig;
  readonly steering: Steering;
}

/** What serves requests, and what watches them. */
function serve({ environment, log, requestLog }: AppOptions, shared: Shared, generation: Generation) {
  const { metrics, now, config } = shared;
  const defaults = () => config().defaults;
  const overload = overloadLimits(config());
  const dataPlane = new DataPlane({ ...environment, metrics, log, requestLog, now, defaults, overload }, generation);
  const clocks = { now, calendar: Date.now, random: Math.random };
  const comparing = startComparison({ dataPlane, metrics, log, ...clocks, config: config() });
  const killSwitch = new KillSwitch(
    () => dataPlane.generation.killSwitchFile,
    (on, by) => {
      dataPlane.killed = on;
      log.warn({ on, by }, 'kill switch');
    },
  );
  /** From the next request on. */
  const take = (loaded: { readonly config: FacadeConfig; readonly generation: Generation }): void => {
    dataPlane.swap(loaded.generation);
    dataPlane.overload.configure(overloadLimits(loaded.config));
    comparing.use(loaded.config);
    killSwitch.look();
  };
  const close = async (): Promise<void> => {
    killSwitch.close();
    await comparing.close();
    dataPlane.close();
  };
  return { dataPlane, comparing, killSwitch, take, close };
}

/** The store, and what is kept there: flips, traffic, evidence, enrichments. */
function keep(
  { environment, log, reached }: AppOptions,
  { metrics, config, steering }: Shared,
  { dataPlane, comparing }: ReturnType<typeof serve>,
) {
  const store = storeOf(environment, log);
  const now = () => new Date();
  const meter: TrafficMeter = new TrafficMeter({ metrics, now, log, flushed: (traffic) => burnDown.measure(traffic) });
  const burnDown = new BurnDown({
    now,
    metrics,
    models: () => dataPlane.generation.entries.map(({ model }) => model),
    killSwitch: () => dataPlane.killed,
    flips: () => steering.flips,
    traffic: () => meter.traffic,
    proofs: () => proofsOf(comparing.book, Date.now()),
  });
  const instance = `${hostname()}-${randomBytes(3).toString('hex')}`;
  const started = startSteering({ steering, meter, opened: store.opened, instance, now, log });
  store.whenReady((opened) => comparing.keep(opened));
  const enrichment = createEnrichment({
    environment,
    config: () => config().enrichment,
    store,
    metrics,
    isKnown: (req) => dataPlane.isKnown(req),
    log,
    reached,
  });
  const pages = createPages(dataPlane, [enrichment.router]);
  dataPlane.others = (req, res) => void pages(req, res);
  const close = async (): Promise<void> => {
    await started.close();
    await store.close();
  };
  return { store, burnDown, enrichment, steeringReady: started.ready, close };
}

function pilot(
  { environment, log, autopilotEvery }: AppOptions,
  { metrics, steering }: Shared,
  { dataPlane, comparing: { book } }: ReturnType<typeof serve>,
  store: StoreHolder,
) {
  const now = Date.now;
  const flips = new AutopilotFlips(steering);
  const started = startAutopilot({
    dataPlane,
    metrics,
    log,
    now,
    flips,
    parity: (route) => book.report(route, now()),
    // An embedded store is ours alone: there is nobody with whom to agree on who decides.
    awaitsStore: environment.database.kind === 'url',
    every: autopilotEvery,
  });
  store.whenReady((opened) => started.keep(opened));
  const close = async (): Promise<void> => {
    await started.close();
    flips.close();
  };
  return { autopilot: started.autopilot, close };
}

function adminSettings({ environment, isSandbox = false }: AppOptions) {
  return { configFile: environment.configFile, adminToken: environment.adminToken, isSandbox };
}

function storeOf({ database, dataDir }: Environment, log: Logger): StoreHolder {
  if (database.kind === 'none') return new StoreHolder(undefined);
  const databaseUrl = database.kind === 'url' ? database.url : undefined;
  return new StoreHolder({ databaseUrl, dataDir, log, open: openStore });
}

function watchFiles(config: WatchOptions, envFile: string | undefined, log: Logger): ConfigWatch {
  const watcher = watchConfig(config);
  const reload = (): void => void watcher.reload();
  // Gone is a change too: the variables that stood in it are no longer set.
  const onError = (error: Error): void => {
    log.warn({ err: error }, 'the .env file cannot be read');
    reload();
  };
  const env = envFile === undefined ? undefined : watchConfig({ file: envFile, onChange: reload, onError });
  return {
    ...watcher,
    close() {
      env?.close();
      watcher.close();
    },
  };
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
