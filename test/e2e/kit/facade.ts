import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { parseDocument, type Document } from 'yaml';
import { enrichmentExtension } from '../../../src/c2s/extension.ts';
import { PRODUCT } from '../../../src/c2s/product.ts';
import { startApp, type App, type AppOptions } from '../../../src/facade/app.ts';
import { readEnvironment } from '../../../src/c2s/environment.ts';
import { createLogs } from '../../../src/http/log.ts';

/** A facade for a test: the real app on free ports, with the shipped table, changed as the test needs. */

export const C2S_TOKEN = 'test-c2s-token-of-contact2sale';
export const FACADE_TOKEN = 'test-facade-token-of-a-caller';

export interface TestFacadeOptions {
  /** Base URL of the direct upstream. */
  readonly direct: string;
  /** Base URL of the gateway; none: C2S_GATEWAY_URL is not set. */
  readonly gateway?: string;
  /** Changes the shipped config/facade.yaml before the start. */
  readonly edit?: (config: Document) => void;
  readonly env?: Record<string, string>;
  /** Left out: debug. */
  readonly logLevel?: string;
  /** By which days pass, and how often the autopilot looks. */
  readonly pace?: Pick<AppOptions, 'calendar' | 'autopilotEvery'>;
  /** Watches the enrichment's runs. */
  readonly reached?: Parameters<typeof enrichmentExtension>[0];
  /** Lays the config file out in an empty directory, and returns its path; left out: a plain file. */
  readonly configFile?: ((dir: string, text: string) => string) | undefined;
}

export interface TestFacade extends App {
  readonly configFile: string;
  /** Every log line so far, as text. */
  readonly logs: string[];
  /** What ${NAME} in the config file stands for; a change acts at the next reload, as in the .env file. */
  readonly variables: Record<string, string>;
  /** Changes the config file on disk, and waits until the new table serves (or, with `isBad`, was refused). */
  edit(change: (config: Document) => void): Promise<void>;
  /** Writes any text into the config file and has it loaded; good or bad. */
  write(text: string): Promise<void>;
  metric(line: string | RegExp): Promise<number>;
  metricsText(): Promise<string>;
}

/** Sets a row's rollout (or any other key) by route id. */
export function setRoute(config: Document, id: string, path: readonly (string | number)[], value: unknown): void {
  const rows = (config.toJS() as { routes: { id: string }[] }).routes;
  const row = rows.findIndex((candidate) => candidate.id === id);
  if (row < 0) throw new Error(`no route ${id}`);
  config.setIn(['routes', row, ...path], config.createNode(value));
}

/** Every two-faced route at this percentage. */
export function setAll(config: Document, gateway: number): void {
  const rows = (config.toJS() as { routes: { direct?: unknown; gateway?: unknown }[] }).routes;
  rows.forEach((row, i) => {
    if (row.direct && row.gateway) config.setIn(['routes', i, 'rollout', 'gateway'], gateway);
  });
}

let parsed: Document | undefined;
/**
 * The shipped config/facade.yaml, to be changed as one likes: parsed once, which was a quarter of a facade's start. Without
 * its health checks: most tests count what a gateway receives, and those of the checks write their own.
 */
export function shippedTable(): Document {
  if (!parsed) {
    parsed = parseDocument(readFileSync('config/facade.yaml', 'utf8'));
    parsed.deleteIn(['upstreams', 'gateway', 'health']);
  }
  return parsed.clone();
}

export async function startFacade(options: TestFacadeOptions): Promise<TestFacade> {
  const dir = mkdtempSync(join(tmpdir(), 'c2s-facade-'));
  const config = shippedTable();
  // The test, its upstreams and its callers share this loop, and the machine is shared with other tests.
  config.setIn(['server', 'overload', 'maxLag'], '30s');
  options.edit?.(config);
  const configFile = (options.configFile ?? plainFile)(dir, config.toString());
  const env: Record<string, string> = {
    HOST: '127.0.0.1',
    PORT: '0',
    ADMIN_PORT: '0',
    C2S_BASE_URL: options.direct,
    C2S_TOKEN,
    FACADE_TOKENS: FACADE_TOKEN,
    FACADE_CONFIG: configFile,
    // Most tests need no store, and each would start a server of its own.
    DATABASE_URL: 'none',
    ...(options.gateway ? { C2S_GATEWAY_URL: options.gateway } : {}),
    ...options.env,
  };
  const read = readEnvironment(env);
  if (!read.ok) throw new Error(read.problems.join('\n'));
  const logs: string[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      logs.push(chunk.toString());
      done();
    },
  });
  const { reached } = options;
  const product = reached ? { ...PRODUCT, extension: enrichmentExtension(reached) } : PRODUCT;
  const wired = { environment: read.environment, product, variables: () => env, ...options.pace };
  const app = await startApp({ ...wired, ...createLogs(options.logLevel ?? 'debug', sink) });
  const write = async (text: string): Promise<void> => {
    writeFileSync(configFile, text);
    await app.reload();
  };
  const metricsText = async (): Promise<string> => (await fetch(`${app.adminUrl}/metrics`)).text();
  return {
    ...app,
    configFile,
    logs,
    variables: env,
    write,
    edit: (change) => {
      change(config);
      return write(config.toString());
    },
    metricsText,
    metric: async (line) => readMetric(await metricsText(), line),
    stop: async () => {
      const isWhole = await app.stop();
      rmSync(dir, { recursive: true, force: true });
      return isWhole;
    },
  };
}

function plainFile(dir: string, text: string): string {
  const file = join(dir, 'facade.yaml');
  writeFileSync(file, text);
  return file;
}

/** The value of one series, `facade_x{route="a"}` or a pattern; 0 when it does not exist. Several matches add up. */
export function readMetric(text: string, line: string | RegExp): number {
  return text
    .split('\n')
    .filter((row) => (typeof line === 'string' ? row.startsWith(`${line} `) : line.test(row)))
    .reduce((sum, row) => sum + Number(row.slice(row.lastIndexOf(' ') + 1)), 0);
}
