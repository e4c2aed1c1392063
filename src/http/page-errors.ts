import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import { callersStatus } from './callers-status.ts';
import { codeOf } from './error-code.ts';
import type { Logger } from './log.ts';
import { problemBody, problemHeaders, type Problem } from './problem.ts';
import { announcesBody } from './request-body.ts';
import { requestIdFor } from './request-id.ts';

/**
 * The errors of everything that Express serves, public and admin. Handlers throw; one handler answers. Express itself
 * would answer with an HTML page that holds the stack and the path, and write the error's message, which may quote the
 * body, to standard error.
 */

/** A handler's way to refuse: thrown anywhere, answered with its problem. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly problem: Problem;

  constructor(problem: Problem, options?: ErrorOptions) {
    super(problem.kind, options);
    this.problem = problem;
  }
}

const MALFORMED_PATH: Problem = {
  status: 400,
  kind: 'malformed-path',
  detail: 'The path is not well-formed: after % there must be two hexadecimal digits, and all of them together UTF-8.',
};
const STORE_AWAY: Problem = {
  status: 503,
  kind: 'store-unavailable',
  detail: 'The database does not answer now. Send the request again in a few seconds.',
  retryAfter: 5,
};
const OTHER_TABLES: Problem = {
  status: 503,
  kind: 'store-unavailable',
  detail:
    'The tables of the database are not those of this version: a table or a column is missing. Restore the database, or start the version that its tables are of.',
};
const INTERNAL: Problem = {
  status: 500,
  kind: 'internal',
  detail: 'The facade failed at this request. Its log has the cause under this requestId.',
};
export const NOT_FOUND: Problem = { status: 404, kind: 'not-found', detail: 'There is nothing under this path.' };

export interface PageErrorsOptions {
  readonly log: Logger;
  /** The error says that the database cannot be used now, rather than that something is wrong here. */
  readonly isAway?: (error: unknown) => boolean;
  /** The error says that a table or a column is missing. */
  readonly isOtherVersion?: (error: unknown) => boolean;
  /** Default: the problem as it is. For an endpoint whose callers read no status. */
  readonly answer?: (req: Request, res: Response, problem: Problem) => void;
}

/** What a caller is told of whatever a handler threw. */
function problemOf(error: unknown, { isAway, isOtherVersion }: PageErrorsOptions): Problem {
  if (error instanceof Refused) return error.problem;
  // Bodies are read by json-body.ts, so of Express itself only the decoding of a path is left.
  if (callersStatus(error) !== undefined) return MALFORMED_PATH;
  if (isOtherVersion?.(error)) return OTHER_TABLES;
  return isAway?.(error) ? STORE_AWAY : INTERNAL;
}

/** The last handler of an Express app. An answer that had begun is cut off: its end would make it look whole. */
export function pageErrors(options: PageErrorsOptions): ErrorRequestHandler {
  const { log, answer = refuse } = options;
  return (error: unknown, req, res, _next) => {
    const problem = problemOf(error, options);
    note(log, error, problem, requestIdFor(req));
    if (res.headersSent) res.destroy();
    else answer(req, res, problem);
  };
}

/** The cause by its type, code and place; its message may quote what was sent (http/log.ts). */
function note(log: Logger, error: unknown, problem: Problem, requestId: string): void {
  if (problem === STORE_AWAY) log.warn({ requestId, code: codeOf(error) }, 'a request needed the database: it is away');
  else if (problem === OTHER_TABLES)
    log.error({ requestId, code: codeOf(error) }, 'the tables of the database are not those of this version');
  else if (problem === INTERNAL) log.error({ err: error, requestId }, 'a request could not be served');
}

/** For what is still sent after a refusal: it is taken and thrown away. */
const LINGER_TIMEOUT_MS = 1_000;

const membersOf = new WeakMap<ServerResponse, (problem: Problem) => object>();

/** Further members of every problem that the routes behind it answer: what callers of an older service read. */
export function withMembers(members: (problem: Problem) => object): RequestHandler {
  return (_req, res, next) => {
    membersOf.set(res, members);
    next();
  };
}

/**
 * Answers with a problem, under the id of the request. Where the body has not come to its end, what is left of it is
 * thrown away for a second, and the connection ends: to close it at once would reset it under a caller who still sends,
 * and the answer would be lost (RFC 9112, 9.6).
 */
export function refuse(req: IncomingMessage, res: ServerResponse, problem: Problem): void {
  const requestId = requestIdFor(req);
  const body = problemBody(problem, requestId, membersOf.get(res)?.(problem));
  const headers = ['x-request-id', requestId, ...problemHeaders(problem, body)];
  if (req.complete || !announcesBody(req)) return void res.writeHead(problem.status, headers).end(body);
  res.writeHead(problem.status, [...headers, 'connection', 'close']).write(body);
  const timer = setTimeout(() => res.end(), LINGER_TIMEOUT_MS);
  req.once('end', () => res.end());
  res.once('close', () => clearTimeout(timer));
  req.resume();
}

/** For every path that nothing claimed. */
export const notFound: RequestHandler = (req, res) => refuse(req, res, NOT_FOUND);

/** The end of a route: `router.route(path).get(…).all(methodNotAllowed)`. RFC 9110, 15.5.6: Allow names the others. */
export const methodNotAllowed: RequestHandler = (req, res) => {
  const { methods } = req.route as { readonly methods: Readonly<Record<string, boolean>> };
  const taken = Object.keys(methods).filter((method) => method !== '_all');
  const allow = taken.flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));
  refuse(req, res, { status: 405, kind: 'method', detail: `This path takes ${allow.join(', ')}.`, allow });
};
