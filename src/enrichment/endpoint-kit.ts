import express, { type Request, type RequestHandler, type Response } from 'express';
import { sendProblem, type Problem } from '../forward/problem.ts';
import { requestIdOf } from '../forward/request-id.ts';
import type { Campaigns } from '../gateway/campaigns.ts';
import type { Logger } from '../observe/log.ts';
import type { EndpointTrace, Tracing } from '../observe/tracing/trace.ts';
import type { Door } from './door.ts';
import type { EnrichmentService } from './service.ts';

/** What the endpoints have in common. */

export interface EndpointOptions {
  readonly door: () => Door;
  /** Presents a token of ours. */
  readonly isKnown: (req: Request) => boolean;
  /** ENRICH_OPEN: whoever calls may have leads enriched. */
  readonly isOpen: boolean;
  readonly webhookSecret: string | undefined;
  readonly campaigns: Campaigns;
  /** Milliseconds. */
  readonly syncDeadline: () => number;
  readonly log: Logger;
  /** Undefined: off. */
  readonly tracing?: Pick<Tracing, 'endpoint'> | undefined;
}

export function refuse(req: Request, res: Response, problem: Problem): void {
  sendProblem(res, problem, requestIdOf(req.headers['x-request-id']));
}

/** Runs the handler with the service, or says why there is none. */
export function served(
  door: () => Door,
  handle: (service: EnrichmentService, req: Request, res: Response) => Promise<void>,
): RequestHandler {
  return async (req, res) => {
    const behind = door();
    if (behind.isOpen) await handle(behind.service, req, res);
    else refuse(req, res, behind.problem);
  };
}

/** A line a request: which endpoint, and what came of it. No path, which may hold a secret or a lead's id. */
export function logged({ log, tracing }: EndpointOptions, endpoint: string): RequestHandler {
  return (req, res, next) => {
    const startedAt = performance.now();
    const trace = tracing && beginTrace(tracing, req, res);
    res.once('close', () => {
      trace?.ended(res.statusCode);
      const ms = Math.round(performance.now() - startedAt);
      log.info({ endpoint, status: res.statusCode, isWhole: res.writableFinished, ms }, 'enrichment request');
    });
    next();
  };
}

const traces = new WeakMap<Response, EndpointTrace>();

/** By the path as Express has it, with its parameters' names in it. */
function beginTrace(tracing: Pick<Tracing, 'endpoint'>, req: Request, res: Response): EndpointTrace {
  const { path } = req.route as { path: string };
  const requestId = requestIdOf(req.headers['x-request-id']);
  const trace = tracing.endpoint({ req, requestId }, req.baseUrl + path);
  traces.set(res, trace);
  return trace;
}

/** Undefined: it is not traced. */
export function traceOf(res: Response): EndpointTrace | undefined {
  return traces.get(res);
}

/** Longest push that is read: a thousand events of the size of a long lead. */
export const body = express.json({ limit: '8mb', type: () => true, strict: false });
