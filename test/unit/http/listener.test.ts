import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { expect, test, vi } from 'vitest';
import { createListener, listen } from '../../../src/http/listener.ts';
import { endWithProblem } from '../../../src/http/problem.ts';

test('what was pipelined on a connection that has closed meanwhile is not taken: nobody would be told of its end', async () => {
  const taken: (string | undefined)[] = [];
  const server = createListener({
    maxHeadBytes: 16_384,
    keepAliveMs: 5_000,
    handle: (req) => {
      taken.push(req.url);
      req.socket.destroy();
    },
  });
  const url = new URL(await listen(server, '127.0.0.1', 0, 'PORT'));
  const caller = connect(Number(url.port), url.hostname).on('error', () => undefined);
  // One packet: node parses it in one go, and lets the connection close between the two.
  caller.write('GET /first HTTP/1.1\r\nhost: x\r\n\r\nGET /second HTTP/1.1\r\nhost: x\r\n\r\n');
  await once(caller, 'close');
  server.close();
  expect(taken).toEqual(['/first']);
});

test('a connection opened ahead of need is closed in silence, not before an idle one; half a head is 408', async () => {
  const server = createListener({
    maxHeadBytes: 16_384,
    keepAliveMs: 2_500,
    handle: (_req, res) => void res.end('ok'),
  });
  server.headersTimeout = 200;
  const complaints = vi.fn();
  server.on('clientError', complaints);
  const url = new URL(await listen(server, '127.0.0.1', 0, 'PORT'));
  const openedAt = performance.now();
  const open = (first = '') => {
    const socket = connect(Number(url.port), url.hostname).on('error', () => undefined);
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    if (first !== '') socket.write(first);
    return { socket, text: () => text, closed: once(socket, 'close').then(() => performance.now() - openedAt) };
  };
  const [silent, late, half] = [open(), open(), open('GET / HTTP/1.1\r\nhost: ')];
  // Node looks once a second. From then on the late one would have been answered 408, had it been left to node.
  await vi.waitUntil(() => complaints.mock.calls.length >= 3, { timeout: 15_000 });
  late.socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  expect(await silent.closed).toBeGreaterThanOrEqual(2_500);
  await half.closed;
  expect(silent.text()).toBe('');
  expect(half.text()).toMatch(/^HTTP\/1\.1 408 /);
  expect(late.text()).toMatch(/^HTTP\/1\.1 200 /);
  late.socket.destroy();
  server.close();
}, 30_000);

test.each(['CONNECT x:443', 'GET /cable'])(
  'a caller that resets its connection behind %s ends nothing but that',
  async (line) => {
    const given: Socket[] = [];
    const server = createListener({
      maxHeadBytes: 16_384,
      keepAliveMs: 5_000,
      handle: (_req, res) => void res.end('ok'),
      takeUpgrade: () => (socket) => endWithProblem(socket, { status: 503, kind: 'x', detail: 'x' }),
    });
    for (const event of ['connect', 'upgrade']) server.on(event, (_req, socket: Socket) => given.push(socket));
    const url = new URL(await listen(server, '127.0.0.1', 0, 'PORT'));
    const caller = connect(Number(url.port), url.hostname).on('error', () => undefined);
    caller.write(`${line} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`);
    await vi.waitUntil(() => given.length === 1, { timeout: 5_000 });
    // What a write into a connection that was reset comes to; without a listener it would end the process.
    expect(given[0]?.emit('error', Object.assign(new Error('write ECONNRESET'), { code: 'ECONNRESET' }))).toBe(true);
    caller.destroy();
    server.close();
  },
);
