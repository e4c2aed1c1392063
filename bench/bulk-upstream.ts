import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { BODY } from './kit/exchange.ts';
import { bulkBytes, drainPaced, filler } from './kit/bulk.ts';

/**
 * The far end of `npm run bench:bulk`: leads of any size, as their ids say, and of what is posted it tells how many
 * bytes arrived. It reads slower than loopback delivers: a proxy without backpressure
 * shows only when somebody is slow.
 */

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const received = await drainPaced(request);
  response.setHeader('Content-Type', 'application/json');
  if (request.method === 'POST') {
    response.writeHead(201).end(JSON.stringify({ received }));
    return;
  }
  const bytes = bulkBytes(request.url ?? '');
  if (bytes === 0) {
    response.end(BODY);
    return;
  }
  response.writeHead(200, { 'Content-Length': bytes });
  await pipeline(filler(bytes), response);
}

createServer((request, response) => {
  answer(request, response).catch(() => response.destroy());
}).listen(Number(process.env['PORT']), '127.0.0.1');
