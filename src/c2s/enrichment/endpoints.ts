import { isOtherVersion, isStoreAway } from '../../facade/store/unavailable.ts';
import { Router, type Request, type RequestHandler, type Response } from 'express';
import { methodNotAllowed, pageErrors, refuse } from '../../http/page-errors.ts';
import type { PageRouter } from '../../facade/forward/pages.ts';
import type { Problem } from '../../http/problem.ts';
import { answerFor, viewBody } from './answers.ts';
import { logged, readerOf, served, traceOf, type EndpointOptions } from './endpoint-kit.ts';
import { showsSecret, webhookRoutes } from './webhook-endpoints.ts';

/**
 * What Make.com, Contact2Sale and Google Ads call. Whatever begins with one of these paths is answered here and never
 * passed on: a webhook's secret stands in its path, and must come to no log, no list of unclaimed paths, no upstream.
 * What a handler throws is answered at the end of the pages (facade/forward/pages.ts).
 */

/** A lead's id becomes part of a path of ours: hex in all that was seen. */
const LEAD_ID = /^[\w-]{1,64}$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const UNAUTHORIZED: Problem = {
  status: 401,
  kind: 'unauthorized',
  detail: 'Send Authorization: Bearer <token>, one of FACADE_TOKENS or the Contact2Sale token.',
};
const BAD_LEAD_ID: Problem = { status: 400, kind: 'lead-id', detail: 'This is not the id of a lead.' };
const UNKNOWN_ENRICHMENT: Problem = {
  status: 404,
  kind: 'not-found',
  detail: 'There is no enrichment with this id.',
};

/** What is answered here, whole, and never passed on. */
const PREFIXES = ['/c2s/enrich', '/leads/process', '/enrichments', '/webhooks'];

export function createEndpoints(options: EndpointOptions): PageRouter {
  const router = Router({ caseSensitive: true });
  const own = Router({ caseSensitive: true });
  const { log } = options;
  own
    .route('/c2s/enrich/:leadId')
    .post(known(options), logged(options, 'enrich'), enrich(options))
    .all(methodNotAllowed);
  own
    .route('/leads/process')
    .get(known(options), logged(options, 'process'), processLead(options))
    .all(methodNotAllowed);
  own.use('/leads/process', pageErrors({ log, isAway: isStoreAway, isOtherVersion, answer: failProcess(undefined) }));
  own.route('/enrichments/:id').get(logged(options, 'view'), view(options)).all(methodNotAllowed);
  own.use('/webhooks', webhookRoutes(options));
  router.use('/api/v1', own);
  const prefixes = PREFIXES.map((prefix) => `/api/v1${prefix}`);
  const secrets = options.webhookSecret === undefined ? [] : [options.webhookSecret];
  return { prefixes, router, secrets, vouchesFor: (req) => showsSecret(req, options.webhookSecret) };
}

function known({ isOpen, isKnown }: EndpointOptions): RequestHandler {
  return (req, res, next) => (isOpen || isKnown(req) ? next() : refuse(req, res, UNAUTHORIZED));
}

const placeOf = (id: string): string => `/api/v1/enrichments/${id}`;

/** POST /api/v1/c2s/enrich/:leadId */
function enrich(options: EndpointOptions): RequestHandler {
  const { availability, isKnown, syncDeadline } = options;
  return served(availability, async (service, req, res) => {
    const leadId = String(req.params['leadId']);
    if (!LEAD_ID.test(leadId)) return refuse(req, res, BAD_LEAD_ID);
    const { id } = await service.order(leadId, 'api', isKnown(req) ? 'known' : 'stranger');
    traceOf(res)?.concerns(id);
    const prefersAsync = /(?:^|[,;\s])respond-async(?:$|[,;\s])/i.test(String(req.headers['prefer'] ?? ''));
    if (prefersAsync) {
      res.setHeader('preference-applied', 'respond-async');
      return accepted(res, id, leadId);
    }
    const settled = await service.settled(id, syncDeadline(), readerOf(options, req));
    const answer = answerFor(settled, service.isSettled(settled));
    if (answer.kind === 'done') return void res.json(answer.body);
    if (answer.kind === 'under way') return accepted(res, id, leadId);
    res.setHeader('location', placeOf(id));
    refuse(req, res, answer.problem);
  });
}

function accepted(res: Response, id: string, leadId: string): void {
  res.status(202).location(placeOf(id)).json({
    success: true,
    message: 'The enrichment is under way.',
    lead_id: leadId,
    enrichment_id: id,
  });
}

/** GET /api/v1/leads/process?id=, for a module that takes every status but 200 for its own failure. */
function processLead(options: EndpointOptions): RequestHandler {
  const { availability, isKnown, syncDeadline } = options;
  return async (req, res) => {
    const { id: given } = req.query;
    const leadId = typeof given === 'string' && LEAD_ID.test(given) ? given : undefined;
    const fail = (problem: Problem): void => failProcess(leadId)(req, res, problem);
    if (leadId === undefined) return fail(BAD_LEAD_ID);
    const behind = availability();
    if (!behind.isOpen) return fail(behind.problem);
    const { service } = behind;
    const { id, isNew } = await service.order(leadId, 'make', isKnown(req) ? 'known' : 'stranger');
    traceOf(res)?.concerns(id);
    const message = 'This lead is being enriched already.';
    if (!isNew) return void res.json({ success: true, duplicate_request: true, message, lead_id: leadId });
    const settled = await service.settled(id, syncDeadline(), readerOf(options, req));
    const answer = answerFor(settled, service.isSettled(settled));
    if (answer.kind === 'done') return void res.json(answer.body);
    if (answer.kind === 'failed') return fail(answer.problem);
    res.json({ success: true, message: 'The enrichment is under way.', lead_id: leadId, enrichment_id: id });
  };
}

/** GET /api/v1/enrichments/:id */
function view(options: EndpointOptions): RequestHandler {
  const { availability, isKnown } = options;
  return served(availability, async (service, req, res) => {
    const id = String(req.params['id']);
    const found = UUID.test(id) ? await service.view(id, isKnown(req) ? readerOf(options, req) : undefined) : undefined;
    if (found) traceOf(res)?.concerns(id);
    if (found) res.json(viewBody(found, isKnown(req)));
    else refuse(req, res, UNKNOWN_ENRICHMENT);
  });
}

/** Make.com takes every status but 200 for a failure of its own module. */
function failProcess(lead_id: string | undefined) {
  return (_req: Request, res: Response, { kind, detail }: Problem): void =>
    void res.json({ success: false, lead_id, error: kind, message: detail });
}
