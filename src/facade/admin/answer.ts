import type { Request, RequestHandler } from 'express';
import { z } from 'zod';
import { jsonBody } from '../../http/json-body.ts';
import { Refused } from '../../http/page-errors.ts';
import { within } from '../../http/within.ts';
import type { Problem } from '../../http/problem.ts';
import type { FlipReason, FlipSource } from '../rollout/flip.ts';
import { FlipRefused, type RefusalKind } from '../steer/refused.ts';

/** What the handlers of the steering share: bodies in, answers out, and refusals that say what to do. */

const STATUS: Readonly<Record<RefusalKind, number>> = {
  unknown: 404,
  invalid: 422,
  conflict: 409,
  'needs-force': 409,
  'read-only': 409,
  unavailable: 503,
  uncertain: 503,
};

/** The body of every admin request arrives within it. */
export const BODY_DEADLINE_MS = 10_000;
/** A flip of a thousand routes is far below. */
const MAX_BODY_BYTES = 256 * 1024;

/**
 * Only with its content type: curl names a form where it is told nothing, and to leave such a body out would be to do
 * something else than was asked.
 */
export const smallBody: RequestHandler = jsonBody({
  maxBytes: MAX_BODY_BYTES,
  deadlineMs: BODY_DEADLINE_MS,
  contentType: 'json',
});

export const UNKNOWN_ROUTE: Problem = {
  status: 404,
  kind: 'admin-refused',
  detail: 'No route of the table has this id.',
};

/** No value at all is an empty object. @throws Refused with every fault. */
export function readAs<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value === undefined ? {} : value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(
    ({ path, message }) => `${path.map(String).join('.') || 'the body'}: ${message}`,
  );
  throw new Refused({ status: 400, kind: 'admin-body', detail: faults.join('; ') });
}

/** Whoever asks is told within five seconds, whatever the database does. */
export const ANSWER_TIMEOUT_MS = 4_500;

/**
 * Answers with what `work` comes to, as JSON, and with 503 when that takes too long: work that needs nothing but memory
 * takes no time, so it waits for the database. What it throws is answered at the end of the app (http/page-errors.ts).
 */
export function answer<P = Record<string, string>>(work: (req: Request<P>) => Promise<unknown>): RequestHandler<P> {
  return async (req, res) => {
    try {
      res.json(await within(ANSWER_TIMEOUT_MS, work(req)));
    } catch (error) {
      throw error instanceof FlipRefused ? refusalOf(error) : error;
    }
  };
}

function refusalOf({ kind, message: detail }: FlipRefused): Refused {
  const retryAfter = kind === 'unavailable' ? 1 : undefined;
  return new Refused({ status: STATUS[kind], kind: `flip-${kind}`, detail, retryAfter });
}

/** As a body has it. */
export const signature = {
  who: z.string().trim().min(1).max(100).optional(),
  why: z.string().trim().min(1).max(500).optional(),
};

interface Signature {
  readonly who?: string | undefined;
  readonly why?: string | undefined;
}

/**
 * Who flips. The name is what they say of themselves, for display; what they proved is the token, or that they are on
 * this machine. The program says which it is in the header that the guard wants anyway.
 */
export function reasonOf(
  req: Pick<Request, 'headers'>,
  { who, why }: Signature,
  adminToken: string | undefined,
): FlipReason {
  const program = req.headers['x-c2s-admin'];
  const source: FlipSource = program === 'cli' || program === 'console' ? program : 'api';
  return { source, who: who ?? 'unknown', why, identity: adminToken === undefined ? 'loopback' : 'admin token' };
}
