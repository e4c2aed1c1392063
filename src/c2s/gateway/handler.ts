import type { IncomingMessage, ServerResponse } from 'node:http';
import { codeOf } from '../../http/error-code.ts';
import { loopbackFault, type LoopbackFault } from '../../http/loopback.ts';
import { placeOf, type Logs } from '../../http/log.ts';
import { methodNotAllowed, notFound, problem } from './answer.ts';
import type { Answer, GatewayProblem } from './answer.ts';
import { UpstreamFault } from '../../http/buffered-exchange.ts';
import { isRead } from './operations.ts';
import { newRecord } from './record.ts';
import type { RequestRecord } from './record.ts';
import { faultAnswer } from './relay.ts';
import type { RouterMatch } from './router.ts';
import { serve } from './serve.ts';
import type { ServeParts } from './serve.ts';
import { BudgetSpent, UpstreamBusy } from './upstream.ts';

/**
 * The way of a request: match → serve → answer → record. A plain node:http listener, as everything a framework
 * would add here is paid on every lead: measured by `npm run bench:gateway`.
 */
interface HandlerParts extends ServeParts {
  readonly match: (method: string, path: string) => RouterMatch;
  /** Pages beside the operations, by path. */
  readonly docs: (path: string) => Answer | undefined;
  readonly logs: Logs;
  /** Whether the service is about to end. */
  readonly draining: () => boolean;
}

/** The gateway as a node:http listener. */
export function createHandler(parts: HandlerParts) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const record = newRecord(request);
    void route(parts, request, response, record)
      .catch((error: unknown) => failed(error, record))
      .then((answer) => {
        write(response, answer, record.requestId, parts.draining());
        note(parts, record, answer.status);
      })
      .catch((error: unknown) => {
        parts.logs.log.error({ requestId: record.requestId, code: codeOf(error) }, 'the answer could not be written');
        response.destroy();
      });
  };
}

/** node leaves the body of an answer to HEAD out. */
const isPageMethod = (method: string): boolean => method === 'GET' || method === 'HEAD';

/** Only what RFC 3986 allows in a path and a query; raw UTF-8 and `#` mean different things to different parsers. */
const ILLEGAL_IN_TARGET = /[^\x21\x22\x24-\x7e]/;

async function route(
  parts: HandlerParts,
  request: IncomingMessage,
  response: ServerResponse,
  record: RequestRecord,
): Promise<Answer> {
  const foreign = parts.callers.open ? loopbackFault(request.headers) : undefined;
  if (foreign) return problem(FOREIGN[foreign], record.requestId);
  const { method = '', url = '' } = request;
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const search = mark < 0 ? '' : url.slice(mark + 1);
  if (ILLEGAL_IN_TARGET.test(url)) return problem(BAD_PATH, record.requestId);
  const match = parts.match(method, path);
  switch (match.kind) {
    case 'none':
      return (isPageMethod(method) ? parts.docs(path) : undefined) ?? notFound();
    case 'method':
      return methodNotAllowed(match.allow);
    case 'slash':
      // Relative on purpose: a Location made from Host would send callers wherever a forged Host says.
      return { status: 307, headers: { location: mark < 0 ? match.path : `${match.path}?${search}` }, body: '' };
    case 'bad-parameter':
      return problem(BAD_PATH, record.requestId);
    case 'route':
      record.operation = match.route.operation.id;
      response.on('close', () => left(record, isRead(match.route.operation)));
      return serve(parts, match, search, request, record);
  }
}

/** Without keys whoever reaches the gateway acts with the Contact2Sale token, and a page in a browser of this machine does. */
const FOREIGN: Readonly<Record<LoopbackFault, GatewayProblem>> = {
  host: {
    name: 'foreign-host',
    status: 403,
    title: 'Not a loopback name',
    detail:
      'Without caller keys this gateway answers loopback names only: call it as http://127.0.0.1 or http://localhost, or set GATEWAY_CALLERS.',
  },
  origin: {
    name: 'foreign-origin',
    status: 403,
    title: 'A page of another origin',
    detail: 'Without caller keys this gateway answers no web page but its own. Set GATEWAY_CALLERS to answer others.',
  },
};

/** A read is given up with its caller. A write that was sent goes on: cut off, nobody would know what became of it. */
function left({ ending }: RequestRecord, read: boolean): void {
  ending.left = true;
  if (read) ending.end?.();
}

const BAD_PATH = {
  name: 'bad-path',
  status: 400,
  title: 'The path cannot be used',
  detail: 'A parameter of the path is a dot segment, reserved, or holds a slash, ?, #, or a control character.',
} as const;

/** Whatever was thrown, as an answer that says whether a write may be sent again. */
function failed(error: unknown, record: RequestRecord): Answer {
  const { requestId } = record;
  if (error instanceof UpstreamFault) {
    record.fault = error.kind;
    record.cause = error.cause;
    return faultAnswer(error, requestId);
  }
  if (error instanceof BudgetSpent) {
    record.fault = 'rate-budget';
    const detail = 'The requests that Contact2Sale grants are spent for now.';
    const { retryAfter } = error;
    return problem(
      { name: 'rate-budget', status: 503, title: 'Rate budget spent', detail, outcome: 'unsent', retryAfter },
      requestId,
    );
  }
  if (error instanceof UpstreamBusy) {
    record.fault = 'busy';
    const detail = 'As many requests are under way as this gateway allows.';
    return problem({ name: 'busy', status: 503, title: 'Busy', detail, outcome: 'unsent', retryAfter: 1 }, requestId);
  }
  record.fault = 'internal';
  record.cause = error;
  const detail = 'The gateway failed. Its log has the cause under this request id.';
  return problem({ name: 'internal', status: 500, title: 'Internal error', detail, outcome: 'unknown' }, requestId);
}

function write(response: ServerResponse, answer: Answer, requestId: string, draining: boolean): void {
  if (response.destroyed) return;
  // While draining, a kept connection would hold the process until its idle time is over.
  if (draining) response.shouldKeepAlive = false;
  const { status, headers, body } = answer;
  // A 204 has no length (RFC 9110, 8.6).
  const length = status === 204 ? undefined : { 'content-length': Buffer.byteLength(body) };
  response.writeHead(status, { ...headers, ...length, 'x-request-id': requestId });
  response.end(body);
}

/** One line a request. Error texts can quote addresses and fields, so of a cause only its kind is written. */
function note({ metrics, logs: { requestLog: log } }: HandlerParts, record: RequestRecord, status: number): void {
  const ms = performance.now() - record.began;
  metrics.answered(record.operation, status, ms / 1_000);
  const { requestId, method, operation, caller, fault, cause } = record;
  const line = { requestId, method, operation, status, ms: Math.round(ms * 10) / 10, caller, fault };
  if (fault === 'internal') log.error({ ...line, type: typeOf(cause), at: placeOf(cause) }, 'failed');
  else if (fault === undefined) log.info(line, 'answered');
  else
    log[fault === 'caller-left' ? 'debug' : 'warn'](
      { ...line, code: cause === undefined ? undefined : codeOf(cause) },
      'answered',
    );
}

const typeOf = (cause: unknown): string => (cause instanceof Error ? cause.name : typeof cause);
