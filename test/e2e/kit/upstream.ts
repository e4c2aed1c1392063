import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSocketServer, type AddressInfo, type Socket } from 'node:net';

/** Upstreams for tests: one that speaks HTTP by a handler, and one that is handed the bare socket, to lie as it likes. */

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: string[];
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface TestUpstream {
  readonly url: string;
  readonly port: number;
  readonly received: Received[];
  /** Connections that were opened so far. */
  readonly connections: () => number;
  close(): Promise<void>;
}

/** Reads each body whole before it calls `answer`, and remembers what came. */
export function startUpstream(answer: (request: Received, res: ServerResponse) => void): Promise<TestUpstream> {
  const received: Received[] = [];
  let connections = 0;
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const { method = '', url = '', rawHeaders, headers } = req;
      const request = { method, url, rawHeaders, headers, body: Buffer.concat(chunks).toString() };
      received.push(request);
      answer(request, res);
    });
  });
  server.on('connection', () => connections++);
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      const close = (): Promise<void> =>
        new Promise((done) => {
          server.close(() => done());
          server.closeAllConnections();
        });
      resolve({ url: `http://127.0.0.1:${port}`, port, received, connections: () => connections, close });
    });
  });
}

/** Every connection is handed to `onSocket` as it is. */
export function startRawUpstream(onSocket: (socket: Socket) => void): Promise<Omit<TestUpstream, 'received'>> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createSocketServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
    onSocket(socket);
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      const close = (): Promise<void> =>
        new Promise((done) => {
          server.close(() => done());
          for (const socket of sockets) socket.destroy();
        });
      resolve({ url: `http://127.0.0.1:${port}`, port, connections: () => connections, close });
    });
  });
}

/** A port on which nobody listens: bound, then closed. */
export async function refusedUrl(): Promise<string> {
  const upstream = await startRawUpstream((socket) => socket.destroy());
  await upstream.close();
  return upstream.url;
}

/** Resolves when the condition holds; fails after `deadline` milliseconds with the reason. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  reason: string,
  deadline = 5_000,
): Promise<void> {
  const end = performance.now() + deadline;
  for (let pauseMs = 5; ;) {
    const holds = condition();
    if (await holds) return;
    if (performance.now() > end) throw new Error(`not within ${deadline} ms: ${reason}`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    // A question over a connection (metrics, a database) costs the asked process as much as the work that is waited for.
    if (holds instanceof Promise) pauseMs = Math.min(pauseMs * 1.5, 50);
  }
}
