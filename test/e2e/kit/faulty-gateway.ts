import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { lieAbout } from '../../../src/sandbox/lies.ts';

/** A gateway that serves the truth, and goes bad operation by operation when it is told to. */
export type FaultKind = 'errors' | 'slow' | 'wrong';

export async function startFaultyGateway(target: string) {
  const faults = new Map<RegExp, FaultKind>();
  const pool = new Pool(target, { connections: 64 });
  const server = createServer((req, res) => {
    const url = req.url ?? '/';
    const kind = [...faults].find(([path]) => path.test(url.split('?')[0] ?? ''))?.[1];
    const serve = async (): Promise<void> => {
      if (kind === 'errors') return void res.writeHead(500).end('{"detail":"broken"}');
      if (kind === 'slow') await sleep(400);
      const { statusCode, headers, body } = await pool.request({ method: 'GET', path: url });
      const text = await body.text();
      res.writeHead(statusCode, { 'content-type': String(headers['content-type']) });
      res.end(kind === 'wrong' ? lieAbout(text, new Set(['renamed_field', 'dropped_field']), 0) : text);
    };
    serve().catch(() => res.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    faults,
    async close(): Promise<void> {
      server.close();
      server.closeAllConnections();
      await pool.destroy();
    },
  };
}
