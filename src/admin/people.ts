import { json, Router, type ErrorRequestHandler, type Request, type Response } from 'express';
import { parseCpf } from '../enrichment/cpf.ts';
import { sendProblem, type Problem } from '../forward/problem.ts';
import { forgetCpf } from '../store/forget.ts';
import type { StoreHolder } from '../store/holder.ts';

/** POST /api/people/forget {cpf}: a person asks to be forgotten (LGPD, article 18). The CPF comes in a body, never in a URL. */
export function peopleRoutes(store: StoreHolder): Router {
  const router = Router();
  router.post('/forget', json({ limit: '1kb', type: () => true }), async (req: Request, res: Response) => {
    const cpf = parseCpf((req.body as { cpf?: unknown } | undefined)?.cpf);
    if (cpf === undefined) return refuse(res, NO_CPF);
    if (!store.current) return refuse(res, { ...NO_STORE, detail: `There is no database: ${store.problem}` });
    res.json({ forgotten: await forgetCpf(store.current.db, cpf) });
  });
  router.use(onError);
  return router;
}

const NO_CPF: Problem = {
  status: 400,
  kind: 'cpf',
  detail: 'Send {"cpf": "<eleven digits with right check digits>"}.',
};
const NO_STORE: Problem = { status: 503, kind: 'no-database', detail: '' };
const FAILED: Problem = {
  status: 503,
  kind: 'forget-failed',
  detail: 'The database did not take it; nothing was deleted. Try again.',
};

const refuse = (res: Response, problem: Problem): void => sendProblem(res, problem, '');

const onError: ErrorRequestHandler = (error: unknown, _req, res, _next) => {
  const isCallers = ((error as { status?: number }).status ?? 500) < 500;
  refuse(res, isCallers ? NO_CPF : FAILED);
};
