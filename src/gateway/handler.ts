import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { json, methodNotAllowed, notFound, problem } from './answer.ts';
import type { Answer } from './answer.ts';
import { readBody, writeBody } from './body.ts';
import type { Fields } from './body.ts';
import type { C2sRequest, Contact2Sale } from './contact2sale.ts';
import { UpstreamFault } from './exchange.ts';
import type { Ending } from './exchange.ts';
import { isRead } from './operations.ts';
import type { OperationId } from './operations.ts';
import { readQuery } from './query.ts';
import { collect } from './read-request.ts';
import { faultAnswer, relay } from './relay.ts';
import { reshape } from './reshape.ts';
import type { createRouter, Route } from './router.ts';

/**
 * The way of a request: match → validate → ask Contact2Sale → answer. A plain node:http listener; nothing on this
 * way parses an answer or a body that needs no change.
 */

/** What one request is about; handed to the answer that the gateway gives by itself. */
export interface Call {
  readonly requestId: string;
  readonly params: readonly string[];
  /** After the `?`, validated. */
  readonly query: string;
  readonly fields: Fields;
  readonly ending: Ending;
}

export interface HandlerParts {
  readonly match: ReturnType<typeof createRouter>;
  readonly c2s: Contact2Sale;
  readonly own: Partial<Record<OperationId, (call: Call) => Answer | Promise<Answer>>>;
  readonly strict: boolean;
  readonly maxBody: number;
  /** Whether the service is about to end. */
  readonly draining: () => boolean;
}

const SANE_ID = /^[\w.:-]{1,128}$/;

function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && SANE_ID.test(given) ? given : randomUUID();
}

/** The gateway as a node:http listener. */
export function createHandler(parts: HandlerParts) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const requestId = requestIdOf(request);
    const ending: Ending = {};
    void answer(parts, request, response, requestId, ending)
      .catch((error: unknown) => failed(error, requestId))
      .then((answered) => write(response, answered, requestId, parts.draining()));
  };
}

async function answer(
  parts: HandlerParts,
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
  ending: Ending,
): Promise<Answer> {
  const { method = '', url = '' } = request;
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const search = mark < 0 ? '' : url.slice(mark + 1);
  const match = parts.match(method, path);
  switch (match.kind) {
    case 'none':
      return notFound();
    case 'method':
      return methodNotAllowed(match.allow);
    case 'slash':
      // Relative on purpose: a Location made from Host would send callers wherever a forged Host says.
      return { status: 307, headers: { location: mark < 0 ? match.path : `${match.path}?${search}` }, body: '' };
    case 'bad-parameter':
      return problem(BAD_PATH, requestId);
    case 'route': {
      if (isRead(match.route.operation)) response.on('close', () => ending.end?.());
      return serve(parts, match.route, match.params, search, request, { requestId, ending });
    }
  }
}

const BAD_PATH = {
  name: 'bad-path',
  status: 400,
  title: 'The path cannot be used',
  detail: 'A parameter of the path is empty, a dot segment, reserved, or holds a slash, ?, #, or a control character.',
} as const;

async function serve(
  parts: HandlerParts,
  { operation, upstream }: Route,
  params: readonly string[],
  search: string,
  request: IncomingMessage,
  { requestId, ending }: { requestId: string; ending: Ending },
): Promise<Answer> {
  const read = readQuery(search, operation);
  if (!read.ok) return read.answer;
  let fields: Fields = {};
  if (operation.body) {
    const bytes = await collect(request, parts.maxBody);
    if (!bytes) return problem(TOO_LARGE, requestId);
    const body = readBody(bytes, request.headers['content-type'], operation, parts.strict, requestId);
    if (!body.ok) return body.answer;
    fields = reshape(operation.id, body.fields);
  }
  const own = parts.own[operation.id];
  if (own) return own({ requestId, params, query: read.query, fields, ending });
  if (!operation.upstream) throw new Error(`${operation.id} has neither an upstream nor an answer`);
  const sent: C2sRequest = {
    method: operation.upstream.method,
    path: join(upstream, params, read.query),
    requestId,
    ...(operation.body ? { body: writeBody(fields) } : {}),
  };
  return relay(await parts.c2s.ask(sent, ending), requestId);
}

const TOO_LARGE = {
  name: 'body-too-large',
  status: 413,
  title: 'The body is too large',
  detail: 'It is longer than this gateway accepts.',
} as const;

function join(literals: readonly string[], params: readonly string[], query: string): string {
  let path = literals[0] ?? '';
  for (let i = 0; i < params.length; i++) path += (params[i] ?? '') + (literals[i + 1] ?? '');
  return query === '' ? path : `${path}?${query}`;
}

function failed(error: unknown, requestId: string): Answer {
  if (error instanceof UpstreamFault) return faultAnswer(error, requestId);
  const detail = 'The gateway failed. Its log has the cause under this request id.';
  return problem({ name: 'internal', status: 500, title: 'Internal error', detail, outcome: 'unknown' }, requestId);
}

function write(
  response: ServerResponse,
  { status, headers, body }: Answer,
  requestId: string,
  draining: boolean,
): void {
  if (response.destroyed) return;
  // While draining, a kept connection would hold the process until its idle time is over.
  if (draining) response.shouldKeepAlive = false;
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body), 'x-request-id': requestId });
  response.end(body);
}

/** What the gateway answers about itself. */
export const selfAnswers: HandlerParts['own'] = {
  'gateway.root': () => json(200, { status: 'ok', service: 'c2s-gateway', docs: '/docs', openapi: '/openapi.json' }),
  'gateway.health': () => json(200, { status: 'healthy', service: 'c2s-gateway' }),
};
