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
import { ActiveConfig, type Active } from './compose/active-config.ts';
import { ConfigFiles } from './compose/config-files.ts';
import type { Environment } from './config/environment.ts';
import type { FacadeConfig } from './config/schema.ts';
import type { Product } from './extension.ts';
import { parseDuration, parseSize } from '../http/units.ts';
import type { BreakerState } from './forward/breaker.ts';
import { DataPlane } from './forward/data-plane.ts';
import type { Generation } from './forward/generation.ts';
import { KillSwitch } from './forward/kill-switch.ts';
import { createListener } from '../http/listener.ts';
import { createPages } from './forward/pages.ts';
import { Loader, type LoadedConfig } from './forward/reload.ts';
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
import { PendingWrites } from './steer/pending-writes.ts';
import { createRolloutStore } from './steer/rollout-store.ts';
import { Steering } from './steer/steering.ts';
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
  const parts = await closing(tracing, () => wire({ ...options, tracing }));
  const { dataPlane, config, extension, store } = parts;
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
    if (areRolloutsInDatabase(options)) await Promise.race([parts.steeringReady, sleep(LONGEST_WAIT_FOR_FLIPS)]);
  };
  const close = async (): Promise<void> => {
    timeline.close();
    await parts.close();
    await tracing?.close();
  };
  return { ...parts, listener, admin, begin, close };
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
  readonly tracing: Tracing | undefined;
}

function wire(options: WireOptions) {
  const { environment, variables, envFile, log, seat, product, calendar = SYSTEM_CALENDAR } = options;
  const { pair } = product;
  const file = environment.configFile;
  const now = () => performance.now();
  const metrics = new Metrics();
  metrics.observeLog(options.droppedLines ?? (() => 0));
  const table = new Table(metrics, now, seat && ((...news) => seat.tell(breakerNews(...news))));
  const loader = new Loader({ file, pair, table, metrics, log, variables, workers: seat?.workers });
  const files = new ConfigFiles({ file, envFile, variables, pair: pair.variables, log });
  const { reload } = files;
  const pending = new PendingWrites(log);
  const kind = areRolloutsInDatabase(options) ? 'database' : 'file';
  const rollouts = createRolloutStore({ kind, file, variables, reload, pending, log });
  const active = new ActiveConfig(loader, rollouts, options.lastGood ?? files.read());
  const config = () => active.config;
  const clocks = { metrics, now, calendar, config };
  const serving = serve(options, clocks, active.current.generation);
  active.subscribe((next) => {
    seat?.tell({ kind: 'loaded', config: next.source });
    serving.take(next);
  });
  const steering = new Steering({ rollouts, pending, config, killSwitch: serving.killSwitch, log });
  serving.killSwitch.subscribe((_on, by) => steering.noteKillSwitch(by));
  const shared: Shared = { ...clocks, steering };
  files.watch(active.current.source.text, {
    onChange: (text) => {
      active.load(text);
      if (seat?.isFirst) seat.tell({ kind: 'reloaded' });
    },
    onError: (error) => loader.unreadable(error),
  });
  const kept = keep(options, shared, serving);
  const piloted = pilot(options, shared, serving, kept.store);
  const close = async (): Promise<void> => {
    files.close();
    for (const part of [piloted, serving, kept, table]) await part.close();
  };
  const heard = { table, killSwitch: serving.killSwitch, reload, metrics };
  const { book } = serving.comparing;
  const own = { loaded: active.current.source, heard, book, loader, reload, close, autopilot: piloted.autopilot };
  return { ...shared, ...serving, ...kept, ...own };
}

interface Clocks {
  readonly metrics: Metrics;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  readonly calendar: Calendar;
  readonly config: () => FacadeConfig;
}

interface Shared extends Clocks {
  readonly steering: Steering;
}

/** What serves requests, and what watches them. */
function serve(options: WireOptions, shared: Clocks, generation: Generation) {
  const { environment, log, requestLog, tracing, seat } = options;
  const { metrics, now, calendar, config } = shared;
  const own = { metrics, log, requestLog, now, overload: overloadLimits(config()) };
  const { pair } = options.product;
  const dataPlane = new DataPlane({ ...environment, ...own, pair, tracing }, generation);
  const clocks = { now, calendar, random: Math.random };
  const comparing = startComparison({ dataPlane, metrics, log, ...clocks, config: config() });
  const killSwitch = new KillSwitch(() => dataPlane.generation.killSwitchFile);
  killSwitch.subscribe((on, by, isOwn) => {
    dataPlane.killed = on;
    log.warn({ on, by }, 'kill switch');
    // By the file it is in all of them anyway.
    if (isOwn) seat?.tell({ kind: 'kill', on: by.includes('admin') });
  });
  /** From the next request on. */
  const take = (loaded: Active): void => {
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
  options: WireOptions,
  { metrics, calendar, config, steering }: Shared,
  { dataPlane, comparing }: ReturnType<typeof serve>,
) {
  const { environment, product, log, tracing, seat } = options;
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
  const keepsHistory = !seat || seat.isFirst || areRolloutsInDatabase(options);
  const started = startSteering({ steering, meter, opened: store.opened, instance, now, log, keepsHistory });
  store.whenReady('parity', (opened) => comparing.keep(opened));
  const isKnown = (req: IncomingMessage): boolean => dataPlane.isKnown(req);
  const extension = product.extension?.start({ environment, config, store, metrics, isKnown, log, tracing });
  if (extension) dataPlane.pages = createPages(() => dataPlane.draining, log, [extension.pages]);
  const close = async (): Promise<void> => {
    await started.close();
    await store.close();
  };
  return { store, burnDown, extension, steeringReady: started.ready, close };
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
    awaitsStore: areRolloutsInDatabase(options),
    mayLead: !seat || seat.isFirst,
    every: autopilotEvery,
  });
  store.whenReady('autopilot', (opened) => started.keep(opened));
  const close = async (): Promise<void> => {
    await started.close();
    flips.close();
  };
  return { autopilot: started.autopilot, close };
}

/** Where the rollouts are true: of workers on the embedded server of their primary it is the file, as with one process. */
function areRolloutsInDatabase({ environment, seat }: ComposeOptions): boolean {
  return environment.database.kind === 'url' && !seat?.isEmbedded;
}

const breakerNews = (route: string, path: Path, state: BreakerState) =>
  ({ kind: 'breaker', route, path, state }) as const;

function adminSettings({ environment, log, isSandbox = false }: ComposeOptions) {
  return { configFile: environment.configFile, adminToken: environment.adminToken, isSandbox, log };
}

function storeOf({ environment, product, log }: ComposeOptions): StoreHolder {
  const { database, dataDir, databaseConnections: maxConnections } = environment;
  if (database.kind === 'none') return new StoreHolder(undefined);
  const databaseUrl = database.kind === 'url' ? database.url : undefined;
  // What speaks to a database is loaded where there is one: a quarter of a second of a start.
  const open = async (options: OpenOptions): Promise<Store> => {
    const { openStore } = await import('./store/index.ts');
    return openStore({ ...options, migrations: await product.extension?.migrations() });
  };
  return new StoreHolder({ databaseUrl, dataDir, maxConnections, log, open });
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
