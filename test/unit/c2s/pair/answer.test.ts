import type { AnswerBody } from '../../../../src/facade/rollout/api-pair.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { directErrorToGatewayDialect, errorForDialect } from '../../../../src/c2s/pair/answer.ts';
import { sentenceFor } from '../../../../src/c2s/pair/sentences.ts';
import { bodyRule } from '../../facade/dialect/rows.ts';

/** What makes a known caller send its request again when it stands anywhere in an error's text. */
const TRIGGERS = /500|502|503|504|429|network|time(d )?out|econn|socket|fetch failed/i;

const read = (answer: AnswerBody) => JSON.parse(answer.body.toString()) as Record<string, unknown>;
const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const fromDirect = (status: number, value: unknown, row?: string) =>
  read(directErrorToGatewayDialect(status, 'application/json', json(value), row ? bodyRule(row) : undefined));

const pydantic1 = {
  detail: [
    { loc: ['body', 'message'], msg: 'field required', type: 'value_error.missing' },
    { loc: ['query', 'perpage'], msg: 'ensure this value is less than or equal to 50', type: 'x', ctx: { limit: 50 } },
  ],
};
const pydantic2 = {
  detail: [
    {
      type: 'missing',
      loc: ['body', 'message'],
      msg: 'Field required',
      input: { body: 'ana@example.test' },
      url: 'https://errors.pydantic.dev/2.5/v/missing',
    },
  ],
};

describe('an error body in the dialect of the caller', () => {
  it('is {"error"} for the direct dialect and {"detail"} for the gateway', () => {
    expect(read(errorForDialect('direct', 404))).toEqual({ error: 'Not found.' });
    expect(read(errorForDialect('gateway', 404))).toEqual({ detail: 'Not found.' });
    expect(errorForDialect('direct', 404).contentType).toBe('application/json');
  });

  it('never passes the gateway text on: it holds the internal URL and query', () => {
    const body = json({ detail: "Client error '404 Not Found' for url 'https://c2s.internal/leads?phone=5511'" });
    for (const asked of ['direct', 'gateway'] as const) {
      for (const status of [400, 404, 422, 429, 500, 502]) {
        expect(errorForDialect(asked, status, body).body.toString()).not.toMatch(/internal|5511|http/);
      }
    }
  });

  it('has a sentence for every status, without digits, addresses and words that make callers send again', () => {
    for (let status = 300; status < 600; status++) {
      expect(sentenceFor(status)).toMatch(/^[A-Z][^\d]+\.$/);
      expect(sentenceFor(status)).not.toMatch(TRIGGERS);
    }
  });
});

describe('a 422 of the gateway, one stable body whatever validator it has', () => {
  it('keeps only loc, msg and type for the gateway dialect', () => {
    expect(read(errorForDialect('gateway', 422, json(pydantic1)))).toEqual({
      detail: [
        { loc: ['body', 'message'], msg: 'field required', type: 'value_error.missing' },
        { loc: ['query', 'perpage'], msg: 'ensure this value is less than or equal to 50', type: 'x' },
      ],
    });
    expect(read(errorForDialect('gateway', 422, json(pydantic2)))).toEqual({
      detail: [{ loc: ['body', 'message'], msg: 'Field required', type: 'missing' }],
    });
  });

  it('names the fields as the direct dialect does', () => {
    expect(read(errorForDialect('direct', 422, json(pydantic2), bodyRule('leads.messages.create')))).toEqual({
      error: sentenceFor(422),
      errors: [{ field: 'body', message: 'Field required' }],
    });
    expect(read(errorForDialect('direct', 422, json(pydantic1)))).toEqual({
      error: sentenceFor(422),
      errors: [
        { field: 'message', message: 'field required' },
        { field: 'perpage', message: 'ensure this value is less than or equal to 50' },
      ],
    });
    const query = json({ detail: [{ loc: ['query', 'message'], msg: 'field required', type: 'missing' }] });
    expect(read(errorForDialect('direct', 422, query, bodyRule('leads.messages.create')))).toHaveProperty('errors', [
      { field: 'message', message: 'field required' },
    ]);
    const url = json({ detail: [{ loc: ['body', 'url'], msg: 'field required', type: 'missing' }] });
    expect(read(errorForDialect('direct', 422, url, bodyRule('webhooks.subscribe')))).toHaveProperty('errors', [
      { field: 'hook_url', message: 'field required' },
    ]);
  });

  it('does not show positions, made-up keys and texts that make callers send again', () => {
    const loud = json({
      detail: [
        { loc: ['body', 500], msg: 'Expecting value: line 1 column 500 (char 499)', type: 'value_error.jsondecode' },
        { loc: ['body', 'conditions', '+55 11 99999-0000', 0], msg: 'see https://x.test', type: 'ana@example.test' },
        { loc: 'body', msg: 5 },
        'text',
        null,
      ],
    });
    const refused = 'This value was refused.';
    expect(read(errorForDialect('gateway', 422, loud))).toEqual({
      detail: [
        { loc: ['body'], msg: refused, type: 'value_error.jsondecode' },
        { loc: ['body', 'conditions', 0], msg: refused, type: 'value_error' },
        { loc: ['body'], msg: refused, type: 'value_error' },
        { loc: ['body'], msg: refused, type: 'value_error' },
        { loc: ['body'], msg: refused, type: 'value_error' },
      ],
    });
    expect(errorForDialect('direct', 422, loud).body.toString()).not.toMatch(TRIGGERS);
  });

  it.each(['{"detail":"text"}', '{"detail":[]}', '{"detail":{}}', '[]', 'null', 'no json', ''])(
    'falls back to the sentence for %j',
    (body) => {
      expect(read(errorForDialect('gateway', 422, Buffer.from(body)))).toEqual({ detail: sentenceFor(422) });
      expect(read(errorForDialect('direct', 422, Buffer.from(body)))).toEqual({ error: sentenceFor(422) });
    },
  );

  it('is no larger than 50 fields', () => {
    const many = json({ detail: Array.from({ length: 1_000 }, () => pydantic2.detail[0]) });
    expect(read(errorForDialect('gateway', 422, many)).detail).toHaveLength(50);
  });

  it('never shows what stood under other names, and holds nothing that makes callers send again', () => {
    const entry = fc.record({
      loc: fc.array(fc.oneof(fc.string(), fc.integer(), fc.constantFrom('body', 'network'))),
      msg: fc.oneof(fc.string(), fc.constantFrom('got 500', 'NETWORK down', 'a https://b.test', 'ECONNRESET')),
      type: fc.string(),
      input: fc.constant('SECRET'),
      ctx: fc.constant({ doc: 'SECRET' }),
    });
    fc.assert(
      fc.property(fc.array(entry), fc.constantFrom('direct' as const, 'gateway' as const), (detail, asked) => {
        const body = errorForDialect(asked, 422, json({ detail })).body.toString();
        expect(body).not.toContain('SECRET');
        expect(body).not.toMatch(TRIGGERS);
        expect(body).not.toContain('://');
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("Contact2Sale's error for a caller of the gateway dialect", () => {
  it('keeps its sentence as detail', () =>
    expect(fromDirect(404, { error: 'Lead não encontrado' })).toEqual({ detail: 'Lead não encontrado' }));

  it.each([
    { error: 'id a500b not found' },
    { error: 'see https://c2s.test/x' },
    { error: '' },
    { error: 'a\nb' },
    { error: 'a\ud800b' },
    { error: 'x'.repeat(301) },
    { error: { message: 'x' } },
    { message: 'x' },
    ['x'],
    null,
    5,
  ])('but says it in our words when the text is not fit to be shown: %j', (body) =>
    expect(fromDirect(404, body)).toEqual({ detail: 'Not found.' }),
  );

  it('says it in our words when the body is no JSON', () => {
    for (const [type, body] of [
      ['text/html', '<h1>Bad Gateway</h1>'],
      ['text/html', '{"error":"x"}'],
      ['application/json', 'x'],
    ] as const) {
      const answer = directErrorToGatewayDialect(502, type, Buffer.from(body));
      expect(read(answer)).toEqual({ detail: sentenceFor(502) });
      expect(answer.contentType).toBe('application/json');
    }
  });

  it('makes the list of a 422 from every known shape, with the names of the gateway', () => {
    const detail = [{ loc: ['body', 'message'], msg: 'is missing', type: 'value_error' }];
    const row = 'leads.messages.create';
    expect(fromDirect(422, { errors: [{ field: 'body', message: 'is missing' }] }, row)).toEqual({ detail });
    expect(fromDirect(422, { errors: { body: ['is missing', 'is short'] } }, row)).toEqual({ detail });
    expect(fromDirect(422, { errors: { body: 'is missing' } }, row)).toEqual({ detail });
    expect(fromDirect(422, { error: 'x', errors: ['is missing'] }, row)).toEqual({
      detail: [{ loc: ['body'], msg: 'is missing', type: 'value_error' }],
    });
    expect(fromDirect(422, { errors: { name: ['is missing'] } }, 'leads.create')).toEqual({
      detail: [{ loc: ['body', 'customer'], msg: 'is missing', type: 'value_error' }],
    });
    expect(fromDirect(422, { errors: { other: ['is missing'], '+55 11': [null] } })).toEqual({
      detail: [
        { loc: ['body', 'other'], msg: 'is missing', type: 'value_error' },
        { loc: ['body'], msg: 'This value was refused.', type: 'value_error' },
      ],
    });
  });

  it('is a text for a 422 without fields, and for any other status', () => {
    expect(fromDirect(422, { error: 'wrong action' })).toEqual({ detail: 'wrong action' });
    expect(fromDirect(422, { errors: [] })).toEqual({ detail: sentenceFor(422) });
    expect(fromDirect(400, { error: 'param_data_not_found', errors: { a: ['b'] } })).toEqual({
      detail: 'param_data_not_found',
    });
  });

  it('never throws, whatever the body is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), fc.constantFrom(400, 404, 422, 500), (body, status) => {
        const { detail } = read(directErrorToGatewayDialect(status, undefined, Buffer.from(body)));
        expect(typeof detail === 'string' || Array.isArray(detail)).toBe(true);
      }),
    );
    const hostile = Buffer.from('{"errors":{"__proto__":["x"],"constructor":["y"]}}');
    const answer = directErrorToGatewayDialect(422, undefined, hostile, bodyRule('leads.create'));
    expect(read(answer).detail).toHaveLength(2);
  });
});
