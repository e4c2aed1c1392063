import { createServer, STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { problemBody } from './problem.ts';

/** The public listener: node:http with the limits that keep a slow or hostile caller from holding it. */

export interface ListenerOptions {
  /** Bytes of a request head; more is answered 431. */
  readonly maxHeaderSize: number;
  /** Milliseconds that an idle connection is kept. */
  readonly keepAlive: number;
  readonly handle: (req: IncomingMessage, res: ServerResponse, expectsContinue?: boolean) => void;
  readonly upgrade: (req: IncomingMessage, socket: Socket, head: Buffer) => void;
  /** A request with an Upgrade header that is not taken is a plain request: many clients offer h2c and expect an answer. */
  readonly isUpgrade: (req: IncomingMessage) => boolean;
}

/** Milliseconds for a request head to arrive: what a slowloris gets. */
const HEADERS_TIMEOUT = 15_000;
/** Milliseconds for a whole request to arrive where no deadline of a route bounds it (what was answered early). */
const REQUEST_TIMEOUT = 300_000;

/** A port cannot be had; the message says what to do. */
export class ListenError extends Error {}

/** Resolves to the base URL. @param variable names the setting to change. */
export function listen(server: Server, host: string, port: number, variable: string): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: Error & { code?: string }) =>
      reject(
        new ListenError(`cannot listen on ${host}:${port} (${error.code ?? error.name}); set ${variable} to another`),
      ),
    );
    server.listen(port, host, () => {
      const address = server.address() as AddressInfo;
      const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
      resolve(`http://${name}:${address.port}`);
    });
  });
}

export function createListener(options: ListenerOptions): Server {
  const server = createServer({
    maxHeaderSize: options.maxHeaderSize,
    keepAliveTimeout: options.keepAlive,
    headersTimeout: HEADERS_TIMEOUT,
    requestTimeout: REQUEST_TIMEOUT,
    connectionsCheckingInterval: 1_000,
    insecureHTTPParser: false,
    noDelay: true,
    shouldUpgradeCallback: options.isUpgrade,
  });
  server.on('request', (req, res) => options.handle(req, res));
  server.on('checkContinue', (req, res) => options.handle(req, res, true));
  server.on('checkExpectation', (_req, res: ServerResponse) => {
    const body = problemBody(
      { status: 417, kind: 'expectation', detail: 'The only expectation that is met here is 100-continue.' },
      undefined,
    );
    res.writeHead(417, { 'content-type': 'application/problem+json', 'content-length': body.length }).end(body);
  });
  server.on('upgrade', (req, socket: Socket, head) => options.upgrade(req, socket, head));
  server.on('clientError', answerClientError);
  return server;
}

const CLIENT_ERRORS: Readonly<Record<string, { status: number; detail: string }>> = {
  HPE_HEADER_OVERFLOW: { status: 431, detail: 'The head of the request is larger than this server takes.' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, detail: 'The request did not arrive in time.' },
};
const MALFORMED = { status: 400, detail: 'This is not a well-formed HTTP/1.1 request.' };

/** What the parser refused never became a request: it is answered on the bare socket, and the connection ends. */
function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, detail } = CLIENT_ERRORS[error.code ?? ''] ?? MALFORMED;
  const body = problemBody(
    { status, kind: status === 431 ? 'header-too-large' : 'malformed-request', detail },
    undefined,
  );
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/problem+json\r\n` +
      `content-length: ${body.length}\r\nconnection: close\r\n\r\n${body.toString()}`,
  );
}
