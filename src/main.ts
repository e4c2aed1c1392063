import cluster from 'node:cluster';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { App, AppOptions } from './facade/app.ts';
import { createWorkerRole, type ForkedWorker, type RoleFacts } from './facade/cluster/worker-role.ts';
import { ConfigRefused } from './facade/config/config-refused.ts';
import { EnvFileError, readEnvFile } from './facade/config/env-file.ts';
import { environmentWarnings, readEnvironment, sandboxFaults } from './c2s/environment.ts';
import type { Environment } from './facade/config/environment.ts';
import type { Variables } from './facade/config/variables.ts';
import { writeFirstTable } from './facade/config/first-table.ts';
import { keepSandboxTable, SANDBOX_TABLE, type SandboxTable } from './facade/config/sandbox-table.ts';
import { countedStages } from './facade/steer/table-summary.ts';
import { codeOf } from './http/error-code.ts';
import { ListenError } from './http/listener.ts';
import { readTextIfAny } from './http/read-file.ts';
import { createLogs, type CountingDestination, type Logger, type Logs } from './http/log.ts';
import { visibleLines } from './http/visible.ts';
import { standardOutput, type LogDestination } from './http/log-destination.ts';
import type { FirstRun } from './c2s/sandbox/first-run.ts';

/**
 * The process: environment → app → listen → graceful stop. Without a C2S_BASE_URL, on the sandbox. With WORKERS=n this
 * is the primary of n processes that run this same file, and each finds its role in the environment.
 *
 * Imported here is what every process needs; sandbox, primary and app are loaded by the process that is one.
 */

const ENV_FILE = '.env';
/** On the command line: traffic for the sandbox. */
const TRAFFIC = '--traffic';
/** How often a facade that npm runs looks whether npm still does. */
const PARENT_CHECK_INTERVAL_MS = 500;
const ROLE_VARIABLE = 'C2S_FACADE_WORKER_ROLE';

/** What the operator wrote: the environment wins over the .env file, which is read anew at every reload. */
function variables(): Record<string, string | undefined> {
  return { ...readEnvFile(ENV_FILE), ...process.env };
}

/** What runs once it has started. */
interface Running {
  readonly log: Logger;
  /** True when nothing was cut. */
  stop(): Promise<boolean>;
}

/**
 * Starts what this process is to be.
 * @param stopping aborted: what has not been started need not be any more.
 * @returns what to stop; undefined: nothing runs, or its primary stops it.
 */
async function main(worker: ForkedWorker | undefined, stopping: AbortSignal): Promise<Running | undefined> {
  const begun = await worker?.begun;
  const envFile = begun?.envFile ?? (await explained(() => Promise.resolve(readEnvFile(ENV_FILE))));
  if (!envFile) return undefined;
  const given = { ...envFile, ...process.env };
  const faults = sandboxFaults(given);
  if (faults.length > 0) return fail('The environment cannot be used:', faults.join('\n'));
  const hasTraffic = process.argv.includes(TRAFFIC);
  if (given['C2S_BASE_URL'] && hasTraffic)
    return fail('The facade could not start:', `${TRAFFIC} is of the sandbox alone; leave it out`);
  const firstRun = given['C2S_BASE_URL'] ? undefined : await startSandboxed(hasTraffic);
  const all = (): Record<string, string | undefined> => ({ ...variables(), ...firstRun?.environment });
  const settings = await settingsOf(given, firstRun, worker !== undefined);
  if (!settings) {
    await firstRun?.close();
    return undefined;
  }
  const { environment, logs } = settings;
  // The sandbox is for looking at things, and its upstreams live in this process.
  if (environment.workers > 1 && cluster.isPrimary && !firstRun) return lead(environment, envFile, logs, stopping);
  const app = await start({
    environment,
    variables: all,
    isSandbox: firstRun !== undefined,
    role: worker,
    lastGood: begun?.config,
    ...logs,
  });
  // What ties a worker to the primary would keep it alive.
  if (!app && worker) process.exit(1);
  if (!app) {
    await firstRun?.close();
    return undefined;
  }
  if (firstRun && !stopping.aborted) await greet(firstRun, app, settings, hasTraffic);
  if (worker) return undefined;
  process.on('SIGHUP', () => void app.reload());
  const stop = async (): Promise<boolean> => {
    await firstRun?.stopTraffic();
    const isWhole = await app.stop();
    await firstRun?.close();
    return isWhole;
  };
  return { log: logs.log, stop };
}

/** What a newcomer sees; and the traffic, where it was asked for. */
async function greet(
  firstRun: FirstRun,
  app: App,
  { environment, output, notes }: Settings,
  hasTraffic: boolean,
): Promise<void> {
  const { welcome } = await import('./c2s/sandbox/welcome.ts');
  const facts = { command: commandName(), hasTraffic, notes, table: countedStages(app.table) };
  output.write(welcome({ ...firstRun, ...app, ...environment, ...facts }));
  output.flush();
  app.store.whenReady('welcome', () => output.write('The database is ready.\n'));
  if (hasTraffic) await firstRun.startTraffic(app.url);
}

interface Settings {
  readonly environment: Environment;
  readonly output: LogDestination;
  readonly logs: Logs;
  /** What was written, for the end of the welcome. */
  readonly notes: readonly string[];
}

/** @returns undefined when something in them is wrong, which was told. */
async function settingsOf(
  given: Variables,
  firstRun: FirstRun | undefined,
  isWorker: boolean,
): Promise<Settings | undefined> {
  const read = readEnvironment({ ...given, ...firstRun?.environment });
  if (!read.ok) return fail('The environment cannot be used:', read.problems.join('\n'));
  const environment = firstRun ? onSandboxTable(read.environment) : read.environment;
  const output = standardOutput();
  // On a first run the lines to paste must not drown in one log line a request.
  const logs = createLogs(
    firstRun && !given['LOG_LEVEL'] ? 'warn' : environment.logLevel,
    await inFormat(environment.logFormat, output, given),
  );
  if (!isWorker) {
    for (const warning of environmentWarnings(given, readTextIfAny(environment.configFile))) logs.log.warn(warning);
  }
  const notes = firstRun ? writeTables(read.environment.configFile, environment.configFile) : [];
  return notes ? { environment, output, logs, notes } : undefined;
}

/** On a terminal people read the log, elsewhere a machine. */
async function inFormat(
  format: Environment['logFormat'],
  output: LogDestination,
  { NO_COLOR, TERM }: Variables,
): Promise<CountingDestination> {
  const isTerminal = process.stdout.isTTY;
  if ((format ?? (isTerminal ? 'pretty' : 'json')) === 'json') return output;
  const { prettyLines } = await import('./http/pretty-log.ts');
  return prettyLines(output, isTerminal && !NO_COLOR && TERM !== 'dumb');
}

async function startSandboxed(hasTraffic: boolean): Promise<FirstRun> {
  const { startFirstRun } = await import('./c2s/sandbox/first-run.ts');
  return startFirstRun(hasTraffic);
}

/** How the command line is called here: of an installed package, or of a checkout. */
const commandName = (): string => (import.meta.filename.endsWith('.js') ? 'npx c2s-facade' : 'npm run -s cli --');

/** Of several workers. */
async function lead(
  environment: Environment,
  envFile: Variables,
  { log, droppedLines }: Logs,
  stopping: AbortSignal,
): Promise<Running | undefined> {
  const { startPrimary } = await import('./facade/cluster/primary.ts');
  const options = { environment, envFile, log, droppedLines, roleVariable: ROLE_VARIABLE, stopping };
  const primary = await explained(() => startPrimary(options));
  if (!primary) {
    process.exitCode = 1;
    return undefined;
  }
  process.on('SIGHUP', () => primary.reload());
  return { log, stop: () => primary.stop() };
}

/** A process manager may run us as a worker of a cluster of its own: it is none of ours then. */
function workerOf(text: string | undefined): ForkedWorker | undefined {
  return cluster.isWorker && text !== undefined ? createWorkerRole(JSON.parse(text) as RoleFacts, process) : undefined;
}

/**
 * Ctrl-C and the service manager tell every process; a worker goes by what the primary says. What is still sent to one that
 * is gone fails with EPIPE; node ends the worker as soon as it has seen that.
 */
function followPrimary(): void {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
  cluster.worker?.on('error', () => undefined);
}

const onSandboxTable = (environment: Environment): Environment => ({
  ...environment,
  configFile: join(environment.dataDir, SANDBOX_TABLE),
});

/**
 * The sandbox runs on a copy of the shipped table, and brings the operator's own along into an empty folder.
 * @returns a line for each that is new; undefined when one could not be written.
 */
function writeTables(own: string, copy: string): readonly string[] | undefined {
  const packaged = fileURLToPath(new URL('../config/', import.meta.url));
  const notes: string[] = [];
  const write = (file: string, text: () => string | undefined): boolean => {
    try {
      const told = text();
      if (told !== undefined) notes.push(told);
      return true;
    } catch (error) {
      const report = `cannot write ${file} (${codeOf(error)}); make its folder writable, or set DATA_DIR to another one`;
      fail('The facade could not start:', report);
      return false;
    }
  };
  const isWritten =
    write(own, () =>
      writeFirstTable(packaged, own) ? `${own} was written: your rollout table, for C2S_BASE_URL.` : undefined,
    ) && write(copy, () => sandboxText(keepSandboxTable(packaged, copy), copy));
  return isWritten ? notes : undefined;
}

function sandboxText(table: SandboxTable, file: string): string | undefined {
  switch (table) {
    case 'written':
      return `${file} was written: the sandbox's copy. To start anew, delete it.`;
    case 'old':
      return `${file} has flips or edits and stays as it is, though the shipped rollout\ntable has changed since it was copied. To have the new one, delete it.`;
    case 'kept':
      return undefined;
  }
}

async function start(options: Omit<AppOptions, 'envFile' | 'product'>): Promise<App | undefined> {
  const [{ startApp }, { PRODUCT }] = await Promise.all([import('./facade/app.ts'), import('./c2s/product.ts')]);
  return explained(() => startApp({ ...options, product: PRODUCT, envFile: ENV_FILE }));
}

/** Runs it, and says in words why it cannot be; undefined then. */
async function explained<T>(begin: () => Promise<T>): Promise<T | undefined> {
  try {
    return await begin();
  } catch (error) {
    if (error instanceof ConfigRefused) fail('The config was refused:', error.message);
    else if (error instanceof ListenError || error instanceof EnvFileError) {
      fail('The facade could not start:', error.message);
    } else throw error;
    return undefined;
  }
}

/**
 * Stops what runs, and what is still starting as soon as it has started: nothing that was begun is left behind. A second
 * signal means that nobody wants to wait any longer; workers and Postgres end with this process then.
 */
function stopOnSignals(starting: Promise<Running | undefined>, stopping: AbortController): void {
  const onSignal = async (signal: string): Promise<void> => {
    if (stopping.signal.aborted) {
      // One whose node is still starting would complain that its primary is gone.
      for (const one of Object.values(cluster.workers ?? {})) one?.process.kill('SIGKILL');
      process.exit(1);
    }
    stopping.abort();
    const one = await starting;
    one?.log.info({ signal }, 'stopping');
    const isWhole = !one || (await one.stop());
    one?.log.info({ isWhole }, 'stopped');
    process.exit(isWhole ? 0 : 1);
  };
  process.on('SIGTERM', () => void onSignal('SIGTERM'));
  process.on('SIGINT', () => void onSignal('SIGINT'));
  // What npm passes on as a signal has begun the stop already.
  endWithNpm((cause) => void (stopping.signal.aborted || onSignal(cause)));
}

function fail(title: string, report: string): undefined {
  process.stderr.write(visibleLines(`${title}\n${report}\n`));
  process.exitCode = 1;
}

/**
 * npm and npx run us in a shell of theirs, which does not pass a signal on: `kill` of npm ends that shell, and would leave us
 * behind. Started so, a new parent means that the old one has ended.
 */
function endWithNpm(stop: (signal: string) => void): void {
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop('end of npm');
  }, PARENT_CHECK_INTERVAL_MS);
  timer.unref();
}

const worker = workerOf(process.env[ROLE_VARIABLE]);
const stopping = new AbortController();
// Before anything is started: what a signal finds half started would be left behind.
if (worker) followPrimary();
const starting = main(worker, stopping.signal);
if (!worker) stopOnSignals(starting, stopping);
await starting;
