import { randomBytes } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { timedRoutes } from './admin/routes.ts';
import { createAdmin } from './admin/server.ts';
import { Timeline } from './admin/timeline.ts';
import type { Seat } from './cluster/seat.ts';
import { startAutopilot } from './compare/autopilot/index.ts';
import { startComparison } from './compare/start.ts';
import { ConfigRefused } from './config/config-refused.ts';
import type { Environment } from './config/environment.ts';
import type { FacadeConfig } from './config/schema.ts';
import { RestartVariables } from './config/restart-variables.ts';
import { TableSchema } from './config/table-schema.ts';
import { variablesIn, type Variables } from './config/variables.ts';
import type { Product, RunningExtension } from './extension.ts';
import { parseDuration, parseSize } from '../http/units.ts';
import { codeOf } from '../http/error-code.ts';
import { readTextSync } from '../http/read-file.ts';
import { watchConfig, type ConfigWatch, type WatchOptions } from '../http/watch.ts';
import type { BreakerState } from './forward/breaker.ts';
import { DataPlane } from './forward/data-plane.ts';
import type { Generation } from './forward/generation.ts';
import { KillSwitch } from './forward/kill-switch.ts';
import { createListener } from '../http/listener.ts';
import { createPages } from './forward/pages.ts';
import { Loader, type LoadedConfig, type LoaderOptions } from './forward/reload.ts';
import { overloadLimits } from './forward/settings.ts';
import { Table } from './forward/table.ts';
import { SYSTEM_CALENDAR, type Calendar } from '../http/calendar.ts';
import type { Logger } from '../http/log.ts';
import { Metrics } from './observe/metrics.ts';
import { openTracing } from './observe/tracing/open.ts';
import type { Tracing } from './observe/tracing/trace.ts';
import type { Path } from './rollout/route.ts';
import { AutopilotFlips } from './steer/autopilot-flips.ts';
import { BurnDown } from './steer/burn-down.ts';
import { proofsOf } from './steer/proof.ts';
import { startSteering } from './steer/start.ts';
import { Steering, type SteeringOptions } from './steer/steering.ts';
import { TrafficMeter } from './steer/traffic-meter.ts';
import { StoreHolder, type OpenOptions } from './store/holder.ts';
import type { Store } from './store/index.ts';

/** The composition root: who is wired to whom. No logic, and no port is opened: see app.ts and embed.ts. */

export interface ComposeOptions {
  readonly environment: Environment;
  /** The variables that ${NAME} in the config file stands for, read anew at every load. */
  readonly variables: () => Record<string, string | undefined>;
  /** Watched like the config file: a variable emptied there acts at once. */
  readonly envFile?: string | undefined;
  readonly log: Logger;
  /** One line a request. */
  readonly requestLog: Logger;
  /** Log lines that were dropped so far; left out: none ever is. */
  readonly droppedLines?: () => number;
  /** The upstreams are the sandbox, whose data are invented. */
  readonly isSandbox?: boolean;
  /** This process is one of several workers. */
  readonly seat?: Seat | undefined;
  /** Served from the start; what the file holds is then a reload, which may be refused. */
  readonly lastGood?: LoadedConfig | undefined;
  /** Milliseconds between two looks of the autopilot. */
  readonly autopilotEvery?: number;
  /** By which evidence ages, holds pass and days end; left out: the system's. */
  readonly calendar?: Calendar;
  readonly product: Product;
}

/** Milliseconds. */
const LONGEST_WAIT_FOR_FLIPS = 3_000;

/**
 * All of a facade but its ports, and not begun yet; of the two listeners here neither listens.
 * @throws ConfigRefused with every problem, one a line.
 */
export async function compose(options: ComposeOptions) {
  const { environment, log } = options;
  const tracing = await openTracing(environment.otlp, log);
  const schema = new TableSchema(options.product.extension?.settings);
  const parts = await closing(tracing, () => wire({ ...options, schema, tracing }));
  const { dataPlane, config, store } = parts;
  const extension = await startExtension(options, parts, tracing);
  const listener = publicListener(dataPlane, config().server);
  dataPlane.overload.watch(listener);
  const timeline = new Timeline({
    routes: () => timedRoutes(dataPlane.generation, parts.now()),
    now: parts.calendar.now,
  });
  const admin = createAdmin({
    ...parts,
    ...adminSettings(options),
    timeline,
    adminRoutes: extension?.adminRoutes ?? [],
  });
  const begin = async (): Promise<void> => {
    extension?.attach(listener);
    if (options.lastGood) await parts.reload();
    else options.seat?.tell({ kind: 'loaded', config: parts.loaded });
    store.start();
    // The file alone may be older than the flips. A database that does not answer must not keep the facade down, though.
    if (isTruthInStore(options)) await Promise.race([parts.steeringReady, sleep(LONGEST_WAIT_FOR_FLIPS)]);
  };
  const close = async (): Promise<void> => {
    timeline.close();
    await parts.close();
    await tracing?.close();
  };
  return { ...parts, extension, listener, admin, begin, close };
}

type Wired = ReturnType<typeof wire>;

async function startExtension(
  { environment, product, log }: ComposeOptions,
  { dataPlane, config, store, metrics, close }: Wired,
  tracing: Tracing | undefined,
): Promise<RunningExtension | undefined> {
  if (!product.extension) return undefined;
  const { extension: variables } = environment;
  const settings = (): unknown => config().extension;
  const isKnown = (req: IncomingMessage): boolean => dataPlane.isKnown(req);
  try {
    const parts = { environment, variables, config, settings, store, metrics, isKnown, log, tracing };
    const extension = await product.extension.start(parts);
    dataPlane.pages = createPages(() => dataPlane.draining, log, [extension.pages]);
    return extension;
  } catch (error) {
    await close();
    await tracing?.close();
    throw error;
  }
}

async function closing<T>(tracing: Tracing | undefined, make: () => T): Promise<T> {
  try {
    return make();
  } catch (error) {
    await tracing?.close();
    throw error;
  }
}

interface WireOptions extends ComposeOptions {
  readonly schema: TableSchema;
  readonly tracing: Tracing | undefined;
}

function wire(options: WireOptions) {
  const { environment, variables, envFile, log, seat, calendar = SYSTEM_CALENDAR } = options;
  const { configFile } = environment;
  const now = () => performance.now();
  const metrics = new Metrics();
  metrics.observeLog(options.droppedLines ?? (() => 0));
  const table = new Table(metrics, now, seat && ((...news) => seat.tell(breakerNews(...news))));
  const steering: Steering = steeringFor(options, {
    reload: () => watcher.reload(),
    rebuild: () => load(serves.text, serves.variables),
    config: () => config,
    killSwitch: () => serving.killSwitch,
  });
  const { take } = steering;
  const loader = loaderFor(options, { table, metrics, take });
  let serves = options.lastGood ?? readConfig(configFile, variables);
  const first = loader.load(serves.text, serves.variables);
  if (!first.ok) throw new ConfigRefused(first.problems);
  let { config } = first;
  const shared: Shared = { metrics, now, calendar, config: () => config, steering };
  const serving = serve(options, shared, first.generation);
  const load = (next: string, env = variables()): void => {
    const loaded = loader.load(next, env);
    if (!loaded.ok) return;
    serves = { text: next, variables: variablesIn(next, env) };
    seat?.tell({ kind: 'loaded', config: serves });
    config = loaded.config;
    serving.take(loaded);
  };
  const tellRestarts = restartTeller(options);
  const onError = (error: Error): void => loader.unreadable(error);
  const onChange = (next: string): void => {
    load(next);
    tellRestarts();
    if (seat?.isFirst) seat.tell({ kind: 'reloaded' });
  };
  const watcher = watchFiles({ file: configFile, current: serves.text, onChange, onError }, envFile, log);
  const kept = keep(options, shared, serving);
  const piloted = pilot(options, shared, serving, kept.store);
  const close = async (): Promise<void> => {
    watcher.close();
    for (const part of [piloted, serving, kept, table]) await part.close();
  };
  const reload = () => watcher.reload();
  const heard = { table, killSwitch: serving.killSwitch, reload, metrics };
  const { book } = serving.comparing;
  const own = { loaded: serves, heard, book, loader, reload, close, autopilot: piloted.autopilot };
  return { ...shared, ...serving, ...kept, ...own };
}

function loaderFor(
  { environment, product, schema, variables, log, seat }: WireOptions,
  parts: Pick<LoaderOptions, 'table' | 'metrics' | 'take'>,
): Loader {
  const { configFile: file } = environment;
  return new Loader({ ...parts, file, pair: product.pair, schema, variables, log, workers: seat?.workers });
}

type SteeringParts = Pick<SteeringOptions, 'reload' | 'rebuild' | 'config' | 'killSwitch'>;

function steeringFor(options: WireOptions, parts: SteeringParts): Steering {
  const { environment, schema, variables, log } = options;
  const truth = isTruthInStore(options) ? 'store' : 'file';
  return new Steering({ ...parts, truth, file: environment.configFile, schema, variables, log });
}

interface Shared {
  readonly metrics: Metrics;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  readonly calendar: Calendar;
  readonly config: () => FacadeConfig;
  readonly steering: Steering;
}

/** What serves requests, and what watches them. */
function serve(options: WireOptions, shared: Shared, generation: Generation) {
  const { environment, log, requestLog, tracing, seat } = options;
  const { metrics, now, calendar, config } = shared;
  const own = { metrics, log, requestLog, now, overload: overloadLimits(config()) };
  const { pair } = options.product;
  const dataPlane = new DataPlane({ ...environment, ...own, pair, tracing }, generation);
  const clocks = { now, calendar, random: Math.random };
  const comparing = startComparison({ dataPlane, metrics, log, ...clocks, config: config() });
  const killSwitch = new KillSwitch(
    () => dataPlane.generation.killSwitchFile,
    (on, by, isOwn) => {
      dataPlane.killed = on;
      shared.steering.noteKillSwitch(by);
      log.warn({ on, by }, 'kill switch');
      // By the file it is in all of them anyway.
      if (isOwn) seat?.tell({ kind: 'kill', on: by.includes('admin') });
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

/** The store, and what the engine keeps there: flips, traffic, evidence. */
function keep(
  options: WireOptions,
  { metrics, calendar, steering }: Shared,
  { dataPlane, comparing }: ReturnType<typeof serve>,
) {
  const { log, seat } = options;
  const store = storeOf(options);
  const now = () => new Date(calendar.now());
  const meter: TrafficMeter = new TrafficMeter({
    metrics,
    calendar,
    log,
    flushed: (traffic) => burnDown.measure(traffic),
  });
  const burnDown = new BurnDown({
    now,
    metrics,
    models: () => dataPlane.generation.entries.map(({ model }) => model),
    killSwitch: () => dataPlane.killed,
    flips: () => steering.flips,
    traffic: () => meter.traffic,
    proofs: () => proofsOf(comparing.book, calendar.now()),
  });
  const instance = `${hostname()}-${randomBytes(3).toString('hex')}`;
  const keepsHistory = !seat || seat.isFirst || isTruthInStore(options);
  const started = startSteering({ steering, meter, opened: store.opened, instance, now, log, keepsHistory });
  store.whenReady((opened) => comparing.keep(opened));
  const close = async (): Promise<void> => {
    await started.close();
    await store.close();
  };
  return { store, burnDown, steeringReady: started.ready, close };
}

function pilot(
  options: ComposeOptions,
  { metrics, calendar, steering }: Shared,
  { dataPlane, comparing: { book } }: ReturnType<typeof serve>,
  store: StoreHolder,
) {
  const { log, autopilotEvery, seat } = options;
  const flips = new AutopilotFlips(steering);
  const started = startAutopilot({
    dataPlane,
    metrics,
    log,
    calendar,
    flips,
    parity: (route) => book.report(route, calendar.now()),
    // An embedded store is ours alone: there is nobody with whom to agree on who decides.
    awaitsStore: isTruthInStore(options),
    mayLead: !seat || seat.isFirst,
    every: autopilotEvery,
  });
  store.whenReady((opened) => started.keep(opened));
  const close = async (): Promise<void> => {
    await started.close();
    flips.close();
  };
  return { autopilot: started.autopilot, close };
}

/** Where the rollouts are true: of workers on the embedded server of their primary it is the file, as with one process. */
function isTruthInStore({ environment, seat }: ComposeOptions): boolean {
  return environment.database.kind === 'url' && !seat?.isEmbedded;
}

const breakerNews = (route: string, path: Path, state: BreakerState) =>
  ({ kind: 'breaker', route, path, state }) as const;

function adminSettings({ environment, log, isSandbox = false }: ComposeOptions) {
  return { configFile: environment.configFile, adminToken: environment.adminToken, isSandbox, log };
}

function storeOf({ environment, product, log }: ComposeOptions): StoreHolder {
  const { database, dataDir } = environment;
  if (database.kind === 'none') return new StoreHolder(undefined);
  const databaseUrl = database.kind === 'url' ? database.url : undefined;
  // What speaks to a database is loaded where there is one: a quarter of a second of a start.
  const open = async (options: OpenOptions): Promise<Store> => {
    const { openStore } = await import('./store/index.ts');
    return openStore({ ...options, migrations: await product.extension?.migrations?.() });
  };
  return new StoreHolder({ databaseUrl, dataDir, log, open });
}

/** Says at a reload which variables changed that nobody reads again. */
function restartTeller({ product, variables, log }: ComposeOptions): () => void {
  // An .env file that cannot be read is told by whoever loads the table.
  const readable = (): Variables | undefined => {
    try {
      return variables();
    } catch {
      return undefined;
    }
  };
  const watched = new RestartVariables(product.pair.variables, readable(), product.extension?.variables);
  return () => {
    const changed = watched.changed(readable());
    if (changed.length === 0) return;
    log.warn({ variables: changed }, 'variables changed that are read at the start alone: restart the facade');
  };
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

function readConfig(file: string, variables: ComposeOptions['variables']): LoadedConfig {
  const env = variables();
  try {
    const text = readTextSync(file);
    return { text, variables: variablesIn(text, env) };
  } catch (error) {
    const remedy = 'set FACADE_CONFIG to the rollout table, or write one with "c2s-facade init"';
    throw new ConfigRefused(`${file}: cannot be read (${codeOf(error)}); ${remedy}`);
  }
}
