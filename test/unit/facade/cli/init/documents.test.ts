import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CONTACT2SALE } from '../../../../../src/c2s/pair/contact2sale.ts';
import { firstTable } from '../../../../../src/facade/cli/init/index.ts';
import { readApi } from '../../../../../src/facade/cli/init/openapi.ts';
import { DOCUMENT_BOUNDS } from '../../../../../src/facade/cli/init/source.ts';
import { scalar } from '../../../../../src/facade/cli/init/table.ts';
import { parseConfig, formatProblems } from '../../../../../src/facade/config/load.ts';
import { parse, stringify } from 'yaml';
import { answers, configFrom, documentOf, jsonBody, loaded, queryOf, remarksOf, tableOf, type Json } from './kit.ts';

/**
 * Documents that are wrong, hostile or strange: told apart in words, or made into a table that loads. The large ones are
 * in test/security/large-documents.load.test.ts.
 */

const VARIABLES = CONTACT2SALE.variables;
const GOOD = documentOf(['GET /new/leads']);

function problemsOf(text: string): string[] {
  const made = firstTable({ file: 'old.yaml', text }, { file: 'new.yaml', text: GOOD }, VARIABLES);
  return made.ok ? [] : made.problems.map(({ file, problem }) => formatProblems(file, [problem]));
}

const withGet = (get: string, rest = '') => `openapi: 3.0.0\npaths:\n  /leads:\n    get:\n      ${get}\n${rest}`;
const body = (schema: string) => `requestBody: { content: { application/json: { schema: ${schema} } } }`;

test.each<[string, string, string]>([
  [
    'nothing',
    '',
    'old.yaml:1:1  the file: this is no OpenAPI document; name a document of OpenAPI 3.0, OpenAPI 3.1 or Swagger 2.0',
  ],
  ['a list', '[1, 2]', 'this is no OpenAPI document'],
  ['another YAML file', 'services: {}', 'this is no OpenAPI document'],
  ['a page', '<!doctype html><html></html>', 'this is HTML or XML; name the OpenAPI document itself'],
  ['broken YAML', 'openapi: 3.0.0\npaths: {\n', 'old.yaml:3:1'],
  ['broken JSON', '{"openapi": "3.0.0",\n "paths": {,}}', 'old.yaml:2:'],
  ['a key twice', 'openapi: 3.0.0\nopenapi: 3.0.0\npaths: {}', 'the key is written twice'],
  [
    'an old version',
    "swagger: '1.2'\npaths: { /a: {} }",
    'old.yaml:1:1  swagger: version 1.2 is not read here; convert it',
  ],
  ['a new version', 'openapi: 4.0.0\npaths: { /a: {} }', 'version 4.0.0 is not read here'],
  ['no paths', 'openapi: 3.0.0', 'paths: the document has no paths'],
  ['empty paths', 'openapi: 3.0.0\npaths: {}', 'old.yaml:2:1  paths: the document has no paths'],
  ['no operation', 'openapi: 3.0.0\npaths: { /a: { summary: x } }', 'no path has an operation'],
  [
    'a path without a slash',
    'openapi: 3.0.0\npaths: { a: { get: {} } }',
    'old.yaml:2:10  paths.a: a path begins with /; write /a',
  ],
  ['a path item that is a list', 'openapi: 3.0.0\npaths: { /a: [] }', 'this is no path item'],
  [
    'a $ref to nowhere',
    withGet(body("{ $ref: '#/components/schemas/Gone' }")),
    'old.yaml:5:53  paths./leads.get.requestBody.content.application/json.schema: the $ref "#/components/schemas/Gone" leads nowhere',
  ],
  [
    'a $ref to another file',
    withGet(body("{ $ref: 'lead.yaml#/Lead' }")),
    'the $ref "lead.yaml#/Lead" leads out of the document; bundle the document into one file first',
  ],
  ['a $ref to the net', withGet(body("{ $ref: 'https://a.example/b' }")), 'leads out of the document'],
  [
    'a $ref to itself',
    withGet(body("{ $ref: '#/c/a' }"), "c: { a: { $ref: '#/c/b' }, b: { $ref: '#/c/a' } }"),
    'leads back to itself',
  ],
  [
    'only paths that are no routes',
    'openapi: 3.0.0\npaths: { "/{id}.json": { get: {} } }',
    'no route can hold GET /{id}.json of direct',
  ],
  [
    'an alias bomb',
    `openapi: 3.0.0\npaths: {}\nx: &a0 [x, x]\n${Array.from({ length: 20 }, (_, i) => `x${i}: &a${i + 1} [${`*a${i},`.repeat(20)}]`).join('\n')}`,
    'aliases',
  ],
])('%s is refused, with its place and what to do', (_, text, problem) => {
  expect(problemsOf(text)).toContainEqual(expect.stringContaining(problem));
});

test('a document that is too large is refused before it is read', () => {
  expect(problemsOf(' '.repeat(DOCUMENT_BOUNDS.maxBytes + 1))).toEqual([expect.stringContaining('larger than 8 MiB')]);
});

/** Data as the two texts that an OpenAPI document comes in. */
const TEXTS = { JSON: JSON.stringify, YAML: (data: unknown) => stringify(data, { aliasDuplicateObjects: false }) };
const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);

describe.each(Object.entries(TEXTS))('the bounds of a document, as %s', (_, textOf) => {
  const read = (data: object) => readApi(textOf({ openapi: '3.0.0', info: {}, paths: { '/a': { get: {} } }, ...data }));

  test.each<[string, object]>([
    ['a description of many pages', { info: { description: 'word '.repeat(20_000) } }],
    ['sixty levels', { 'x-deep': nested(60) }],
  ])('%s: read', (_, data) => {
    expect(read(data)).toMatchObject({ ok: true });
  });

  test.each<[string, object, string]>([
    ['a hundred levels', { 'x-deep': nested(100) }, 'the nesting is too deep to be read'],
    ['more than 8 MiB in bytes alone', { 'x-long': 'é'.repeat(4_500_000) }, 'the document is larger than 8 MiB'],
  ])('%s: refused, in words of the document', (_, data, message) => {
    const found = read(data);
    expect(found.ok ? [] : found.problems.map((problem) => problem.message)).toEqual([message]);
  });
});

test('every problem of both documents is told at once', () => {
  const broken = withGet(`${body("{ $ref: '#/a' }")}\n      parameters: [{ $ref: 'b.yaml' }]`);
  const made = firstTable({ file: 'old.yaml', text: broken }, { file: 'new.yaml', text: 'x: 1' }, VARIABLES);
  expect(made.ok ? [] : made.problems.map(({ file }) => file)).toEqual(['old.yaml', 'old.yaml', 'new.yaml']);
});

test('what a message repeats cannot steer a terminal', () => {
  const [problem = ''] = problemsOf(withGet(body(JSON.stringify({ $ref: '#/\u001b[2J\nx' }))));
  expect(problem).not.toMatch(/[\u001b\n]/);
});

describe('hostile documents', () => {
  const SELF: Json = {
    schemas: {
      Node: {
        type: 'object',
        properties: { next: { $ref: '#/components/schemas/Node' }, all: { $ref: '#/components/schemas/List' } },
      },
      List: { type: 'array', items: { $ref: '#/components/schemas/List' } },
      Self: { allOf: [{ $ref: '#/components/schemas/Self' }, { $ref: '#/components/schemas/Node' }] },
    },
  };
  test.each(['Node', 'List', 'Self'])('a schema that contains itself (%s)', (name) => {
    const schema = { $ref: `#/components/schemas/${name}` };
    const said = { requestBody: { content: { 'application/json': { schema } } }, ...answers('200', schema) };
    const of = (path: string) => documentOf([[`POST ${path}`, said]], { components: SELF });
    expect(configFrom(of('/old/a'), of('/new/a')).routes).toHaveLength(1);
  });

  test('schemas whose parts double at every level', () => {
    const ref = (i: number) => ({ $ref: `#/components/schemas/S${i}` });
    const schemas = Object.fromEntries(
      Array.from({ length: 200 }, (_, i) => [
        `S${i}`,
        { anyOf: Array.from({ length: 10 }, () => ref(i + 1)), allOf: [ref(i + 1), ref(i + 1)] },
      ]),
    );
    const components = { schemas: { ...schemas, S200: { type: 'object', properties: { a: { type: 'string' } } } } };
    const said = { requestBody: { content: { 'application/json': { schema: ref(0) } } }, ...answers('200', ref(0)) };
    const of = (path: string) => documentOf([[`POST ${path}`, said]], { components });
    const startedAt = performance.now();
    expect(configFrom(of('/old/a'), of('/new/a')).routes).toHaveLength(1);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });

  test('names that mean something to JavaScript', () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype'];
    const fields = Object.fromEntries(names.map((name) => [name, { type: 'string' }])) as Json;
    const properties = JSON.parse(
      JSON.stringify(fields).replace('"constructor"', '"__proto__":{"type":"string"},"constructor"'),
    ) as Json;
    const said = { ...jsonBody(properties), ...queryOf(...names.map((name) => [name, { type: 'string' }] as const)) };
    const of = (side: string) =>
      documentOf([[`POST /${side}/a/{__proto__}/constructor`, said], `GET /${side}/__proto__`]);
    const { text } = tableOf(of('old'), of('new'));
    const [route, other] = loaded(text).routes;
    const kept = names.filter((name) => name !== '__proto__');
    expect(Object.keys(route?.query ?? {})).toEqual(kept);
    expect(Object.keys(route?.body?.fields ?? {})).toEqual(kept);
    expect([route?.direct, other?.direct]).toEqual(['POST /old/a/:__proto__/constructor', 'GET /old/__proto__']);
    expect(remarksOf(text)).toContainEqual(
      expect.stringContaining('the query parameter __proto__ cannot be written here'),
    );
    expect(({} as Json)['type']).toBeUndefined();
  });
});

const STRANGE = [
  ...[
    'a: b',
    '- a',
    '# a',
    'a #b',
    '*a',
    '&a',
    '!a',
    '%a',
    '@a',
    '`a',
    '{a}',
    '[a]',
    'a, b',
    '"',
    "'",
    '\\',
    '|',
    '>',
    '?',
    ':',
    '-',
  ],
  ...[
    'true',
    'null',
    '~',
    'yes',
    'No',
    'off',
    '1',
    '0x1f',
    '1e3',
    '.inf',
    '.nan',
    '2026-01-01',
    '<<',
    '=',
    ' a',
    'a ',
    'a\nb',
    'a\tb',
  ],
  ...[
    '\u0000',
    '\u0085',
    '\u2028',
    '\ufeff',
    '\ud800',
    '\u200b',
    '🚚',
    'é',
    '${A}',
    '$ref',
    '---',
    '...',
    'a'.repeat(200),
  ],
];

test.each(STRANGE)('a name %j is read back as it was', (name) => {
  expect(parse(`${scalar(name)}: { ${scalar(name)}: [${scalar(name)}] }`)).toEqual({ [name]: { [name]: [name] } });
  const said = { ...queryOf([name, { type: 'string' }]), ...jsonBody({ [name]: { type: 'string' } }) };
  const of = (path: string) =>
    documentOf([[`POST ${path}`, { ...said, summary: `${name}\n- id: x`, operationId: name }]]);
  const [route, ...others] = configFrom(of('/old/a'), of('/new/a')).routes;
  expect(others).toEqual([]);
  expect(route?.query).toEqual({ [name]: { type: 'string' } });
  expect(Object.keys(route?.body?.fields ?? {})).toEqual([name]);
});

test.each(STRANGE)('a path with %j is a route that loads, or a remark', (name) => {
  const of = (side: string) => documentOf([`GET /${side}/a`, `GET /${side}/${name}`, `POST /${side}/{${name}}/b`]);
  loaded(tableOf(of('old'), of('new')).text);
});

test('whatever is made of two documents passes the loader, and every route starts at 0', () => {
  const name = fc.oneof(
    fc.constantFrom(...STRANGE, 'id', 'leads', 'lead_tags', 'leadTag', 'v1', '__proto__'),
    fc.string({ unit: 'binary', maxLength: 12 }),
  );
  const segment = fc.oneof(
    name,
    name.map((text) => `{${text}}`),
    fc.constantFrom('', '.', '..', 'a', 'b', 'c'),
  );
  const path = fc.array(segment, { maxLength: 5 }).map((segments) => `/${segments.join('/')}`);
  const type = fc.constantFrom<unknown>(
    'string',
    'integer',
    'number',
    'boolean',
    'object',
    'array',
    'null',
    ['string', 'null'],
    7,
    undefined,
  );
  const value = fc.oneof(name, fc.double(), fc.integer(), fc.constant(null), fc.boolean());
  const schema = fc.record(
    {
      type,
      format: name,
      minimum: fc.double(),
      maximum: fc.double(),
      exclusiveMinimum: fc.oneof(fc.boolean(), fc.double()),
      enum: fc.array(value),
      default: value,
      readOnly: fc.boolean(),
    },
    { requiredKeys: [] },
  );
  const media = fc.constantFrom('application/json', 'text/plain', '*/*', 'application/problem+json');
  const object = fc.record({
    type: fc.constant('object'),
    properties: fc.dictionary(name, schema, { maxKeys: 5 }),
    required: fc.array(name),
  });
  const content = fc.dictionary(media, fc.record({ schema: fc.oneof(object, schema) }), { maxKeys: 2 });
  const parameter = fc.record({
    name,
    in: fc.constantFrom('path', 'query', 'header', 'cookie', 'body'),
    required: fc.boolean(),
    schema,
  });
  const operation = fc.record(
    {
      operationId: name,
      summary: fc.string({ unit: 'binary', maxLength: 300 }),
      parameters: fc.array(parameter, { maxLength: 5 }),
      requestBody: fc.record({ content }),
      responses: fc.dictionary(fc.constantFrom('200', '201', '204', 'default', '2XX', '404'), fc.record({ content }), {
        maxKeys: 3,
      }),
    },
    { requiredKeys: [] },
  );
  const method = fc.constantFrom('get', 'post', 'put', 'patch', 'delete', 'head', 'options', 'trace', 'x-other');
  const item = fc.dictionary(method, operation, { maxKeys: 4 });
  const server = fc.record({
    url: fc.oneof(fc.constantFrom('/', '/api/v1', 'https://a.example/b/', '{x}/c', '//'), name),
  });
  const document = fc.record({
    openapi: fc.constantFrom('3.0.3', '3.1.0'),
    servers: fc.array(server, { maxLength: 2 }),
    paths: fc.dictionary(path, item, { minKeys: 1, maxKeys: 8 }),
  });
  let made = 0;
  fc.assert(
    fc.property(document, document, (direct, gateway) => {
      const result = firstTable(
        { file: 'a', text: JSON.stringify(direct) },
        { file: 'b\n- id: x', text: JSON.stringify(gateway) },
        VARIABLES,
      );
      if (!result.ok) return result.problems.every(({ problem }) => problem.message !== '' && problem.remedy !== '');
      made++;
      const parsed = parseConfig(result.table.text, {
        C2S_BASE_URL: 'http://direct.invalid',
        C2S_GATEWAY_URL: 'http://gateway.invalid',
      });
      if (!parsed.ok) throw new Error(`${formatProblems('table', parsed.problems)}\n${result.table.text}`);
      return parsed.config.routes.every(
        ({ direct: endpoint, rollout }) =>
          endpoint !== undefined && rollout.gateway === 0 && rollout.shadow === 0 && rollout.fallback === 'direct',
      );
    }),
    { numRuns: 150 },
  );
  expect(made).toBeGreaterThan(20);
}, 60_000);
