import { Router, type Request } from 'express';
import { jsonBody } from '../../http/json-body.ts';
import { methodNotAllowed, Refused } from '../../http/page-errors.ts';
import type { Problem } from '../../http/problem.ts';
import type { StoreHolder } from '../../facade/store/holder.ts';
import { answer, BODY_DEADLINE_MS } from '../../facade/admin/answer.ts';
import { noStore } from './no-store.ts';
import { operatorOf } from './operator.ts';

/** POST /api/people/forget {cpf, who?}: a person asks to be forgotten (LGPD, article 18). The CPF comes in a body, never in a URL. */
export function peopleRoutes(store: StoreHolder, adminToken: string | undefined): Router {
  const router = Router();
  const body = jsonBody({ maxBytes: MAX_BODY_BYTES, deadlineMs: BODY_DEADLINE_MS, contentType: 'any' });
  const forget = answer(async (req: Request): Promise<object> => {
    const [{ parseCpf }, { forgetCpf }] = await Promise.all([
      import('../enrichment/cpf.ts'),
      import('../store/erase.ts'),
    ]);
    const { cpf: given, who } = (req.body ?? {}) as { cpf?: unknown; who?: unknown };
    const cpf = parseCpf(given);
    if (cpf === undefined) throw new Refused(NO_CPF);
    if (!store.current) throw new Refused(noStore(store));
    const actor = operatorOf(req, typeof who === 'string' ? who : undefined, adminToken);
    return { forgotten: await forgetCpf(store.current.db, cpf, actor) };
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
