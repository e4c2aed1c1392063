import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** RFC 9457 problem details: every error that a service itself makes, and no other. */
export interface Problem {
  readonly status: number;
  /** Last part of the `type`, stable: `upstream-connect`. */
  readonly kind: string;
  /** Of the `type`, `urn:<service>:<kind>`. Default: c2s-facade. */
  readonly service?: string | undefined;
  /** Says what happened and what the caller can do. Never an upstream address, a token or a value of the request. */
  readonly detail: string;
  /** Seconds for Retry-After. */
  readonly retryAfter?: number | undefined;
  /** Methods for Allow (405). */
  readonly allow?: readonly string[] | undefined;
}

/** As RFC 9110 has them; Node's are older. 499 is nginx's. */
const TITLES: Readonly<Record<number, string | undefined>> = {
  ...STATUS_CODES,
  413: 'Content Too Large',
  422: 'Unprocessable Content',
  499: 'Client Closed Request',
};

/** @param members beside those of RFC 9457, for callers that read another one. */
export function problemBody(
  { status, kind, detail, service = 'c2s-facade' }: Problem,
  requestId: string | undefined,
  members: object = {},
): Buffer {
  const title = TITLES[status] ?? 'Error';
  return Buffer.from(JSON.stringify({ type: `urn:${service}:${kind}`, title, status, detail, requestId, ...members }));
}

/** Answers with a problem. @param headers further headers, name and value alternating. */
export function sendProblem(
  res: ServerResponse,
  problem: Problem,
  requestId: string | undefined,
  headers: readonly string[] = [],
): void {
  const body = problemBody(problem, requestId);
  res.writeHead(problem.status, [...headers, ...problemHeaders(problem, body)]);
  res.end(body);
}

export function problemHeaders({ status, retryAfter, allow }: Problem, body: Buffer): string[] {
  const headers = ['content-type', 'application/problem+json', 'content-length', String(body.length)];
  if (retryAfter !== undefined) headers.push('retry-after', String(retryAfter));
  // RFC 9110 11.6.1: a 401 names the way to authenticate.
  if (status === 401) headers.push('www-authenticate', 'Bearer');
  if (allow) headers.push('allow', allow.join(', '));
  return headers;
}

/** A problem that is given to many and says the same to each: written once. */
export interface ReadyProblem {
  readonly status: number;
  /** Name and value alternating. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** @param headers further headers, name and value alternating. */
export function readyProblem(problem: Problem, headers: readonly string[]): ReadyProblem {
  const body = problemBody(problem, undefined);
  return { status: problem.status, headers: [...headers, ...problemHeaders(problem, body)], body };
}

/** @param requestId only where the caller gave one: nobody could look up another. */
export function sendReady(res: ServerResponse, ready: ReadyProblem, requestId: string | undefined): void {
  const { status, headers, body } = ready;
  res.writeHead(status, requestId === undefined ? (headers as string[]) : [...headers, 'x-request-id', requestId]);
  res.end(body);
}

/** For what is still written after a refusal: it is taken and thrown away. */
const LINGER_TIMEOUT_MS = 1_000;

/** The same on a bare socket, where there is no request to answer. The connection ends with it. */
export function endWithProblem(socket: Socket, problem: Problem, headers: readonly string[] = []): void {
  const body = problemBody(problem, undefined);
  const pairs = [...problemHeaders(problem, body), ...headers];
  let head = `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n`;
  for (let i = 0; i < pairs.length; i += 2) head += `${pairs[i]}: ${pairs[i + 1]}\r\n`;
  endAfter(socket, `${head}connection: close\r\n\r\n${body.toString()}`);
}

/**
 * Ends a connection behind what was written to it and `bytes`, whether its caller closes too or not: no timeout of
 * node's watches over such a socket any more.
 */
export function endAfter(socket: Socket, bytes = ''): void {
  // Node has taken its own listener off a connection that it gave away, and its caller may have reset it already.
  socket.on('error', () => undefined);
  socket.end(bytes);
  setTimeout(() => socket.destroy(), LINGER_TIMEOUT_MS).unref();
}
