import express, { type Request, type RequestHandler, type Response } from 'express';
import type { z } from 'zod';
import { sendProblem } from '../forward/problem.ts';
import { announcesBody } from '../forward/request-body.ts';
import type { FlipReason, FlipSource } from '../rollout/flip.ts';
import { FlipRefused, type RefusalKind } from '../steer/refused.ts';

/** What the handlers of the steering share: bodies in, answers out, and refusals as problem+json that say what to do. */

const STATUS: Readonly<Record<RefusalKind, number>> = {
  unknown: 404,
  invalid: 422,
  conflict: 409,
  'read-only': 409,
  unavailable: 503,
};

/** A body that is no JSON, or not what is asked for. The message names every fault. */
export class BadBody extends Error {}

/** Bytes; a flip of a thousand routes is far below. */
const parseJson = express.json({ limit: '256kb', strict: true });

/** The body as an object; none at all is an empty one. */
export const jsonBody: RequestHandler = (req, res, next) => {
  parseJson(req, res, (error?: unknown) => {
    // curl names a form where it is told nothing: to leave such a body out would be to do something else than was asked.
    if (error === undefined && req.body === undefined && announcesBody(req)) {
      const detail = 'The body was not read: send it with content-type: application/json. Nothing was changed.';
      return sendProblem(res, { status: 415, kind: 'admin-body', detail }, '');
    }
    if (error === undefined) return next();
    const detail = 'The body cannot be read: send JSON with content-type application/json, 256 KiB at most.';
    return sendProblem(res, { status: 400, kind: 'admin-body', detail }, '');
  });
};

/** @throws BadBody with every fault. */
export function readAs<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(
    ({ path, message }) => `${path.map(String).join('.') || 'the body'}: ${message}`,
  );
  throw new BadBody(faults.join('; '));
}

/** Answers with what `work` comes to, as JSON, or with the problem. */
export function answer(work: (req: Request) => Promise<unknown>): RequestHandler {
  return async (req, res) => {
    try {
      res.json(await work(req));
    } catch (error) {
      sendRefusal(res, error);
    }
  };
}

function sendRefusal(res: Response, error: unknown): void {
  if (error instanceof BadBody) {
    return sendProblem(res, { status: 400, kind: 'admin-body', detail: error.message }, '');
  }
  if (!(error instanceof FlipRefused)) throw error;
  const { kind, message: detail } = error;
  const retryAfter = kind === 'unavailable' ? 1 : undefined;
  return sendProblem(res, { status: STATUS[kind], kind: `flip-${kind}`, detail, retryAfter }, '');
}

export interface Signature {
  readonly who?: string | undefined;
  readonly why?: string | undefined;
}

/**
 * Who flips. The name is what they say of themselves, for display; what they proved is the token, or that they are on
 * this machine. The program says which it is in the header that the guard wants anyway.
 */
export function reasonOf(req: Request, { who, why }: Signature, adminToken: string | undefined): FlipReason {
  const program = req.headers['x-c2s-admin'];
  const source: FlipSource = program === 'cli' || program === 'console' ? program : 'api';
  return { source, who: who ?? 'unknown', why, identity: adminToken === undefined ? 'loopback' : 'admin token' };
}
