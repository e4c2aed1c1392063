import { isOtherVersion, isStoreAway } from '../../facade/store/unavailable.ts';
import { Router, type Request, type RequestHandler, type Response } from 'express';
import { methodNotAllowed, pageErrors, refuse, withMembers } from '../../http/page-errors.ts';
import type { PageRouter } from '../../facade/forward/pages.ts';
import type { Problem } from '../../http/problem.ts';
import { answerFor, duplicateBody, failedProcessBody, oldErrorMembers, viewBody } from './answers.ts';
import { known, logged, readerOf, served, traceOf, type EndpointOptions } from './endpoint-kit.ts';
import type { Origin } from './enrichment.ts';
import { NOT_OFFERED_HERE, PREFIXES, refuseNotOffered } from './not-offered.ts';
import { STRANGER, type Ordered } from './orders.ts';
import type { EnrichmentService } from './service.ts';
import { peopleRoutes } from './people-endpoints.ts';
import { showsSecret, webhookRoutes } from './webhook-endpoints.ts';

/**
 * What Make.com, Contact2Sale, Google Ads and the callers of the old service call. All that was under its prefix is
 * answered here and never passed on, whether it is offered or not: a CPF or the secret of a webhook may stand in its path
 * or query, and must come to no log, no list of unclaimed paths, no upstream.
 * What a handler throws is answered at the end of the pages (facade/forward/pages.ts).
 */

/** A lead's id becomes part of a path of ours: hex in all that was seen. */
const LEAD_ID = /^[\w-]{1,64}$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const BAD_LEAD_ID: Problem = { status: 400, kind: 'lead-id', detail: 'This is not the id of a lead.' };
const UNKNOWN_ENRICHMENT: Problem = {
  status: 404,
  kind: 'not-found',
  detail: 'There is no enrichment with this id.',
};

export function createEndpoints(options: EndpointOptions): PageRouter {
  const router = Router({ caseSensitive: true });
  const own = Router({ caseSensitive: true });
  const { log, isOpen } = options;
  router.use(withMembers(oldErrorMembers));
  own
    .route('/c2s/enrich/:leadId')
    .post(known(options, isOpen), logged(options, 'enrich'), enrich(options))
    .all(methodNotAllowed);
  own
    .route('/leads/process')
    .get(known(options, isOpen), logged(options, 'process'), processLead(options))
    .all(methodNotAllowed);
  own.use('/leads/process', pageErrors({ log, isAway: isStoreAway, isOtherVersion, answer: failProcess(undefined) }));
  own.route('/enrichments/:id').get(logged(options, 'view'), view(options)).all(methodNotAllowed);
  own.use('/webhooks', webhookRoutes(options));
  own.use(peopleRoutes(options));
  router.use('/api/v1', own);
  router.use(logged(options, 'not-offered'), refuseNotOffered);
  const { secret, googleKey } = options.webhooks;
  const secrets = [...new Set([secret, googleKey])].filter((one) => one !== undefined);
  return {
    prefixes: PREFIXES,
    router,
    notFound: NOT_OFFERED_HERE,
    secrets,
    vouchesFor: (req) => showsSecret(req, options.webhooks),
  };
}

const placeOf = (id: string): string => `/api/v1/enrichments/${id}`;

/** An order of the caller's. */
async function order(
  { callerOf }: EndpointOptions,
  service: EnrichmentService,
  { req, res, leadId, origin }: { req: Request; res: Response; leadId: string; origin: Origin },
): Promise<Ordered> {
  const caller = callerOf(req);
  const ordered = await service.order(leadId, origin, caller === undefined ? 'stranger' : 'known', caller ?? STRANGER);
  traceOf(res)?.concerns(ordered.id);
  return ordered;
}

/** POST /api/v1/c2s/enrich/:leadId */
function enrich(options: EndpointOptions): RequestHandler {
  const { availability, syncDeadline } = options;
  return served(availability, async (service, req, res) => {
    const leadId = String(req.params['leadId']);
    if (!LEAD_ID.test(leadId)) return refuse(req, res, BAD_LEAD_ID);
    const ordered = await order(options, service, { req, res, leadId, origin: 'api' });
    const { id } = ordered;
    const prefersAsync = /(?:^|[,;\s])respond-async(?:$|[,;\s])/i.test(String(req.headers['prefer'] ?? ''));
    if (prefersAsync) {
      res.setHeader('preference-applied', 'respond-async');
      return accepted(res, id, leadId);
    }
    const settled = await service.settled(id, syncDeadline(), readerOf(options, req));
    const answer = answerFor(settled, service.isSettled(settled), 'enrich', ordered);
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
  const { availability, syncDeadline } = options;
  return async (req, res) => {
    const { id: given } = req.query;
    const leadId = typeof given === 'string' && LEAD_ID.test(given) ? given : undefined;
    const fail = (problem: Problem): void => failProcess(leadId)(req, res, problem);
    if (leadId === undefined) return fail(BAD_LEAD_ID);
    const behind = availability();
    if (!behind.isOpen) return fail(behind.problem);
    const { service } = behind;
    const { id, isNew, isHeld, ageMs } = await order(options, service, { req, res, leadId, origin: 'make' });
    if (!isNew && !isHeld) return void res.json(duplicateBody(leadId, ageMs));
    const settled = await service.settled(id, syncDeadline(), readerOf(options, req));
    const answer = answerFor(settled, service.isSettled(settled), 'process');
    if (answer.kind === 'failed') return fail(answer.problem);
    if (isHeld) return void res.json(duplicateBody(leadId, ageMs));
    if (answer.kind === 'done') return void res.json(answer.body);
    res.json({ success: true, message: 'The enrichment is under way.', lead_id: leadId, enrichment_id: id });
  };
}

/** GET /api/v1/enrichments/:id */
function view(options: EndpointOptions): RequestHandler {
  const { availability, callerOf } = options;
  return served(availability, async (service, req, res) => {
    const id = String(req.params['id']);
    const found = UUID.test(id)
      ? await service.view(id, callerOf(req) === undefined ? undefined : readerOf(options, req))
      : undefined;
    if (found) traceOf(res)?.concerns(id);
    if (found) res.json(viewBody(found, callerOf(req) !== undefined));
    else refuse(req, res, UNKNOWN_ENRICHMENT);
  });
}

function failProcess(leadId: string | undefined) {
  return (_req: Request, res: Response, problem: Problem): void => void res.json(failedProcessBody(leadId, problem));
}
