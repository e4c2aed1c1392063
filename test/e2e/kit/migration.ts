import { readFileSync, writeFileSync } from 'node:fs';
import { pino } from 'pino';
import { Pool } from 'undici';
import { startAutopilot, type FlipPort } from '../../../src/compare/autopilot/index.ts';
import type { Report } from '../../../src/compare/autopilot/ports.ts';
import { startComparison } from '../../../src/compare/start.ts';
import { editRollout } from '../../../src/config/edit.ts';
import { parseConfig } from '../../../src/config/load.ts';
import { startGateway } from '../../../src/gateway/index.ts';
import { Metrics } from '../../../src/observe/metrics.ts';
import { SEED_LEAD_IDS, startContact2Sale } from '../../../src/sandbox/index.ts';
import { C2S_TOKEN, setRoute, startFacade } from './facade.ts';
import { startFaultyGateway, type FaultKind } from './faulty-gateway.ts';
import { Opened } from './load.ts';

/**
 * A migration in a minute: the facade and the gateway as they are, the sandbox behind them, every read on autopilot with
 * holds of seconds, and 200 requests a second. At 25 % three routes go bad. The comparison and the autopilot are the
 * real ones, put beside the app; a flip edits the config file and has it loaded.
 */

const lead = (i: number) => SEED_LEAD_IDS[i % SEED_LEAD_IDS.length] ?? '';
const ASKED: Readonly<Record<string, (i: number) => string>> = {
  'leads.list': () => '/integration/leads?page=1&perpage=5',
  'leads.get': (i) => `/integration/leads/${lead(i)}`,
  'leads.tags.list': (i) => `/integration/leads/${lead(i)}/tags`,
  'tags.list': () => '/integration/tags',
  'sellers.list': () => '/integration/sellers',
  'queues.list': () => '/integration/distribution_queues',
};
export const ROUTES = Object.keys(ASKED);
export const FAULTS: Readonly<Record<string, { readonly path: RegExp; readonly kind: FaultKind }>> = {
  'leads.get': { path: /^\/leads\/[^/]+$/, kind: 'wrong' },
  'tags.list': { path: /^\/tags$/, kind: 'errors' },
  'sellers.list': { path: /^\/sellers$/, kind: 'slow' },
};

/** Enough callers that a few percent of them are some. */
const CALLERS = Array.from({ length: 200 }, (_, i) => `demo-caller-token-number-${i}`);
const BATCH = 10;
const EVERY_MS = 50;

const SETTINGS = {
  mode: 'apply',
  steps: [5, 25, 50, 100],
  hold: '2s',
  minRequests: 20,
  coolDown: '5m',
  gates: { parity: 0.95, errorRateDelta: 0.02, latencyP95Ratio: 2, latencyFloor: '100ms' },
};

export interface Migrated {
  readonly requests: number;
  /** Answers that were no success, or none. */
  readonly errors: number;
  readonly highest: ReadonlyMap<string, number>;
  readonly reports: readonly Report[];
}

const isDone = ({ route, phase }: Report) => (route in FAULTS ? phase === 'cooling' : phase === 'complete');

/** @param show hears of every look; @param longest milliseconds. Ends by itself. */
export async function migrate(show: (reports: readonly Report[]) => void, longest: number): Promise<Migrated> {
  const opened = new Opened();
  try {
    const scene = await startScene(opened);
    const highest = new Map<string, number>();
    const until = Date.now() + longest;
    let reports: Report[] = [];
    const traffic = replay(opened, scene.facade.url);
    while (Date.now() < until && !(reports.length === ROUTES.length && reports.every(isDone))) {
      await traffic.next();
      if (traffic.batches % 10 !== 0) continue;
      await scene.pilot.autopilot.tick();
      reports = await scene.pilot.autopilot.reports();
      for (const { route, gateway } of reports) {
        highest.set(route, Math.max(highest.get(route) ?? 0, gateway));
        const fault = FAULTS[route];
        if (fault && gateway >= 25) scene.gateway.faults.set(fault.path, fault.kind);
      }
      show(reports);
    }
    await traffic.settled();
    return { requests: traffic.batches * BATCH, errors: traffic.errors, highest, reports };
  } finally {
    await opened.closeAll();
  }
}

async function startScene(opened: Opened) {
  const crm = opened.keep(await startContact2Sale({ token: C2S_TOKEN }));
  const truth = opened.keep(await startGateway({ c2sBaseUrl: crm.url, c2sToken: C2S_TOKEN, port: 0 }));
  const gateway = opened.keep(await startFaultyGateway(truth.url));
  const facade = opened.keep(
    await startFacade({
      direct: crm.url,
      gateway: gateway.url,
      env: { FACADE_TOKENS: CALLERS.join(',') },
      edit: (config) => {
        config.setIn(['compare'], { minSamples: 30, minNoise: 10, ready: { parity: 0.95, latencyP95Ratio: 100 } });
        for (const id of ROUTES) {
          setRoute(config, id, ['rollout'], { gateway: 0, shadow: 50, stickyBy: 'caller', fallback: 'direct' });
          setRoute(config, id, ['autopilot'], SETTINGS);
        }
      },
    }),
  );
  const { dataPlane, configFile, variables } = facade;
  const log = pino({ level: 'silent' });
  const config = () => {
    const parsed = parseConfig(readFileSync(configFile, 'utf8'), variables);
    if (!parsed.ok) throw new Error('the demo wrote a bad config');
    return parsed.config;
  };
  const common = { dataPlane, metrics: new Metrics(), log };
  const now = () => performance.now();
  const comparing = opened.keep(
    startComparison({ ...common, now, calendar: Date.now, random: Math.random, config: config() }),
  );
  const parity = (route: string) => comparing.book.report(route, Date.now());
  const flips = fileFlips(configFile, variables, async () => {
    await facade.reload();
    comparing.use(config());
  });
  // Ticked by hand, between two batches.
  const pilot = opened.keep(
    startAutopilot({ ...common, now: Date.now, parity, flips, awaitsStore: false, every: 3_600_000 }),
  );
  return { facade, gateway, pilot };
}

function fileFlips(file: string, variables: Record<string, string>, reload: () => Promise<void>): FlipPort {
  const revisions = new Map<string, number>();
  const edited = (route: string, gateway: number) =>
    editRollout(readFileSync(file, 'utf8'), [{ route, set: { gateway } }], variables);
  return {
    last: (route) => ({ revision: String(revisions.get(route) ?? 0), by: 'autopilot' }),
    async flip({ route, to }) {
      writeFileSync(file, edited(route, to).text);
      await reload();
      const revision = (revisions.get(route) ?? 0) + 1;
      revisions.set(route, revision);
      return String(revision);
    },
    propose: (route, gateway) => Promise.resolve(edited(route, gateway).diff),
  };
}

/** 200 requests a second, over all routes and callers alike. */
function replay(opened: Opened, url: string) {
  const pool = new Pool(url, { connections: 64 });
  opened.keep({ close: () => pool.destroy() });
  const open = new Set<Promise<void>>();
  const traffic = {
    batches: 0,
    errors: 0,
    async next(): Promise<void> {
      for (let i = 0; i < BATCH; i++) {
        const asked = ask(pool, traffic.batches * BATCH + i).then((isGood) => {
          if (!isGood) traffic.errors++;
        });
        open.add(asked);
        void asked.finally(() => open.delete(asked));
      }
      traffic.batches++;
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    },
    settled: () => Promise.all(open),
  };
  return traffic;
}

async function ask(pool: Pool, i: number): Promise<boolean> {
  const path = ASKED[ROUTES[i % ROUTES.length] ?? '']?.(i) ?? '/';
  // Callers and routes must not go round in step.
  const caller = CALLERS[Math.floor(i / ROUTES.length) % CALLERS.length] ?? '';
  try {
    const { statusCode, body } = await pool.request({
      method: 'GET',
      path,
      headers: { authorization: `Bearer ${caller}` },
    });
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}
