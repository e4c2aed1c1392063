import express, { type Request, type Response, type Router } from 'express';
import type { ParityBook } from '../compare/book.ts';
import { freeze } from '../compare/fixture.ts';
import { methodNotAllowed, refuse } from '../../http/page-errors.ts';
import { within } from '../../http/within.ts';
import { ANSWER_TIMEOUT_MS, UNKNOWN_ROUTE } from './answer.ts';

/**
 * GET /api/parity: what the evidence says of each route. Nothing in it is a value of a document; samples are redacted
 * before they leave, except in a sandbox, whose data are invented.
 */

interface ParityApiOptions {
  readonly book: ParityBook;
  /** For good, on all instances. @throws where the store cannot be had now. */
  readonly forget: (route: string) => Promise<void>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** 0 ≤ n < 1; for the secret amounts of the redaction. */
  readonly random: () => number;
  /** The upstream is the sandbox: `?reveal=true` may show samples as they are. */
  readonly mayReveal: boolean;
}

/** To be mounted at /api/parity, behind the guard. */
export function createParityApi(options: ParityApiOptions): Router {
  const { book, forget, now } = options;
  const router = express.Router();
  router
    .route('/')
    .get((_req, res) => void res.json({ routes: book.reports(now()) }))
    .all(methodNotAllowed);
  router
    .route('/:route')
    .get((req, res) => {
      const report = book.report(req.params.route, now());
      if (report) res.json(report);
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
  return router;
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
