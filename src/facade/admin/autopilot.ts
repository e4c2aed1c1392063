import express, { type Request, type Response, type Router } from 'express';
import type { Autopilot } from '../compare/autopilot/index.ts';
import { methodNotAllowed, refuse } from '../../http/page-errors.ts';

/**
 * What the autopilot sees, wants and did, and the two things that a human may tell it. Behind the guard of the admin API.
 *
 *     GET  /api/autopilot                every route on autopilot: phase, gates with their numbers, proposal as a diff
 *     GET  /api/autopilot/:route         one of them, with its last decisions
 *     POST /api/autopilot/:route/pause   hands off, until it is resumed or its settings change
 *     POST /api/autopilot/:route/resume
 */
export function autopilotRoutes(autopilot: Autopilot): Router {
  const router = express.Router();
  router
    .route('/autopilot')
    .get(async (_req, res) => void res.json({ routes: await autopilot.reports() }))
    .all(methodNotAllowed);
  router
    .route('/autopilot/:route')
    .get((req, res) => viewRoute(autopilot, req, res))
    .all(methodNotAllowed);
  for (const kind of ['pause', 'resume'] as const) {
    const order = async (req: Request<{ route: string }>, res: Response): Promise<void> => {
      const { route } = req.params;
      if (!autopilot.has(route)) return notOnAutopilot(req, res);
      await autopilot.order({ route, kind, by: 'the admin API' });
      await viewRoute(autopilot, req, res);
    };
    router.route(`/autopilot/:route/${kind}`).post(order).all(methodNotAllowed);
  }
  return router;
}

async function viewRoute(autopilot: Autopilot, req: Request<{ route: string }>, res: Response): Promise<void> {
  const { route } = req.params;
  if (!autopilot.has(route)) return notOnAutopilot(req, res);
  const [reports, decisions] = await Promise.all([autopilot.reports(), autopilot.history(route)]);
  // Between its coming on autopilot and the first tick there is nothing to show.
  res.json({ ...reports.find((report) => report.route === route), route, decisions });
}

function notOnAutopilot(req: Request<{ route: string }>, res: Response): void {
  const { route } = req.params;
  const known = /^[A-Za-z0-9.]{1,100}$/.test(route) ? ` ${route}` : '';
  const detail = `No route${known} is on autopilot; give its row an autopilot: {} in the config file.`;
  refuse(req, res, { status: 404, kind: 'not-on-autopilot', detail });
}
