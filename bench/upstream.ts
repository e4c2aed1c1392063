import { createServer } from 'node:net';
import { ANSWER_HEADERS, BODY } from './kit/exchange.ts';

/**
 * The upstream of every subject: one fixed answer, as little work as possible, because it shares its core with the
 * load generator. Raw sockets: node:http would spend more on the answer than the load generator on the request.
 * It knows bodyless requests only and says so, since it finds their ends by the blank line alone.
 */

const HEAD_END = Buffer.from('\r\n\r\n');
const HAS_BODY = /\r\n(?:transfer-encoding|content-length: *[1-9])/i;
const NOTHING = Buffer.alloc(0);

const fields = [...ANSWER_HEADERS, ['Date', new Date().toUTCString()] as const];
const ANSWER = Buffer.from(
  `HTTP/1.1 200 OK\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${BODY}`,
);

const server = createServer({ noDelay: true }, (socket) => {
  let rest: Buffer = NOTHING;
  let seen = false;
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    if (rest.length > 0) chunk = Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = chunk.indexOf(HEAD_END); end !== -1; end = chunk.indexOf(HEAD_END, start)) {
      // The subjects send the same head again and again: looking at the first is enough.
      if (!seen && HAS_BODY.test(chunk.toString('latin1', start, end))) {
        socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
        return;
      }
      seen = true;
      socket.write(ANSWER);
      start = end + HEAD_END.length;
    }
    rest = start < chunk.length ? chunk.subarray(start) : NOTHING;
  });
});

server.listen(Number(process.env['PORT']), '127.0.0.1');
