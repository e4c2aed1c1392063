import type { IncomingMessage } from 'node:http';
import { Router, type Request, type RequestHandler, type Response } from 'express';
import { methodNotAllowed, refuse } from '../../http/page-errors.ts';
import type { Problem } from '../../http/problem.ts';
import { problemOf } from './answers.ts';
import { logged, opened, pushBody, served, type EndpointOptions, type WebhookOptions } from './endpoint-kit.ts';
import { newLeadOf } from './google-lead.ts';
import { isSecret } from './secret.ts';
import type { EnrichmentService } from './service.ts';
import { MAX_EVENTS, readC2sPush } from './webhook-c2s.ts';
import { googleKeyOf, readGoogleLead } from './webhook-google.ts';
import { rightPlace, shownSecrets, webhookOf } from './webhook-secret.ts';

/**
 * The pushes. Contact2Sale signs nothing and cannot set a header, so its secret may stand in the path or in the query;
 * where the sender can set a header, `X-Webhook-Token` is better. What is answered with 2xx is written down. Whether there
 * is a service, and a secret that stands in the head, are judged before a byte of the body is read.
 */

const NO_SECRET: Problem = {
  status: 503,
  kind: 'webhook-secret-not-set',
  detail: 'WEBHOOK_SECRET is not set here, so nobody can be told from a stranger, and no push is taken.',
};
const NO_GOOGLE_KEY: Problem = {
  ...NO_SECRET,
  detail: 'Neither GOOGLE_ADS_WEBHOOK_KEY nor WEBHOOK_SECRET is set here, so no push of Google Ads is taken.',
};
const WRONG_SECRET: Problem = {
  status: 401,
  kind: 'webhook-secret',
  detail: 'Send X-Webhook-Token, or the secret as the last part of the path or as the parameter token.',
};
const WRONG_GOOGLE_KEY: Problem = {
  status: 401,
  kind: 'webhook-secret',
  detail: 'google_key is not the key that was agreed on.',
};
const TOO_MANY_UNSIGNED: Problem = {
  status: 429,
  kind: 'unsigned-pushes',
  detail: 'Too many events without the secret. Send them again later, or show the secret: such pushes are not limited.',
};

/** What starts an enrichment; an event without an action, or with an unknown one, does, too. */
const IGNORED_ACTIONS = new Set(['on_close_lead']);

export function webhookRoutes(options: EndpointOptions): Router {
  const router = Router({ caseSensitive: true });
  const { availability, webhooks } = options;
  const body = pushBody(webhooks.bodyDeadlineMs);
  const c2s = [logged(options, 'webhook-c2s'), opened(availability), signedC2s(webhooks), body, c2sPush(options)];
  for (const path of ['/c2s', '/c2s/:secret'])
    router
      .route(path)
      .post(...c2s)
      .all(methodNotAllowed);
  const google = [
    logged(options, 'webhook-google'),
    opened(availability),
    signedGoogle(webhooks),
    body,
    googlePush(options),
  ];
  router
    .route('/google-ads')
    .post(...google)
    .all(methodNotAllowed);
  return router;
}

/** Does the head of a push show its secret? Told before Express has seen the request. */
export function showsSecret(
  { url = '', headers }: IncomingMessage,
  { secret, googleKey }: Pick<WebhookOptions, 'secret' | 'googleKey'>,
): boolean {
  const expected = webhookOf(url) === 'c2s' ? secret : googleKey;
  return rightPlace(shownSecrets(url, headers), expected) !== undefined;
}

/** A push that shows a secret shows the right one; one that shows none is taken for as long as the settings say. */
function signedC2s({ secret, unsigned, onPush }: WebhookOptions): RequestHandler {
  return (req, res, next) => {
    const shown = shownOf(req);
    if (shown.length === 0 && req.params['secret'] === undefined && unsigned.isOpen) {
      const { waitMs } = unsigned;
      if (waitMs === 0) {
        onPush('c2s', 'unsigned');
        unsigned.take(1);
        return next();
      }
      onPush('c2s', 'limited');
      return refuse(req, res, { ...TOO_MANY_UNSIGNED, retryAfter: Math.ceil(waitMs / 1_000) });
    }
    if (secret === undefined) return refuse(req, res, NO_SECRET);
    const place = rightPlace(shown, secret);
    onPush('c2s', place ?? 'refused');
    if (place === undefined) refuse(req, res, WRONG_SECRET);
    else next();
  };
}

const shownOf = (req: Request) => shownSecrets(req.originalUrl, req.headers);

function c2sPush({ availability, webhooks: { unsigned } }: EndpointOptions): RequestHandler {
  return served(availability, async (service: EnrichmentService, req: Request, res: Response) => {
    const push = readC2sPush(req.body);
    const isSigned = shownOf(req).length > 0;
    // One was counted before the body was read.
    if (!isSigned && push.kind === 'events') unsigned.take(Math.max(0, push.events.length - 1));
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
    const { processed, duplicates } = await service.push(wanted, isSigned);
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

/** A key in the address is judged before the body is read; without one the body must show it. */
function signedGoogle({ googleKey, onPush }: WebhookOptions): RequestHandler {
  return (req, res, next) => {
    if (googleKey === undefined) return refuse(req, res, NO_GOOGLE_KEY);
    const shown = shownOf(req);
    if (shown.length === 0) return next();
    const place = rightPlace(shown, googleKey);
    onPush('google-ads', place ?? 'refused');
    if (place === undefined) refuse(req, res, WRONG_GOOGLE_KEY);
    else next();
  };
}

function googlePush({ availability, webhooks }: EndpointOptions): RequestHandler {
  const { googleKey = '', newLead, answerWithinMs, onPush } = webhooks;
  return served(availability, async (service: EnrichmentService, req: Request, res: Response) => {
    if (shownOf(req).length === 0) {
      const isRight = isSecret(googleKeyOf(req.body), googleKey);
      onPush('google-ads', isRight ? 'body' : 'refused');
      if (!isRight) return refuse(req, res, WRONG_GOOGLE_KEY);
    }
    const read = readGoogleLead(req.body);
    if (read.kind === 'malformed') {
      return refuse(req, res, { status: 422, kind: 'google-lead', detail: read.reasons.join('; ') });
    }
    const { lead } = read;
    if (lead.isTest) return void res.json({ status: 'received', received: 1, processed: 0, duplicates: 0, test: true });
    const { isNew, id } = await service.pushNewLead(lead.leadId, newLeadOf(lead, newLead));
    // A repetition is answered at once, with what is there.
    const created = id === undefined ? PENDING : await service.createdLead(id, isNew ? answerWithinMs() : 0);
    if (isNew && created.kind === 'failed')
      return refuse(req, res, notCreated(problemOf(created.reason, created.result)));
    const [status, message] = isNew && created.kind !== 'failed' ? NEW_LEAD[created.kind] : DUPLICATE;
    res.status(status).json({
      status: 'received',
      received: 1,
      processed: isNew ? 1 : 0,
      duplicates: isNew ? 0 : 1,
      success: true,
      message,
      lead_id: lead.leadId,
      c2s_lead_id: created.kind === 'created' ? created.leadId : null,
      ...(id !== undefined && { enrichment_id: id }),
    });
  });
}

/** Google shows what it is answered to the advertiser, and sends a push that was refused again. */
const notCreated = (problem: Problem): Problem => ({
  ...problem,
  detail: `${problem.detail} The lead is kept as a dead letter; the same push tries it again, and so does c2s-facade dead-letters --retry.`,
});

const PENDING = { kind: 'pending' } as const;
const NEW_LEAD = {
  created: [201, 'Lead created; its enrichment is under way'],
  pending: [202, 'Lead received; it is being created. GET /api/v1/enrichments/:enrichment_id says how far it is'],
} as const;
/** In the words of the service before. */
const DUPLICATE = [200, 'Lead already processed (duplicate)'] as const;
