import express, { type Request, type RequestHandler, type Response } from 'express';
import { sendProblem, type Problem } from '../forward/problem.ts';
import { requestIdOf } from '../forward/request-id.ts';
import type { Campaigns } from '../gateway/campaigns.ts';
import type { Logger } from '../observe/log.ts';
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
export function logged(log: Logger, endpoint: string): RequestHandler {
  return (_req, res, next) => {
    const startedAt = performance.now();
    res.once('close', () => {
      const ms = Math.round(performance.now() - startedAt);
      log.info({ endpoint, status: res.statusCode, isWhole: res.writableFinished, ms }, 'enrichment request');
    });
    next();
  };
}

/** Longest push that is read: a thousand events of the size of a long lead. */
export const body = express.json({ limit: '8mb', type: () => true, strict: false });
