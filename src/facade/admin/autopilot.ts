import express, { type Request, type Router } from 'express';
import { z } from 'zod';
import type { Autopilot } from '../compare/autopilot/index.ts';
import { methodNotAllowed, Refused } from '../../http/page-errors.ts';
import { answer, readAs, reasonOf, signature, smallBody } from './answer.ts';

/**
 * What the autopilot sees, wants and did, and the two things that a human may tell it. Behind the guard of the admin API.
 *
 *     GET  /api/autopilot                every route on autopilot: phase, gates with their numbers, proposal as a diff
 *     GET  /api/autopilot/:route         one of them, with its last decisions
 *     POST /api/autopilot/:route/pause   {who?, why?}: hands off, until it is resumed or its settings change
 *     POST /api/autopilot/:route/resume
 */
interface AutopilotRoutesOptions {
  readonly autopilot: Autopilot;
  readonly adminToken: string | undefined;
}

export function autopilotRoutes({ autopilot, adminToken }: AutopilotRoutesOptions): Router {
  const router = express.Router();
  router
    .route('/autopilot')
    .get(answer(async () => ({ routes: await autopilot.reports() })))
    .all(methodNotAllowed);
  router
    .route('/autopilot/:route')
    .get(answer<AutopilotOfRoute>(({ params }) => viewRoute(autopilot, params.route)))
    .all(methodNotAllowed);
  for (const kind of ['pause', 'resume'] as const) {
    const order = answer(async (req: Request<AutopilotOfRoute>) => {
      const { route } = req.params;
      if (!autopilot.has(route)) throw notOnAutopilot(route);
      const { who, why } = readAs(orderBody, req.body);
      const reason = reasonOf(req, { who, why }, adminToken);
      const by = who === undefined ? 'the admin API' : `${who} (${reason.source})`;
      await autopilot.order({ route, kind, by: why === undefined ? by : `${by}: ${why}` }, reason);
      return viewRoute(autopilot, route);
    });
    router.route(`/autopilot/:route/${kind}`).post(smallBody, order).all(methodNotAllowed);
  }
  return router;
}

const orderBody = z.strictObject(signature);

interface AutopilotOfRoute {
  readonly route: string;
}

async function viewRoute(autopilot: Autopilot, route: string): Promise<object> {
  if (!autopilot.has(route)) throw notOnAutopilot(route);
  const [reports, decisions] = await Promise.all([autopilot.reports(), autopilot.history(route)]);
  // Between its coming on autopilot and the first tick there is nothing to show.
  return { ...reports.find((report) => report.route === route), route, decisions };
}

function notOnAutopilot(route: string): Refused {
  const known = /^[A-Za-z0-9.]{1,100}$/.test(route) ? ` ${route}` : '';
  const detail = `No route${known} is on autopilot; to put one there, write autopilot: {} into it in the config file.`;
  return new Refused({ status: 404, kind: 'not-on-autopilot', detail });
}
