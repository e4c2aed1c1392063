import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { Pool } from 'undici';
import { lieAbout, losingMessage } from './lies.ts';

/** A gateway that serves the truth, and goes bad operation by operation when it is told to. */
export type FaultKind =
  /** 500 for everything. */
  | 'errors'
  /** Fields are dropped and renamed in what it answers. */
  | 'wrong'
  /** The text of a message does not arrive, and it answers as if it had. */
  | 'lost';

export async function startFaultyGateway(target: string) {
  /** By what `GET /leads/42` looks like. */
  const faults = new Map<RegExp, FaultKind>();
  const pool = new Pool(target, { connections: 64 });
  const server = createServer((req, res) => {
    const { method = 'GET', url = '/', headers } = req;
    const asked = `${method} ${url.split('?')[0]}`;
    const kind = [...faults].find(([pattern]) => pattern.test(asked))?.[1];
    const serve = async (): Promise<void> => {
      const sent = (await buffer(req)).toString();
      if (kind === 'errors') return void res.writeHead(500).end('{"detail":"broken"}');
      const { authorization, 'content-type': type } = headers;
      const answer = await pool.request({
        method,
        path: url,
        headers: { ...(authorization && { authorization }), ...(type && { 'content-type': type }) },
        body: sent === '' ? null : kind === 'lost' ? losingMessage(sent) : sent,
      });
      const text = await answer.body.text();
      // Also those of the pages of a list, which callers read; a lie changes the length.
      const {
        'content-length': _length,
        'transfer-encoding': _coding,
        connection: _connection,
        ...kept
      } = answer.headers;
      res.writeHead(answer.statusCode, kept);
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
