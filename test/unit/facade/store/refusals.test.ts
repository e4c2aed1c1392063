import { randomBytes } from 'node:crypto';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { examineDatabase } from '../../../../src/facade/cli/doctor/database.ts';
import { openStore } from '../../../../src/facade/store/index.ts';
import { StoreHolder, type OpenOptions } from '../../../../src/facade/store/holder.ts';
import { selfSigned } from '../../../e2e/faults/certificate.ts';
import { startPostgres, type TestPostgres } from '../../../e2e/kit/postgres.ts';
import { until } from '../../../e2e/kit/upstream.ts';
import { log } from './kit.ts';

/** Each way in which a Postgres refuses: what the start and /readyz say, and `doctor`, in the server's own words. */

const PASSWORD = 'hush-hush';
let postgres: TestPostgres;
let url: string;
let role: string;

let shared: string;
beforeAll(async () => {
  postgres = await startPostgres();
  shared = await postgres.createMigrated();
});
afterAll(() => postgres.close());

async function run(...statements: string[]): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

/** The address of the role, changed. */
function asRole(change: (address: URL) => void = () => undefined): string {
  const address = new URL(url);
  address.username = role;
  address.password = PASSWORD;
  change(address);
  return address.href;
}

/** What `/readyz` shows, which is the reason of the log too. */
async function problemOf(databaseUrl: string): Promise<string> {
  const open = (options: OpenOptions) => openStore({ ...options, migrations: undefined });
  const holder = new StoreHolder({ databaseUrl, dataDir: 'unused', log, patience: 100, open });
  holder.start();
  await until(() => (holder.problem ?? 'opening') !== 'opening', 'it says what is the matter', 10_000);
  const { problem } = holder;
  await holder.close();
  return problem ?? '';
}

async function doctorSays(databaseUrl: string): Promise<string> {
  const findings = await examineDatabase({ kind: 'url', url: databaseUrl }, 'unused', undefined);
  const failed = findings.filter(({ state }) => state === 'fail');
  return failed.map(({ text, remedy }) => `${text}; ${remedy}`).join('\n');
}

interface Scene {
  readonly name: string;
  readonly prepare?: () => string[];
  /** In a database without tables. */
  readonly isEmpty?: true;
  readonly address?: () => string;
  readonly says: RegExp;
  /** Left out: the same. */
  readonly doctorSays?: RegExp;
}

const SCENES: readonly Scene[] = [
  {
    name: 'sslmode=require, and a server without SSL',
    address: () => asRole(({ searchParams }) => searchParams.set('sslmode', 'require')),
    says: /The server does not support SSL connections; switch SSL on .* take sslmode out of DATABASE_URL$/,
  },
  {
    name: 'a wrong password',
    address: () => asRole((address) => (address.password = 'other')),
    says: /password authentication failed for user "role_\w+" \(28P01\); correct user and password of DATABASE_URL; a "%" of the password is written %25$/,
  },
  {
    name: 'no password',
    address: () => asRole((address) => (address.password = '')),
    says: /SASL: .*password must be a string; write user and password into DATABASE_URL$/,
  },
  {
    name: 'a role that may not log in',
    prepare: () => [`alter role ${role} nologin`],
    says: /role "role_\w+" is not permitted to log in \(28000\); allow this user, database and address in pg_hba\.conf/,
  },
  {
    name: 'a database that does not exist',
    address: () => asRole((address) => (address.pathname = '/nowhere')),
    says: /database "nowhere" does not exist \(3D000\); create the database, or correct its name in DATABASE_URL$/,
  },
  {
    name: 'too many connections',
    prepare: () => [`alter role ${role} connection limit 0`],
    says: /too many connections for role "role_\w+" \(53300\); raise max_connections .*DATABASE_CONNECTIONS$/,
  },
  {
    name: 'no right on the schema',
    says: /permission denied for schema facade \(42501\); run, as .*: grant usage, create on schema facade to role_\w+$/,
  },
  {
    name: 'no right on the tables',
    prepare: () => [`grant usage, create on schema facade to ${role}`],
    says: /permission denied for table migrations \(42501\); .*: grant select, insert, update, delete on all tables in schema facade to role_\w+$/,
  },
  {
    name: 'no right to create the schema',
    isEmpty: true,
    says: /permission denied for database test_\w+ \(42501\); .*: grant create on database test_\w+ to role_\w+$/,
    doctorSays:
      /^cannot be created: role_\w+ has no right to create a schema in test_\w+; run, as .*: grant create on database test_\w+ to role_\w+$/,
  },
  {
    name: 'a database that only reads, without its tables',
    isEmpty: true,
    prepare: () => [
      `alter role ${role} set default_transaction_read_only = on`,
      `grant create on database "${new URL(url).pathname.slice(1)}" to ${role}`,
    ],
    says: /cannot execute CREATE SCHEMA in a read-only transaction \(25006\); it only reads: let DATABASE_URL name the primary/,
    doctorSays: /^only reads: default_transaction_read_only is on; switch it off/,
  },
  {
    name: 'a database that only reads, with its tables',
    prepare: () => [
      `grant all on schema facade to ${role}`,
      `grant all on all tables in schema facade to ${role}`,
      `alter role ${role} set default_transaction_read_only = on`,
    ],
    says: /^it only reads: default_transaction_read_only is on; switch it off/,
    doctorSays: /^only reads: default_transaction_read_only is on; switch it off/,
  },
];

test.each(SCENES)('$name', async ({ prepare, isEmpty, address, says, doctorSays: doctor }) => {
  url = isEmpty ? await postgres.createDatabase() : shared;
  role = `role_${randomBytes(4).toString('hex')}`;
  await run(`create role ${role} login password '${PASSWORD}'`);
  await run(...(prepare?.() ?? []));
  const databaseUrl = address?.() ?? asRole();
  const [told, found] = [await problemOf(databaseUrl), await doctorSays(databaseUrl)];
  expect(told).toMatch(says);
  expect(found).toMatch(doctor ?? says);
  expect(told + found).not.toContain(PASSWORD);
});

describe('a server that only the network shows', () => {
  const open: Socket[] = [];
  const server = createServer((socket) => {
    open.push(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => answer(socket));
  });
  let answer: (socket: Socket) => void;
  let port: number;
  beforeAll(async () => {
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    ({ port } = server.address() as AddressInfo);
  });
  afterAll(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });

  test('with a certificate that nobody vouches for', async () => {
    const { key, cert } = selfSigned();
    answer = (socket) => {
      socket.write('S');
      new TLSSocket(socket, { isServer: true, key, cert }).on('error', () => undefined);
    };
    const address = `postgres://facade:${PASSWORD}@localhost:${port}/app?sslmode=verify-full`;
    const says =
      /self-signed certificate.* \(DEPTH_ZERO_SELF_SIGNED_CERT\); add sslrootcert=FILE, .* or sslmode=no-verify/;
    expect(await problemOf(address)).toMatch(says);
    expect(await doctorSays(address)).toMatch(says);
  });

  test.each([
    ['28000', 'no pg_hba.conf entry for host "10.0.0.1", user "facade", database "app", no encryption', /pg_hba\.conf/],
    ['53300', 'sorry, too many clients already', /max_connections/],
    ['XX000', 'something that no remedy is known of', /check DATABASE_URL, and that the server runs/],
  ])('that refuses with %s', async (code, message, remedy) => {
    const fields = ['SFATAL', 'VFATAL', `C${code}`, `M${message}`].map((field) => `${field}\0`).join('');
    answer = (socket) => {
      const body = Buffer.from(`${fields}\0`);
      const head = Buffer.alloc(5);
      head.write('E');
      head.writeInt32BE(body.length + 4, 1);
      socket.end(Buffer.concat([head, body]));
    };
    const address = `postgres://facade:${PASSWORD}@127.0.0.1:${port}/app`;
    for (const told of [await problemOf(address), await doctorSays(address)]) {
      expect(told).toContain(`${message} (${code}); `);
      expect(told).toMatch(remedy);
    }
  });
});
