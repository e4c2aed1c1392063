import { describe, expect, it } from 'vitest';
import { GATEWAY_OPERATIONS } from '../../../../src/c2s/gateway/operations.ts';
import type { Operation, OperationId } from '../../../../src/c2s/gateway/operations.ts';
import { readQuery } from '../../../../src/c2s/gateway/query.ts';

function read(id: OperationId, raw: string, strict = false): unknown {
  const operation = GATEWAY_OPERATIONS.find((row) => row.id === id) as Operation;
  const result = readQuery(raw, operation, strict);
  if (result.ok) return result.query;
  return (JSON.parse(String(result.answer.body)) as { detail: unknown }).detail;
}

describe('a query on its way to Contact2Sale', () => {
  it.each<[string, OperationId, string, string]>([
    ['gets page and perpage', 'leads.list', '', 'page=1&perpage=50'],
    ['has the last of a repeated name', 'leads.list', 'perpage=51&perpage=2', 'page=1&perpage=2'],
    ['loses empty filters', 'leads.list', 'status=&email=a%40b', 'page=1&perpage=50&email=a%40b'],
    ['keeps unknown names, all of them', 'leads.list', 'q=a&q=b', 'page=1&perpage=50&q=a&q=b'],
    ['keeps an escaped plus', 'leads.list', 'phone=%2B5511', 'page=1&perpage=50&phone=%2B5511'],
    ['tidies numbers', 'leads.list', 'page=007&perpage=+5', 'page=7&perpage=5'],
    ['reads words as flags', 'tags.list', 'autofill=ON', 'autofill=true'],
    ['is as it came where none is known', 'leads.get', 'a=%2F&b', 'a=%2F&b'],
  ])('%s', (_name, id, raw, sent) => {
    expect(read(id, raw)).toBe(sent);
  });

  it.each([
    ['page=abc', 'page', 'int_parsing'],
    ['page=1_0', 'page', 'int_parsing'],
    ['page=1.5', 'page', 'int_parsing'],
    ['page=', 'page', 'int_parsing'],
    ['page=0', 'page', 'greater_than_equal'],
    ['perpage=51', 'perpage', 'less_than_equal'],
  ])('is refused for %s', (raw, name, type) => {
    expect(read('leads.list', raw)).toMatchObject([{ loc: ['query', name], type }]);
  });

  it('is refused for an empty flag', () => {
    expect(read('tags.list', 'autofill=')).toMatchObject([{ loc: ['query', 'autofill'], type: 'bool_parsing' }]);
  });

  it('is refused for unknown names when strict', () => {
    expect(read('leads.list', 'limit=5', true)).toMatchObject([{ loc: ['query', 'limit'], type: 'extra_forbidden' }]);
  });
});
