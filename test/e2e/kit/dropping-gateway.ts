import { startUpstream, type Received } from './upstream.ts';

/**
 * A gateway that reads requests as the Python one does (docs/wire/gateway.md): a model for each operation, in which
 * unknown fields and parameters are dropped and values are coerced, with 200. What it would send on is kept, to be
 * compared with what was asked. Its models are written from its source, apart from our rollout table.
 */

/** The major version of the library by which it validates: 1 coerces texts, 2 refuses most of that. */
export type Pydantic = 1 | 2;

type Kind = 'str' | 'float' | 'int' | 'bool' | 'dict' | 'list';
/** A question mark: optional, and left out when it is null or empty. */
type Model = Readonly<Record<string, Kind | `${Kind}?`>>;

interface Operation {
  readonly method: string;
  readonly path: RegExp;
  readonly body?: Model;
  readonly query?: readonly string[];
}

const LEAD_LIST = 'page perpage sort created_gte created_lt updated_gte updated_lt status phone email tags'.split(' ');

const OPERATIONS: readonly Operation[] = [
  { method: 'GET', path: /^\/leads$/, query: LEAD_LIST },
  { method: 'GET', path: /^\/tags$/, query: ['name', 'autofill'] },
  {
    method: 'POST',
    path: /^\/leads$/,
    body: {
      customer: 'str',
      phone: 'str?',
      email: 'str?',
      product: 'str?',
      description: 'str?',
      source: 'str?',
      seller_id: 'str?',
    },
  },
  { method: 'PATCH', path: /^\/leads\/[^/]+$/, body: { customer: 'str?', product: 'str?', description: 'str?' } },
  { method: 'PATCH', path: /^\/leads\/[^/]+\/forward$/, body: { seller_id: 'str' } },
  { method: 'POST', path: /^\/leads\/[^/]+\/tags$/, body: { tag_id: 'str' } },
  { method: 'POST', path: /^\/leads\/[^/]+\/messages$/, body: { message: 'str', type: 'str?' } },
  { method: 'POST', path: /^\/leads\/[^/]+\/done-deal$/, body: { value: 'float', description: 'str?' } },
  { method: 'POST', path: /^\/leads\/[^/]+\/visits$/, body: { visit_date: 'str', description: 'str?' } },
  { method: 'POST', path: /^\/leads\/[^/]+\/activities$/, body: { type: 'str', description: 'str', date: 'str?' } },
  { method: 'POST', path: /^\/tags$/, body: { name: 'str', autofill: 'bool?', color: 'str?' } },
  { method: 'POST', path: /^\/sellers$/, body: { name: 'str', email: 'str', phone: 'str?', active: 'bool?' } },
  { method: 'PUT', path: /^\/sellers\/[^/]+$/, body: { name: 'str?', email: 'str?', phone: 'str?', active: 'bool?' } },
  { method: 'POST', path: /^\/distribution\/queues\/[^/]+\/priority$/, body: { seller_id: 'str', priority: 'int' } },
  { method: 'POST', path: /^\/distribution\/queues\/[^/]+\/next-seller$/, body: { seller_id: 'str' } },
  {
    method: 'POST',
    path: /^\/distribution\/queues\/[^/]+\/redistribute$/,
    body: { lead_id: 'str', seller_id: 'str' },
  },
  {
    method: 'POST',
    path: /^\/distribution\/rules$/,
    body: { name: 'str', queue_id: 'str', conditions: 'dict', actions: 'dict' },
  },
  { method: 'POST', path: /^\/webhooks\/subscribe$/, body: { url: 'str', events: 'list' } },
  { method: 'POST', path: /^\/webhooks\/unsubscribe$/, body: { url: 'str' } },
];

/** What would be sent on to the CRM of a request. */
export interface Kept {
  readonly query: Readonly<Record<string, string>>;
  /** Undefined: none. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
}

/** It refuses the request with 422, and sends nothing on. */
class Invalid extends Error {}

/** What the gateway makes of a request; undefined: 422. */
export function keptOf({ method, url, body }: Pick<Received, 'method' | 'url' | 'body'>, pydantic: Pydantic) {
  const [path = '', query = ''] = url.split('?');
  const operation = OPERATIONS.find((one) => one.method === method && one.path.test(path));
  try {
    return {
      query: keptQuery(new URLSearchParams(query), operation?.query ?? []),
      body: operation?.body && keptBody(JSON.parse(body) as unknown, operation.body, pydantic),
    } satisfies Kept;
  } catch (error) {
    if (error instanceof Invalid || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The last of several counts. */
function keptQuery(asked: URLSearchParams, known: readonly string[]): Record<string, string> {
  return Object.fromEntries([...asked].filter(([name, value]) => known.includes(name) && value !== ''));
}

function keptBody(asked: unknown, model: Model, pydantic: Pydantic): Record<string, unknown> {
  if (typeof asked !== 'object' || asked === null || Array.isArray(asked)) throw new Invalid();
  const kept: Record<string, unknown> = {};
  for (const [name, written] of Object.entries(model)) {
    const value = (asked as Record<string, unknown>)[name];
    const isOptional = written.endsWith('?');
    if (value === undefined || value === null) {
      if (!isOptional) throw new Invalid();
      continue;
    }
    const read = coerced(value, written.replace('?', '') as Kind, pydantic);
    if (!isOptional || read !== '') kept[name] = read;
  }
  return kept;
}

function coerced(value: unknown, kind: Kind, pydantic: Pydantic): unknown {
  switch (kind) {
    case 'str':
      if (typeof value === 'string') return value;
      if (pydantic === 2 || typeof value === 'object') throw new Invalid();
      if (typeof value === 'boolean') return value ? 'True' : 'False';
      return String(Number(value));
    case 'float':
    case 'int': {
      const number = Number(value);
      if (typeof value === 'object' || Number.isNaN(number)) throw new Invalid();
      if (kind === 'float' || Number.isInteger(number)) return number;
      if (pydantic === 2) throw new Invalid();
      return Math.trunc(number);
    }
    case 'bool':
      if ([true, 1, '1', 'true', 'yes', 'on'].includes(value as never)) return true;
      if ([false, 0, '0', 'false', 'no', 'off'].includes(value as never)) return false;
      throw new Invalid();
    case 'dict':
      if (typeof value !== 'object' || Array.isArray(value)) throw new Invalid();
      return value;
    case 'list':
      if (!Array.isArray(value)) throw new Invalid();
      return value.map((item) => coerced(item, 'str', pydantic));
  }
}

/** Answers 200 to what it could read. */
export async function startDroppingGateway(pydantic: Pydantic) {
  const kept: Kept[] = [];
  const upstream = await startUpstream((request, res) => {
    const read = keptOf(request, pydantic);
    if (read) kept.push(read);
    res.writeHead(read ? 200 : 422, { 'content-type': 'application/json' });
    res.end(read ? '{"data":{}}' : '{"detail":[{"loc":["body"],"msg":"invalid","type":"value_error"}]}');
  });
  return { ...upstream, kept };
}
