import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Document } from 'yaml';
import { startGateway } from '../../../src/c2s/gateway/index.ts';
import { C2S_TOKEN, FACADE_TOKEN, setRoute, startFacade } from '../kit/facade.ts';
import { inBatches, Opened, tally } from '../kit/load.ts';
import { startUpstream, until } from '../kit/upstream.ts';
import { selfSigned } from './certificate.ts';

/** An https upstream that is well, but for its first connection: there the handshake never comes to an end. */

const opened = new Opened();
afterEach(opened.closeAll);

const trusted = getCACertificates('default');
const certificate = selfSigned();
beforeEach(() => setDefaultCACertificates([...trusted, certificate.cert]));
afterEach(() => setDefaultCACertificates(trusted));

async function startTls({ hangs }: { hangs: number }) {
  const protocols: (string | false | null)[] = [];
  const sockets = new Set<Socket>();
  const tls = createTlsServer({ ...certificate, ALPNProtocols: ['h2', 'http/1.1'] }, (socket) => {
    protocols.push(socket.alpnProtocol);
    socket.on('error', () => socket.destroy());
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}'));
  });
  let connections = 0;
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => socket.destroy()));
    if (connections++ >= hangs) tls.emit('connection', socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  const url = `https://localhost:${(server.address() as AddressInfo).port}`;
  return opened.keep({ url, protocols, connections: () => connections, close });
}

async function facadeFor(direct: string) {
  const connect = (config: { setIn(path: string[], value: string): void }): void =>
    config.setIn(['defaults', 'deadlines', 'connect'], '2s');
  const facade = opened.keep(await startFacade({ direct, edit: connect }));
  return async (): Promise<string> => {
    const headers = { authorization: `Bearer ${FACADE_TOKEN}` };
    const res = await fetch(`${facade.url}/integration/leads/42`, { headers });
    await res.text();
    return `${res.status} ${res.headers.get('x-facade-outcome') ?? 'ok'}`;
  };
}

test('is spoken to in HTTP/1.1, also where it knows HTTP/2', async () => {
  const { url, protocols } = await startTls({ hangs: 0 });
  const read = await facadeFor(url);
  expect(tally(await inBatches(5, 5, read))).toEqual({ '200 ok': 5 });
  expect(new Set(protocols)).toEqual(new Set(['http/1.1']));
});

test('is spoken to in HTTP/1.1 by a shadow, too', async () => {
  const { url, protocols } = await startTls({ hangs: 0 });
  const direct = opened.keep(await startUpstream((_asked, res) => void res.end('{}')));
  const edit = (config: Document): void =>
    setRoute(config, 'leads.get', ['rollout'], { gateway: 0, shadow: 100, stickyBy: 'leadId', fallback: 'direct' });
  const facade = opened.keep(await startFacade({ direct: direct.url, gateway: url, edit }));
  await fetch(`${facade.url}/integration/leads/42`, { headers: { authorization: `Bearer ${FACADE_TOKEN}` } });
  await until(() => protocols.length > 0, 'the copy arrived');
  expect(protocols).toEqual(['http/1.1']);
});

test('is spoken to in HTTP/1.1 by our gateway, too', async () => {
  const { url, protocols } = await startTls({ hangs: 0 });
  const gateway = opened.keep(await startGateway({ c2sBaseUrl: url, c2sToken: C2S_TOKEN, port: 0 }));
  expect((await fetch(`${gateway.url}/leads/42`)).status).toBe(200);
  expect(protocols).toEqual(['http/1.1']);
});

test('a handshake that hangs holds up nobody but the one who waits for it', async () => {
  const { url, connections } = await startTls({ hangs: 1 });
  const read = await facadeFor(url);
  const first = read();
  await until(() => connections() === 1, 'the first is connecting');
  const startedAt = performance.now();
  expect(tally(await inBatches(10, 10, read))).toEqual({ '200 ok': 10 });
  expect(performance.now() - startedAt).toBeLessThan(1_500);
  expect(await first).toBe('504 upstream_connect_timeout');
});
