import { createServer } from 'node:http';
import { ANSWER_HEADERS, BODY } from '../kit/exchange.ts';
import { port } from './settings.ts';

/** No proxy: node:http answering by itself. What is below this nobody reaches on node:http. */

const headers = ANSWER_HEADERS.flat();
const body = Buffer.from(BODY);

createServer((_request, response) => {
  response.writeHead(200, headers);
  response.end(body);
}).listen(port, '127.0.0.1');
