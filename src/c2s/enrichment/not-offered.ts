import type { RequestHandler } from 'express';
import { refuse } from '../../http/page-errors.ts';
import type { Problem } from '../../http/problem.ts';

/** What the old service had under its paths and this one does not offer: answered here, with what to use instead. */

/** All paths of the old service but its health. Nothing below them is passed on. */
export const PREFIXES = ['/api/v1', '/docs', '/api-docs'];

const PAGE = 'docs/from-the-old-services.md says what is offered of the old service.';

export const NOT_OFFERED_HERE: Problem = {
  status: 404,
  kind: 'not-found',
  detail: `Nothing is offered under this path, and the request was not passed on. ${PAGE}`,
};

const API_PAGE = `The facade has no page of its API. ${PAGE}`;

/** By path; what is below it is meant, too. */
const GONE: Readonly<Record<string, string>> = {
  '/api/v1/leads':
    'A lead is not looked up by a body any more. Use POST /api/v1/enrich with cpf, email or phone; ' +
    `to enrich a lead of Contact2Sale, POST /api/v1/c2s/enrich/:leadId. ${PAGE}`,
  '/api/v1/customers':
    'The people of the old service and their ids are not kept here. ' +
    `Use GET /api/v1/contributor/customer with cpf, email or phone. ${PAGE}`,
  '/docs': API_PAGE,
  '/api-docs': API_PAGE,
};

/** Behind all that is offered. A path that is written in another way is left to the end of the pages. */
export const refuseNotOffered: RequestHandler = (req, res, next) => {
  const asked = req.path.toLowerCase();
  const found = Object.entries(GONE).find(([path]) => asked === path || asked.startsWith(`${path}/`));
  if (!found) return next();
  refuse(req, res, { status: 501, kind: 'not-offered', detail: found[1] });
};
