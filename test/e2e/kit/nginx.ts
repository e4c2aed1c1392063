import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRawUpstream, until } from './upstream.ts';

/** A real nginx as an upstream: it answers by path, keeps its connections, and logs every request that it parsed. */

/** Debian's package brings it; other systems may not have it. */
export const hasNginx = spawnSync('nginx', ['-v']).status === 0;

export interface Nginx {
  readonly url: string;
  /** Request lines so far, each with its status: `GET /x HTTP/1.1 404`. */
  requests(): readonly string[];
  close(): Promise<void>;
}

/** @param locations of the server block, as nginx has them. */
export async function startNginx(locations: string): Promise<Nginx> {
  const probe = await startRawUpstream(() => undefined);
  const { port } = new URL(probe.url);
  await probe.close();
  const dir = mkdtempSync(join(tmpdir(), 'c2s-nginx-'));
  const log = join(dir, 'access.log');
  writeFileSync(log, '');
  writeFileSync(
    join(dir, 'nginx.conf'),
    `pid ${dir}/pid; error_log ${dir}/error.log; worker_processes 1; daemon off;
events {}
http {
  log_format line '$request $status';
  access_log ${log} line;
  client_body_temp_path ${dir}/body; proxy_temp_path ${dir}/proxy; fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi; scgi_temp_path ${dir}/scgi;
  keepalive_timeout 75s; lingering_close off;
  server { listen 127.0.0.1:${port}; ${locations} }
}\n`,
  );
  const child = spawn('nginx', ['-c', join(dir, 'nginx.conf'), '-p', dir], { stdio: 'ignore' });
  const ended = new Promise((done) => child.once('close', done));
  const url = `http://127.0.0.1:${port}`;
  const isReady = (): Promise<boolean> =>
    fetch(`${url}/ready`).then(
      () => true,
      () => false,
    );
  await until(async () => child.exitCode !== null || (await isReady()), 'nginx is ready', 15_000);
  if (child.exitCode !== null) throw new Error(`nginx did not start: ${readFileSync(join(dir, 'error.log'), 'utf8')}`);
  return {
    url,
    requests: () => readFileSync(log, 'utf8').trim().split('\n'),
    async close() {
      child.kill('SIGTERM');
      await ended;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
