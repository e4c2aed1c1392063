import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { listen } from '../../../../src/c2s/gateway/listen.ts';
import { openRaw } from '../../../e2e/kit/raw.ts';
import { closeLater, start } from './started.ts';

const TIMEOUT = Object.assign(new Error('timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
const sockets: Socket[] = [];
afterEach(() => sockets.splice(0).forEach((socket) => socket.destroy()));

/** A connection on both ends. */
async function connected() {
  const server = createServer((_req, res) => res.end('ok'));
  closeLater({ close: async () => void server.close() });
  const port = await listen(server, '127.0.0.1', 0);
  Object.assign(server, { keepAliveTimeout: 300, headersTimeout: 100 });
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const caller = connect(port, '127.0.0.1').on('error', () => undefined);
  sockets.push(caller);
  let text = '';
  caller.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  const [socket] = await accepted;
  return { server, caller, socket, text: () => text, closed: once(caller, 'close') };
}

it('closes a connection that was opened ahead of need in silence, and not before an idle one', async () => {
  const { server, socket, text, closed } = await connected();
  const startedAt = performance.now();
  server.emit('clientError', TIMEOUT, socket);
  await closed;
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(195);
  expect(text()).toBe('');
});

it('serves one that speaks after all', async () => {
  const { server, caller, socket, text } = await connected();
  server.emit('clientError', TIMEOUT, socket);
  caller.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  await expect.poll(text).toMatch(/^HTTP\/1\.1 200 /);
});

it.each([
  ['half a head that stops', 'GET / HTTP/1.1\r\n', 408],
  ['what is no HTTP', 'nonsense\r\n\r\n', 400],
])('answers %s', async (_, bytes, status) => {
  const { server, caller, socket, text, closed } = await connected();
  caller.write(bytes);
  await expect.poll(() => socket.bytesRead).toBe(bytes.length);
  if (status === 408) server.emit('clientError', TIMEOUT, socket);
  await closed;
  expect(text()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
});

it.each(['TRACE', 'CONNECT'])('reflects nothing to a %s', async (method) => {
  const { gateway, c2s } = await start();
  const caller = openRaw(gateway.url);
  const target = method === 'CONNECT' ? new URL(c2s.url).host : '/leads/42';
  caller.send(`${method} ${target} HTTP/1.1\r\nhost: localhost\r\nx-secret: reflected\r\nconnection: close\r\n\r\n`);
  const text = await caller.closed();
  expect(text).not.toMatch(/ 200 |reflected|secret/);
  if (method === 'TRACE') expect(text).toMatch(/^HTTP\/1\.1 405 /);
});
