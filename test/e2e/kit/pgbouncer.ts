import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startRawUpstream, until } from './upstream.ts';

/** A real pgbouncer before a database of the tests. */

/** Debian's package brings it; other systems may not have it. */
export const hasPgbouncer = spawnSync('pgbouncer', ['--version']).status === 0;

export interface Pgbouncer {
  /** The database, by way of the pooler. */
  readonly url: string;
  close(): Promise<void>;
}

export async function startPgbouncer(databaseUrl: string, mode: 'session' | 'transaction'): Promise<Pgbouncer> {
  const probe = await startRawUpstream(() => undefined);
  const { port } = new URL(probe.url);
  await probe.close();
  const dir = mkdtempSync(join(tmpdir(), 'c2s-pgbouncer-'));
  chmodSync(dir, 0o777);
  const server = serverOf(databaseUrl);
  writeFileSync(
    join(dir, 'pgbouncer.ini'),
    `[databases]
pooled = ${Object.entries(server)
      .map(([key, value]) => `${key}='${value}'`)
      .join(' ')}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
default_pool_size = 40
max_client_conn = 200
logfile = ${dir}/log
`,
  );
  // It refuses to be root; the server's own user may enter the directory of its socket.
  const as = process.getuid?.() === 0 ? ownerOf(server['host'] ?? '') : {};
  const child = spawn('pgbouncer', [join(dir, 'pgbouncer.ini')], { ...as, cwd: '/', stdio: 'ignore' });
  const ended = new Promise((done) => child.once('close', done));
  const url = `postgres://anybody@127.0.0.1:${port}/pooled`;
  const isReady = async (): Promise<boolean> => {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('select 1');
      return true;
    } catch {
      return false;
    } finally {
      await client.end().catch(() => undefined);
    }
  };
  await until(async () => child.exitCode !== null || (await isReady()), 'pgbouncer is ready', 15_000);
  if (child.exitCode !== null) throw new Error(`pgbouncer did not start: ${readFileSync(join(dir, 'log'), 'utf8')}`);
  return {
    url,
    async close() {
      child.kill('SIGTERM');
      await ended;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function ownerOf(host: string): { uid: number; gid: number } {
  const { uid, gid } = statSync(host.startsWith('/') ? host : '/');
  return uid === 0 ? { uid: NOBODY, gid: NOBODY } : { uid, gid };
}

const NOBODY = 65_534;

function serverOf(databaseUrl: string): Record<string, string> {
  const url = new URL(databaseUrl);
  return {
    host: url.searchParams.get('host') ?? url.hostname,
    port: url.port || (url.searchParams.get('port') ?? '5432'),
    dbname: url.pathname.slice(1),
    user: decodeURIComponent(url.username) || 'postgres',
    ...(url.password && { password: decodeURIComponent(url.password) }),
  };
}
