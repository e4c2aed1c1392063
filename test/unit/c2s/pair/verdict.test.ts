import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unwrapGatewayError } from '../../../../src/c2s/pair/answer.ts';
import { isJsonMediaType } from '../../../../src/http/media.ts';

const JSON_TYPE = 'application/json';
const judge = (detail: unknown, status = 500) =>
  unwrapGatewayError(status, JSON_TYPE, Buffer.from(JSON.stringify({ detail })));
const url =
  "for url 'https://c2s.internal/integration/leads?phone=5511'\nFor more information check: https://httpstatuses.com";

describe('the real status is restored from the beginning of the text', () => {
  it.each([
    ["Client error '404 Not Found'", 404],
    ["Client error '401 Unauthorized'", 401],
    ["Client error '422 Unprocessable Entity'", 422],
    ["Client error '429 Too Many Requests'", 429],
    ["Client error '418 I'm a Teapot'", 418],
    ["Client error '404 '", 404],
    ["Client error '404 unknown'", 404],
    ["Server error '503 Service Unavailable'", 503],
    ["Server error '599 '", 599],
    ["Redirect response '302 Found'", 302],
    ["Redirect response '304 Not Modified'", 304],
  ])('%s is %i of Contact2Sale', (opening, status) => {
    expect(judge(`${opening} ${url}/${status}`)).toEqual({ kind: 'disguised', status });
    expect(judge(`TEST FAILED: ${opening} ${url}`)).toEqual({ kind: 'disguised', status });
  });

  it.each([
    `Expecting value: Client error '404 Not Found' ${url}`,
    ` Client error '404 Not Found' ${url}`,
    `\nClient error '404 Not Found' ${url}`,
    `TEST FAILED: TEST FAILED: Client error '404 Not Found' ${url}`,
    `Server disconnected. Client error '404 Not Found'`,
    "client error '404 Not Found'",
    "Client error '40 Not Found'",
    "Client error '4040 Not Found'",
    "Client error '404",
    "Client error '404'",
    "Client error '٤٠٤ Not Found'",
    "Client error ' 404 Not Found'",
    "Client error '503 Service Unavailable'",
    "Client error '200 OK'",
    "Server error '404 Not Found'",
    "Redirect response '500 x'",
    "Informational response '103 Early Hints'",
  ])('does not find a status in %j: ids and URLs in the text are chosen by callers', (detail) =>
    expect(judge(detail)).toEqual({ kind: 'unknown', timeout: false }),
  );
});

describe('what may have happened', () => {
  it('nothing reached Contact2Sale when no connection was made, said in exactly these words', () => {
    expect(judge('All connection attempts failed')).toEqual({ kind: 'unsent' });
    expect(judge('TEST FAILED: All connection attempts failed')).toEqual({ kind: 'unsent' });
    expect(judge('All connection attempts failed.')).toEqual({ kind: 'unknown', timeout: false });
    expect(judge('all connection attempts failed')).toEqual({ kind: 'unknown', timeout: false });
    expect(judge('x All connection attempts failed')).toEqual({ kind: 'unknown', timeout: false });
  });

  it('an empty text is what a deadline leaves (and a reset: the elapsed time tells)', () =>
    expect(judge('')).toEqual({ kind: 'unknown', timeout: true }));

  it.each([
    'Server disconnected without sending a response.',
    'peer closed connection without sending complete message body (received 5 bytes, expected 10)',
    'Expecting value: line 1 column 1 (char 0), or so',
    'Client error: Expecting value: line 1 column 1 (char 0)',
    'Expecting value: line one',
    "'utf-8' codec can't decode byte 0xe9 in position 5: invalid continuation byte",
    'maximum recursion depth exceeded while decoding a JSON array',
    'Invalid non-printable ASCII character in URL',
    'a text that no one has seen yet',
  ])('is unknown: %s', (detail) => expect(judge(detail)).toEqual({ kind: 'unknown', timeout: false }));

  it.each([
    ['text/plain; charset=utf-8', 'Internal Server Error'],
    ['text/plain', '{"detail":"All connection attempts failed"}'],
    ['text/html', '<h1>Internal Server Error</h1>'],
    [JSON_TYPE, 'Internal Server Error'],
    [JSON_TYPE, ''],
    [JSON_TYPE, 'null'],
    [JSON_TYPE, '[]'],
    [JSON_TYPE, '{}'],
    [JSON_TYPE, '{"detail":null}'],
    [JSON_TYPE, '{"detail":[{"loc":[]}]}'],
    [JSON_TYPE, '{"detail":{"detail":"All connection attempts failed"}}'],
    [JSON_TYPE, '['.repeat(100_000)],
  ])('is unknown: a 500 as %s, %.40s', (type, body) =>
    expect(unwrapGatewayError(500, type, Buffer.from(body))).toEqual({ kind: 'unknown', timeout: false }),
  );

  it('reads a 500 that names no media type', () =>
    expect(unwrapGatewayError(500, undefined, Buffer.from('{"detail":""}'))).toEqual({
      kind: 'unknown',
      timeout: true,
    }));

  it.each([400, 404, 405, 409, 413, 422, 429, 503])('%i is the gateway itself refusing', (status) => {
    expect(judge('Campaign not found', status)).toEqual({ kind: 'own' });
    expect(judge("Client error '404 Not Found' for url", status)).toEqual({ kind: 'own' });
  });

  it.each([
    'Expecting value: line 1 column 1 (char 0)',
    'Expecting value: line 3 column 1 (char 12)',
    "Expecting ',' delimiter: line 1 column 9 (char 8)",
    "Expecting ':' delimiter: line 1 column 9 (char 8)",
    'Expecting property name enclosed in double quotes: line 1 column 2 (char 1)',
    'Extra data: line 1 column 3 (char 2)',
    'Unterminated string starting at: line 1 column 1 (char 0)',
    'Invalid control character at: line 1 column 4 (char 3)',
    'Invalid \\escape: line 1 column 4 (char 3)',
    'TEST FAILED: Expecting value: line 1 column 1 (char 0)',
  ])('was carried out: %s comes of reading the body of a success', (detail) =>
    expect(judge(detail)).toEqual({ kind: 'done' }),
  );

  it('502 and 504 prove nothing about a write', () => {
    expect(judge('All connection attempts failed', 502)).toEqual({ kind: 'unknown', timeout: false });
    expect(judge('', 504)).toEqual({ kind: 'unknown', timeout: true });
  });

  it('is decided by the first characters alone, and never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 400, max: 499 }), (rest, status) => {
        expect(judge(`Client error '${status} ${rest}`)).toEqual({ kind: 'disguised', status });
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array(), fc.constantFrom(JSON_TYPE, undefined, 'text/plain', ';', ''), (bytes, type) => {
        expect(unwrapGatewayError(500, type, Buffer.from(bytes)).kind).toBe('unknown');
      }),
    );
  });
});

describe('a refusal that is no answer to what was asked', () => {
  const PROBLEM = 'application/problem+json';
  const ours = (name: string) => JSON.stringify({ type: `urn:c2s-gateway:${name}`, detail: 'A sentence.' });

  it.each([
    [401, PROBLEM, ours('caller-unknown')],
    [403, PROBLEM, ours('caller-reads-only')],
    [403, PROBLEM, ours('foreign-host')],
    [401, JSON_TYPE, '{"detail":"Not authenticated"}'],
    [403, JSON_TYPE, '{"detail":"Not authenticated"}'],
    [401, 'text/html', '<h1>401 Authorization Required</h1>'],
    [403, 'text/html', '<h1>403 Forbidden</h1>'],
    [403, undefined, ''],
    [401, JSON_TYPE, '{"error":"unauthorized"}'],
  ])('%i as %s, %s: a token is not accepted', (status, type, body) =>
    expect(unwrapGatewayError(status, type, Buffer.from(body))).toEqual({ kind: 'credentials' }),
  );

  it.each([
    [404, JSON_TYPE, '{"detail":"Not Found"}'],
    [405, JSON_TYPE, '{"detail":"Method Not Allowed"}'],
    [501, JSON_TYPE, '{"detail":"Not Implemented"}'],
    [501, 'text/html', '<h1>501</h1>'],
  ])('%i as %s, %s: the gateway has no such operation', (status, type, body) =>
    expect(unwrapGatewayError(status, type, Buffer.from(body))).toEqual({ kind: 'lacking' }),
  );

  it.each([
    [403, JSON_TYPE, '{"error":"not yours"}'],
    [404, JSON_TYPE, '{"error":"Not found."}'],
    [404, JSON_TYPE, '{"detail":"Campaign not found"}'],
    [404, JSON_TYPE, '{"detail":"not found"}'],
    [404, JSON_TYPE, '{"detail":["Not Found"]}'],
    [404, 'text/html', '{"detail":"Not Found"}'],
    [404, JSON_TYPE, ''],
    [405, JSON_TYPE, '{"error":"Method Not Allowed"}'],
    [405, JSON_TYPE, '{"detail":"Not Found"}'],
    [501, JSON_TYPE, '{"error":"not here"}'],
  ])('not %i as %s, %s: that is said of the thing, or by Contact2Sale', (status, type, body) =>
    expect(unwrapGatewayError(status, type, Buffer.from(body))).toEqual({ kind: 'own' }),
  );
});

describe('media types that the gateway reads as JSON (4.2)', () => {
  it.each([undefined, 'application/json', 'Application/JSON; charset=latin1', 'application/vnd.api+json ;a=b'])(
    '%s is',
    (type) => expect(isJsonMediaType(type)).toBe(true),
  );
  it.each([
    '',
    'text/plain',
    'text/json',
    'application/x-www-form-urlencoded',
    'application/jsonx',
    'a;application/json',
  ])('%j is not', (type) => expect(isJsonMediaType(type)).toBe(false));
});

describe('a 500 of Contact2Sale that the TypeScript gateway passes on as it came', () => {
  it('is Contact2Sale’s own, and no fault of the gateway', () => {
    const body = Buffer.from('{"error":"internal"}');
    expect(unwrapGatewayError(500, 'application/json', body)).toEqual({ kind: 'disguised', status: 500 });
  });
});

describe('a problem of the TypeScript gateway', () => {
  const PROBLEM = 'application/problem+json';
  const problem = (outcome: string, type = 'urn:c2s-gateway:busy') => Buffer.from(JSON.stringify({ type, outcome }));

  it.each([500, 502, 503, 504])('that says `unsent` with a %i may be sent elsewhere, writes included', (status) => {
    expect(unwrapGatewayError(status, PROBLEM, problem('unsent'))).toEqual({ kind: 'unsent' });
  });

  it('that says `unknown`, or is not the gateway’s own, proves nothing', () => {
    expect(unwrapGatewayError(502, PROBLEM, problem('unknown')).kind).toBe('unknown');
    expect(unwrapGatewayError(502, PROBLEM, problem('unsent', 'about:blank')).kind).toBe('unknown');
    expect(unwrapGatewayError(404, PROBLEM, problem('unsent')).kind).toBe('own');
  });
});
