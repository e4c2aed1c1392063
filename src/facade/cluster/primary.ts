import cluster, { type Worker as ClusterWorker } from 'node:cluster';
import { Counter, Gauge, Registry } from 'prom-client';
import type { Environment } from '../config/environment.ts';
import { summaryText, type TableSummary } from '../steer/table-summary.ts';
import type { Variables } from '../config/variables.ts';
import type { LoadedConfig } from '../forward/reload.ts';
import { listen } from '../../http/listener.ts';
import type { Logger } from '../../http/log.ts';
import { countDroppedLines } from '../observe/metrics.ts';
import { startEmbedded, type Embedded } from '../store/embedded/index.ts';
import { WorkerPool, type WorkerHandle, type Worker } from './worker-pool.ts';
import { createAdminProxy } from './admin-proxy.ts';
import { KillSwitchRelay } from './kill-switch-relay.ts';
import type { BreakerMessage, FromWorker, ToWorker } from './messages.ts';
import { MetricsPage } from './metrics-page.ts';
import type { RoleFacts } from './worker-role.ts';

/**
 * The process above the workers, which serves no caller itself. It holds the listening socket that all accept from, keeps
 * the workers alive, passes on what one has learnt to the others (breakers, the kill switch, a changed config), answers
 * `/metrics` and the probes for all, and owns the embedded Postgres, of which there can be one only.
 *
 * Each worker is a whole facade, as one of several instances would be: on a store they share flips, evidence, traffic and
 * enrichments in the way that instances on several machines do.
 */

export interface PrimaryOptions {
  readonly environment: Environment;
  readonly log: Logger;
  /** Log lines of this process that were dropped so far. */
  readonly droppedLines: () => number;
  /** The .env file at the start. */
  readonly envFile: Variables;
  /** Name of the variable by which a worker finds its role. */
  readonly roleVariable: string;
  /** Aborted: no worker is to be started any more. */
  readonly stopping: AbortSignal;
}

export interface Primary {
  readonly url: string;
  readonly adminUrl: string;
  /** Every worker reads the config file again. */
  reload(): void;
  /** Resolves when all have drained; false when one of them cut something. */
  stop(): Promise<boolean>;
}

/** Milliseconds. What a worker that dies had counted since is lost. */
const MEASURE_INTERVAL_MS = 5_000;
/** Milliseconds that a page waits for a worker; then its last answer stands. */
const MEASURE_TIMEOUT_MS = 1_000;

/**
 * Resolves when the first worker serves; the others follow.
 * @returns undefined when `stopping` came before, or the workers cannot start; why not, the first one has said.
 * @throws ListenError
 */
export async function startPrimary(options: PrimaryOptions): Promise<Primary | undefined> {
  const { environment, log, stopping } = options;
  const { workers, adminHost, adminPort } = environment;
  const embedded = environment.database.kind === 'embedded' ? await embeddedFor(options) : undefined;
  const ipc = new Ipc(options, embedded);
  const adminProxy = createAdminProxy(ipc.adminProxy);
  const close = async (): Promise<void> => {
    ipc.close();
    adminProxy.close();
    adminProxy.closeAllConnections();
    await embedded?.stop();
  };
  try {
    // Admin first: a probe must find it when the public port opens.
    const adminUrl = await listen(adminProxy, adminHost, adminPort, 'ADMIN_PORT');
    const isUp = !stopping.aborted && (await ipc.pool.startFirst());
    if (!isUp) {
      await close();
      return undefined;
    }
    const allUp = ipc.pool.startOthers();
    void allUp.then(() => {
      const { table, url } = ipc;
      if (ipc.pool.isStopping || !table) return;
      log.info({ listening: url, admin: adminUrl, workers, table }, `ready: ${summaryText(table)}`);
    });
    const stop = async (): Promise<boolean> => {
      const isWhole = await ipc.pool.stop();
      await close();
      return isWhole;
    };
    const reload = (): void => ipc.pool.tellAll({ kind: 'reload' });
    return { url: ipc.url, adminUrl, reload, stop };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The primary's end of every worker's channel: what the workers know in common, and the page that they share. */
class Ipc {
  readonly pool: WorkerPool;
  url = '';
  /** Of the worker that was ready last: all serve the same. */
  table: TableSummary | undefined;
  /** Of the workers' own admin listeners, by place. */
  readonly #adminUrls = new Map<number, string>();
  /** What serves: a worker that is replaced must not need a file that is good at that moment. */
  #config: LoadedConfig | undefined;
  readonly #page = new MetricsPage();
  readonly #own = new Registry();
  readonly #timer: NodeJS.Timeout;
  /** What a worker that comes later must be told. */
  readonly #breakers = new Map<string, BreakerMessage>();
  readonly #killSwitch = new KillSwitchRelay((message, but) => this.pool.tellAll(message, but));
  /** Places whose answer a page waits for. */
  readonly #asked = new Map<number, Set<() => void>>();

  constructor(
    { environment, log, droppedLines, envFile, roleVariable }: PrimaryOptions,
    embedded: Embedded | undefined,
  ) {
    const { workers } = environment;
    // Whoever is free accepts. Were they dealt out from here, one that is on its way to a worker that has just died would
    // hang: nobody answers for it, and node does not take it back.
    cluster.schedulingPolicy = cluster.SCHED_NONE;
    // Of the two only this one carries a NaN.
    cluster.setupPrimary({ serialization: 'advanced' });
    const databaseUrl = embedded?.connectionString ?? (environment.database.kind === 'embedded' ? 'none' : undefined);
    this.pool = new WorkerPool({
      size: workers,
      fork: (place) => {
        const role: RoleFacts = { place, workers, isEmbedded: embedded !== undefined };
        const env = { [roleVariable]: JSON.stringify(role), ...(databaseUrl && { DATABASE_URL: databaseUrl }) };
        const handle = handleOf(cluster.fork(env));
        handle.send({ kind: 'begin', envFile, config: this.#config });
        return handle;
      },
      heard: (worker, message) => this.#heard(worker, message),
      left: (worker) => this.#left(worker),
      log,
      now: () => performance.now(),
    });
    this.#measureOwn(environment.workers);
    countDroppedLines(this.#own, droppedLines);
    this.#timer = setInterval(() => this.pool.tellAll({ kind: 'measure' }), MEASURE_INTERVAL_MS).unref();
  }

  get adminProxy(): Parameters<typeof createAdminProxy>[0] {
    const { pool } = this;
    return {
      metrics: () => this.#metrics(),
      contentType: this.#page.contentType,
      state: () => ({ ready: pool.ready.length, workers: pool.workers.length, isStopping: pool.isStopping }),
      adminUrl: () => this.#adminUrls.get(0),
      anyAdminUrl: () => [...this.#adminUrls.values()][0],
    };
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #heard(worker: Worker, message: FromWorker): void {
    const { pool } = this;
    switch (message.kind) {
      case 'ready':
        this.url = message.url;
        this.table = message.table;
        this.#adminUrls.set(worker.place, message.adminUrl);
        return this.#greet(worker);
      case 'breaker':
        this.#breakers.set(`${message.route} ${message.path}`, message);
        return pool.tellAll(message, worker);
      case 'health':
        return pool.tellAll(message, worker);
      case 'killed':
      case 'kill':
      case 'kill-settled':
        return this.#killSwitch.heard(worker, message);
      case 'reloaded':
        return pool.tellAll({ kind: 'reload' }, worker);
      case 'loaded':
        this.#config = message.config;
        return;
      case 'measured':
        this.#page.take(worker.place, message.metrics);
        this.#asked.get(worker.place)?.forEach((done) => done());
        this.#asked.delete(worker.place);
    }
  }

  /** One that came later knows what the others know. */
  #greet(worker: Worker): void {
    const { handle } = worker;
    this.#killSwitch.greet(worker);
    for (const breaker of this.#breakers.values()) if (breaker.state !== 'closed') handle.send(breaker);
  }

  #left({ place }: Worker): void {
    this.#adminUrls.delete(place);
    this.#asked.get(place)?.forEach((done) => done());
    this.#asked.delete(place);
    this.#page.left(place);
  }

  async #metrics(): Promise<string> {
    const answers = this.pool.ready.map(
      ({ place, handle }) =>
        new Promise<void>((done) => {
          const waiting = this.#asked.get(place) ?? new Set();
          this.#asked.set(place, waiting.add(done));
          setTimeout(done, MEASURE_TIMEOUT_MS).unref();
          handle.send({ kind: 'measure' });
        }),
    );
    await Promise.all(answers);
    return this.#page.text(this.#own);
  }

  #measureOwn(workers: number): void {
    const registers = [this.#own];
    const gauge = new Gauge({
      name: 'facade_workers',
      help: 'Workers by state.',
      labelNames: ['state'] as const,
      registers,
      collect: (): void => {
        const ready = this.pool.ready.length;
        gauge.set({ state: 'ready' }, ready);
        gauge.set({ state: 'missing' }, workers - ready);
      },
    });
    const replaced = new Counter({
      name: 'facade_workers_replaced_total',
      help: 'Workers that ended unasked and were replaced.',
      registers,
      collect: (): void => {
        replaced.reset();
        replaced.inc(this.pool.replaced);
      },
    });
    // prom-client leaves the one of the workers out.
    const started = new Gauge({
      name: 'process_start_time_seconds',
      help: 'Start time of the process since unix epoch in seconds.',
      registers,
    });
    started.set(Math.round(Date.now() / 1000 - process.uptime()));
  }
}

/** Without it the workers serve all the same, and say what they lack. */
async function embeddedFor({ environment, log, stopping }: PrimaryOptions): Promise<Embedded | undefined> {
  const { dataDir, workers, databaseConnections: maxConnections } = environment;
  try {
    return await startEmbedded(dataDir, log, { instances: workers, maxConnections, signal: stopping });
  } catch (error) {
    if (stopping.aborted) return undefined;
    log.error({ err: error, reason: (error as Error).message }, 'the database cannot be had; the workers go without');
    return undefined;
  }
}

function handleOf(worker: ClusterWorker): WorkerHandle {
  return {
    pid: worker.process.pid,
    send(message: ToWorker) {
      // One that has just died is no error of the others.
      if (worker.isConnected()) worker.send(message, () => undefined);
    },
    onMessage: (hear) => void worker.on('message', hear),
    onExit: (ended) => void worker.on('exit', (code: number | null) => ended(code)),
  };
}
