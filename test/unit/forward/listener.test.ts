import { connect } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { createListener, listen } from '../../../src/forward/listener.ts';

test('what was pipelined on a connection that has closed meanwhile is not taken: nobody would be told of its end', async () => {
  const taken: (string | undefined)[] = [];
  const server = createListener({
    maxHeaderSize: 16_384,
    keepAlive: 5_000,
    handle: (req) => {
      taken.push(req.url);
      req.socket.destroy();
    },
    upgrade: (_req, socket) => void socket.destroy(),
    isUpgrade: () => false,
  });
  const url = new URL(await listen(server, '127.0.0.1', 0, 'PORT'));
  const caller = connect(Number(url.port), url.hostname).on('error', () => undefined);
  // One packet: node parses it in one go, and lets the connection close between the two.
  caller.write('GET /first HTTP/1.1\r\nhost: x\r\n\r\nGET /second HTTP/1.1\r\nhost: x\r\n\r\n');
  await once(caller, 'close');
  server.close();
  expect(taken).toEqual(['/first']);
});
