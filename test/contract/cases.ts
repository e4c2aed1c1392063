import { GATEWAY_OPERATIONS } from '../../src/c2s/gateway/index.ts';
import type { Operation } from '../../src/c2s/gateway/index.ts';
import type { FaultSpec } from '../../src/c2s/sandbox/index.ts';
import { SAMPLES } from './samples.ts';
import type { Sample, Upstreamed } from './samples.ts';

/** The contract of a gateway as data: what is asked, what goes wrong behind it, what must come out. */
export interface Case {
  /** A sentence. */
  readonly name: string;
  readonly method: string;
  /** Raw, with the query. */
  readonly target: string;
  readonly body?: string;
  readonly contentType?: string;
  /** What Contact2Sale does instead of answering. */
  readonly fault?: FaultSpec;
  readonly expected: {
    readonly status: number;
    /** Each named member must be equal; others are free. */
    readonly json?: unknown;
    readonly headers?: Readonly<Record<string, string>>;
    /** Requests that may have arrived at Contact2Sale: fewest and most. */
    readonly arrivals: readonly [number, number];
    /** What the (first) one looked like. */
    readonly sent?: { readonly method: string; readonly path: string; readonly query: string; readonly body?: unknown };
  };
  /** Takes as long as the gateway's deadline. */
  readonly slow?: true;
}

/** A table row whose path has parameters is asked for this id to see an unknown one. */
const UNKNOWN = 'ffffffffffffffffffffffffffffffff';

const fill = (template: string, params: readonly string[]): string => {
  const left = [...params];
  return template.replace(/:\w+/g, () => left.shift() ?? '');
};
const withQuery = (path: string, query: string | undefined): string =>
  query === undefined ? path : `${path}?${query}`;

interface Row {
  readonly operation: Operation & { readonly id: Upstreamed; readonly upstream: NonNullable<Operation['upstream']> };
  readonly sample: Sample;
}

const ROWS: readonly Row[] = (GATEWAY_OPERATIONS as readonly Operation[]).flatMap((operation) => {
  const sample = SAMPLES[operation.id as Upstreamed] as Sample | undefined;
  return sample ? [{ operation: operation as Row['operation'], sample }] : [];
});

const ask = ({ operation, sample }: Row) => ({
  method: operation.method,
  target: withQuery(fill(operation.path, sample.params), sample.query),
  ...(sample.body === undefined ? {} : { body: sample.body }),
});

function good(row: Row): Case {
  const { operation, sample } = row;
  const body = sample.body === undefined ? {} : { body: sample.sent ?? (JSON.parse(sample.body) as unknown) };
  const path = fill(operation.upstream.path, sample.params);
  const query = sample.sentQuery ?? '';
  const sent = { method: operation.upstream.method, path, query, ...body };
  return {
    name: `${operation.id} is answered 200 and reaches ${operation.upstream.path}`,
    ...ask(row),
    expected: { status: 200, arrivals: [1, 1], sent },
  };
}

const aliases = ({ operation, sample }: Row): Case[] =>
  (operation.aliases ?? []).map((path) => ({
    name: `${operation.id} is answered at its older path ${path} too`,
    ...ask({ operation: { ...operation, path }, sample }),
    expected: { status: 200, arrivals: [1, 1] },
  }));

function bad({ operation, sample }: Row): Case[] {
  if (!sample.bad) return [];
  const { body, query, detail } = sample.bad;
  return [
    {
      name: `${operation.id} refuses a bad ${body === undefined ? 'query' : 'body'} with 422 and sends nothing on`,
      method: operation.method,
      target: withQuery(fill(operation.path, sample.params), query),
      ...(body === undefined ? {} : { body }),
      expected: { status: 422, json: { detail }, arrivals: [0, 0] },
    },
  ];
}

function unknownId(row: Row): Case[] {
  if (row.sample.params.length === 0) return [];
  return [
    {
      name: `${row.operation.id} passes on the 404 for an id that Contact2Sale does not know`,
      ...ask({ ...row, sample: { ...row.sample, params: [UNKNOWN] } }),
      expected: { status: 404, json: { error: expect404(row.operation.path) }, arrivals: [1, 1] },
    },
  ];
}

/** The stand-in names what it did not find; a gateway that makes its own 404 loses that. */
const expect404 = (path: string): string => {
  if (path.startsWith('/leads')) return 'lead not found';
  return path.startsWith('/sellers') ? 'seller not found' : 'queue not found';
};

/** Reads may be asked twice when a connection is lost; everything else arrives at most once. */
function faults(row: Row): Case[] {
  const path = row.operation.upstream.path;
  const twice = row.operation.method === 'GET' ? 2 : 1;
  const { id } = row.operation;
  const strike = (fault: Omit<FaultSpec, 'path'>): FaultSpec => ({ ...fault, path, exact: true });
  const status = (code: number, headers: Record<string, string> = {}): Case => ({
    name: `${id} passes on a ${code} with its body${code === 429 ? ' and Retry-After' : ''}`,
    ...ask(row),
    fault: strike({ status: code, headers, body: { error: `so ${code}` } }),
    expected: { status: code, json: { error: `so ${code}` }, headers, arrivals: [1, 1] },
  });
  return [
    status(401),
    status(429, { 'retry-after': '17' }),
    status(503),
    {
      name: `${id} answers 502 when the connection is reset before the answer`,
      ...ask(row),
      fault: strike({ reset: 'before-headers' }),
      expected: { status: 502, json: { outcome: 'unknown' }, arrivals: [1, twice] },
    },
    {
      name: `${id} answers 502 when the connection is reset within the answer`,
      ...ask(row),
      fault: strike({ reset: 'mid-body' }),
      expected: { status: 502, json: { outcome: 'unknown' }, arrivals: [1, twice] },
    },
    {
      name: `${id} answers 504 when Contact2Sale is silent`,
      ...ask(row),
      fault: strike({ hang: true }),
      expected: { status: 504, json: { outcome: 'unknown' }, arrivals: [1, 1] },
      slow: true,
    },
  ];
}

const nothing = (name: string, method: string, target: string, status: number, json?: unknown): Case => ({
  name,
  method,
  target,
  expected: { status, arrivals: [0, 0], ...(json === undefined ? {} : { json }) },
});
const message = (name: string, body: string, expected: Case['expected'], contentType?: string): Case => ({
  name,
  method: 'POST',
  target: `/leads/${SAMPLES['leads.get'].params[0]}/messages`,
  body,
  ...(contentType === undefined ? {} : { contentType }),
  expected,
});
const refused = (status: number, loc: readonly (string | number)[], type: string): Case['expected'] => ({
  status,
  json: { detail: [{ loc, type }] },
  arrivals: [0, 0],
});

const GENERAL: readonly Case[] = [
  nothing('an unknown path is 404 in the words of FastAPI', 'GET', '/nope', 404, { detail: 'Not Found' }),
  nothing("Contact2Sale's own paths are not served", 'GET', '/integration/leads', 404, { detail: 'Not Found' }),
  nothing('a wrong method is 405 in the words of FastAPI', 'DELETE', '/leads', 405, { detail: 'Method Not Allowed' }),
  nothing('HEAD is 405', 'HEAD', '/leads', 405),
  nothing('a slash too many is 307', 'GET', '/leads/', 307),
  nothing('health answers without Contact2Sale', 'GET', '/health', 200, { status: 'healthy' }),
  nothing('a double slash is 404', 'GET', '//leads', 404),
  message('an empty body is 422', '', refused(422, ['body'], 'missing')),
  message('null for a required field is 422', '{"message":null}', refused(422, ['body', 'message'], 'string_type')),
  message('a list as the body is 422', '[]', refused(422, ['body'], 'model_attributes_type')),
  message('text/plain is 422', '{"message":"x"}', refused(422, ['body'], 'model_attributes_type'), 'text/plain'),
  message('broken JSON is 422', '{"message":', {
    status: 422,
    json: { detail: [{ type: 'json_invalid' }] },
    arrivals: [0, 0],
  }),
  message('+json is JSON', '{"message":"x"}', { status: 200, arrivals: [1, 1] }, 'application/vnd.api+json'),
  message('of a repeated key the last wins', '{"message":"a","message":"b"}', {
    status: 200,
    arrivals: [1, 1],
    sent: {
      method: 'POST',
      path: `/integration/leads/${SAMPLES['leads.get'].params[0]}/create_message`,
      query: '',
      body: { body: 'b' },
    },
  }),
];

export const CASES: readonly Case[] = [
  ...ROWS.flatMap((row) => [good(row), ...aliases(row), ...bad(row), ...unknownId(row), ...faults(row)]),
  ...GENERAL,
];
