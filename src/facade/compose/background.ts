import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { startAutopilot, type Autopilot } from '../compare/autopilot/index.ts';
import type { DriftTold } from '../compare/drift/watch.ts';
import { LimitPause } from '../compare/limit-pause.ts';
import { startDrift, type Drift } from '../compare/drift/start.ts';
import { startComparison, type Comparing } from '../compare/start.ts';
import type { ShadowBudget } from '../compare/shadow-budget.ts';
import { startShadowBudget } from '../compare/start-budget.ts';
import { startUnknownWrites } from '../compare/unknown-writes/start.ts';
import type { UnknownWrites } from '../compare/unknown-writes/unknown-writes.ts';
import type { RunningExtension } from '../extension/product.ts';
import type { KillSwitch } from '../forward/kill-switch.ts';
import { startNotify, type Notifying } from '../notify/start.ts';
import type { FlipRecord } from '../rollout/flip.ts';
import { createPages } from '../forward/pages.ts';
import { AutopilotFlips } from '../steer/autopilot-flips.ts';
import { ChangeLog } from '../steer/change-log.ts';
import { BurnDown } from '../steer/burn-down.ts';
import { createFileGuard, createFlipGuard } from '../steer/flip-guard.ts';
import { troubleOf } from '../steer/gateway-trouble.ts';
import { proofsOf } from '../steer/proof.ts';
import { KillSwitchFile } from '../steer/kill-switch-file.ts';
import { observeShared } from '../steer/metrics.ts';
import { SharedKillSwitch } from '../steer/shared-kill-switch.ts';
import { startSteering } from '../steer/start.ts';
import { Steering } from '../steer/steering.ts';
import { TrafficMeter } from '../steer/traffic-meter.ts';
import { StoreHolder, type OpenOptions } from '../store/holder.ts';
import type { QueuedNotification } from '../store/notification-queue.ts';
import type { Store } from '../store/index.ts';
import type { Closing } from './closing.ts';
import type { ComposeContext } from './options.ts';
import type { Runtime } from './runtime.ts';

/** What watches, keeps and steers what serves. No request waits for any of it. */
export interface Background {
  /** Opened by `start()` of it alone. */
  readonly store: StoreHolder;
  readonly comparing: Comparing;
  readonly drift: Drift;
  readonly budget: ShadowBudget;
  readonly unknownWrites: UnknownWrites;
  readonly steering: Steering;
  /** The flips of the store serve, or there is no store. Never rejects; pending for as long as the store cannot be had. */
  readonly flipsReady: Promise<void>;
  readonly burnDown: BurnDown;
  readonly autopilot: Autopilot;
  readonly notifying: Notifying;
  /** Undefined: the product is the engine alone. */
  readonly extension: RunningExtension | undefined;
}

export async function startBackground(
  context: ComposeContext,
  runtime: Runtime,
  closing: Closing,
): Promise<Background> {
  const store = createStore(context);
  closing.defer(() => store.close());
  const reading: Reading = { store, pause: new LimitPause(context.now) };
  // Told once there is somebody to tell: the look comes a minute after the start.
  let notifying: Notifying | undefined = undefined as Notifying | undefined;
  const drift = keepDrift(context, runtime, store, (...told) => notifying?.drifted(...told));
  closing.defer(() => drift.close());
  const budget = limitShadows(context, runtime, store, closing);
  const comparing = startComparing(context, runtime, { ...reading, drift, budget });
  closing.defer(() => comparing.close());
  const unknownWrites = keepUnknownWrites(context, runtime, reading, closing);
  const instance = `${hostname()}-${randomBytes(3).toString('hex')}`;
  notifying = notify(context, runtime, { store, comparing, instance }, closing);
  const steering = createSteering(context, runtime, comparing);
  showShared(context, runtime, store, steering);
  const meter = new TrafficMeter({ metrics: runtime.metrics, calendar: context.calendar, log: context.log });
  const burnDown = createBurnDown(context, runtime, { steering, meter, comparing });
  meter.subscribe((traffic) => burnDown.measure(traffic));
  const started = attachToStore(context, { store, steering, meter, notifying, instance });
  closing.defer(() => started.close());
  const extension = await startExtension(context, runtime, store);
  const autopilot = pilot(context, runtime, { store, steering, comparing, budget, notifying }, closing);
  const parts = { store, comparing, drift, budget, unknownWrites, steering, burnDown, autopilot, notifying, extension };
  return { ...parts, flipsReady: started.ready };
}

function createStore({ environment, product, log }: ComposeContext): StoreHolder {
  const { database, dataDir, databaseConnections: maxConnections } = environment;
  if (database.kind === 'none') return new StoreHolder(undefined);
  const databaseUrl = database.kind === 'url' ? database.url : undefined;
  // What speaks to a database is loaded where there is one: a quarter of a second of a start.
  const open = async (options: OpenOptions): Promise<Store> => {
    const { openStore } = await import('../store/index.ts');
    return openStore({ ...options, migrations: await product.extension?.migrations?.() });
  };
  return new StoreHolder({ databaseUrl, dataDir, maxConnections, log, open });
}

/** What those share that read both sides for us alone. */
interface Reading {
  readonly store: StoreHolder;
  readonly pause: LimitPause;
}

function startComparing(
  context: ComposeContext,
  { metrics, dataPlane, active }: Runtime,
  { store, pause, drift, budget }: Reading & Pick<Background, 'drift' | 'budget'>,
): Comparing {
  const { log, now, calendar } = context;
  const { config } = active;
  const comparing = startComparison({
    ...{ dataPlane, metrics, log, now, calendar, config, pause, budget },
    random: Math.random,
    hasStore: !store.isOff,
    onDirectAnswer: drift.onDirectAnswer,
  });
  active.subscribe((next) => comparing.use(next.config));
  store.whenReady('parity', (opened) => comparing.keep(opened));
  return comparing;
}

function limitShadows(
  { log, calendar, role }: ComposeContext,
  { metrics, active }: Runtime,
  store: StoreHolder,
  closing: Closing,
): ShadowBudget {
  const started = startShadowBudget({ config: active.config, metrics, log, calendar, store, role });
  active.subscribe((next) => started.use(next.config));
  closing.defer(() => started.close());
  return started.budget;
}

function keepDrift(
  { log, calendar }: ComposeContext,
  { metrics, dataPlane, active }: Runtime,
  store: StoreHolder,
  told: DriftTold,
): Drift {
  const models = () => dataPlane.snapshot.entries.map(({ model }) => model);
  const drift = startDrift({ models, metrics, log, calendar, store, told });
  active.subscribe(() => drift.use());
  return drift;
}

function keepUnknownWrites(
  { log, now, calendar, environment }: ComposeContext,
  { metrics, dataPlane, active }: Runtime,
  reading: Reading,
  closing: Closing,
): UnknownWrites {
  const { directToken } = environment;
  const { config } = active;
  const started = startUnknownWrites({ dataPlane, metrics, log, now, calendar, directToken, config, ...reading });
  active.subscribe((next) => started.use(next.config));
  closing.defer(() => started.close());
  return started.writes;
}

type Noticed = Pick<Background, 'store' | 'comparing'> & Named;

/** Started before the parts whose events it posts, so that it is closed after them. */
function notify(
  { environment, duties, calendar, log, role }: ComposeContext,
  { metrics, dataPlane, active, breakers, health }: Runtime,
  { store, comparing, instance }: Noticed,
  closing: Closing,
): Notifying {
  const notifying = startNotify({
    ...{ store, instance, metrics, calendar, log },
    config: active.config,
    secret: environment.notifySecret,
    parity: (route) => comparing.book.report(route, calendar.now()),
    isUnderPressure: () => dataPlane.overload.isUnderPressure,
    tellsVerdictsAlone: duties.mayLead,
  });
  active.subscribe((next) => notifying.use(next.config));
  breakers.add((route, path, state, isFollowed) => notifying.breakerChanged(route, path, state, isFollowed));
  // Told by the process that checks. The first verdict that all is well is no news.
  if (role.isFirst) {
    health.listeners.add((upstream, state, before, last) => {
      const isNews = state === 'unhealthy' || (state === 'healthy' && before === 'unhealthy');
      if (isNews) notifying.healthChanged(upstream, state === 'healthy', last?.result ?? '');
    });
  }
  closing.defer(() => notifying.close());
  return notifying;
}

function createSteering(context: ComposeContext, runtime: Runtime, comparing: Comparing): Steering {
  const { rollouts, pending, active, killSwitch, dataPlane, builder } = runtime;
  const { log, calendar, duties, variables, product, role } = context;
  const stateOf = (id: string) => dataPlane.snapshot.entries.find(({ model }) => model.id === id)?.state;
  const guard = createFlipGuard({
    reportOf: (route) => comparing.book.report(route, calendar.now()),
    lacksOperation: (id) => stateOf(id)?.recorder.faultOf('gateway') === 'gateway_lacks_operation',
    gatewayTrouble: (id) => troubleOf(stateOf(id), builder.health.gateway),
    variables,
    pairVariables: product.pair.variables,
  });
  // Told once: another process that reads the same file writes no history.
  if (duties.keepsHistory) rollouts.guardEdits(createFileGuard(guard, log));
  const shared = shareKillSwitch(context, killSwitch);
  const steering = new Steering({ rollouts, pending, config: () => active.config, killSwitch: shared, guard, log });
  // Of one machine: its other workers see the same file.
  killSwitch.subscribe((_on, by) => role.isFirst && steering.noteKillSwitch(by));
  return steering;
}

/** Beside the table is where it is looked for first: a container keeps its DATA_DIR, if any, on a disk of its own. */
function shareKillSwitch({ environment, duties, role, log }: ComposeContext, local: KillSwitch): SharedKillSwitch {
  const { configFile, dataDir } = environment;
  const candidates = [`${configFile}.kill-switch`, join(dataDir, 'kill-switch')];
  const file = new KillSwitchFile(candidates, log, role.isFirst);
  const others = {
    ordered: (on: boolean): void => role.tell({ kind: 'kill', on }),
    settled: (): void => role.tell({ kind: 'kill-settled' }),
  };
  return new SharedKillSwitch({ local, isShared: duties.rolloutsIn === 'database', others, file, log });
}

/** The revisions of instances say something of each other where the database holds the rollouts; files are each one's own. */
function showShared({ duties }: ComposeContext, { metrics }: Runtime, store: StoreHolder, steering: Steering): void {
  observeShared(metrics.registry, () => {
    const { revision, behind } = steering.status;
    const own = { revision: undefined, behind: undefined };
    return {
      hasStore: !store.isOff,
      silenceMs: store.silenceMs,
      ...(duties.rolloutsIn === 'database' ? { revision, behind } : own),
    };
  });
}

type Measured = Pick<Background, 'steering' | 'comparing'> & { readonly meter: TrafficMeter };

function createBurnDown(
  { calendar }: ComposeContext,
  { metrics, dataPlane, active }: Runtime,
  parts: Measured,
): BurnDown {
  const { steering, meter, comparing } = parts;
  return new BurnDown({
    now: () => new Date(calendar.now()),
    registry: metrics.registry,
    models: () => dataPlane.snapshot.entries.map(({ model }) => model),
    killSwitch: () => dataPlane.killed,
    limits: () => active.config.migration,
    flips: () => steering.flips,
    traffic: () => meter.traffic,
    proofs: () => proofsOf(comparing.book, calendar.now()),
  });
}

/** Of the process, among those that share a store. */
interface Named {
  readonly instance: string;
}

type KeptInStore = Pick<Background, 'store' | 'steering' | 'notifying'> & Named & { readonly meter: TrafficMeter };

function attachToStore(
  { calendar, duties, log }: ComposeContext,
  { store, notifying, ...kept }: KeptInStore,
): ReturnType<typeof startSteering> {
  const now = () => new Date(calendar.now());
  const notes = {
    changes: new ChangeLog(log),
    rowsOf: (records: readonly FlipRecord[]) => notifying.rowsOf(records),
    flipped: (rows: readonly QueuedNotification[]) => notifying.flipped(rows),
  };
  return startSteering({ ...kept, opened: store.opened, now, log, keepsHistory: duties.keepsHistory, notes });
}

async function startExtension(
  { environment, product, log, tracing }: ComposeContext,
  { metrics, dataPlane, active }: Runtime,
  store: StoreHolder,
): Promise<RunningExtension | undefined> {
  if (!product.extension) return undefined;
  const extension = await product.extension.start({
    environment,
    variables: environment.extension,
    config: () => active.config,
    settings: () => active.config.extension,
    store,
    metrics,
    callerOf: (req) => dataPlane.callerOf(req),
    log,
    tracing,
  });
  dataPlane.pages = createPages(() => dataPlane.draining, log, [extension.pages]);
  active.subscribe(() => extension.reloaded?.());
  return extension;
}

type Piloted = Pick<Background, 'store' | 'steering' | 'comparing' | 'budget' | 'notifying'>;

function pilot(context: ComposeContext, { metrics, dataPlane }: Runtime, parts: Piloted, closing: Closing): Autopilot {
  const { calendar, log, duties, autopilotEvery } = context;
  const { store, steering, comparing, budget, notifying } = parts;
  const flips = new AutopilotFlips(steering);
  closing.defer(() => flips.close());
  const started = startAutopilot({
    dataPlane,
    metrics,
    log,
    calendar,
    flips,
    parity: (route) => comparing.book.report(route, calendar.now()),
    budget,
    // Where the database is ours alone, there is nobody with whom to agree on who decides.
    awaitsStore: duties.rolloutsIn === 'database',
    mayLead: duties.mayLead,
    onProposal: (step) => notifying.proposed(step),
    every: autopilotEvery,
  });
  closing.defer(() => started.close());
  store.whenReady('autopilot', (opened) => started.keep(opened));
  return started.autopilot;
}
