import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { compose } from './compose.ts';
import type { Facade, FacadeOptions } from './embedded.ts';
import { ConfigRefused } from './config/config-refused.ts';
import { environmentWarnings, readEnvironment, type Environment } from './config/environment.ts';
import type { Variables } from './config/variables.ts';
import type { Product } from './extension/product.ts';
import { consumedGuard } from './forward/consumed.ts';
import type { DataPlane } from './forward/data-plane.ts';
import { resolveFormerNames } from '../http/former-names.ts';
import { admitted } from '../http/listener.ts';
import { endWithProblem, type Problem } from '../http/problem.ts';
import { readTextIfAny } from '../http/read-file.ts';
import { headProblem, passesHead } from '../http/request-head.ts';
import { drainTimes } from './forward/settings.ts';
import { createLogs, type CountingDestination, type Logs } from '../http/log.ts';
import { standardError } from '../http/log-destination.ts';

/**
 * The facade in somebody else's server: what main.ts makes of a process, made of values. It opens no port, reads no
 * process.env and no .env file, hears no signal and ends no process; whose those are, says what it gets of them.
 */

/** @throws ConfigRefused with everything that is wrong with the environment or the table, one problem a line. */
export async function createFacade(options: FacadeOptions, product: Product): Promise<Facade> {
  const table = tableFile(options.config);
  try {
    return await open(options, product, table);
  } catch (error) {
    table.remove();
    throw error;
  }
}

async function open(
  { environment: given = {}, log }: FacadeOptions,
  product: Product,
  table: TableFile,
): Promise<Facade> {
  const variables = { ...given, FACADE_CONFIG: table.file };
  const environment = environmentOf(variables, product);
  const logs = logsTo(log, given['LOG_LEVEL']);
  const { pair, extension: service } = product;
  for (const warning of environmentWarnings(given, pair.variables, service?.variables, readTextIfAny(table.file))) {
    logs.log.warn(warning);
  }
  const composition = await compose({ environment, product, variables: () => variables, ...logs });
  const { dataPlane, active, reload } = composition.runtime;
  const { extension, store } = composition.background;
  try {
    await composition.begin();
  } catch (error) {
    await composition.close();
    throw error;
  }
  let ending: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    dataPlane.drain();
    const { delayMs, deadlineMs } = drainTimes(active.config, environment.drainDelayMs);
    if (delayMs > 0) await sleep(delayMs);
    dataPlane.endTunnels();
    const ending = Promise.all([dataPlane.idle(deadlineMs), extension?.stop(deadlineMs)]);
    await store.cutAfter(deadlineMs, ending);
    await composition.close();
    table.remove();
  };
  const handle = admitted(consumedGuard((req, res) => dataPlane.handle(req, res), logs.log));
  return {
    handle: (req, res) => handle(req, res, false),
    isUpgrade: (req) => passesHead(req) && dataPlane.takeUpgrade(req) !== undefined,
    upgrade: (req, socket, head) => upgrade(dataPlane, req, socket, head),
    admin: composition.listeners.admin,
    reload,
    close: () => (ending ??= end()),
  };
}

const NOT_TAKEN: Problem = {
  status: 501,
  kind: 'upgrade-not-taken',
  detail: 'This upgrade is not taken. Send the request without it.',
};

function upgrade(dataPlane: DataPlane, req: IncomingMessage, socket: Duplex, head: Buffer): void {
  // A host may hand on later than it was told: of a caller who has left meanwhile there would never be a `close`.
  if (!(socket instanceof Socket) || socket.destroyed) return void socket.destroy();
  // Node has given the connection away: where the host sets no shouldUpgradeCallback, there is no response any more.
  const problem = headProblem(req);
  if (problem) return endWithProblem(socket, problem);
  const take = dataPlane.takeUpgrade(req);
  if (take) take(socket, head);
  else endWithProblem(socket, NOT_TAKEN);
}

function environmentOf(variables: Variables, { pair, extension }: Product): Environment {
  const { variables: resolved } = resolveFormerNames(variables, extension?.variables?.formerNames);
  const isSet = (name: string): boolean => (resolved[name] ?? '') !== '';
  const hasStore = isSet('DATABASE_URL') || isSet('DATA_DIR');
  const given = {
    ...variables,
    ...(!hasStore && { DATABASE_URL: 'none' }),
    // Read by nobody here, but two that are the same would be refused.
    PORT: '0',
    ADMIN_PORT: '0',
    // Nobody knows it: the API is shut until its owner says who may use it. Where it will listen is not known here.
    ADMIN_TOKEN: isSet('ADMIN_TOKEN') ? variables['ADMIN_TOKEN'] : randomBytes(32).toString('hex'),
  };
  const read = readEnvironment(given, pair.variables, extension?.variables);
  if (read.ok) return read.environment;
  throw new ConfigRefused(`createFacade: the environment cannot be used:\n${read.problems.join('\n')}`);
}

function logsTo(log: FacadeOptions['log'], level: string | undefined): Logs {
  if (!log) return createLogs(level?.trim() || 'warn', standardError());
  return createLogs(level?.trim() || 'info', handedTo(log));
}

/** A host whose log fails loses the line, not the request that the line tells of. */
function handedTo(log: NonNullable<FacadeOptions['log']>): CountingDestination {
  let droppedLines = 0;
  return {
    get droppedLines() {
      return droppedLines;
    },
    write(line) {
      try {
        log(line);
      } catch {
        droppedLines++;
      }
    },
  };
}

interface TableFile {
  readonly file: string;
  remove(): void;
}

function tableFile(config: string | object): TableFile {
  if (typeof config === 'string') return { file: config, remove: () => undefined };
  const dir = mkdtempSync(join(tmpdir(), 'c2s-facade-table-'));
  const file = join(dir, 'facade.yaml');
  writeFileSync(file, stringify(config), { mode: 0o600 });
  return { file, remove: () => rmSync(dir, { recursive: true, force: true }) };
}
