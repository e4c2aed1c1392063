import type { Request, RequestHandler, Response } from 'express';
import { jsonBody } from '../../http/json-body.ts';
import { refuse } from '../../http/page-errors.ts';
import type { Problem } from '../../http/problem.ts';
import { requestIdFor } from '../../http/request-id.ts';
import type { Logger } from '../../http/log.ts';
import type { EndpointTrace, Tracing } from '../../facade/observe/tracing/trace.ts';
import type { Actor } from '../store/audit.ts';
import type { Availability } from './availability.ts';
import type { NewLeadSettings } from './google-lead.ts';
import type { EnrichmentService } from './service.ts';
import type { UnsignedPushes } from './unsigned-pushes.ts';
import type { JudgedPush, Webhook } from './webhook-secret.ts';

/** What the endpoints have in common. */

export interface EndpointOptions {
  readonly availability: () => Availability;
  /** The id of the known caller; undefined: the request presents no token of ours. */
  readonly callerOf: (req: Request) => string | undefined;
  /** ENRICH_OPEN: whoever calls may have leads enriched. */
  readonly isOpen: boolean;
  readonly webhooks: WebhookOptions;
  /** Milliseconds. */
  readonly syncDeadline: () => number;
  readonly log: Logger;
  /** Told of every request that was answered, or whose caller left (499). */
  readonly onAnswered: (endpoint: string, status: number) => void;
  /** Undefined: off. */
  readonly tracing?: Pick<Tracing, 'endpoint'> | undefined;
}

/** Who is shown personal data, for the record. A caller without a token is shown some where ENRICH_OPEN says so. */
export function readerOf({ callerOf }: Pick<EndpointOptions, 'callerOf'>, req: Request): Actor {
  const id = callerOf(req);
  return id === undefined ? { who: 'unknown caller', via: 'no token' } : { who: id, via: 'caller token' };
}

const UNAUTHORIZED: Problem = {
  status: 401,
  kind: 'unauthorized',
  detail: 'Send Authorization: Bearer <token>, one of FACADE_TOKENS or the Contact2Sale token.',
};

/** Refuses who presents no token of ours. @param isOpen whoever calls may. */
export function known({ callerOf }: Pick<EndpointOptions, 'callerOf'>, isOpen = false): RequestHandler {
  return (req, res, next) => (isOpen || callerOf(req) !== undefined ? next() : refuse(req, res, UNAUTHORIZED));
}

/** What the endpoints of pushes need beside the rest. */
export interface WebhookOptions {
  /** Of Contact2Sale's pushes; undefined: none is set, so that no push can show it. */
  readonly secret: string | undefined;
  /** Of Google's pushes, as above. */
  readonly googleKey: string | undefined;
  readonly unsigned: UnsignedPushes;
  readonly newLead: NewLeadSettings;
  /** Milliseconds to wait for the lead that a push of Google's has created. */
  readonly answerWithinMs: () => number;
  /** Told of every push whose secret was judged. */
  readonly onPush: (webhook: Webhook, judged: JudgedPush) => void;
  /** Milliseconds for the body of a push to arrive; default: 10 s. */
  readonly bodyDeadlineMs?: number;
}

/** Runs the handler with the service, or says why there is none. */
export function served(
  availability: () => Availability,
  handle: (service: EnrichmentService, req: Request, res: Response) => Promise<void>,
): RequestHandler {
  return async (req, res) => {
    const behind = availability();
    if (behind.isOpen) await handle(behind.service, req, res);
    else refuse(req, res, behind.problem);
  };
}

/** Refuses while there is no service, before anything of a body is read. */
export function opened(availability: () => Availability): RequestHandler {
  return (req, res, next) => {
    const behind = availability();
    if (behind.isOpen) next();
    else refuse(req, res, behind.problem);
  };
}

/** A line a request: which endpoint, whose, and what came of it. No path, which may hold a secret or a lead's id. */
export function logged({ log, tracing, callerOf, onAnswered }: EndpointOptions, endpoint: string): RequestHandler {
  return (req, res, next) => {
    const startedAt = performance.now();
    const trace = tracing && beginTrace(tracing, req, res);
    res.once('close', () => {
      trace?.ended(res.statusCode);
      onAnswered(endpoint, res.writableFinished ? res.statusCode : 499);
      const ms = Math.round(performance.now() - startedAt);
      const requestId = requestIdFor(req);
      log.info(
        { requestId, endpoint, caller: callerOf(req), status: res.statusCode, isWhole: res.writableFinished, ms },
        'enrichment request',
      );
    });
    next();
  };
}

const traces = new WeakMap<Response, EndpointTrace>();

/** By the path as Express has it, with its parameters' names in it. */
function beginTrace(tracing: Pick<Tracing, 'endpoint'>, req: Request, res: Response): EndpointTrace | undefined {
  const route = req.route as { readonly path: string } | undefined;
  // What is not offered has no template.
  if (!route) return undefined;
  const trace = tracing.endpoint({ req, requestId: requestIdFor(req) }, req.baseUrl + route.path);
  traces.set(res, trace);
  return trace;
}

/** Undefined: it is not traced. */
export function traceOf(res: Response): EndpointTrace | undefined {
  return traces.get(res);
}

/**
 * The body of a push. Whoever knows no secret can send one to Google's endpoint, whose secret stands in the body: so it
 * is short in size and time.
 * @param deadlineMs until it is whole
 */
export const pushBody = (deadlineMs: number = PUSH_DEADLINE_MS): RequestHandler =>
  jsonBody({ maxBytes: MAX_PUSH_BYTES, deadlineMs, contentType: 'any' });

const MAX_PUSH_BYTES = 64 * 1024;
const PUSH_DEADLINE_MS = 10_000;
