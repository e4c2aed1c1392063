import { expect, test } from 'vitest';
import { explainDatabaseError } from '../../../../src/facade/store/explain-error.ts';

/** What a real server says: refusals.test.ts. */

const withCode = (message: string, code: string) => Object.assign(new Error(message), { code });

test.each([
  ['permission denied for sequence flips_id_seq', /grant usage, select on all sequences in schema facade to ana$/],
  ['must be owner of table flips', /grant OWNER to ana, where OWNER is the role that made the schema facade$/],
])('%s', (message, remedy) => {
  const error = new Error('The database cannot be migrated', {
    cause: Object.assign(new Error(message), { code: '42501', severity: 'ERROR' }),
  });
  const address = { name: 'DATABASE_URL', url: 'postgres://ana:hush-hush@db/app' };
  expect(explainDatabaseError(error, address)).toEqual({
    text: `${message} (42501)`,
    remedy: expect.stringMatching(remedy) as unknown,
  });
  const odd = { ...address, url: 'postgres://An%22a:hush-hush@db/app' };
  expect(explainDatabaseError(error, odd).remedy).toContain('"An""a"');
});

test.each([
  ['a network', withCode('connect ECONNREFUSED hush.test:1', 'ECONNREFUSED'), 'it cannot be used (ECONNREFUSED)'],
  [
    'both addresses of a name',
    new AggregateError([withCode('::1', 'ECONNREFUSED')]),
    'it cannot be used (ECONNREFUSED)',
  ],
  ['a name', withCode('getaddrinfo ENOTFOUND hush', 'ENOTFOUND'), 'it cannot be used (ENOTFOUND)'],
  ['an address that the driver cannot read', new URIError('URI malformed: hush'), 'it cannot be used (URIError)'],
  ['no error at all', 'hush', 'it cannot be used (unknown error)'],
])('of %s the code alone is shown', (_what, error, text) => {
  const told = explainDatabaseError(error, { name: 'its address', url: undefined });
  expect(told).toEqual({ text, remedy: 'check its address, and that the server runs and lets us in' });
});
