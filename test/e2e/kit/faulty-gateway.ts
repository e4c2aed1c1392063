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
  /** The name of everything is missing in what it answers. */
  | 'nameless'
  /** The text of a message does not arrive, and it answers as if it had. */
  | 'lost'
  /** It carries the request out, and dies before it answers. */
  | 'cut';

export async function startFaultyGateway(target: string) {
  /** By what `GET /leads/42` looks like. */
  const faults = new Map<RegExp, FaultKind>();
  const received: { readonly method: string; readonly url: string; readonly isShadow: boolean }[] = [];
  let delayMs = 0;
  const pool = new Pool(target, { connections: 64 });
  const server = createServer((req, res) => {
    const { method = 'GET', url = '/', headers } = req;
    const asked = `${method} ${url.split('?')[0]}`;
    const kind = [...faults].find(([pattern]) => pattern.test(asked))?.[1];
    received.push({ method, url, isShadow: headers['x-facade-shadow'] === 'true' });
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
      if (kind === 'cut') return void res.destroy();
      if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
      // Also those of the pages of a list, which callers read; a lie changes the length.
      const {
        'content-length': _length,
        'transfer-encoding': _coding,
        connection: _connection,
        ...kept
      } = answer.headers;
      res.writeHead(answer.statusCode, kept);
      res.end(altered(text, kind));
    };
    serve().catch(() => res.destroy());
  });
  const listen = async (on: number): Promise<number> => {
    server.listen(on, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  /** As if its process were gone: connections end, new ones are refused. */
  const die = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return {
    url: `http://127.0.0.1:${port}`,
    faults,
    /** Every request that came, in order. */
    received,
    /** Each answer is held back for so long. */
    delay: (ms: number): void => void (delayMs = ms),
    die,
    /** It is back at the same address. */
    revive: async (): Promise<void> => void (await listen(port)),
    async close(): Promise<void> {
      await die();
      await pool.destroy();
    },
  };
}

function altered(text: string, kind: FaultKind | undefined): string {
  if (kind === 'nameless') return text.replaceAll('"name":', '"unnamed":');
  return kind === 'wrong' ? lieAbout(text, new Set(['renamed_field', 'dropped_field']), 0) : text;
}
