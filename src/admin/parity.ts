import express, { type Request, type Response, type Router } from 'express';
import type { ParityBook } from '../compare/book.ts';
import { freeze } from '../compare/fixture.ts';
import { sendProblem } from '../forward/problem.ts';

/**
 * GET /api/parity: what the evidence says of each route. Nothing in it is a value of a document; samples are redacted
 * before they leave, except in a sandbox, whose data are invented.
 */

export interface ParityApiOptions {
  readonly book: ParityBook;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** 0 ≤ n < 1; for the secret amounts of the redaction. */
  readonly random: () => number;
  /** The upstream is the sandbox: `?reveal=true` may show samples as they are. */
  readonly mayReveal: boolean;
}

/** To be mounted at /api/parity, behind the guard. */
export function createParityApi(options: ParityApiOptions): Router {
  const { book, now } = options;
  const router = express.Router();
  router.get('/', (_req, res) => void res.json({ routes: book.reports(now()) }));
  router.get('/:route', (req, res) => {
    const report = book.report(req.params.route, now());
    if (report) res.json(report);
    else unknownRoute(res);
  });
  router.get('/:route/samples', (req, res) => viewSamples(options, req, res));
  // After a repair of the gateway: what it did before it says nothing of it any more.
  router.delete('/:route', (req, res) => {
    if (!book.rulesOf(req.params.route)) return unknownRoute(res);
    book.forget(req.params.route, now());
    res.status(204).end();
  });
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
  if (!rules) return unknownRoute(res);
  const reveal = req.query.reveal === 'true';
  if (reveal && !mayReveal) {
    const detail = 'Samples are personal data: they are shown as they are only where the upstream is the sandbox.';
    return sendProblem(res, { status: 403, kind: 'admin-refused', detail }, '');
  }
  res.json({ samples: book.samples(route).map((sample) => freeze(sample, rules, random, reveal)) });
}

function unknownRoute(res: Response): void {
  sendProblem(res, { status: 404, kind: 'admin-refused', detail: 'No row of the table has this id.' }, '');
}
