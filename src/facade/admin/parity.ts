import express, { type Request, type Response, type Router } from 'express';
import { z } from 'zod';
import type { ParityBook } from '../compare/book.ts';
import { freeze } from '../compare/fixture.ts';
import { methodNotAllowed, refuse } from '../../http/page-errors.ts';
import { within } from '../../http/within.ts';
import type { Drift } from '../compare/drift/start.ts';
import { withDrift } from '../compare/drift/with-drift.ts';
import type { ShadowBudget } from '../compare/shadow-budget.ts';
import { shadowBudgetPart } from './shadow-budget.ts';
import type { ParityReport } from '../compare/report.ts';
import { answer, ANSWER_TIMEOUT_MS, readAs, reasonOf, signature, smallBody, UNKNOWN_ROUTE } from './answer.ts';

/**
 * What the evidence says of each route, and the drift of direct. Behind the guard of the admin API.
 *
 *     GET    /api/parity                        a report of each route
 *     GET    /api/parity/:route                 of one
 *     DELETE /api/parity/:route                 forgets what was gathered
 *     GET    /api/parity/:route/samples
 *     POST   /api/parity/:route/drift/accept    {who?, why?}: what direct answers now is the new normal
 *
 * Nothing in it is a value of a document; samples are redacted
 * before they leave, except in a sandbox, whose data are invented.
 */

interface ParityApiOptions {
  readonly book: ParityBook;
  /** For good, on all instances. @throws where the store cannot be had now. */
  readonly forget: (route: string) => Promise<void>;
  readonly drift: Pick<Drift, 'report' | 'accept'>;
  readonly budget: Pick<ShadowBudget, 'view'>;
  readonly adminToken: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** 0 ≤ n < 1; for the secret amounts of the redaction. */
  readonly random: () => number;
  /** The upstream is the sandbox: `?reveal=true` may show samples as they are. */
  readonly mayReveal: boolean;
}

/** To be mounted at /api/parity, behind the guard. */
export function createParityApi(options: ParityApiOptions): Router {
  const { book, forget, drift, budget, now } = options;
  const shown = (report: ParityReport) => withDrift(report, drift.report(report.route));
  const router = express.Router();
  router
    .route('/')
    .get((_req, res) => void res.json({ routes: book.reports(now()).map(shown), ...shadowBudgetPart(budget) }))
    .all(methodNotAllowed);
  router
    .route('/:route')
    .get((req, res) => {
      const report = book.report(req.params.route, now());
      if (report) res.json(shown(report));
      else refuse(req, res, UNKNOWN_ROUTE);
    })
    // After a repair of the gateway: what it did before it says nothing of it any more.
    .delete(async (req, res) => {
      if (!book.rulesOf(req.params.route)) return refuse(req, res, UNKNOWN_ROUTE);
      await within(ANSWER_TIMEOUT_MS, forget(req.params.route));
      res.status(204).end();
    })
    .all(methodNotAllowed);
  router
    .route('/:route/samples')
    .get((req, res) => viewSamples(options, req, res))
    .all(methodNotAllowed);
  router
    .route('/:route/drift/accept')
    .post(
      smallBody,
      (req, res, next) => {
        if (drift.report(req.params.route)) next();
        else refuse(req, res, UNKNOWN_ROUTE);
      },
      acceptDrift(options),
    )
    .all(methodNotAllowed);
  return router;
}

const acceptBody = z.strictObject(signature);

function acceptDrift({ drift, adminToken }: ParityApiOptions) {
  return answer<{ route: string }>(async (req) => {
    const { who, why, source } = reasonOf(req, readAs(acceptBody, req.body), adminToken);
    const { route } = req.params;
    await drift.accept(route, `${who} (${source})${why === undefined ? '' : `: ${why}`}`);
    return { route, drift: drift.report(route) };
  });
}

/** Fixtures, as `c2s-facade replay` reads them. */
function viewSamples(
  { book, random, mayReveal }: ParityApiOptions,
  req: Request<{ route: string }>,
  res: Response,
): void {
  const { route } = req.params;
  const rules = book.rulesOf(route);
  if (!rules) return refuse(req, res, UNKNOWN_ROUTE);
  const reveal = req.query.reveal === 'true';
  if (reveal && !mayReveal) {
    const detail = 'Samples are personal data: they are shown as they are only where the upstream is the sandbox.';
    return refuse(req, res, { status: 403, kind: 'admin-refused', detail });
  }
  res.json({ samples: book.samples(route).map((sample) => freeze(sample, rules, random, reveal)) });
}
