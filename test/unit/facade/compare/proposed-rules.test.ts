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
  noise: { count: 4, of: 40 },
  p: 1,
  ledger: undefined,
  isExpired: false,
  ...parts,
});

const order = { kind: 'order', from: 'list', to: 'list' } as const;
test.each<[string, DifferenceGroup[], unknown]>([
  ['a member', [group('/meta/at')], { ignore: ['$.meta.at'] }],
  ['what differs in one of ten', [group('/a', { noise: { count: 4, of: 40 } })], { ignore: ['$.a'] }],
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
  ['a text that was edited', group('/data/attributes/description', { noise: { count: 2, of: 98 } })],
  ['what differs in just less than one of ten', group('/a', { noise: { count: 3, of: 40 } })],
  ['an order that is seldom another', group('/data', { kind: 'order', noise: { count: 3, of: 40 } })],
])('%s is not proposed', (_, one) => {
  expect(proposedRules([one])).toBeUndefined();
});

/** What is held against the gateway would be ignored together with the noise. */
const fault = (path: string, parts: Partial<DifferenceGroup> = {}) => group(path, { standing: 'fault', ...parts });
test.each<[string, DifferenceGroup[]]>([
  ['at the same place', [group('/meta/at'), fault('/meta/at', { kind: 'missing', to: 'absent' })]],
  ['at the same place, suspected', [group('/meta/at'), fault('/meta/at', { standing: 'suspect', kind: 'type' })]],
  ['at the same place, in the ledger', [group('/meta/at'), fault('/meta/at', { standing: 'known', kind: 'type' })]],
  ['beneath it', [group('/meta', { kind: 'type', to: 'null' }), fault('/meta/at')]],
  ['far beneath it', [group('/data'), fault('/data/*/customer/phone')]],
])('no rule hides a difference %s', (_, groups) => {
  expect(proposedRules(groups)).toBeUndefined();
  expect(proposedRules(groups.toReversed())).toBeUndefined();
});

test.each<[string, DifferenceGroup, DifferenceGroup]>([
  ['above', group('/meta/at'), fault('/meta', { kind: 'type' })],
  ['beside', group('/meta/at'), fault('/meta/at_all')],
  ['elsewhere', group('/meta/at'), fault('/data/at')],
  ['in the whole answer', group('/meta/at'), fault('', { kind: 'status' })],
])('a difference %s is not hidden by a rule', (_, noise, held) => {
  expect(parse(proposedRules([noise, held]) ?? '')).toEqual({ compare: { ignore: ['$.meta.at'] } });
});

test.each<[string, Partial<DifferenceGroup>]>([
  ['a list that grows', { kind: 'length', from: '2-9 items', to: '10-24 items' }],
  ['a list that comes and goes', { kind: 'missing', from: 'list', to: 'absent' }],
  ['an empty list that is null', { kind: 'type', from: 'empty list', to: 'null' }],
  ['an object that comes and goes', { kind: 'extra', from: 'absent', to: 'object' }],
  ['an empty object that is null', { kind: 'type', from: 'null', to: 'empty object' }],
  ['a text that is an object', { kind: 'type', from: 'string', to: 'object' }],
  ['a long list that differs', { kind: 'value', from: 'list', to: 'list' }],
])('%s is not proposed: its parts would not be compared', (_, parts) => {
  expect(proposedRules([group('/data', parts)])).toBeUndefined();
});

test('an order is proposed beside other differences of the list, which are still found', () => {
  const groups = [group('/data', order), fault('/data', { kind: 'length' }), fault('/data/*/name')];
  expect(parse(proposedRules(groups) ?? '')).toEqual({ compare: { unordered: [{ path: '$.data' }] } });
});
