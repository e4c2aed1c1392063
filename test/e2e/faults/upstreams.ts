import type { AddressInfo, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { refusedUrl, startRawUpstream } from '../kit/upstream.ts';
import { startWireUpstream } from '../kit/wire.ts';
import { selfSigned } from './certificate.ts';
import { startUnaccepting } from './unaccepting.ts';

/** The upstreams of the fault matrix. Each counts what its program saw: the head of a request is enough to act on it. */

export interface Arrival {
  /** Last segment of the path: who asked. */
  readonly id: string;
  /** Requests that this connection had brought before. */
  readonly onConnection: number;
  /** Requests of the same route, asked in the same dialect, that had come before. */
  readonly alike: number;
}

export interface Behaviour {
  /** The head of a request has come. */
  readonly head?: (socket: Socket, arrival: Arrival) => void;
  /** A request has come whole. */
  readonly request?: (socket: Socket, arrival: Arrival) => void;
}

export interface FaultyUpstream {
  readonly url: string;
  /** The targets that came, in order; one that stands here twice was received twice. */
  readonly received: readonly string[];
  close(): Promise<void>;
}

/** Speaks HTTP as far as the behaviour does. */
export async function behaving({ head, request }: Behaviour): Promise<FaultyUpstream> {
  const wire = await startWireUpstream();
  const received: string[] = [];
  const latest = new WeakMap<Socket, Arrival>();
  const came = new Map<string, number>();
  wire.script({
    head: (socket, text) => {
      const target = text.split(' ', 2)[1] ?? '';
      const kind = target.replace(/\d+$/, '');
      const alike = came.get(kind) ?? 0;
      const onConnection = (latest.get(socket)?.onConnection ?? -1) + 1;
      const arrival = { id: target.slice(target.lastIndexOf('/') + 1), onConnection, alike };
      latest.set(socket, arrival);
      came.set(kind, alike + 1);
      received.push(target);
      head?.(socket, arrival);
    },
    request: (socket) => request?.(socket, latest.get(socket) as Arrival),
  });
  return { url: wire.url, received, close: wire.close };
}

/** Hands every connection out as it is; no program ever sees a request. */
export async function bare(
  onSocket: (socket: Socket) => void,
  scheme: 'http' | 'https' = 'http',
): Promise<FaultyUpstream> {
  const { port, close } = await startRawUpstream(onSocket);
  return { url: `${scheme}://127.0.0.1:${port}`, received: [], close };
}

/** Nobody is there: a port that was given back, or a name that no server was asked for (a label is too long to exist). */
export async function absent(kind: 'port' | 'name'): Promise<FaultyUpstream> {
  const url = kind === 'port' ? await refusedUrl() : `http://${'n'.repeat(64)}.invalid`;
  return { url, received: [], close: () => Promise.resolve() };
}

/** See {@link startUnaccepting}. */
export async function unaccepting(isFull: boolean): Promise<FaultyUpstream> {
  return { ...(await startUnaccepting(isFull)), received: [] };
}

/** TLS whose certificate nobody vouches for. */
export async function untrusted(): Promise<FaultyUpstream> {
  const received: string[] = [];
  const sockets = new Set<Socket>();
  const server = createTlsServer(selfSigned(), (socket) => {
    socket
      .on('error', () => socket.destroy())
      .on('data', (chunk: Buffer) => received.push(chunk.toString().split(' ', 2)[1] ?? ''));
  });
  // The handshake fails on the bare socket, which the server never hands out.
  server.on('connection', (socket: Socket) => sockets.add(socket.on('close', () => sockets.delete(socket))));
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, received, close };
}
