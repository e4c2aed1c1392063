import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

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
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

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
