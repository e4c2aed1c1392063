import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { isOwedNothing } from './listener.ts';

/** Between two closings of connections that have become idle. */
const SWEEP_INTERVAL_MS = 25;
/** For the rest of a request head that was on its way, or not yet begun, at the stop. */
const LATE_HEAD_TIMEOUT_MS = 500;

/**
 * The end of a listener: stops accepting, lets what is under way finish, and closes connections as they become idle.
 *
 * The server's own lists are not enough for it. A connection that was opened ahead of need (pools, browsers and load
 * balancers do so) counts as busy until its first request, which may never come; so does one with half a head, whose
 * timeout node stops with the server; and one that was upgraded is on no list at all, so that `closeAllConnections` passes it by and `close` would wait for ever.
 */
export class Drain {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  /** Call it before the server listens. */
  constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /**
   * @param deadlineMs what is still under way then is cut.
   * @returns how many connections were cut; 0: all was finished.
   */
  async run(deadlineMs: number): Promise<number> {
    const server = this.#server;
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_INTERVAL_MS);
    const grace = setTimeout(() => this.#destroy(isOwedNothing), LATE_HEAD_TIMEOUT_MS);
    let cut = 0;
    const end = setTimeout(() => {
      cut = this.#sockets.size;
      this.#destroy(() => true);
    }, deadlineMs);
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeIdleConnections();
    });
    for (const timer of [sweep, grace, end]) clearTimeout(timer);
    return cut;
  }

  #destroy(isMeant: (socket: Socket) => boolean): void {
    for (const socket of this.#sockets) if (isMeant(socket)) socket.destroy();
  }
}
