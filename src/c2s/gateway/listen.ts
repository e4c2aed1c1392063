import { STATUS_CODES, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** Milliseconds. */
const LONGEST_HEAD = 15_000;
const LONGEST_REQUEST = 30_000;
/** Above the idle time of every known client pool, so that it is never this side that closes under a request. */
const IDLE = 65_000;

/** Resolves with the port once the server listens; rejects when it cannot. */
export function listen(server: Server, host: string, port: number): Promise<number> {
  server.headersTimeout = LONGEST_HEAD;
  server.requestTimeout = LONGEST_REQUEST;
  server.keepAliveTimeout = IDLE;
  server.on('clientError', (error: Error & { code?: string }, socket: Socket) => onClientError(error, socket, server));
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Node's own mark of the answer that is being written. */
type Answering = Socket & { readonly _httpMessage?: ServerResponse | null };

const CLIENT_ERRORS: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

/**
 * As node answers by itself, but on a connection that was opened ahead of need and has said nothing yet: an answer that
 * nobody asked for would be taken for the answer to its first request. That one is closed in silence when it has been
 * idle for as long as others may be. From its first byte on node watches over the head again.
 */
function onClientError({ code = '' }: Error & { code?: string }, socket: Socket, server: Server): void {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT' && socket.bytesRead === 0) {
    const close = (): void => {
      if (socket.bytesRead === 0) socket.destroy();
    };
    setTimeout(close, Math.max(0, server.keepAliveTimeout - server.headersTimeout)).unref();
  } else if (code === 'ECONNRESET' || !socket.writable || (socket as Answering)._httpMessage?.headersSent) {
    // In the middle of an answer it would be read as a part of that.
    socket.destroy();
  } else {
    const status = CLIENT_ERRORS[code] ?? 400;
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\n\r\n`);
    setTimeout(() => socket.destroy(), LINGER).unref();
  }
}

/** Milliseconds in which what is still written after a refusal is taken and thrown away. */
const LINGER = 1_000;

/** Stops listening and resolves when the requests under way are answered. */
export function drain(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}

/** `http://host:port`, brackets around IPv6. */
export const urlOf = (host: string, port: number): string =>
  `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
