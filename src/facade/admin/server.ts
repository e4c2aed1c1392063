import express, { type Express, type RequestHandler, type Response, type Router } from 'express';
import type { DataPlane } from '../forward/data-plane.ts';
import { jsonBody } from '../../http/json-body.ts';
import type { KillSwitch } from '../forward/kill-switch.ts';
import { methodNotAllowed, notFound, pageErrors } from '../../http/page-errors.ts';
import type { Loader } from '../forward/reload.ts';
import type { Calendar } from '../../http/calendar.ts';
import type { Logger } from '../../http/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { StoreHolder } from '../store/holder.ts';
import { isOtherVersion, isStoreAway } from '../store/unavailable.ts';
import type { Autopilot } from '../compare/autopilot/index.ts';
import type { Notifying } from '../notify/start.ts';
import type { ParityBook } from '../compare/book.ts';
import type { Drift } from '../compare/drift/start.ts';
import type { ShadowBudget } from '../compare/shadow-budget.ts';
import { BODY_DEADLINE_MS } from './answer.ts';
import { explain } from './explain.ts';
import { createParityApi } from './parity.ts';
import { paritySummaries, type ParitySummary } from './parity-summary.ts';
import { autopilotRoutes } from './autopilot.ts';
import { createConsole } from './console.ts';
import { createEvents } from './events.ts';
import { guard } from './guard.ts';
import type { BurnDown } from '../steer/burn-down.ts';
import type { Steering } from '../steer/steering.ts';
import { notifyRoutes } from './notify.ts';
import { nameListener } from './listener-name.ts';
import { flipRoutes } from './flips.ts';
import { historyRoutes } from './history.ts';
import { needsRoutes } from './needs.ts';
import { migrationRoutes } from './migration.ts';
import { viewRoutes, viewUpstreams } from './routes.ts';
import { shadowBudgetPart } from './shadow-budget.ts';
import { unknownWriteRoutes } from './unknown-writes.ts';
import type { UnknownWrites } from '../compare/unknown-writes/unknown-writes.ts';
import { timelineOf, type Timeline } from './timeline.ts';

/**
 * The admin listener: metrics and probes for machines, and the API for operators. On a port of its own, never on the
 * public one. Metrics and probes hold nothing of callers and are open; the API is guarded.
 */

/** Of an extension: routes below `/api`, behind the guard. */
export interface AdminRoutes {
  readonly path: string;
  readonly router: Router;
  /** How many things of it wait for a human; undefined: it is not in use. Left out: nothing ever does. */
  readonly waiting?: () => Promise<number | undefined>;
}

export interface AdminOptions {
  readonly dataPlane: DataPlane;
  readonly metrics: Metrics;
  readonly loader: Loader;
  readonly killSwitch: KillSwitch;
  readonly store: StoreHolder;
  /** Of an extension. */
  readonly adminRoutes: readonly AdminRoutes[];
  readonly steering: Steering;
  readonly unknownWrites: UnknownWrites;
  readonly burnDown: BurnDown;
  readonly configFile: string;
  readonly adminToken: string | undefined;
  /** Milliseconds, monotonic: the clock of the counters. */
  readonly now: () => number;
  readonly calendar: Calendar;
  readonly log: Logger;
  readonly book: ParityBook;
  readonly drift: Drift;
  readonly budget: ShadowBudget;
  /** Of a route, for good. @throws where the store cannot be had now. */
  readonly forgetEvidence: (route: string) => Promise<void>;
  readonly timeline: Timeline;
  readonly autopilot: Autopilot;
  readonly notifying: Notifying;
  /** The data upstream are invented: samples may be shown as they are. */
  readonly isSandbox: boolean;
  /** Reads the config file again, at once. */
  readonly reload: () => Promise<void>;
}

export function createAdmin(options: AdminOptions): Express {
  const { metrics } = options;
  const admin = express();
  admin.disable('x-powered-by');
  admin.use((_req, res, next) => {
    nameListener(res);
    next();
  });
  admin.route('/metrics').get(viewMetrics(metrics)).all(methodNotAllowed);
  admin
    .route('/healthz')
    .get((_req, res) => void res.json({ status: 'ok' }))
    .all(methodNotAllowed);
  admin.route('/readyz').get(viewReadiness(options)).all(methodNotAllowed);
  admin.use('/api', createApi(options));
  // Whoever types the port alone looks for the console.
  admin
    .route('/')
    .get((_req, res) => res.redirect(302, '/console/'))
    .all(methodNotAllowed);
  admin.use(createConsole());
  admin.use(notFound);
  admin.use(pageErrors({ log: options.log, isAway: isStoreAway, isOtherVersion }));
  return admin;
}

function createApi(options: AdminOptions): Router {
  const { dataPlane, now, book } = options;
  const today = () => options.calendar.now();
  const api = express.Router();
  api.use(guard(options.adminToken));
  const view = (path: string, handle: RequestHandler) => api.route(path).get(handle).all(methodNotAllowed);
  view('/routes', (_req, res) => {
    const { snapshot } = dataPlane;
    res.json({
      digest: snapshot.digest,
      killSwitch: dataPlane.killed,
      upstreams: viewUpstreams(snapshot),
      routes: viewRoutes(snapshot, now()),
      ...shadowBudgetPart(options.budget),
    });
  });
  const has = (id: string): boolean => dataPlane.snapshot.entries.some(({ model }) => model.id === id);
  view('/timeline', (_req, res) => void res.json(options.timeline.sparklines()));
  api.route('/routes/:id/timeline').get(timelineOf(options.timeline, has)).all(methodNotAllowed);
  const summaries = paritySummaries(book, options.drift, today);
  const events = createEvents(() => pictureOf(options, summaries));
  view('/events', events);
  const { forgetEvidence: forget, isSandbox: mayReveal, drift, budget, adminToken } = options;
  api.use(
    '/parity',
    createParityApi({ book, forget, drift, budget, adminToken, now: today, random: Math.random, mayReveal }),
  );
  view('/config', (_req, res) => viewConfig(options, res));
  const reload: RequestHandler = async (_req, res) => {
    await options.reload();
    viewConfig(options, res);
  };
  api.route('/config/reload').post(reload).all(methodNotAllowed);
  const question = jsonBody({ maxBytes: MAX_QUESTION_BYTES, deadlineMs: BODY_DEADLINE_MS, contentType: 'json' });
  api.route('/explain').post(question, explain(dataPlane)).all(methodNotAllowed);
  view('/discovery', (_req, res) => viewDiscovery(options, res));
  for (const { path, router } of options.adminRoutes) api.use(path, router);
  api.use(autopilotRoutes(options), notifyRoutes(options), needsRoutes(options));
  api.use(flipRoutes(options), historyRoutes(options), migrationRoutes(options), unknownWriteRoutes(options));
  return api;
}

/** A question holds the body of a request, up to the default `maxBody` of a route, with what JSON adds to it. */
const MAX_QUESTION_BYTES = 2 * 1024 * 1024;

function viewMetrics({ registry }: Metrics): RequestHandler {
  return async (_req, res) => void res.type(registry.contentType).send(await registry.metrics());
}

function viewReadiness(options: AdminOptions): RequestHandler {
  const { dataPlane } = options;
  return (_req, res) => {
    // The listener only opens with a table loaded; so what is left to say is whether we are leaving. Without a database
    // the facade routes all the same: it is ready, and says what it lacks.
    const status = dataPlane.draining ? 'draining' : 'ready';
    res
      .status(dataPlane.draining ? 503 : 200)
      .json({ status, ...storeOf(options), ...credentialsOf(options), ...healthOf(options) });
  };
}

/** How things are with what the instances share. */
function storeOf({ store, steering }: AdminOptions) {
  const { silenceMs } = store;
  return {
    database: store.problem ?? 'open',
    /** Seconds since the database last answered anything. */
    databaseSilence: silenceMs === undefined ? undefined : Math.round(silenceMs / 100) / 10,
    steering: steering.status,
    ...(Object.keys(store.unstarted).length > 0 ? { unstarted: store.unstarted } : {}),
  };
}

/** Callers are served by direct meanwhile, so that the process stays ready. */
function credentialsOf({ dataPlane, now }: AdminOptions): Readonly<Record<string, string>> {
  const { entries } = dataPlane.snapshot;
  const direct = entries.filter(({ state }) => state.recorder.isDirectUnauthorized(now()));
  const [first] = direct;
  if (!first) return gatewayCredentialsOf(dataPlane);
  const { names, variables } = first.model.pair;
  const routes = direct.map(({ model }) => model.id).join(', ');
  const text = `${names.direct} answers 401: check ${variables.direct.token}. Known callers are answered 401 by direct. Routes: ${routes}`;
  return { directCredentials: text, ...gatewayCredentialsOf(dataPlane) };
}

function gatewayCredentialsOf(dataPlane: AdminOptions['dataPlane']): Readonly<Record<string, string>> {
  const refused = dataPlane.snapshot.entries.filter(
    ({ state }) => state.recorder.faultOf('gateway') === 'upstream_credentials',
  );
  const [first] = refused;
  if (!first) return {};
  const { names, variables } = first.model.pair;
  const routes = refused.map(({ model }) => model.id).join(', ');
  return {
    gatewayCredentials: `${names.gateway} answers that a token is not accepted: check ${variables.gateway.token}, and the token that ${names.gateway} itself shows to ${names.direct}. Routes: ${routes}`,
  };
}

/** An upstream that is down is no fault of this process: it is told, and the process stays ready. */
function healthOf({ dataPlane }: AdminOptions): { readonly upstreams?: Record<string, string> } {
  const checked = Object.entries(viewUpstreams(dataPlane.snapshot)).filter(([, { health }]) => health !== 'unchecked');
  if (checked.length === 0) return {};
  return { upstreams: Object.fromEntries(checked.map(([path, { health }]) => [path, health])) };
}

/** What the console shows of now. */
function pictureOf(options: AdminOptions, parity: (route: string) => ParitySummary | undefined): object {
  const { dataPlane, now, calendar, adminRoutes } = options;
  const { snapshot, killed } = dataPlane;
  const routes = viewRoutes(snapshot, now()).map((route) => ({ ...route, parity: parity(route.id) }));
  return {
    at: calendar.now(),
    digest: snapshot.digest,
    killSwitch: killed,
    killSwitchBy: options.killSwitch.by,
    gateway: snapshot.upstreams.gateway !== undefined,
    upstreams: viewUpstreams(snapshot),
    shared: storeOf(options),
    extensionRoutes: adminRoutes.map(({ path }) => path),
    ...shadowBudgetPart(options.budget),
    routes,
  };
}

function viewConfig({ dataPlane, loader, configFile }: AdminOptions, res: Response): void {
  const { digest, loadedAt, upstreams } = dataPlane.snapshot;
  const { lastRefused, lastLost } = loader;
  res.json({
    file: configFile,
    digest,
    loadedAt,
    gateway: upstreams.gateway ? 'configured' : 'not configured: every route is direct',
    lostRoutes: lastLost,
    lastError: lastRefused && { at: lastRefused.at, problems: lastRefused.problems },
  });
}

function viewDiscovery({ dataPlane }: AdminOptions, res: Response): void {
  const rows = dataPlane.discovery.list();
  res.json({ unclaimed: rows.map((row) => ({ ...row, lastSeen: new Date(row.lastSeen) })) });
}
