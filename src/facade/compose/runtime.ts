import { DataPlane } from '../forward/data-plane.ts';
import { HealthChecks } from '../forward/health-checks.ts';
import { KillSwitch } from '../forward/kill-switch.ts';
import type { BreakerListener } from '../forward/route-state.ts';
import { Loader } from '../forward/reload.ts';
import { RuntimeBuilder } from '../forward/runtime-builder.ts';
import { overloadLimits } from '../forward/settings.ts';
import { Metrics } from '../observe/metrics.ts';
import { PendingWrites } from '../steer/pending-writes.ts';
import { createRolloutStore, type RolloutStore } from '../steer/rollout-store.ts';
import { watchHealth, type WatchedHealth } from './health.ts';
import { ActiveConfig, type Active } from './active-config.ts';
import type { Closing } from './closing.ts';
import { ConfigFiles } from './config-files.ts';
import type { ComposeContext } from './options.ts';

/** What serves requests: from the config file to the data plane. It needs nothing of what runs in the background. */
export interface Runtime {
  readonly metrics: Metrics;
  readonly builder: RuntimeBuilder;
  /** Who hears of breakers that change. */
  readonly breakers: Set<BreakerListener>;
  /** What the health checks of the upstreams say, and who hears of a change. */
  readonly health: WatchedHealth;
  readonly loader: Loader;
  readonly rollouts: RolloutStore;
  /** What still has to be written into the history. */
  readonly pending: PendingWrites;
  readonly active: ActiveConfig;
  readonly dataPlane: DataPlane;
  readonly killSwitch: KillSwitch;
  /** Serves changes of the config file and of the .env file from now on. */
  readonly watch: () => void;
  /** Reads both files again, now. Nothing before `watch`. */
  readonly reload: () => Promise<void>;
}

/** @throws ConfigRefused with every problem, one a line. */
export function createRuntime(context: ComposeContext, closing: Closing): Runtime {
  const { environment, product, schema, variables, log, role, duties } = context;
  const file = environment.configFile;
  const { pair, extension } = product;
  const metrics = new Metrics();
  metrics.observeLog(context.droppedLines);
  const files = new ConfigFiles({
    file,
    envFile: context.envFile,
    variables,
    pair: pair.variables,
    extension: extension?.variables,
    log,
  });
  const { reload } = files;
  const breakers = new Set<BreakerListener>();
  const builder = createBuilder(context, metrics, breakers);
  closing.defer(() => builder.close());
  const loader = new Loader({ file, pair, schema, builder, metrics, log, variables, workers: role.workers });
  const pending = new PendingWrites(log);
  const rollouts = createRolloutStore({ kind: duties.rolloutsIn, file, schema, variables, reload, pending, log });
  const active = new ActiveConfig(loader, rollouts, context.lastGood ?? files.read());
  const dataPlane = createDataPlane(context, metrics, active.current);
  closing.defer(() => dataPlane.close());
  const killSwitch = createKillSwitch(context, dataPlane);
  closing.defer(() => killSwitch.close());
  active.subscribe((next) => {
    role.tell({ kind: 'loaded', config: next.source });
    // From the next request on.
    dataPlane.swap(next.snapshot);
    dataPlane.overload.configure(overloadLimits(next.config));
    killSwitch.look();
  });
  const health = watchHealth(context, metrics, builder.health);
  const watch = (): void => {
    startChecks(context, { builder, active }, health, closing);
    watchFiles(context, files, active, loader);
    closing.defer(() => files.close());
  };
  const steered = { loader, rollouts, pending, active, killSwitch, watch, reload };
  return { metrics, builder, breakers, health, dataPlane, ...steered };
}

function createBuilder(
  context: ComposeContext,
  metrics: Metrics,
  breakers: ReadonlySet<BreakerListener>,
): RuntimeBuilder {
  return new RuntimeBuilder(metrics, context.now, (route, path, state, isFollowed, rampStep) => {
    // A change that another worker reported is not reported back.
    const climbs = rampStep > 0 ? { rampStep } : {};
    if (!isFollowed) context.role.tell({ kind: 'breaker', route, path, state, ...climbs });
    for (const listener of breakers) listener(route, path, state, isFollowed, rampStep);
  });
}

function createDataPlane(context: ComposeContext, metrics: Metrics, { config, snapshot }: Active): DataPlane {
  const { environment, product, log, requestLog, now, tracing } = context;
  const own = { metrics, log, requestLog, now, overload: overloadLimits(config) };
  return new DataPlane({ ...environment, ...own, pair: product.pair, tracing }, snapshot);
}

function createKillSwitch({ log, role }: ComposeContext, dataPlane: DataPlane): KillSwitch {
  const killSwitch = new KillSwitch(() => dataPlane.snapshot.killSwitchFile);
  let isByHand = false;
  /** On for want of an answer alone, as every start with a database is for a moment: nobody has set it. */
  let wasUnknown = false;
  killSwitch.subscribe((on, by) => {
    dataPlane.killed = on;
    if (!by.includes('unknown') && (on || !wasUnknown)) log.warn({ on, by }, 'kill switch');
    else if (on) log.info('every route is direct until the database says whether the kill switch is on');
    else log.info('the kill switch is off, says the database');
    wasUnknown = by.join() === 'unknown';
    // By the file it is in all of them anyway.
    if (by.includes('admin') === isByHand) return;
    isByHand = !isByHand;
    role.tell({ kind: 'killed', on: isByHand });
  });
  return killSwitch;
}

/** Of several workers the first one asks, and tells the others. */
function startChecks(
  { role, now }: ComposeContext,
  { builder, active }: Pick<Runtime, 'builder' | 'active'>,
  { checked }: WatchedHealth,
  closing: Closing,
): void {
  if (!role.isFirst) return;
  const checks = new HealthChecks({ health: builder.health, onCheck: checked, now, random: Math.random });
  closing.defer(() => checks.close());
  active.subscribe(({ snapshot }) => checks.use(snapshot));
  checks.use(active.current.snapshot);
}

function watchFiles({ role }: ComposeContext, files: ConfigFiles, active: ActiveConfig, loader: Loader): void {
  files.watch({
    inForce: () => active.current.source.text,
    onChange: (text) => {
      active.load(text);
      if (role.isFirst) role.tell({ kind: 'reloaded' });
    },
    onError: (error) => loader.unreadable(error),
  });
}
