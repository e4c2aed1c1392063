import type { IncomingMessage } from 'node:http';
import { Router, type Request, type RequestHandler, type Response } from 'express';
import { methodNotAllowed, refuse } from '../../http/page-errors.ts';
import type { Problem } from '../../http/problem.ts';
import { logged, opened, pushBody, served, type EndpointOptions } from './endpoint-kit.ts';
import { isSecret } from './secret.ts';
import type { EnrichmentService } from './service.ts';
import { MAX_EVENTS, readC2sPush } from './webhook-c2s.ts';
import { googleLeadLine, readGoogleLead, toLeadCreate } from './webhook-google.ts';

/**
 * The pushes. Contact2Sale signs nothing and cannot set a header, so its secret may stand in the path; where the sender
 * can set one, `X-Webhook-Token` is better. What is answered with 200 is written down. Whether there is a service, and a
 * secret that stands in the head, are judged before a byte of the body is read.
 */

const NO_SECRET: Problem = {
  status: 503,
  kind: 'webhook-secret-not-set',
  detail: 'WEBHOOK_SECRET is not set here, so nobody can be told from a stranger, and no push is taken.',
};
const WRONG_SECRET: Problem = {
  status: 401,
  kind: 'webhook-secret',
  detail: 'Send X-Webhook-Token, or the secret as the last part of the path.',
};
const WRONG_GOOGLE_KEY: Problem = {
  status: 401,
  kind: 'webhook-secret',
  detail: 'google_key is not the key that was agreed on.',
};

/** What starts an enrichment; an event without an action does, too. */
const IGNORED_ACTIONS = new Set(['on_close_lead']);

export function webhookRoutes(options: EndpointOptions): Router {
  const router = Router({ caseSensitive: true });
  const { availability, webhookSecret, pushDeadlineMs } = options;
  const body = pushBody(pushDeadlineMs);
  const c2s = [logged(options, 'webhook-c2s'), opened(availability), withSecret(webhookSecret), body, c2sPush(options)];
  router
    .route('/c2s')
    .post(...c2s)
    .all(methodNotAllowed);
  router
    .route('/c2s/:secret')
    .post(...c2s)
    .all(methodNotAllowed);
  const google = [
    logged(options, 'webhook-google'),
    opened(availability),
    hasSecret(webhookSecret),
    body,
    googlePush(options),
  ];
  router
    .route('/google-ads')
    .post(...google)
    .all(methodNotAllowed);
  return router;
}

/** Does the head show the secret, in the header or as the last part of the path? Told before Express has seen the request. */
export function showsSecret({ url = '', headers }: IncomingMessage, secret: string | undefined): boolean {
  if (secret === undefined) return false;
  const inPath = /^\/api\/v1\/webhooks\/c2s\/([^/?]+)/.exec(url)?.[1];
  return isSecret(headers['x-webhook-token'] ?? inPath, secret);
}

function hasSecret(secret: string | undefined): RequestHandler {
  return (req, res, next) => (secret === undefined ? refuse(req, res, NO_SECRET) : next());
}

function withSecret(secret: string | undefined): RequestHandler {
  return (req, res, next) => {
    if (secret === undefined) return refuse(req, res, NO_SECRET);
    const given = req.headers['x-webhook-token'] ?? req.params['secret'];
    if (!isSecret(given, secret)) return refuse(req, res, WRONG_SECRET);
    next();
  };
}

function c2sPush({ availability }: EndpointOptions): RequestHandler {
  return served(availability, async (service: EnrichmentService, req: Request, res: Response) => {
    const push = readC2sPush(req.body);
    if (push.kind === 'too-many') {
      const detail = `A push of ${push.count} events; ${MAX_EVENTS} is the most: send it in parts.`;
      return refuse(req, res, { status: 413, kind: 'too-many-events', detail });
    }
    const { events, malformed } = push;
    if (events.length === 0 && malformed.length > 0) {
      const detail = `No event of a lead: ${malformed[0]?.reason}.`;
      return refuse(req, res, { status: 400, kind: 'no-event', detail });
    }
    const wanted = events.filter(({ action }) => !IGNORED_ACTIONS.has(action ?? ''));
    const { processed, duplicates } = await service.push(wanted);
    res.json({
      status: 'received',
      received: events.length + malformed.length,
      processed,
      duplicates,
      ...(malformed.length > 0 && { malformed }),
      ...(wanted.length < events.length && { ignored: events.length - wanted.length }),
    });
  });
}

function googlePush({ availability, webhookSecret, campaigns }: EndpointOptions): RequestHandler {
  return served(availability, async (service: EnrichmentService, req: Request, res: Response) => {
    const read = readGoogleLead(req.body, webhookSecret ?? '');
    if (read.kind === 'wrong-key') return refuse(req, res, WRONG_GOOGLE_KEY);
    if (read.kind === 'malformed') {
      return refuse(req, res, { status: 422, kind: 'google-lead', detail: read.reasons.join('; ') });
    }
    const { lead } = read;
    if (lead.isTest) return void res.json({ status: 'received', received: 1, processed: 0, duplicates: 0, test: true });
    const newLead = { body: toLeadCreate(lead, campaigns), line: googleLeadLine(lead.leadId) };
    const isNew = await service.pushNewLead(lead.leadId, newLead);
    res.json({ status: 'received', received: 1, processed: isNew ? 1 : 0, duplicates: isNew ? 0 : 1 });
  });
}
