import { request, type Agent, type IncomingMessage } from 'node:http';
import { parseRetryAfter } from '../../http/retry-after.ts';
import type { RunTraces } from '../../facade/observe/tracing/trace.ts';
import { decisionOf, OUTCOMES, type Outcome } from '../../facade/rollout/outcome.ts';
import type { LeadCreate } from './google-lead.ts';
import { fieldText } from './message-text.ts';
import { saysMore } from '../../facade/compare/paged.ts';
import { isRecord, recordOf, textOf, trustedId } from './untyped-json.ts';

/**
 * The CRM as the enrichment sees it: through the facade's own rollout table, whoever serves there. The answers are
 * closed unions that say what may be done next, so that no step decides by a status code.
 */

/** What a write came to. @template T what the answer tells of what was made. */
export type Write<T> =
  /** Carried out, and the answer proves it. */
  | { readonly kind: 'done'; readonly found: T }
  /** Contact2Sale understood it and said no; the same again would be refused again. */
  | { readonly kind: 'refused'; readonly status: number }
  /** It never left; it may be tried again. @property retryAfter milliseconds. */
  | { readonly kind: 'unsent'; readonly retryAfter: number | undefined }
  /** Contact2Sale answered "not now", which does not prove that nothing was carried out. */
  | { readonly kind: 'put_off'; readonly retryAfter: number | undefined }
  /** Nobody can say: no answer, a failure, or a success without proof. */
  | { readonly kind: 'unknown' };

/** What a read came to. */
export type LeadRead =
  | { readonly kind: 'found'; readonly body: unknown }
  | { readonly kind: 'missing' }
  | { readonly kind: 'failed'; readonly retryAfter: number | undefined };

/** What the search for a lead of ours came to. `cannot-tell`: there is nothing to look for it by, or the list shows no texts. */
type Search =
  | { readonly kind: 'found'; readonly leadId: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'cannot-tell' }
  | { readonly kind: 'failed'; readonly retryAfter: number | undefined };

export interface FacadeClient {
  readLead(leadId: string, requestId: string): Promise<LeadRead>;
  createLead(lead: LeadCreate, requestId: string): Promise<Write<string>>;
  /** What the advertisement of a lead of Google's was for; undefined: not offered, not known, or no answer. */
  resolveProduct(googleLeadId: string, requestId: string): Promise<string | undefined>;
  /** The newest lead with this phone or e-mail whose description holds the line. */
  findLead(lead: LeadCreate, line: string, requestId: string): Promise<Search>;
  createMessage(leadId: string, text: string, requestId: string): Promise<Write<unknown>>;
}

interface FacadeClientOptions {
  readonly agent: Agent;
  /** Of a known caller: only those may take the gateway path. */
  readonly token: string;
  /** For one call; above the facade's own total deadline, which then answers first. */
  readonly deadlineMs: number;
  /** Of the runs that call: their request ids are the ids of enrichments. */
  readonly traces?: Pick<RunTraces, 'headersOf'> | undefined;
}

/** Of an answer: a lead with years of messages stays below; what is longer says nothing usable. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/** For the product of a new lead: who pushed it waits for the lead's id. */
const RESOLVE_TIMEOUT_MS = 4_000;

export function createFacadeClient(options: FacadeClientOptions): FacadeClient {
  return {
    async readLead(leadId, requestId) {
      const path = `/integration/leads/${encodeURIComponent(leadId)}`;
      return readOf(await exchange(options, { method: 'GET', path, requestId }).catch(() => undefined));
    },
    async createLead(lead, requestId) {
      const sent = exchange(options, { method: 'POST', path: '/leads', requestId, body: lead });
      return writeOf(await sent.catch(() => undefined), idOf);
    },
    async resolveProduct(googleLeadId, requestId) {
      const query = new URLSearchParams({ google_lead_id: googleLeadId });
      const asked = { method: 'GET', path: `/leads/resolve-source?${query.toString()}`, requestId } as const;
      const deadlineMs = Math.min(options.deadlineMs, RESOLVE_TIMEOUT_MS);
      const read = readOf(await exchange({ ...options, deadlineMs }, asked).catch(() => undefined));
      return read.kind === 'found' ? productIn(read.body) : undefined;
    },
    async findLead({ phone, email }, line, requestId) {
      if (phone === undefined && email === undefined) return { kind: 'cannot-tell' };
      const query = new URLSearchParams({ sort: '-created_at', perpage: '50' });
      query.set(phone === undefined ? 'email' : 'phone', phone ?? email ?? '');
      const path = `/integration/leads?${query.toString()}`;
      const read = readOf(await exchange(options, { method: 'GET', path, requestId }).catch(() => undefined));
      return read.kind === 'found' ? searchIn(read.body, line) : { kind: 'failed', retryAfter: undefined };
    },
    async createMessage(leadId, text, requestId) {
      const path = `/integration/leads/${encodeURIComponent(leadId)}/create_message`;
      const sent = exchange(options, { method: 'POST', path, requestId, body: { body: text } });
      return writeOf(await sent.catch(() => undefined), idOf);
    },
  };
}

interface SentWrite {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly requestId: string;
  readonly body?: object;
}

export interface FacadeAnswer {
  readonly status: number;
  /** The x-facade-outcome header: an Outcome, or `unknown` for a write that may have been received. */
  readonly outcome: string | undefined;
  /** Milliseconds. */
  readonly retryAfter: number | undefined;
  /** Undefined when it is no JSON. */
  readonly body: unknown;
  /** It has a text, and that is no JSON. */
  readonly isPage?: boolean;
}

function exchange(
  { agent, token, deadlineMs, traces }: FacadeClientOptions,
  { method, path, requestId, body }: SentWrite,
): Promise<FacadeAnswer> {
  const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  return new Promise((resolve, reject) => {
    const req = request(
      {
        agent,
        method,
        path,
        // Not sent anywhere: each upstream gets its own Host.
        host: 'c2s-facade.internal',
        signal: AbortSignal.timeout(deadlineMs),
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/json',
          'x-request-id': requestId,
          ...traces?.headersOf(requestId),
          ...(payload && { 'content-type': 'application/json', 'content-length': payload.length }),
        },
      },
      (res) => void readAnswer(res).then(resolve, reject),
    );
    req.on('error', reject);
    req.end(payload);
  });
}

async function readAnswer(res: IncomingMessage): Promise<FacadeAnswer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of res as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  const outcome = res.headers['x-facade-outcome'];
  const text = Buffer.concat(chunks).toString();
  const body = parse(text);
  return {
    status: res.statusCode ?? 0,
    outcome: typeof outcome === 'string' ? outcome : undefined,
    retryAfter: parseRetryAfter(res.headers['retry-after'], Date.now()),
    body,
    isPage: body === undefined && text.trim() !== '',
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @param answer undefined: none came, or not whole. */
export function readOf(answer: FacadeAnswer | undefined): LeadRead {
  if (!answer) return { kind: 'failed', retryAfter: undefined };
  const { status, body, retryAfter } = answer;
  if (status >= 200 && status < 300 && body !== undefined) return { kind: 'found', body };
  // A page is the word of a proxy in front of the CRM: no lead is given up for it.
  if (answer.isPage) return { kind: 'failed', retryAfter };
  return status === 404 || status === 410 ? { kind: 'missing' } : { kind: 'failed', retryAfter };
}

/** Statuses that somebody may put right without a change of the request: the token, the rate limit, the time of day. */
const TRY_AGAIN = new Set([401, 403, 407, 425, 429]);

/**
 * @param answer undefined: none came, or not whole; whether the write was carried out is then not known.
 * @param proof what the body of a success tells of what was made; undefined: it proves nothing.
 */
export function writeOf<T>(answer: FacadeAnswer | undefined, proof: (body: unknown) => T | undefined): Write<T> {
  if (!answer) return { kind: 'unknown' };
  const { status, outcome, body, retryAfter } = answer;
  if (status >= 200 && status < 300) {
    const found = saysError(body) ? undefined : proof(body);
    return found === undefined ? { kind: 'unknown' } : { kind: 'done', found };
  }
  if (outcome !== undefined && isUnsent(outcome)) return { kind: 'unsent', retryAfter };
  if (TRY_AGAIN.has(status)) return { kind: 'put_off', retryAfter };
  if (status >= 400 && status < 500 && status !== 408) return { kind: 'refused', status };
  // A 5xx, a redirect: Contact2Sale may have carried it out and failed afterwards.
  return { kind: 'unknown' };
}

/** A success that holds an error: seen from services that answer 200 to everything. */
function saysError(body: unknown): boolean {
  const { error, errors, success } = recordOf(body);
  const isFilled = (value: unknown): boolean => (Array.isArray(value) ? value.length > 0 : Boolean(value));
  return isFilled(error) || isFilled(errors) || success === false;
}

function isUnsent(outcome: string): boolean {
  if (!(outcome in OUTCOMES)) return false;
  const { delivery, party } = decisionOf(outcome as Outcome);
  return delivery === 'unsent' && party !== 'client';
}

/** @param body a list of leads. */
export function searchIn(body: unknown, line: string): Search {
  const list = recordOf(body)['data'];
  if (!Array.isArray(list)) return { kind: 'cannot-tell' };
  for (const lead of (list as unknown[]).filter(isRecord)) {
    const { description } = isRecord(lead['attributes']) ? lead['attributes'] : lead;
    if (typeof description !== 'string') return { kind: 'cannot-tell' };
    const leadId = trustedId(lead['id']);
    if (leadId !== undefined && description.includes(line)) return { kind: 'found', leadId };
  }
  return { kind: saysMore(body) ? 'cannot-tell' : 'absent' };
}

/** @param body of GET /leads/resolve-source */
export function productIn(body: unknown): string | undefined {
  const { product_description: product, ad_group_name: adGroup } = recordOf(body);
  return fieldText(textOf(product) ?? textOf(adGroup) ?? '') || undefined;
}

/** `data.id`, `id` or `lead_id`, string or number: Contact2Sale answers with each of them. */
export function idOf(body: unknown): string | undefined {
  const root = recordOf(body);
  return trustedId(recordOf(root['data'])['id'] ?? root['id'] ?? root['lead_id']);
}
