import { Router, type Request } from 'express';
import { jsonBody } from '../../http/json-body.ts';
import { methodNotAllowed, Refused } from '../../http/page-errors.ts';
import type { Problem } from '../../http/problem.ts';
import type { StoreHolder } from '../../facade/store/holder.ts';
import { answer, BODY_DEADLINE_MS } from '../../facade/admin/answer.ts';

/** POST /api/people/forget {cpf}: a person asks to be forgotten (LGPD, article 18). The CPF comes in a body, never in a URL. */
export function peopleRoutes(store: StoreHolder): Router {
  const router = Router();
  const body = jsonBody({ maxBytes: MAX_BODY_BYTES, deadlineMs: BODY_DEADLINE_MS, contentType: 'any' });
  const forget = answer(async (req: Request): Promise<object> => {
    const [{ parseCpf }, { forgetCpf }] = await Promise.all([
      import('../enrichment/cpf.ts'),
      import('../store/erase.ts'),
    ]);
    const cpf = parseCpf((req.body as { cpf?: unknown } | null | undefined)?.cpf);
    if (cpf === undefined) throw new Refused(NO_CPF);
    if (!store.current) throw new Refused({ ...NO_STORE, detail: `There is no database: ${store.problem}` });
    return { forgotten: await forgetCpf(store.current.db, cpf) };
  });
  router.route('/forget').post(body, forget).all(methodNotAllowed);
  return router;
}

const MAX_BODY_BYTES = 1_024;

const NO_CPF: Problem = {
  status: 400,
  kind: 'cpf',
  detail: 'Send {"cpf": "<eleven digits with right check digits>"}.',
};
const NO_STORE: Problem = { status: 503, kind: 'no-database', detail: '', retryAfter: 5 };
