import { hash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Pool } from 'undici';
import { startGateway } from '../src/c2s/gateway/index.ts';
import { standardOutput } from '../src/http/log-destination.ts';
import { createLogs } from '../src/http/log.ts';

/** One side of bench/gateway.ts: `bare` or `gateway`, in a process of its own. Answers `cpu` with its CPU time. */

const [name, upstream = ''] = process.argv.slice(2);

/** The least that a proxy does: the request goes on with a token, the answer streams back. */
async function startBare(): Promise<number> {
  const pool = new Pool(upstream, { connections: 128, pipelining: 1 });
  const server = createServer((request, response) => {
    const { url: path = '', method = 'GET' } = request;
    const headers = { authorization: 'Bearer token', accept: 'application/json' };
    const opened = pool.stream({ path, method: method, headers }, ({ statusCode, headers: answered }) =>
      response.writeHead(statusCode, answered),
    );
    opened.catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** As deployed: a caller key to check, metrics, a log line a request (to a standard output that goes nowhere). */
async function startOurs(): Promise<number> {
  const sha256 = hash('sha256', process.env['BENCH_KEY'] ?? '');
  const callers = [{ name: 'bench', sha256, access: 'full' }] as const;
  const logs = createLogs('info', standardOutput());
  return (await startGateway({ port: 0, c2sBaseUrl: upstream, c2sToken: 'token', callers, logs })).port;
}

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ micros: user + system });
});
process.on('disconnect', () => process.exit());
process.send?.({ port: await (name === 'bare' ? startBare() : startOurs()) });
