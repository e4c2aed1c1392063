import express, { type Request, type Response, type Router } from 'express';
import type { Autopilot } from '../compare/autopilot/index.ts';
import { sendProblem } from '../forward/problem.ts';

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
  router.get('/autopilot', async (_req, res) => {
    res.json({ routes: await autopilot.reports() });
  });
  router.get('/autopilot/:route', async (req, res) => viewRoute(autopilot, req.params.route, res));
  for (const kind of ['pause', 'resume'] as const) {
    router.post(`/autopilot/:route/${kind}`, async (req: Request<{ route: string }>, res) => {
      const { route } = req.params;
      if (!autopilot.has(route)) return notOnAutopilot(res, route);
      await autopilot.order({ route, kind, by: 'the admin API' });
      await viewRoute(autopilot, route, res);
    });
  }
  return router;
}

async function viewRoute(autopilot: Autopilot, route: string, res: Response): Promise<void> {
  if (!autopilot.has(route)) return notOnAutopilot(res, route);
  const [reports, decisions] = await Promise.all([autopilot.reports(), autopilot.history(route)]);
  // Between its coming on autopilot and the first tick there is nothing to show.
  res.json({ ...reports.find((report) => report.route === route), route, decisions });
}

function notOnAutopilot(res: Response, route: string): void {
  const known = /^[A-Za-z0-9.]{1,100}$/.test(route) ? ` ${route}` : '';
  const detail = `No route${known} is on autopilot; give its row an autopilot: {} in the config file.`;
  sendProblem(res, { status: 404, kind: 'not-on-autopilot', detail }, '');
}
