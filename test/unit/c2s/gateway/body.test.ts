import { describe, expect, it } from 'vitest';
import { readBody, writeBody } from '../../../../src/c2s/gateway/body.ts';
import { GATEWAY_OPERATIONS } from '../../../../src/c2s/gateway/operations.ts';
import type { Operation, OperationId } from '../../../../src/c2s/gateway/operations.ts';

const operation = (id: OperationId): Operation => {
  const found = GATEWAY_OPERATIONS.find((row) => row.id === id);
  if (!found) throw new Error(id);
  return found;
};

/** What Contact2Sale would be sent, or the answer that the caller gets. */
function read(
  id: OperationId,
  body: string | Uint8Array,
  strict = false,
  type: string | undefined = 'application/json',
) {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const result = readBody(bytes, type, operation(id), strict, 'r1');
  if (result.ok) return writeBody(result.fields);
  return { status: result.answer.status, ...(JSON.parse(String(result.answer.body)) as object) };
}

describe('a body on its way to Contact2Sale', () => {
  it.each<[string, OperationId, string, string]>([
    ['keeps unknown fields', 'leads.create', '{"customer":"A","x":{"y":[1]}}', '{"customer":"A","x":{"y":[1]}}'],
    ['keeps digits', 'leads.deal', '{"value":12345678901234567890.10}', '{"value":12345678901234567890.10}'],
    ['keeps the spelling', 'leads.deal', '{"value":1e3,"n":1.0}', '{"value":1e3,"n":1.0}'],
    ['takes a number in quotes', 'leads.deal', '{"value":" +12.50 "}', '{"value":12.50}'],
    [
      'takes a number for a text, as the text of its digits',
      'leads.create',
      '{"customer":"A","phone":55119000000001234}',
      '{"customer":"A","phone":"55119000000001234"}',
    ],
    ['takes words for a flag', 'sellers.update', '{"active":"Yes"}', '{"active":true}'],
    ['takes 0 for a flag', 'sellers.update', '{"active":0}', '{"active":false}'],
    ['leaves optional nulls out', 'leads.update', '{"phone":null,"description":""}', '{"description":""}'],
    ['keeps unknown nulls', 'leads.update', '{"x":null}', '{"x":null}'],
    [
      'keeps nulls within',
      'rules.create',
      '{"name":"r","queue_id":"1","conditions":{"a":null},"actions":{}}',
      '{"name":"r","queue_id":"1","conditions":{"a":null},"actions":{}}',
    ],
    ['adds the default of autofill', 'tags.create', '{"name":"t"}', '{"name":"t","autofill":false}'],
    [
      'adds active unless it is null',
      'sellers.create',
      '{"name":"n","email":"e"}',
      '{"name":"n","email":"e","active":true}',
    ],
    [
      'leaves active out when it is null',
      'sellers.create',
      '{"name":"n","email":"e","active":null}',
      '{"name":"n","email":"e"}',
    ],
    ['lets the last of a repeated key win', 'leads.tags.add', '{"tag_id":"1","tag_id":"2"}', '{"tag_id":"2"}'],
    ['does not fall for __proto__', 'leads.tags.add', '{"tag_id":"1","__proto__":{"tag_id":"2"}}', '{"tag_id":"1"}'],
    ['takes a byte order mark', 'leads.tags.add', '\uFEFF{"tag_id":"1"}', '{"tag_id":"1"}'],
  ])('%s', (_name, id, body, sent) => {
    expect(read(id, body)).toBe(sent);
  });

  it.each<[string, OperationId, string, unknown]>([
    ['a missing field', 'leads.create', '{}', { type: 'missing', loc: ['body', 'customer'], msg: 'Field required' }],
    ['a list for a text', 'leads.create', '{"customer":[]}', { type: 'string_type', loc: ['body', 'customer'] }],
    ['a flag for a text', 'leads.create', '{"customer":true}', { type: 'string_type', loc: ['body', 'customer'] }],
    [
      'half a surrogate pair',
      'leads.create',
      '{"customer":"\\ud800"}',
      { type: 'string_unicode', loc: ['body', 'customer'] },
    ],
    [
      'a broken number',
      'queues.priority',
      '{"seller_id":"1","priority":1.9}',
      { type: 'int_from_float', loc: ['body', 'priority'] },
    ],
    [
      'a word for a whole number',
      'queues.priority',
      '{"seller_id":"1","priority":"x"}',
      { type: 'int_parsing', loc: ['body', 'priority'] },
    ],
    ['a word for a number', 'leads.deal', '{"value":"x"}', { type: 'float_parsing', loc: ['body', 'value'] }],
    ['a number beyond all numbers', 'leads.deal', '{"value":1e400}', { type: 'finite_number', loc: ['body', 'value'] }],
    ['zero for a deal', 'leads.deal', '{"value":0}', { type: 'greater_than', loc: ['body', 'value'], ctx: { gt: 0 } }],
    [
      'a text for a list',
      'webhooks.subscribe',
      '{"url":"u","events":"e"}',
      { type: 'list_type', loc: ['body', 'events'] },
    ],
    [
      'a list in a list',
      'webhooks.subscribe',
      '{"url":"u","events":["a",[]]}',
      { type: 'string_type', loc: ['body', 'events', 1] },
    ],
    [
      'a text for an object',
      'rules.create',
      '{"name":"r","queue_id":"1","conditions":"c","actions":{}}',
      { type: 'dict_type', loc: ['body', 'conditions'] },
    ],
    ['a number for the body', 'leads.create', '5', { type: 'model_attributes_type', loc: ['body'] }],
    ['null for the body', 'leads.create', 'null', { type: 'missing', loc: ['body'] }],
    ['no body', 'leads.create', '', { type: 'missing', loc: ['body'] }],
    ['NaN', 'leads.deal', '{"value":NaN}', { type: 'json_invalid', loc: ['body', 9] }],
  ])('is refused for %s, nothing echoed', (_name, id, body, issue) => {
    const answer = read(id, body);
    expect(answer).toMatchObject({ status: 422, detail: [issue] });
    expect(JSON.stringify(answer)).not.toContain('input');
  });

  it('is refused for unknown fields when strict', () => {
    expect(read('leads.tags.add', '{"tag_id":"1","x":1,"y":2}', true)).toMatchObject({
      detail: [
        { type: 'extra_forbidden', loc: ['body', 'x'] },
        { type: 'extra_forbidden', loc: ['body', 'y'] },
      ],
    });
  });

  it.each([
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['a hundred thousand brackets', '['.repeat(100_000)],
    ['a deep body within quotes and all', `{"a":"[\\"[",${'"b":['.repeat(1)}${'['.repeat(300)}`],
  ])('is 400 for %s', (_name, body) => {
    expect(read('leads.create', body)).toMatchObject({ status: 400, type: 'urn:c2s-gateway:bad-body' });
  });

  it.each([
    [undefined, true],
    ['application/json; charset=latin1', true],
    ['application/vnd.api+json', true],
    ['text/plain', false],
    ['application/x-www-form-urlencoded', false],
    ['application/jsonp', false],
  ])('of the content type %s is JSON: %s', (type, taken) => {
    const result = readBody(Buffer.from('{"tag_id":"1"}'), type, operation('leads.tags.add'), false, 'r1');
    expect(result.ok).toBe(taken);
  });
});
