import type { IncomingMessage } from 'node:http';
import { problem } from './answer.ts';
import type { Answer } from './answer.ts';
import { readBody, writeBody } from './body.ts';
import type { Fields } from './body.ts';
import type { GatewayCallers } from './callers.ts';
import { mayCall } from './callers.ts';
import type { Contact2Sale } from './contact2sale.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { Operation, OperationId } from './operations.ts';
import type { Call, OwnAnswer } from './own-answers.ts';
import { readQuery } from './query.ts';
import { collect } from './read-request.ts';
import type { RequestRecord } from './record.ts';
import { relay } from './relay.ts';
import type { Reshape } from './reshape.ts';
import type { Route } from './router.ts';

/** A matched request: admit → validate → reshape → ask → relay. */

export interface ServeParts {
  readonly callers: GatewayCallers;
  readonly c2s: Pick<Contact2Sale, 'ask'>;
  readonly own: Partial<Record<OperationId, OwnAnswer>>;
  readonly reshape: Reshape;
  readonly metrics: GatewayMetrics;
  readonly strict: boolean;
  readonly maxBodyBytes: number;
}

const UNKNOWN_CALLER = {
  name: 'caller-unknown',
  status: 401,
  title: 'Unknown caller',
  detail: 'Send your caller key as "Authorization: Bearer <key>" or "X-Api-Key: <key>".',
} as const;
const READS_ONLY = {
  name: 'caller-reads-only',
  status: 403,
  title: 'Reads only',
  detail: 'This caller key may read, not write.',
} as const;
const TOO_LARGE = {
  name: 'body-too-large',
  status: 413,
  title: 'The body is too large',
  detail: 'It is longer than this gateway accepts.',
} as const;

/** A refusal, or undefined when the caller may have this operation. */
function admit(parts: ServeParts, operation: Operation, request: IncomingMessage, record: RequestRecord) {
  if (operation.open || parts.callers.open) return undefined;
  const caller = parts.callers.identify(request);
  if (!caller) {
    parts.metrics.callerRefused('unknown');
    return problem(UNKNOWN_CALLER, record.requestId);
  }
  record.caller = caller.name;
  if (mayCall(caller, operation)) return undefined;
  parts.metrics.callerRefused('reads-only');
  return problem(READS_ONLY, record.requestId);
}

async function readFields(
  parts: ServeParts,
  operation: Route['operation'],
  request: IncomingMessage,
  requestId: string,
): Promise<{ readonly fields: Fields } | { readonly answer: Answer }> {
  const bytes = await collect(request, parts.maxBodyBytes);
  if (!bytes) return { answer: problem(TOO_LARGE, requestId) };
  const body = readBody(bytes, request.headers['content-type'], operation, parts.strict, requestId);
  return body.ok ? { fields: parts.reshape.apply(operation.id, body.fields) } : body;
}

const NO_FIELDS: Fields = {};

/** @param search what follows the `?`, as sent */
export async function serve(
  parts: ServeParts,
  { route, params }: { readonly route: Route; readonly params: readonly string[] },
  search: string,
  request: IncomingMessage,
  record: RequestRecord,
): Promise<Answer> {
  const { operation } = route;
  const { requestId, ending } = record;
  const refusal = admit(parts, operation, request, record);
  if (refusal) return refusal;
  const read = readQuery(search, operation, parts.strict);
  if (!read.ok) return read.answer;
  const body = operation.body ? await readFields(parts, operation, request, requestId) : undefined;
  if (body && 'answer' in body) return body.answer;
  const call: Call = { requestId, params, query: read.query, fields: body?.fields ?? NO_FIELDS, ending };
  const own = parts.own[operation.id];
  return own ? own(call) : ask(parts, route, call);
}

async function ask(parts: ServeParts, { operation, upstream }: Route, call: Call): Promise<Answer> {
  if (!operation.upstream) throw new Error(`${operation.id} has neither an upstream nor an answer of its own`);
  const { requestId, params, query, fields, ending } = call;
  const request = { method: operation.upstream.method, path: fill(upstream, params, query), requestId };
  const sent = operation.body ? { ...request, body: writeBody(fields) } : request;
  return relay(await parts.c2s.ask(sent, ending), requestId);
}

function fill(literals: readonly string[], params: readonly string[], query: string): string {
  let path = literals[0] ?? '';
  for (let i = 0; i < params.length; i++) path += (params[i] ?? '') + (literals[i + 1] ?? '');
  return query === '' ? path : `${path}?${query}`;
}
