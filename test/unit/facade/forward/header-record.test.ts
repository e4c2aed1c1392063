import { expect, test } from 'vitest';
import { asRecord } from '../../../../src/facade/forward/header-record.ts';

const records: [string, readonly string[], Record<string, string | string[]>][] = [
  ['each name in the caller’s spelling', ['X-Own', '1', 'sec-A', '2'], { 'X-Own': '1', 'sec-A': '2' }],
  ['a name that comes twice as a list', ['a', '1', 'a', '2', 'a', '3'], { a: ['1', '2', '3'] }],
  ['a name in two spellings as one, the first', ['X-A', '1', 'x-a', '2'], { 'X-A': ['1', '2'] }],
  ['what the middleware looks up in lower case', ['Host', 'x', 'UPGRADE', 'y'], { host: 'x', upgrade: 'y' }],
  ['none', [], {}],
];
test.each(records)('a record has %s', (_, pairs, expected) => {
  expect({ ...asRecord(pairs) }).toEqual(expected);
});

test.each(['constructor', '__proto__', 'toString'])('%s is a header like any other', (name) => {
  const record = asRecord([name, '1']);
  expect([record[name], Object.keys(record)]).toEqual(['1', [name]]);
});
