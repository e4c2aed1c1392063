import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { DifferenceGroup } from '../../../../src/facade/compare/groups.ts';
import { proposedRules } from '../../../../src/facade/compare/proposed-rules.ts';

/** The block that names what differs by itself. */

const group = (path: string, parts: Partial<DifferenceGroup> = {}): DifferenceGroup => ({
  path,
  kind: 'value',
  from: 'string',
  to: 'string',
  standing: 'noise',
  text: '',
  cross: { count: 1, of: 100 },
  noise: { count: 3, of: 40 },
  p: 1,
  ledger: undefined,
  isExpired: false,
  ...parts,
});

const order = { kind: 'order', from: 'list', to: 'list' } as const;
test.each<[string, DifferenceGroup[], unknown]>([
  ['a member', [group('/meta/at')], { ignore: ['$.meta.at'] }],
  ['a member of every item', [group('/data/*/at')], { ignore: ['$.data[*].at'] }],
  ['an item of a list of lists', [group('/*/*')], { ignore: ['$[*][*]'] }],
  ['a name that is no word', [group('/data/x-at/$ref')], { ignore: ["$.data['x-at']['$ref']"] }],
  ['one path with several differences', [group('/a'), group('/a', { kind: 'missing' })], { ignore: ['$.a'] }],
  ['an order', [group('/data', order)], { unordered: [{ path: '$.data' }] }],
  ['an order within what is left out', [group('/data', order), group('/data')], { ignore: ['$.data'] }],
  ['both', [group('/a'), group('/b', order)], { ignore: ['$.a'], unordered: [{ path: '$.b' }] }],
])('%s', (_, groups, rules) => {
  expect(parse(proposedRules(groups) ?? '')).toEqual({ compare: rules });
});

test.each<[string, DifferenceGroup]>([
  ['a fault', group('/a', { standing: 'fault' })],
  ['what is suspected', group('/a', { standing: 'suspect' })],
  ['what is known', group('/a', { standing: 'known' })],
  ['a header', group('header:link', { kind: 'header' })],
  ['a status', group('', { kind: 'status', from: '200', to: '404' })],
  ['the whole answer', group('')],
  ['a member whose name is hidden', group('/data/{key}/at')],
])('%s is not proposed', (_, one) => {
  expect(proposedRules([one])).toBeUndefined();
});
