import express, { type Express, type Response } from 'express';
import type { DataPlane } from '../forward/data-plane.ts';
import type { KillSwitch } from '../forward/kill-switch.ts';
import type { Loader } from '../forward/reload.ts';
import type { Calendar } from '../observe/calendar.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { StoreHolder } from '../store/holder.ts';
import type { Autopilot } from '../compare/autopilot/index.ts';
import type { ParityBook } from '../compare/book.ts';
import { explain } from './explain.ts';
import { createParityApi } from './parity.ts';
import { paritySummaries, type ParitySummary } from './parity-summary.ts';
import { autopilotRoutes } from './autopilot.ts';
import { createConsole } from './console.ts';
import { createEvents } from './events.ts';
import { guard } from './guard.ts';
import { peopleRoutes } from './people.ts';
import type { BurnDown } from '../steer/burn-down.ts';
import type { Steering } from '../steer/steering.ts';
import { flipRoutes } from './flips.ts';
import { historyRoutes } from './history.ts';
import { migrationRoutes } from './migration.ts';
import { viewRoutes } from './routes.ts';
import { timelineOf, type Timeline } from './timeline.ts';

/**
 * The admin listener: metrics and probes for machines, and the API for operators. On a port of its own, never on the
 * public one. Metrics and probes hold nothing of callers and are open; the API is guarded.
 */

export interface AdminOptions {
  readonly dataPlane: DataPlane;
  readonly metrics: Metrics;
  readonly loader: Loader;
  readonly killSwitch: KillSwitch;
  readonly store: StoreHolder;
  readonly steering: Steering;
  readonly burnDown: BurnDown;
  readonly configFile: string;
  readonly adminToken: string | undefined;
  /** Milliseconds, monotonic: the clock of the counters. */
  readonly now: () => number;
  readonly calendar: Calendar;
  readonly book: ParityBook;
  readonly timeline: Timeline;
  readonly autopilot: Autopilot;
  /** The data upstream are invented: samples may be shown as they are. */
  readonly isSandbox: boolean;
  /** Reads the config file again, at once. */
  readonly reload: () => Promise<void>;
}

export function createAdmin(options: AdminOptions): Express {
  const { dataPlane, metrics, now, book } = options;
  const today = () => options.calendar.now();
  const admin = express();
  admin.disable('x-powered-by');
  admin.get('/metrics', async (_req, res) => {
    res.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  admin.get('/healthz', (_req, res) => void res.json({ status: 'ok' }));
  admin.get('/readyz', (_req, res) => {
    // The listener only opens with a table loaded; so what is left to say is whether we are leaving. Without a database
    // the facade routes all the same: it is ready, and says what it lacks.
    const database = options.store.problem ?? 'open';
    res.status(dataPlane.draining ? 503 : 200).json({ status: dataPlane.draining ? 'draining' : 'ready', database });
  });
  const api = express.Router();
  api.use(guard(options.adminToken));
  api.get('/routes', (_req, res) => {
    const { generation } = dataPlane;
    res.json({ revision: generation.revision, killSwitch: dataPlane.killed, routes: viewRoutes(generation, now()) });
  });
  const has = (id: string): boolean => dataPlane.generation.entries.some(({ model }) => model.id === id);
  api.get('/routes/:id/timeline', timelineOf(options.timeline, has));
  const summaries = paritySummaries(book, today);
  api.get(
    '/events',
    createEvents(() => pictureOf(options, summaries)),
  );
  api.use('/parity', createParityApi({ book, now: today, random: Math.random, mayReveal: options.isSandbox }));
  api.get('/config', (_req, res) => viewConfig(options, res));
  api.post('/config/reload', async (_req, res) => {
    await options.reload();
    viewConfig(options, res);
  });
  api.post('/explain', express.json({ limit: '2mb' }), explain(dataPlane));
  api.get('/discovery', (_req, res) => viewDiscovery(options, res));
  api.use('/people', peopleRoutes(options.store));
  api.use(autopilotRoutes(options.autopilot));
  api.use(flipRoutes(options), historyRoutes(options), migrationRoutes(options));
  admin.use('/api', api);
  admin.use(createConsole());
  admin.use((_req, res) => void res.status(404).json({ status: 404, title: 'Not Found' }));
  return admin;
}

/** What the console shows of now. */
function pictureOf(
  { dataPlane, now, calendar }: AdminOptions,
  parity: (route: string) => ParitySummary | undefined,
): object {
  const { generation, killed } = dataPlane;
  const routes = viewRoutes(generation, now()).map((route) => ({ ...route, parity: parity(route.id) }));
  return {
    at: calendar.now(),
    revision: generation.revision,
    killSwitch: killed,
    gateway: generation.upstreams.gateway !== undefined,
    routes,
  };
}

function viewConfig({ dataPlane, loader, configFile }: AdminOptions, res: Response): void {
  const { revision, loadedAt, upstreams } = dataPlane.generation;
  const { lastRefused } = loader;
  res.json({
    file: configFile,
    revision,
    loadedAt,
    gateway: upstreams.gateway ? 'configured' : 'not configured: every route is direct',
    lastError: lastRefused && { at: lastRefused.at, problems: lastRefused.problems },
  });
}

function viewDiscovery({ dataPlane }: AdminOptions, res: Response): void {
  const rows = dataPlane.discovery.list();
  res.json({ unclaimed: rows.map((row) => ({ ...row, lastSeen: new Date(row.lastSeen) })) });
}
