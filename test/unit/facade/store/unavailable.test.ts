import { expect, test } from 'vitest';
import { isOtherVersion, isStoreAway, StoreUnavailable } from '../../../../src/facade/store/unavailable.ts';

const withCode = (code: string, more: object = {}): Error => Object.assign(new Error('said more'), { code, ...more });

test.each<[string, unknown]>([
  ['a store that cannot be had', new StoreUnavailable('no')],
  ['a refused connection', withCode('ECONNREFUSED')],
  ['one refused on both families', new AggregateError([withCode('ECONNREFUSED'), withCode('ECONNREFUSED')])],
  ['a lost connection', withCode('ECONNRESET')],
  ['a name that does not resolve', withCode('ENOTFOUND')],
  ['a socket file that is gone', withCode('ENOENT', { syscall: 'connect' })],
  ['a server that is shutting down', withCode('57P01')],
  ['a server that is starting', withCode('57P03')],
  ['too many connections', withCode('53300')],
  ['a full disk', withCode('53100')],
  ['a connection failure', withCode('08006')],
  ['an account that it does not know', withCode('28P01')],
  ['a database that is not there', withCode('3D000')],
  ['a standby that takes no writes', withCode('25006')],
  ['a statement that took too long', withCode('57014')],
  ['a lock that another instance holds', withCode('55P03')],
  ['a transaction that stood still', withCode('25P03')],
  ['a connection that ended in a query', new Error('Connection terminated unexpectedly')],
  ['a pool that found none in time', new Error('timeout exceeded when trying to connect')],
  ['a dead client', new Error('Client has encountered a connection error and is not queryable')],
  ['a pool that is closed', new Error('Cannot use a pool after calling end on the pool')],
])('%s: the store is away', (_, error) => {
  expect(isStoreAway(error)).toBe(true);
});

test.each<[string, unknown]>([
  ['a statement that is wrong', withCode('42601')],
  ['a row that is there already', withCode('23505')],
  ['a file that is missing', withCode('ENOENT', { syscall: 'open' })],
  ['a mistake of ours', new TypeError('Cannot read properties of undefined')],
  ['a sentence that begins like one of pg', new TypeError('Connection of the two')],
  ['no error', 'ECONNREFUSED'],
  ['nothing', undefined],
])('%s: it is not', (_, error) => {
  expect(isStoreAway(error)).toBe(false);
});

test.each([
  ['42P01', true],
  ['42703', true],
  ['42601', false],
  ['57P01', false],
])('%s: the tables are of another version: %s', (code, expected) => {
  expect(isOtherVersion(withCode(code))).toBe(expected);
  expect(isStoreAway(withCode(code)) && expected).toBe(false);
});
