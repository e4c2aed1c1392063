import { gzipSync } from 'node:zlib';
import type { Dialect, Endpoint, RouteModel } from '../../../src/facade/rollout/route.ts';
import { DIALECTS, membersOf, objectOf, pathOf, plainBody, ROWS } from './rows.ts';
import { BODIES, CONTENT_TYPES, IDS, MEMBERS, QUERIES, valuesOf, VALUES } from './odd.ts';

/** Every row, in both dialects, by each of its endpoints, asked in every odd way that odd.ts lists. */
export interface Case {
  readonly row: RouteModel;
  readonly dialect: Dialect;
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined: none. */
  readonly body: Buffer | undefined;
  /** How the body is announced. */
  readonly framing: 'length' | 'chunked' | 'continue';
}

const JSON_TYPE = { 'content-type': 'application/json' };

export function* casesOf(row: RouteModel, isAliasIn = true): Generator<Case> {
  for (const dialect of DIALECTS) {
    const endpoints = isAliasIn ? row[dialect] : row[dialect].slice(0, 1);
    for (const endpoint of endpoints) yield* casesAt(row, dialect, endpoint);
  }
}

/** Every case of every row. */
export function* allCases(isAliasIn = true): Generator<Case> {
  for (const row of ROWS) yield* casesOf(row, isAliasIn);
}

function* casesAt(row: RouteModel, dialect: Dialect, endpoint: Endpoint): Generator<Case> {
  const { method } = endpoint;
  const path = pathOf(endpoint, '7');
  const plain = row.body && plainBody(row, dialect);
  const made = (changes: Partial<Omit<Case, 'body'>> & { body?: string | Buffer | undefined }): Case => {
    const { body = plain, ...more } = changes;
    return {
      row,
      dialect,
      method,
      target: path,
      headers: body === undefined ? {} : JSON_TYPE,
      framing: 'length',
      ...more,
      body: typeof body === 'string' ? Buffer.from(body) : body,
    };
  };
  yield made({});
  if (row.params.length > 0) for (const id of IDS) yield made({ target: pathOf(endpoint, id) });
  for (const target of [`${path}/`, `/${path}`, `${path}//`, `${path}?`, path.toUpperCase()]) yield made({ target });
  for (const query of [...QUERIES, ...ownQueries(row)]) yield made({ target: `${path}?${query}` });
  for (const name of ['if-match', 'if-none-match', 'idempotency-key', 'x-http-method-override', 'range', 'accept']) {
    yield made({ headers: { ...(plain !== undefined && JSON_TYPE), [name]: '"x"' } });
  }
  if (method === 'GET') {
    yield made({ method: 'HEAD' });
    yield made({ method: 'HEAD', target: `${path}?limit=5` });
  }
  yield* bodyCases(row, dialect, plain, made);
}

function ownQueries({ query }: RouteModel): readonly string[] {
  return Object.entries(query).flatMap(([name, { type }]) => {
    const odd = valuesOf(type).map((value) => `${name}=${value}`);
    const [first = '1'] = valuesOf(type);
    const twice = [`${name}=${first}&${name}=${first}`, `${name}=${first}&${name}=`, `${name}=${first}&limit=5`];
    return [...odd, ...twice, name, `${name}[]=${first}`, `${name.toUpperCase()}=${first}`, `${name}=${first}&`];
  });
}

type Made = (changes: Partial<Omit<Case, 'body'>> & { body?: string | Buffer | undefined }) => Case;

function* bodyCases(row: RouteModel, dialect: Dialect, plain: string | undefined, made: Made): Generator<Case> {
  if (plain === undefined) {
    for (const body of ['{}', '{"a":1}', '', 'x']) yield made({ body, headers: JSON_TYPE });
    yield made({ body: '{"a":1}', framing: 'chunked', headers: JSON_TYPE });
    yield made({ body: '', framing: 'chunked' });
    yield made({ body: 'a=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } });
    return;
  }
  const members = membersOf(row, dialect);
  const own = members.map(({ name, value }) => [name, value] as const);
  for (const { name } of members) {
    for (const value of VALUES)
      yield made({ body: objectOf(own.map(([key, is]) => [key, key === name ? value : is])) });
    yield made({ body: objectOf(own.filter(([key]) => key !== name)) });
    yield made({ body: objectOf(own.map(([key, is]) => [key === name ? key.toUpperCase() : key, is])) });
  }
  for (const [name, value] of own) {
    for (const again of [value, '"other"', 'null']) yield made({ body: objectOf([...own, [name, again]]) });
    const escaped = `"\\u${name.charCodeAt(0).toString(16).padStart(4, '0')}${name.slice(1)}"`;
    yield made({ body: `${plain.slice(0, -1)},${escaped}:${value}}` });
    yield made({ body: plain.replace(JSON.stringify(name), escaped) });
  }
  const required = members.filter(({ field }) => field.required).map(({ name, value }) => [name, value] as const);
  yield made({ body: objectOf(required) });
  yield made({ body: objectOf([...own].reverse()) });
  for (const member of MEMBERS) yield made({ body: `${plain.slice(0, -1)},${member}}` });
  yield made({ body: objectOf([...own, ...row.params.map(() => ['leadId', '"7"'] as const)]) });
  yield made({ body: objectOf([...own, ...row.params.map(() => ['leadId', '"8"'] as const)]) });
  for (const body of BODIES(plain)) yield made({ body });
  for (const body of enveloped(plain, row)) yield made({ body });
  for (const type of CONTENT_TYPES) {
    yield made({ headers: { 'content-type': type } });
    yield made({ headers: { 'content-type': type }, body: 'a=1&b=2' });
  }
  yield made({ headers: {} });
  yield made({ headers: { ...JSON_TYPE, 'content-encoding': 'gzip' }, body: gzipSync(plain) });
  yield made({ headers: { ...JSON_TYPE, 'content-encoding': 'identity' } });
  yield made({ body: gzipSync(plain) });
  for (const framing of ['chunked', 'continue'] as const) for (const body of [plain, '']) yield made({ framing, body });
  yield { ...made({}), body: undefined, headers: {} };
}

/** JSON:API, right and nearly right, and the form of a campaign helper. */
function enveloped(plain: string, { body }: RouteModel): readonly string[] {
  const type = body?.jsonApi?.type ?? 'lead';
  const renamed = Object.entries(body?.jsonApi?.names ?? {}).reduce(
    (text, [name, attribute]) => text.replace(`"${name}":`, `"${attribute}":`),
    plain,
  );
  const data = (attributes: string, more = ''): string =>
    `{"data":{"type":"${type}","attributes":${attributes}${more}}}`;
  return [
    data(renamed),
    data(plain),
    data(renamed, ',"id":"7"'),
    data(`${renamed.slice(0, -1)},"type_negotiation":"sale"}`),
    `{"data":{"type":"other","attributes":${renamed}}}`,
    `{"data":{"attributes":${renamed}}}`,
    `{"data":${renamed}}`,
    `{"data":[${renamed}]}`,
    `{"data":{"type":"${type}","attributes":${renamed}},"meta":{}}`,
    `{"lead":{"customer":{"name":"x"},"body":"y"}}`,
  ];
}
