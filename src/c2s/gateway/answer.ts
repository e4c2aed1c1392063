/**
 * What the gateway says to its callers. Two shapes, both readable by a client of the Python gateway, which looks
 * at `detail`: FastAPI's own (a list on 422, a word on 404 and 405), and for everything that FastAPI answered
 * with a bare 500, RFC 9457 problem documents, whose `detail` is a sentence. Neither ever holds an upstream
 * address: the Python gateway quoted it, query and phone numbers included.
 */

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

const JSON_TYPE = { 'content-type': 'application/json' };

/** A JSON answer. `headers` are added to the content type. */
export function json(status: number, value: unknown, headers: Record<string, string> = {}): Answer {
  return { status, headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify(value) };
}

/** One entry of FastAPI's 422. `loc[0]` is `body`, `query` or `path`. What the caller sent is never echoed. */
export interface ValidationIssue {
  readonly type: string;
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly ctx?: Readonly<Record<string, string | number>>;
}

/** FastAPI's answer to a request that does not fit the schema. */
export const unprocessable = (issues: readonly ValidationIssue[]): Answer => json(422, { detail: issues });

export const notFound = (): Answer => json(404, { detail: 'Not Found' });

/** `allow` names every method of the path; Starlette named only the first route's. */
export const methodNotAllowed = (allow: string): Answer => json(405, { detail: 'Method Not Allowed' }, { allow });

/** What went wrong between us and Contact2Sale, or in front of us; the last part of the problem's `type`. */
type ProblemName =
  | 'foreign-host'
  | 'foreign-origin'
  | 'bad-path'
  | 'bad-body'
  | 'caller-unknown'
  | 'caller-reads-only'
  | 'body-too-large'
  | 'unreachable'
  | 'connection-lost'
  | 'unusable-answer'
  | 'deadline'
  | 'rate-budget'
  | 'busy'
  | 'not-configured'
  | 'internal';

export interface GatewayProblem {
  readonly name: ProblemName;
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  /** Of a write: `unsent` may be sent again, `unknown` may have reached Contact2Sale. */
  readonly outcome?: 'unsent' | 'unknown';
  /** Seconds. */
  readonly retryAfter?: number;
}

/** The problem as an answer; `requestId` lets the caller find the log line. */
export function problem({ name, retryAfter, ...members }: GatewayProblem, requestId: string): Answer {
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' };
  if (retryAfter !== undefined) headers['retry-after'] = String(retryAfter);
  // The rest of the body is not read, so nothing else can come over this connection.
  if (members.status === 413) headers['connection'] = 'close';
  if (members.status === 401) headers['www-authenticate'] = 'Bearer';
  return {
    status: members.status,
    headers,
    body: JSON.stringify({ type: `urn:c2s-gateway:${name}`, ...members, requestId }),
  };
}
