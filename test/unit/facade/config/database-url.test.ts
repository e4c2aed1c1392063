import pg from 'pg';
import { describe, expect, it, test } from 'vitest';
import { databaseUrlFault } from '../../../../src/facade/config/database-url.ts';
import { readEnvironment } from '../../../../src/c2s/environment.ts';

const withPassword = (password: string) => `postgres://facade:${password}@db.test:5433/app`;
/** What the driver makes of it. */
const readByDriver = (connectionString: string) => {
  const { user, password, host, port, database } = new pg.Client({ connectionString });
  return { user, password, host, port, database };
};

const raw = (signs: string) => {
  const each = [...signs];
  const codes = each.map((sign) => `${encodeURIComponent(sign)} for "${sign}"`).join(' and ');
  return `the password holds ${each.map((sign) => `"${sign}"`).join(' and ')} unencoded; write ${codes}`;
};

describe('a password with a sign that is not encoded', () => {
  it.each([
    ['hu#sh', '#'],
    ['12#sh', '#'],
    ['#', '#'],
    ['hu/sh', '/'],
    ['12/sh', '/'],
    ['hu?sh', '?'],
    ['12?sh', '?'],
    ['hu#s/h?', '#/?'],
    ['hu@s/h', '/'],
    ['hu@s#h', '#'],
    ['hu@s?h', '?'],
    ['hu:s/h', '/'],
    ['hu%ffsh', '%'],
    ['hu%sh%C3%A9', '%'],
  ])('%s is refused, with what to write', (password, signs) => {
    const fault = databaseUrlFault(withPassword(password));
    expect(fault).toBe(raw(signs));
    expect(fault).not.toContain('sh');
    // What it would be without: another password, another place, or an error that quotes nothing.
    const asRead = (() => {
      try {
        return readByDriver(withPassword(password));
      } catch {
        return undefined;
      }
    })();
    if (signs !== '%') expect(asRead).not.toMatchObject({ password, host: 'db.test' });
  });

  it.each([
    'hu@sh',
    '@',
    'hu[sh',
    'hu]sh',
    'hu:sh',
    'hu%sh',
    '50%',
    'hu sh',
    'hu\\sh',
    "hu'sh",
    'hu&s=h',
    'hu+sh',
    'hué',
  ])('%s means itself and is taken', (password) => {
    expect(databaseUrlFault(withPassword(password))).toBeUndefined();
    expect(readByDriver(withPassword(password))).toEqual({
      user: 'facade',
      password,
      host: 'db.test',
      port: 5433,
      database: 'app',
    });
  });

  it.each(['#', '/', '?', '@', '%', '[', '12#', '12/34', '%ff', 'é%'])('%s is taken when it is encoded', (password) => {
    const written = withPassword(encodeURIComponent(password));
    expect(databaseUrlFault(written)).toBeUndefined();
    expect(readByDriver(written)).toMatchObject({ password, host: 'db.test', database: 'app' });
  });
});

it.each([
  'postgres://db/app',
  'postgres://db:5433/app',
  'postgresql://facade@db/app',
  'POSTGRES://facade:hush@db/app',
  'postgres://facade:hush@[::1]:5433/app',
  'postgres://facade:hush@db/app?sslmode=require&application_name=a@b',
  'postgres://facade:hush@db?sslmode=require',
  'postgres://facade:hush@db/my@app',
  'postgres://db:5433/app?user=me@tenant&password=hush',
  'postgres://facade:hush@localhost/app?host=%2Frun%2Fpg',
  'postgres://facade:hush@/app?host=/run/pg',
  'postgres:///app?host=/run/pg',
  'postgres://%2Frun%2Fpg/app',
])('%s is an address', (text) => {
  expect(databaseUrlFault(text)).toBeUndefined();
});

it.each([
  ['mysql://facade:hush@db/app', 'must begin with postgres:// or postgresql://'],
  ['facade:hush@db/app', 'must begin with postgres:// or postgresql://'],
  [
    'postgres://facade:hush@one:1,two:2/app',
    /^is not an address: write postgres:\/\/user:password@host:5432\/database/,
  ],
  ['postgres://facade:hush@db:port/app', /^is not an address: /],
])('%s is none', (text, fault) => {
  expect(databaseUrlFault(text)).toMatch(fault);
  expect(databaseUrlFault(text)).not.toContain('hush');
});

test('DATABASE_URL says so, and never the password', () => {
  const problemsOf = (url: string) => {
    const read = readEnvironment({ DATABASE_URL: url });
    return read.ok ? [] : read.problems;
  };
  expect(problemsOf(withPassword('hu#sh'))).toEqual([`DATABASE_URL: ${raw('#')}`]);
  expect(problemsOf('none')).toEqual([]);
  expect(problemsOf('mysql://db')).toEqual(['DATABASE_URL: must begin with postgres:// or postgresql://, or be none']);
});
