import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAdmin } from './admin/server.ts';
import { Observer, type Evidence } from './compare/observer.ts';
import { compileRules } from './compare/rules.ts';
import { shadowSettings } from './compare/settings.ts';
import { WriteReader } from './compare/write-reader.ts';
import type { Environment } from './config/environment.ts';
import type { FacadeConfig } from './config/schema.ts';
import { parseDuration, parseSize } from './config/units.ts';
import { watchConfig, type ConfigWatch, type WatchOptions } from './config/watch.ts';
import type { Caller } from './forward/callers.ts';
import { DataPlane } from './forward/data-plane.ts';
import { Drain } from './forward/drain.ts';
import type { Generation } from './forward/generation.ts';
import { KillSwitch } from './forward/kill-switch.ts';
import { createListener, listen } from './forward/listener.ts';
import { createPages } from './forward/pages.ts';
import { ConfigRefused, Loader } from './forward/reload.ts';
import { Table } from './forward/table.ts';
import type { Logger } from './observe/log.ts';
import { Metrics } from './observe/metrics.ts';
import type { Path } from './rollout/route.ts';
import { BurnDown } from './steer/burn-down.ts';
import { startSteering } from './steer/start.ts';
import { Steering } from './steer/steering.ts';
import { TrafficMeter } from './steer/traffic-meter.ts';
import { openStore } from './store/index.ts';
import { openBeside } from './store/opening.ts';

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

/** Milliseconds. */
const LONGEST_WAIT_FOR_FLIPS = 3_000;

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
    // The file alone may be older than the flips. A database that does not answer must not keep the facade down, though.
    if (environment.database.kind === 'url') await Promise.race([parts.steeringReady, sleep(LONGEST_WAIT_FOR_FLIPS)]);
    // Admin first: a probe must find it when the public port opens.
    const adminUrl = await listen(admin, environment.adminHost, environment.adminPort, 'ADMIN_PORT');
    const url = await listen(listener, environment.host, environment.port, 'PORT');
    log.info({ listening: url, admin: adminUrl }, 'ready');
    const stop = async (): Promise<boolean> => {
      dataPlane.drain();
      const isWhole = await drain.run(parseDuration(config().server.drain));
      await close();
      return isWhole;
    };
    return { url, adminUrl, dataPlane, reload: parts.reload, stop };
  } catch (error) {
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
    killSwitch: () => killSwitch,
    log,
  });
  const loader = new Loader({ file: configFile, table, metrics, log, variables, take: steering.take });
  let text = readConfig(configFile);
  const first = loader.load(text);
  if (!first.ok) throw new ConfigRefused(first.problems);
  let { config } = first;

  const serving = serve(options, { metrics, now, config: () => config, generation: first.generation });
  const { dataPlane, observer, killSwitch } = serving;
  const load = (next: string): void => {
    const loaded = loader.load(next);
    if (!loaded.ok) return;
    text = next;
    config = loaded.config;
    dataPlane.swap(loaded.generation);
    observer.configure(shadowSettings(config));
    killSwitch.look();
  };
  const onError = (error: Error): void => loader.unreadable(error);
  const watcher = watchFiles({ file: configFile, current: text, onChange: load, onError }, envFile, log);
  const steered = steer(options, { steering, metrics, dataPlane });
  const close = async (): Promise<void> => {
    watcher.close();
    killSwitch.close();
    await observer.close();
    await steered.close();
    dataPlane.close();
    await table.close();
  };
  const reload = () => watcher.reload();
  const parts = { now, metrics, loader, steering, config: () => config, reload, close };
  return { ...serving, ...steered, ...parts };
}

interface Served {
  readonly metrics: Metrics;
  readonly now: () => number;
  readonly config: () => FacadeConfig;
  readonly generation: Generation;
}

function serve({ environment, log, requestLog }: AppOptions, { metrics, now, config, generation }: Served) {
  const options = { ...environment, metrics, requestLog, now, defaults: () => config().defaults };
  const dataPlane = new DataPlane(options, generation);
  const observer = observe(dataPlane, metrics, now, config);
  dataPlane.tap = observer;
  const pages = createPages(dataPlane);
  dataPlane.others = (req, res) => void pages(req, res);
  return { dataPlane, observer, killSwitch: killSwitchOf(dataPlane, log) };
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

interface Steered {
  readonly steering: Steering;
  readonly metrics: Metrics;
  readonly dataPlane: DataPlane;
}

/** The store, and what is kept there of flips and of traffic. */
function steer({ environment, log }: AppOptions, { steering, metrics, dataPlane }: Steered) {
  const { database, dataDir } = environment;
  const databaseUrl = database.kind === 'url' ? database.url : undefined;
  const open = database.kind === 'none' ? undefined : () => openStore({ databaseUrl, dataDir, log });
  const opening = openBeside(open, database.kind === 'url', log);
  const now = () => new Date();
  const meter: TrafficMeter = new TrafficMeter({ metrics, now, log, flushed: (traffic) => burnDown.measure(traffic) });
  const burnDown = new BurnDown({
    now,
    metrics,
    models: () => dataPlane.generation.entries.map(({ model }) => model),
    killSwitch: () => dataPlane.killed,
    flips: () => steering.flips,
    traffic: () => meter.traffic,
  });
  const instance = `${hostname()}-${randomBytes(3).toString('hex')}`;
  const started = startSteering({ steering, meter, opened: opening.opened, instance, now, log });
  const close = async (): Promise<void> => {
    await started.close();
    await opening.close();
  };
  return { burnDown, steeringReady: started.ready, close };
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

/** The config file, and the .env file whose variables it is read with. */
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
