import { readdirSync } from 'node:fs';
import { monitorEventLoopDelay, performance, PerformanceObserver } from 'node:perf_hooks';
import { Pool } from 'undici';
import type { Document } from 'yaml';
import { startGateway } from '../../../src/c2s/gateway/index.ts';
import { SEED_LEAD_IDS, startSandbox, type Sandbox } from '../../../src/c2s/sandbox/index.ts';
import { Observer } from '../../../src/facade/compare/observer.ts';
import { SCRAPE_INTERVAL_S, type StampedPage } from './backfill.ts';
import { enrichingEnv, QUICK } from './enrichment.ts';
import { FACADE_TOKEN, setRoute, startFacade, type TestFacade } from './facade.ts';
import { FakeCalendar } from './fake-calendar.ts';
import { startFaultyGateway } from './faulty-gateway.ts';
import { Opened } from './load.ts';
import { startPostgres } from './postgres.ts';
import { until } from './upstream.ts';

/**
 * Seventy-nine minutes of a facade for the dashboards. Whoever sends a request writes down what was sent and what came back,
 * and /metrics is read every fifteen seconds of the calendar. The first hour is quiet: one page stands for all of it.
 */

export const ROUTE = 'leads.get';
/** Of leads.get, in every fifteen seconds. */
export const READS = 20;
export const GATEWAY_DELAY_MS = 30;
export const WORK_API_DELAY_MS = 120;
export const HANGING = 3;
const PER_MINUTE = 60 / SCRAPE_INTERVAL_S;
const QUIET_STAMPS = 60 * PER_MINUTE;
const LAST_STAMP = 79 * PER_MINUTE;

type What = 'request' | 'shadow' | 'failover' | 'verify' | 'enrichment' | 'order' | 'reload';

/** Something that happened, as its sender saw it, after which scrape. */
export interface Happened {
  /** Of the first scrape that can show it. */
  readonly stamp: number;
  readonly what: What;
  readonly route?: string;
  readonly path?: string;
  readonly status?: number;
  readonly result?: string;
  /** As long as the sender waited. */
  readonly ms?: number;
}

/** Scrapes, by number: each is the last one of its part. */
export interface Instants {
  /** Half of leads.get is on a sound gateway. */
  readonly steady: number;
  /** The gateway has been dead for six minutes. */
  readonly dead: number;
  /** The kill switch is on. */
  readonly killed: number;
  /** After a restart: messages refused and lost, a write of unknown fate, a config file refused, requests that hang. */
  readonly end: number;
}
export type Instant = keyof Instants;

/** What this process, in which the facade runs, knows of itself at a scrape. */
export interface OfProcess {
  /** Seconds so far. */
  readonly cpu: number;
  readonly memory: NodeJS.MemoryUsage;
  /** Since the scrape before. */
  readonly collections: readonly Collection[];
  readonly files: number;
  readonly resources: readonly string[];
  /** Seconds, of the whole run. */
  readonly longestLag: number;
  /** Of callers. */
  readonly connections: number;
}

interface Collection {
  readonly kind: string;
  /** Seconds. */
  readonly took: number;
}

/** What the admin API says at an instant. */
export interface Told {
  readonly migrated: number | null;
  readonly autopilot: Readonly<Record<string, number>>;
}

export interface Played {
  readonly pages: readonly StampedPage[];
  readonly happened: readonly Happened[];
  readonly instants: Instants;
  readonly ofProcess: ReadonlyMap<number, OfProcess>;
  readonly told: ReadonlyMap<number, Told>;
  /** Seconds since 1970, of the second process. */
  readonly startedAt: number;
  /** Ids of the routes that have a gateway endpoint, and of all. */
  readonly twoSided: readonly string[];
  readonly routes: readonly string[];
}

/** @param end seconds since 1970, of the last scrape. */
export async function play(end: number): Promise<Played> {
  const opened = new Opened();
  try {
    const run = new Run(opened, end - LAST_STAMP * SCRAPE_INTERVAL_S);
    await run.open();
    return await run.play();
  } finally {
    await opened.closeAll();
  }
}

/** queues.list is compared and proposed by the autopilot; tags.list and sellers.list are compared; messages are read back. */
function tableOf(config: Document): void {
  const { routes } = config.toJS() as { routes: { id: string }[] };
  // Every route costs a hundred series a scrape.
  for (const i of [...routes.keys()].reverse()) {
    if (!KEPT.includes(routes[i]?.id ?? '')) config.deleteIn(['routes', i]);
  }
  config.setIn(['enrichment'], config.createNode(QUICK));
  config.setIn(['compare', 'noiseShare'], 0.5);
  config.setIn(['compare', 'minNoise'], 0);
  config.setIn(['server', 'unknownWrites'], { notArrivedAfter: '10m' });
  config.setIn(['upstreams', 'direct', 'rateBudget'], config.createNode({ requests: 1000, period: '1s' }));
  // Of direct alone, which has no such page: checks of the gateway would send its traffic to direct before a breaker opens.
  config.setIn(
    ['upstreams', 'direct', 'health'],
    config.createNode({ path: '/health', interval: '1s', healthyAfter: 1, expectedStatuses: '200-499' }),
  );
  const autopilot = { mode: 'propose', steps: [50, 100], hold: '1m', minRequests: 5 };
  setRoute(config, ROUTE, ['rollout', 'gateway'], 50);
  // It stays open for as long as the gateway is dead.
  setRoute(config, ROUTE, ['breaker'], { volumeThreshold: 5, errorRate: 0.05, reset: '10m' });
  for (const id of ['tags.list', 'sellers.list', 'queues.list']) setRoute(config, id, ['rollout', 'shadow'], 100);
  setRoute(config, 'queues.list', ['autopilot'], autopilot);
  setRoute(config, 'leads.messages.create', ['rollout', 'gateway'], 100);
  setRoute(config, 'leads.messages.create', ['breaker'], { enabled: false });
  setRoute(config, 'leads.messages.create', ['verify', 'sample'], 100);
  setRoute(config, 'leads.messages.create', ['verify', 'after'], '0s');
}

const KEPT = [
  ROUTE,
  'leads.update',
  'leads.status',
  'leads.messages.create',
  'tags.list',
  'sellers.list',
  'queues.list',
  'rules.list',
];

const GC_KINDS: Readonly<Record<number, string>> = {
  1: 'minor',
  2: 'minor',
  4: 'major',
  8: 'incremental',
  16: 'weakcb',
};
const KNOWN = `Bearer ${FACADE_TOKEN}`;
const STRANGER = 'Bearer nobody-knows-this-token';
const MESSAGES = 'leads.messages.create';
const SHADOWED: Readonly<Record<string, string>> = {
  '/tags': 'tags.list',
  '/sellers': 'sellers.list',
  '/distribution/queues': 'queues.list',
};
const leadOf = (n: number): string => SEED_LEAD_IDS[n % SEED_LEAD_IDS.length] ?? '';

class Run {
  readonly #opened: Opened;
  readonly #begin: number;
  readonly #calendar: FakeCalendar;
  readonly #pages: StampedPage[] = [];
  readonly #happened: Happened[] = [];
  readonly #ofProcess = new Map<number, OfProcess>();
  readonly #told = new Map<number, Told>();
  readonly #lag = monitorEventLoopDelay({ resolution: 10 });
  /** Which path serves a request that the split decides, while the gateway is sound. */
  readonly #homes = new Map<string, string>();
  #collections: Collection[] = [];
  #stamp = 0;
  #sandbox!: Sandbox;
  #gateway!: Awaited<ReturnType<typeof startFaultyGateway>>;
  #databaseUrl = '';
  #facade!: TestFacade;
  #callers!: Pool;
  #shadowsSeen = 0;
  /** Of this process: writes that are to be read back. */
  #toReadBack = 0;
  #messages = 0;

  constructor(opened: Opened, begin: number) {
    this.#opened = opened;
    this.#begin = begin;
    this.#calendar = new FakeCalendar((begin + QUIET_STAMPS * SCRAPE_INTERVAL_S) * 1_000);
  }

  async open(): Promise<void> {
    const observer = new PerformanceObserver((list) => {
      for (const { detail, duration } of list.getEntries() as unknown as {
        detail: { kind: number };
        duration: number;
      }[]) {
        this.#collections.push({ kind: GC_KINDS[detail.kind] ?? '', took: duration / 1_000 });
      }
    });
    observer.observe({ entryTypes: ['gc'] });
    this.#opened.keep({ close: () => observer.disconnect() });
    this.#lag.enable();
    this.#opened.keep({ close: () => this.#lag.disable() });
    this.#sandbox = this.#opened.keep(await startSandbox());
    const { url, token } = this.#sandbox.c2s;
    const truth = this.#opened.keep(await startGateway({ c2sBaseUrl: url, c2sToken: token, port: 0 }));
    this.#gateway = this.#opened.keep(await startFaultyGateway(truth.url));
    this.#gateway.delay(GATEWAY_DELAY_MS);
    this.#gateway.faults.set(/^GET \/sellers$/, 'nameless');
    this.#sandbox.workApi.standIn.faults.add({ path: '/', latencyMs: WORK_API_DELAY_MS });
    this.#databaseUrl = await this.#opened.keep(await startPostgres()).createMigrated();
  }

  async play(): Promise<Played> {
    await this.#start();
    this.#repeat(await this.#facade.metricsText(), 1);
    await this.#enrich(leadOf(0), 'enriched');
    this.#repeat(await this.#facade.metricsText(), QUIET_STAMPS - 1);
    await this.#ordinary(6 * PER_MINUTE);
    const steady = await this.#look();
    await this.#gateway.die();
    await this.#ordinary(6 * PER_MINUTE, 'dead');
    const dead = await this.#look();
    await this.#admin('PUT', 'kill-switch');
    await this.#ordinary(1, 'killed');
    const killed = await this.#look();
    await this.#admin('DELETE', 'kill-switch');
    await this.#stop();
    await this.#gateway.revive();
    await this.#missed(2);
    const startedAt = await this.#start();
    await this.#scrape();
    await this.#ordinary(LAST_STAMP + 1 - this.#stamp - PER_MINUTE);
    const release = await this.#troubled();
    const end = await this.#look();
    const { entries } = this.#facade.dataPlane.snapshot;
    const isTwoSided = ({ model }: (typeof entries)[number]): boolean => model.gateway.length > 0;
    const twoSided = [...new Set(entries.filter(isTwoSided).map(({ model }) => model.id))];
    const routes = [...new Set(entries.map(({ model }) => model.id))];
    await release();
    await this.#stop();
    const instants = { steady, dead, killed, end };
    const of = { pages: this.#pages, happened: this.#happened, ofProcess: this.#ofProcess, told: this.#told };
    return { ...of, instants, startedAt, twoSided, routes };
  }

  /** @returns when the process says that it began: seconds since 1970. */
  async #start(): Promise<number> {
    this.#toReadBack = 0;
    this.#facade = await startFacade({
      direct: this.#sandbox.c2s.url,
      gateway: this.#gateway.url,
      env: enrichingEnv(this.#sandbox, this.#databaseUrl),
      pace: { calendar: this.#calendar, autopilotEvery: SCRAPE_INTERVAL_S * 1_000 },
      edit: tableOf,
    });
    this.#callers = new Pool(this.#facade.url, { connections: 32 });
    const { logs } = this.#facade;
    await until(() => logs.some((line) => line.includes('enrichment: ready')), 'the enrichment is ready', 15_000);
    return Math.round(Date.now() / 1_000 - process.uptime());
  }

  async #stop(): Promise<void> {
    await this.#callers.destroy();
    await this.#facade.stop();
  }

  #repeat(text: string, stamps: number): void {
    for (let i = 0; i < stamps; i++) this.#keep(text);
  }

  async #missed(stamps: number): Promise<void> {
    for (let i = 0; i < stamps; i++) {
      await this.#calendar.advance(SCRAPE_INTERVAL_S * 1_000);
      this.#keep(undefined);
    }
  }

  #keep(text: string | undefined): void {
    this.#pages.push({ at: this.#begin + this.#stamp * SCRAPE_INTERVAL_S, text });
    this.#stamp++;
  }

  async #scrape(): Promise<void> {
    const at = (this.#begin + this.#stamp * SCRAPE_INTERVAL_S) * 1_000;
    await this.#calendar.advance(at - this.#calendar.now());
    const text = await this.#facade.metricsText();
    const { user, system } = process.cpuUsage();
    this.#ofProcess.set(this.#stamp, {
      cpu: (user + system) / 1e6,
      memory: process.memoryUsage(),
      collections: this.#collections,
      files: readdirSync('/proc/self/fd').length,
      resources: process.getActiveResourcesInfo(),
      longestLag: this.#lag.max / 1e9,
      connections: this.#callers.stats.connected,
    });
    this.#collections = [];
    this.#keep(text);
  }

  /** @returns the number of the last scrape. */
  async #look(): Promise<number> {
    const { routes } = await this.#admin<{ routes: { route: string; gateway: number }[] }>('GET', 'autopilot');
    const { share } = await this.#admin<{ share: number | null }>('GET', 'migration');
    const autopilot = Object.fromEntries(routes.map(({ route, gateway }) => [route, gateway / 100]));
    this.#told.set(this.#stamp - 1, { migrated: share, autopilot });
    return this.#stamp - 1;
  }

  /** The same in every quarter of a minute, so that a rate is what was sent, divided by the time. */
  async #ordinary(stamps: number, state?: 'dead' | 'killed'): Promise<void> {
    for (let i = 0; i < stamps; i++) {
      await this.#traffic(state);
      await this.#scrape();
    }
  }

  async #traffic(state?: 'dead' | 'killed'): Promise<void> {
    await Promise.all([
      ...Array.from({ length: READS }, (_, n) => this.#read(ROUTE, `/integration/leads/${leadOf(n)}`, state)),
      this.#read(ROUTE, `/integration/leads/${'0'.repeat(31)}1`, state),
      this.#read(ROUTE, `/integration/leads/${leadOf(0)}`, state, STRANGER),
      ...[0, 1].map(() => this.#read('tags.list', '/integration/tags', state)),
      this.#read('sellers.list', '/integration/sellers', state),
      this.#read('queues.list', '/integration/distribution_queues', state),
      ...[0, 1].map(() => this.#read('passthrough', '/integration/nothing-claims-this', state)),
    ]);
    await this.#message(state);
    await this.#settle(state);
  }

  async #read(route: string, path: string, state?: 'dead' | 'killed', authorization = KNOWN): Promise<void> {
    const begun = performance.now();
    const answer = await this.#callers.request({ method: 'GET', path, headers: { authorization } });
    await answer.body.dump();
    const served = String(answer.headers['x-facade-path']);
    this.#request(route, served, answer.statusCode, performance.now() - begun);
    const key = `${authorization} ${path}`;
    if (state === undefined) this.#homes.set(key, served);
    else if (state === 'dead' && this.#homes.get(key) === 'gateway') this.#note({ what: 'failover', route });
  }

  async #message(state?: 'dead' | 'killed'): Promise<void> {
    const lead = leadOf(1);
    const begun = performance.now();
    const text = `Mensagem ${this.#messages++}`;
    const answer = await this.#callers.request({
      method: 'POST',
      path: `/integration/leads/${lead}/create_message`,
      headers: { authorization: KNOWN, 'content-type': 'application/json' },
      body: JSON.stringify({ leadId: lead, body: text, type: 'note' }),
    });
    await answer.body.dump();
    const served = String(answer.headers['x-facade-path']);
    this.#request(MESSAGES, served, answer.statusCode, performance.now() - begun);
    if (state === 'dead') this.#note({ what: 'failover', route: MESSAGES });
    if (served !== 'gateway' || answer.statusCode >= 300) return;
    const stored = this.#sandbox.c2s.standIn.crm.leads.get(lead)?.attributes.messages ?? [];
    const result = stored.some(({ body }) => body === text) ? 'arrived' : 'not_arrived';
    this.#note({ what: 'verify', route: MESSAGES, result });
    this.#toReadBack++;
  }

  #request(route: string, path: string, status: number, ms: number): void {
    this.#note({ what: 'request', route, path, status, ms });
  }

  /** Waits until shadows and read-backs of what was sent have ended. */
  async #settle(state: 'dead' | 'killed' | undefined): Promise<void> {
    const { shadowSink } = this.#facade.dataPlane;
    if (!(shadowSink instanceof Observer)) throw new Error('nothing is compared');
    do await new Promise(setImmediate);
    while (shadowSink.pending > 0);
    const copies = this.#gateway.received.filter(({ isShadow }) => isShadow);
    for (const { url } of copies.slice(this.#shadowsSeen)) {
      const route = SHADOWED[url.split('?')[0] ?? ''] ?? url;
      this.#note({ what: 'shadow', route, result: route === 'sellers.list' ? 'mismatch' : 'match' });
    }
    this.#shadowsSeen = copies.length;
    // What is compared and was not copied to the gateway was compared with itself, while the gateway is there.
    for (const route of state === undefined ? Object.values(SHADOWED) : []) {
      const here = this.#happened.filter((one) => one.stamp === this.#stamp && one.route === route);
      const count = (what: What): number => here.filter((one) => one.what === what).length;
      const noises = count('request') - count('shadow');
      for (let i = 0; i < noises; i++) this.#note({ what: 'shadow', route, result: 'noise' });
    }
    const isReadBack = async (): Promise<boolean> =>
      (await this.#facade.metric(/^facade_verify_total\{/)) >= this.#toReadBack;
    await until(isReadBack, 'the writes are read back');
  }

  async #enrich(lead: string, result: string): Promise<void> {
    const begun = performance.now();
    const path = `/api/v1/c2s/enrich/${lead}`;
    const answer = await this.#callers.request({ method: 'POST', path, headers: { authorization: KNOWN } });
    await answer.body.dump();
    this.#note({ what: 'order', status: answer.statusCode });
    this.#note({ what: 'enrichment', result, ms: performance.now() - begun });
    if (result !== 'enriched') return;
    // Its message goes through the table, and is read back like every other one.
    this.#note({ what: 'verify', route: MESSAGES, result: 'arrived' });
    this.#toReadBack++;
  }

  /** What goes wrong in the last minute. @returns what lets the requests go that hang. */
  async #troubled(): Promise<() => Promise<void>> {
    const { faults } = this.#sandbox.c2s.standIn;
    await this.#enrich(leadOf(6), 'enriched');
    await this.#ordinary(1);
    faults.add({ path: '/integration/leads/:leadId/create_message', status: 422, times: 1 });
    await this.#enrich(leadOf(7), 'refused');
    await this.#ordinary(1);
    const posts = /^POST \/leads\/[^/]+\/messages$/;
    this.#gateway.faults.set(posts, 'lost');
    await this.#ordinary(1);
    this.#gateway.faults.set(posts, 'cut');
    await this.#facade.write('routes: nothing');
    this.#note({ what: 'reload', result: 'failure' });
    faults.add({ path: '/integration/distribution_rules', hang: true });
    const leaving = new AbortController();
    const { signal } = leaving;
    const path = '/integration/distribution_rules';
    const hanging = Array.from({ length: HANGING }, () =>
      this.#callers.request({ method: 'GET', path, headers: { authorization: KNOWN }, signal }).catch(() => undefined),
    );
    await until(async () => (await this.#facade.metric('facade_inflight{upstream="direct"}')) >= HANGING, 'they hang');
    await this.#ordinary(1);
    return async () => {
      leaving.abort();
      await Promise.all(hanging);
    };
  }

  #note(one: Omit<Happened, 'stamp'>): void {
    this.#happened.push({ stamp: this.#stamp, ...one });
  }

  async #admin<T>(method: string, path: string): Promise<T> {
    const answer = await fetch(`${this.#facade.adminUrl}/api/${path}`, { method, headers: { 'x-c2s-admin': '1' } });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }
}
