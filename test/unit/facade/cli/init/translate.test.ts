import { describe, expect, test } from 'vitest';
import { answers, documentOf, jsonBody, loaded, queryOf, remarksOf, tableOf, type Json } from './kit.ts';

/** What a route says of queries, bodies, statuses, and what it asks a human. */

function routeOf(direct: Json, gateway: Json, method = 'POST', more: Json = {}): { route: Json; remarks: string[] } {
  const documents = [
    documentOf([[`${method} /old/things/{id}`, direct]], more),
    documentOf([[`${method} /new/things/{id}`, gateway]], more),
  ] as const;
  const { text } = tableOf(...documents);
  const [route] = loaded(text).routes;
  return { route: route as unknown as Json, remarks: remarksOf(text) };
}

const S = { type: 'string' };
const I = { type: 'integer' };

describe('the query', () => {
  test.each<[string, Json, Json, Json | undefined]>([
    ['a plain one', S, S, { type: 'string' }],
    ['an integer with bounds', I, { ...I, minimum: 1, maximum: 50 }, { type: 'integer', min: 1, max: 50 }],
    ['3.0 above a number', I, { ...I, minimum: 0, exclusiveMinimum: true }, { type: 'integer', min: 1 }],
    ['3.1 above a number', I, { ...I, exclusiveMinimum: 0 }, { type: 'integer', min: 1 }],
    ['bounds that nothing is between', I, { ...I, minimum: 3, maximum: 1 }, { type: 'integer' }],
    ['bounds that are no safe integers', I, { ...I, maximum: 1e300 }, { type: 'integer' }],
    ['a boolean', { type: 'boolean' }, { type: 'boolean' }, { type: 'boolean' }],
    ['null beside a type', S, { type: ['string', 'null'] }, { type: 'string' }],
    ['a vocabulary', S, { ...S, enum: ['a', '-a', 'no'] }, { type: 'string', values: ['a', '-a', 'no'] }],
    ['a vocabulary that names a variable', S, { ...S, enum: ['${HOME}'] }, { type: 'string' }],
    ['a default of the gateway', I, { ...I, default: 50 }, { type: 'integer', default: '50' }],
    ['the same default', { ...I, default: 1 }, { ...I, default: 1 }, { type: 'integer' }],
    ['a default that is not plain', S, { ...S, default: 'a b' }, { type: 'string' }],
    ['an object', { type: 'object' }, { type: 'object' }, undefined],
  ])('%s', (_, direct, gateway, expected) => {
    const { route } = routeOf(queryOf(['q', direct]), queryOf(['q', gateway]));
    expect((route['query'] as Json | undefined)?.['q']).toEqual(expected);
  });

  test.each<[string, Json, Json, string]>([
    [
      'only on direct',
      queryOf(['limit', S]),
      {},
      'only direct has these query parameters, and a request with one goes direct: limit',
    ],
    ['only on the gateway', {}, queryOf(['limit', S]), 'only the gateway has these query parameters: limit'],
    [
      'spelled otherwise',
      queryOf(['perPage', I]),
      queryOf(['per_page', I]),
      'cannot rename them, so a request with one goes direct: perPage (per_page)',
    ],
    [
      'another type',
      queryOf(['q', S]),
      queryOf(['q', I]),
      'the query parameter q is string on direct and integer on the gateway',
    ],
    [
      'another default',
      queryOf(['q', { ...I, default: 20 }]),
      queryOf(['q', { ...I, default: 50 }]),
      'left out, the query parameter q counts as 20 on direct and 50 on the gateway',
    ],
    [
      'another vocabulary',
      queryOf(['q', { enum: ['a'] }]),
      queryOf(['q', { enum: ['b'] }]),
      'the values of the query parameter q differ',
    ],
    [
      'a list',
      queryOf(['q', { type: 'array' }]),
      queryOf(['q', { type: 'array' }]),
      'a request that repeats it goes direct',
    ],
    [
      'required',
      {},
      { parameters: [{ name: 'q', in: 'query', required: true, schema: S }] },
      'the gateway refuses a request without these query parameters: q',
    ],
    [
      'a header',
      {},
      { parameters: [{ name: 'X-Tenant', in: 'header', required: true, schema: S }] },
      'the gateway asks for headers that direct does not: X-Tenant',
    ],
  ])('%s is a remark', (_, direct, gateway, remark) => {
    expect(routeOf(direct, gateway).remarks).toContainEqual(expect.stringContaining(remark));
  });

  test('parameters of the path item count, and those of the operation replace them', () => {
    const item = {
      parameters: [
        { name: 'q', in: 'query', schema: S },
        { name: 'r', in: 'query', schema: S },
      ],
    };
    const paths = (path: string, own: Json) =>
      JSON.stringify({ openapi: '3.0.0', paths: { [path]: { ...item, get: own } } });
    const { text } = tableOf(paths('/old/a', queryOf(['q', I])), paths('/new/a', queryOf(['q', I])));
    expect(loaded(text).routes[0]?.query).toEqual({ q: { type: 'integer' }, r: { type: 'string' } });
  });
});

describe('the body', () => {
  const fieldsOf = (direct: Json, gateway: Json) =>
    (routeOf(direct, gateway).route['body'] as Json | undefined)?.['fields'];

  test('fields are matched by their words, those that are written alike first', () => {
    const direct = jsonBody({ full_name: S, fullName: S, Age: I });
    expect(fieldsOf(direct, jsonBody({ fullName: S, 'full-name': S, age: I }))).toEqual({
      fullName: { type: 'string', required: false, list: false },
      'full-name': { direct: 'full_name', type: 'string', required: false, list: false },
      age: { direct: 'Age', type: 'integer', required: false, list: false },
    });
  });

  test('bounds and what the gateway insists on are those of the gateway', () => {
    const gateway = jsonBody({ value: { type: 'number', exclusiveMinimum: 0 }, age: { ...I, minimum: -1 } }, ['value']);
    expect(fieldsOf(jsonBody({ value: { type: 'number' }, age: I }), gateway)).toMatchObject({
      value: { type: 'number', above: 0, required: true },
      age: { type: 'integer', min: -1, required: false },
    });
  });

  test('a field that only the gateway has, and insists on, keeps bodies without it away from the gateway', () => {
    const { route, remarks } = routeOf(jsonBody({ a: S }), jsonBody({ a: S, b: S }, ['b']));
    expect(route['body']).toMatchObject({ fields: { b: { type: 'string', required: true } } });
    expect(remarks).toContainEqual(
      expect.stringContaining('refuses a body without these fields, which direct does not have: b'),
    );
  });

  test('a field that repeats the path is an echo', () => {
    const { route } = routeOf(jsonBody({ a: S, id: S }), jsonBody({ a: S }));
    expect(route['body']).toMatchObject({ echoes: { id: 'id' } });
  });

  test('allOf and references are followed, and what is read-only left out', () => {
    const components = {
      schemas: {
        Base: { type: 'object', properties: { id: { ...S, readOnly: true }, a: S } },
        All: {
          allOf: [{ $ref: '#/components/schemas/Base' }, { properties: { b: { $ref: '#/components/schemas/B' } } }],
        },
        B: { anyOf: [I, { type: 'null' }] },
      },
    };
    const body = { requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/All' } } } } };
    const { route } = routeOf(body, body, 'POST', { components });
    expect(Object.keys((route['body'] as { fields: Json }).fields)).toEqual(['a', 'b']);
    expect(route['body']).toMatchObject({ fields: { b: { type: 'integer' } } });
  });

  test.each<[string, Json, Json, string]>([
    ['on direct alone', jsonBody({ a: S }), {}, 'only direct takes a body'],
    ['on the gateway alone', {}, jsonBody({ a: S }), 'only the gateway takes a body'],
    [
      'a form',
      { requestBody: { content: { 'multipart/form-data': {} } } },
      jsonBody({ a: S }),
      'goes direct: multipart/form-data',
    ],
    [
      'a list',
      { requestBody: { content: { 'application/json': { schema: { type: 'array' } } } } },
      jsonBody({ a: S }),
      'a JSON array',
    ],
    [
      'of nothing in common',
      jsonBody({ a: S }),
      jsonBody({ b: S }),
      'the route has no body, since no field is the same',
    ],
    [
      'of a required field without a type',
      jsonBody({ a: S }),
      jsonBody({ a: S, b: {} }, ['b']),
      'since it cannot hold b',
    ],
  ])('%s is a remark, and the route has none', (_, direct, gateway, remark) => {
    const { route, remarks } = routeOf(direct, gateway);
    expect(route['body']).toBeUndefined();
    expect(remarks).toContainEqual(expect.stringContaining(remark));
  });
});

test('statuses that differ are written, each for its dialect', () => {
  expect(routeOf(answers('201', S), answers('200', S)).route['success']).toEqual({ direct: 201, gateway: 200 });
  expect(routeOf(answers('200', S), answers('200', S)).route['success']).toBeUndefined();
});

test('answers that differ in shape are remarks: the outermost part of each difference', () => {
  const of = (properties: Json) => answers('200', { type: 'array', items: { type: 'object', properties } });
  const inner = { type: 'object', properties: { deep: S } };
  expect(routeOf(of({ a: S, b: inner, c: I }), of({ a: S, c: S, d: S })).remarks).toEqual([
    'only the answer of direct has: /*/b',
    'only the answer of the gateway has: /*/d',
    'these parts of the answers have another type: /*/c (integer, string)',
  ]);
});

test('an id in another form is a remark', () => {
  const id = (schema: Json) => ({ parameters: [{ name: 'id', in: 'path', required: true, schema }] });
  expect(routeOf(id(I), id({ ...S, format: 'uuid' })).remarks).toEqual([
    ':id is integer on direct and string (uuid) on the gateway: does the same value name the same record?',
  ]);
  expect(routeOf(id(S), id(S)).remarks).toEqual([]);
});

test('Swagger 2.0: basePath, bodies and types of parameters', () => {
  const swagger = `
swagger: 2.0
host: old.example.com
basePath: /api/
paths:
  /things/{id}:
    put:
      parameters:
        - { name: id, in: path, required: true, type: integer }
        - { name: dry, in: query, type: boolean }
        - { name: body, in: body, schema: { $ref: '#/definitions/Thing' } }
      responses: { 200: { description: ok, schema: { $ref: '#/definitions/Thing' } } }
definitions: { Thing: { type: object, required: [name], properties: { name: { type: string } } } }
`;
  const gateway = documentOf([
    [
      'PUT /v2/things/{id}',
      { ...queryOf(['dry', { type: 'boolean' }]), ...jsonBody({ name: S }), ...answers('200', {}) },
    ],
  ]);
  const { text } = tableOf(swagger, gateway);
  expect(loaded(text).routes).toMatchObject([
    {
      direct: 'PUT /api/things/:id',
      gateway: 'PUT /v2/things/:id',
      query: { dry: { type: 'boolean' } },
      body: { fields: { name: { type: 'string' } } },
    },
  ]);
  expect(text).toContain('https://old.example.com/api');
});
