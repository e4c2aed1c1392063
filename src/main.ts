import { fileURLToPath } from 'node:url';
import { startApp, type App } from './app.ts';
import { readEnvFile } from './config/env-file.ts';
import { readEnvironment, type Environment } from './config/environment.ts';
import { writeFirstTable } from './config/first-table.ts';
import { ListenError } from './forward/listener.ts';
import { ConfigRefused } from './forward/reload.ts';
import { createLogs, standardOutput, type Logger, type Logs } from './observe/log.ts';
import { welcome } from './sandbox/welcome.ts';
import { startFirstRun, type FirstRun } from './sandbox/first-run.ts';

/** The process: environment → app → listen → graceful stop. Without a C2S_BASE_URL, on the sandbox. */

const ENV_FILE = '.env';

/** What the operator wrote: the environment wins over the .env file, which is read anew at every reload. */
function variables(): Record<string, string | undefined> {
  return { ...readEnvFile(ENV_FILE), ...process.env };
}

async function main(): Promise<void> {
  const firstRun = variables()['C2S_BASE_URL'] ? undefined : await startFirstRun();
  const all = (): Record<string, string | undefined> => ({ ...variables(), ...firstRun?.environment });
  const read = readEnvironment(all());
  if (!read.ok) return fail('The environment is not complete:', read.problems.join('\n'));
  const { environment } = read;
  // On a first run the lines to paste must not drown in one log line a request.
  const level = firstRun && !process.env['LOG_LEVEL'] ? 'warn' : environment.logLevel;
  const logs = createLogs(level, standardOutput());
  if (firstRun && !variables()['FACADE_CONFIG']?.trim() && !writeTable(environment.configFile)) return firstRun.close();
  const app = await start(environment, all, logs, firstRun !== undefined);
  if (!app) return firstRun?.close();
  if (firstRun) {
    process.stdout.write(welcome({ ...firstRun, ...app, ...environment }));
    app.store.whenReady(() => void process.stdout.write(`The database under ${environment.dataDir} is ready.\n`));
  }
  stopOnSignals(app, firstRun, logs.log);
}

/** In an empty folder, the sandbox brings its table along. @returns false when it could not. */
function writeTable(file: string): boolean {
  try {
    const packaged = fileURLToPath(new URL('../config/', import.meta.url));
    if (writeFirstTable(packaged, file))
      process.stdout.write(`${file} was written: the rollout table, yours from now on.\n`);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    fail('The facade could not start:', `cannot write ${file} (${code}); set FACADE_CONFIG to a rollout table`);
    return false;
  }
}

async function start(
  environment: Environment,
  all: () => Record<string, string | undefined>,
  logs: Logs,
  isSandbox: boolean,
): Promise<App | undefined> {
  try {
    return await startApp({ environment, variables: all, envFile: ENV_FILE, isSandbox, ...logs });
  } catch (error) {
    if (error instanceof ConfigRefused) fail('The config was refused:', error.message);
    else if (error instanceof ListenError) fail('The facade could not start:', error.message);
    else throw error;
    return undefined;
  }
}

function stopOnSignals(app: App, firstRun: FirstRun | undefined, log: Logger): void {
  process.on('SIGHUP', () => void app.reload());
  let stopping = false;
  const stop = async (signal: string): Promise<void> => {
    // A second signal means that nobody wants to wait any longer.
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, 'stopping');
    const isWhole = await app.stop();
    await firstRun?.close();
    log.info({ isWhole }, 'stopped');
    process.exit(isWhole ? 0 : 1);
  };
  process.on('SIGTERM', () => void stop('SIGTERM'));
  process.on('SIGINT', () => void stop('SIGINT'));
}

function fail(title: string, report: string): void {
  process.stderr.write(`${title}\n${report}\n`);
  process.exitCode = 1;
}

await main();
