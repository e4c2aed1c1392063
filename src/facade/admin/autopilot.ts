import express, { type Router } from 'express';
import type { Autopilot } from '../compare/autopilot/index.ts';
import { methodNotAllowed, Refused } from '../../http/page-errors.ts';
import { answer } from './answer.ts';

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
    .get(answer(async () => ({ routes: await autopilot.reports() })))
    .all(methodNotAllowed);
  router
    .route('/autopilot/:route')
    .get(answer<AutopilotOfRoute>(({ params }) => viewRoute(autopilot, params.route)))
    .all(methodNotAllowed);
  for (const kind of ['pause', 'resume'] as const) {
    const order = answer<AutopilotOfRoute>(async ({ params: { route } }) => {
      if (!autopilot.has(route)) throw notOnAutopilot(route);
      await autopilot.order({ route, kind, by: 'the admin API' });
      return viewRoute(autopilot, route);
    });
    router.route(`/autopilot/:route/${kind}`).post(order).all(methodNotAllowed);
  }
  return router;
}

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
