import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { endAfter, endWithProblem, sendProblem, type Problem } from './problem.ts';
import { ALLOW, CONNECT_REFUSED, headProblem, isOptionsForUs, passesHead } from './request-head.ts';

/** The listener of every service: node:http with the limits that keep a slow or hostile caller from holding it. */

export interface ListenerOptions {
  /** A longer request head is answered 431. */
  readonly maxHeadBytes: number;
  /** How long an idle connection is kept. */
  readonly keepAliveMs: number;
  /** For a whole request to arrive. Default: 5 min, for what no deadline of a route bounds (what was answered early). */
  readonly requestTimeoutMs?: number;
  /** Names the listener's own refusals: `urn:<service>:<kind>`. Default: c2s-facade. */
  readonly service?: string;
  readonly handle: (req: IncomingMessage, res: ServerResponse, expectsContinue: boolean) => void;
  /**
   * Judges a request with an Upgrade header, once. Undefined: the request is a plain one, for many clients offer h2c and
   * expect an answer. Default: no upgrade is taken.
   */
  readonly takeUpgrade?: (req: IncomingMessage) => Upgrade | undefined;
}

/** Serves an upgrade that was taken: nothing else reads, writes or ends the socket. @param head bytes behind the request. */
export type Upgrade = (socket: Socket, head: Buffer) => void;

/** For a request head to arrive: what a slowloris gets. */
const HEAD_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 300_000;

/**
 * Connections that may wait to be accepted; the kernel takes the lesser of this and its own limit. With node's 511 a
 * loop that is late by a tenth of a second overflows it when many callers come back at once, and those whose handshake
 * is dropped wait for seconds, for a refusal that would have taken a millisecond.
 */
const MAX_BACKLOG = 4_096;

/** A port cannot be had; the message says what to do. */
export class ListenError extends Error {}

export interface ListenOptions {
  /** Of a worker: its own port, not one that it shares with the others. */
  readonly exclusive?: boolean;
}

/** Resolves to the base URL. @param variable names the setting to change. */
export function listen(
  server: Server,
  host: string,
  port: number,
  variable: string,
  { exclusive = false }: ListenOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: Error & { code?: string }) =>
      reject(
        new ListenError(`cannot listen on ${host}:${port} (${error.code ?? error.name}); set ${variable} to another`),
      ),
    );
    server.listen({ port, host, exclusive, backlog: MAX_BACKLOG }, () => {
      const address = server.address() as AddressInfo;
      const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
      resolve(`http://${name}:${address.port}`);
    });
  });
}

export function createListener(options: ListenerOptions): Server {
  const { requestTimeoutMs = REQUEST_TIMEOUT_MS, service, takeUpgrade } = options;
  const server = createServer({
    maxHeaderSize: options.maxHeadBytes,
    keepAliveTimeout: options.keepAliveMs,
    headersTimeout: HEAD_TIMEOUT_MS,
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: 1_000,
    insecureHTTPParser: false,
    // Judged with the rest of the head, whose refusals say what is wrong.
    requireHostHeader: false,
    noDelay: true,
    shouldUpgradeCallback: (req) => isTaken(req, takeUpgrade),
  });
  const handle = admitted(options.handle, service);
  server.on('request', (req, res) => handle(req, res, false));
  server.on('checkContinue', (req, res) => handle(req, res, true));
  server.on('checkExpectation', (req, res) => {
    if (!(req.socket as ListenerSocket)[kRefused]) refusalsOf(service)(res, UNKNOWN_EXPECTATION);
  });
  // In the turn of shouldUpgradeCallback.
  server.on('upgrade', (_req, socket: ListenerSocket, head) => socket[kUpgrade]?.(socket, head));
  server.on('connect', (_req, socket: Socket) => refuseConnect(socket, service));
  answerClientErrors(server, service);
  return server;
}

/**
 * Node gives an upgraded connection away, and would never close the answers that are still owed on it. A head that is
 * refused, or answered by itself, is that of a plain request.
 */
function isTaken(req: IncomingMessage, take: ListenerOptions['takeUpgrade']): boolean {
  const socket = req.socket as ListenerSocket;
  if (!take || !isOwedNothing(socket) || !passesHead(req)) return false;
  socket[kUpgrade] = take(req);
  return socket[kUpgrade] !== undefined;
}

/** What every request must pass, whoever's server it came to, before it is looked at. */
export function admitted(handle: ListenerOptions['handle'], service?: string): ListenerOptions['handle'] {
  const refuse = refusalsOf(service);
  return (req, res, expectsContinue) => {
    const socket = req.socket as ListenerSocket;
    // What stands behind a request whose end is in doubt may be a part of it, smuggled. And node hands out what was
    // pipelined even when the connection has closed meanwhile: an answer's `close` would then never come.
    if (socket[kRefused] || socket.destroyed) return;
    const before = socket[kLatest];
    if (!before || before.writableFinished) {
      socket[kLatest] = res;
      return admit(handle, refuse, req, res, expectsContinue);
    }
    if (isTooFarBehind(socket, before)) return;
    socket[kLatest] = res;
    lineUp(socket, before, () => admit(handle, refuse, req, res, expectsContinue));
  };
}

function admit(
  handle: ListenerOptions['handle'],
  refuse: Refuse,
  req: IncomingMessage,
  res: ServerResponse,
  expectsContinue: boolean,
): void {
  if (!res.socket) closeWith(req.socket, res);
  const problem = headProblem(req);
  if (problem) refuse(res, problem);
  else if (isOptionsForUs(req)) res.writeHead(204, { allow: ALLOW.join(', ') }).end();
  else handle(req, res, expectsContinue);
}

/**
 * Requests of one connection that wait for their turn. There is no bound of all together: whose a connection is the
 * listener does not know, and strangers would use it up. What is more is dropped, and the connection ends with the last
 * answer that is owed, so that the caller sends the rest again (RFC 9112 9.3.2 has it prepared for that).
 *
 * What one read of 64 KiB holds node makes at once and keeps until the connection ends, 2 to 6 MB of it. What is read
 * after a drop is thrown away, so that a connection never costs more than that.
 */
const MAX_BEHIND = 64;

function isTooFarBehind(socket: ListenerSocket, last: ServerResponse): boolean {
  if ((socket[kBehind] ?? 0) < MAX_BEHIND) return false;
  hearNoMore(socket);
  last.shouldKeepAlive = false;
  // Its head may have been written already, or by hand.
  last.once('finish', () => endAfter(socket));
  return true;
}

/** Nothing that comes on this connection from now on is a request. It is still read, so that a caller who leaves is seen. */
function hearNoMore(socket: ListenerSocket): void {
  if (socket[kRefused]) return;
  socket[kRefused] = true;
  // Takes the bytes from node's parser, which would make and keep a request of each head.
  socket.removeAllListeners('data').on('data', () => undefined);
  // Node would miss it: its parser stands in the middle of a head for good.
  socket.once('end', () => {
    if (!isOwedNothing(socket)) socket.destroy();
  });
}

/**
 * One connection has one request under way, and what was pipelined behind it waits for its turn, which comes with the end of
 * the answer before. Otherwise one connection could take every place that there is, and a write could overtake the read in
 * front of it (RFC 9112 9.3.2: only safe requests may be worked on side by side). Behind an answer that closes the connection
 * nothing is carried out: its answer could not be given (9.6).
 *
 * The connection is still read meanwhile. One that is paused would not tell that its caller left, and a place that is held
 * for somebody who is gone is held until the deadline.
 */
function lineUp(socket: ListenerSocket, before: ServerResponse, begin: () => void): void {
  socket[kBehind] = (socket[kBehind] ?? 0) + 1;
  before.once('close', () => {
    if (!socket.writable) return;
    socket[kBehind] = (socket[kBehind] ?? 0) - 1;
    begin();
  });
}

/** The latest request of a connection: what the parser refuses may be its body, or come behind it. */
const kLatest = Symbol('latest');
const kRefused = Symbol('refused');
/** Serves what the connection became, once node has given it away. */
const kUpgrade = Symbol('upgrade');
const kWaiting = Symbol('waiting');
/** How many requests wait for their turn. */
const kBehind = Symbol('behind');
type ListenerSocket = Socket & {
  [kLatest]?: ServerResponse;
  [kRefused]?: boolean;
  [kUpgrade]?: Upgrade | undefined;
  [kWaiting]?: Set<ServerResponse>;
  [kBehind]?: number;
};

/**
 * An answer that waits for those before it has no socket yet: here one behind requests of another part of a server that
 * the facade is embedded in. Node closes it with the connection, but forgets it when a
 * CONNECT or an upgrade came behind it; whatever waits for its `close` (places, timers, records) would wait for ever.
 */
function closeWith(socket: ListenerSocket, res: ServerResponse): void {
  let waiting = socket[kWaiting];
  if (!waiting) {
    const all = (waiting = socket[kWaiting] = new Set<ServerResponse>());
    // After node, which does it in this turn where it does.
    socket.once('close', () => setImmediate(() => all.forEach((one) => one.destroy())));
  }
  waiting.add(res);
  res.once('close', () => waiting.delete(res));
}

/** Nothing is owed on this connection: it has had no request yet, or its latest is answered. Half a head is no request. */
export function isOwedNothing(socket: Socket): boolean {
  const { [kLatest]: latest, [kUpgrade]: upgrade } = socket as ListenerSocket;
  return !upgrade && (!latest || latest.writableFinished);
}

const UNKNOWN_EXPECTATION = {
  status: 417,
  kind: 'expectation',
  detail: 'The only expectation that is met here is 100-continue.',
};
const CLIENT_ERRORS: Readonly<Record<string, Problem>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    kind: 'header-too-large',
    detail: 'The head of the request is larger than this server takes.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, kind: 'client-timeout', detail: 'The request did not arrive in time.' },
};
const MALFORMED = { status: 400, kind: 'malformed-request', detail: 'This is not a well-formed HTTP/1.1 request.' };

type Refuse = (res: ServerResponse, problem: Problem) => void;

/** The connection ends with a refusal: whether a body comes, and where it ends, is not known. */
function refusalsOf(service: string | undefined): Refuse {
  return (res, problem) => {
    // Of an answer that waits for those before it: only the request has the socket.
    hearNoMore(res.req.socket);
    sendProblem(res, { ...problem, service }, undefined, ['connection', 'close']);
  };
}

/** Node has given the connection away, and nobody else would end it. Where an answer is owed, nothing may come before it. */
function refuseConnect(socket: ListenerSocket, service: string | undefined): void {
  if (isOwedNothing(socket)) endWithProblem(socket, { ...CONNECT_REFUSED, service });
  else socket.destroy();
}

/** Answers what node cannot make a request of, and says nothing on a connection that has not said anything yet. */
export function answerClientErrors(server: Server, service?: string): void {
  server.on('clientError', (error: Error & { code?: string }, socket: ListenerSocket) => {
    if (isUnused(error, socket)) closeUnused(server, socket);
    else answerClientError(error, socket, service);
  });
}

/**
 * A connection that was opened ahead of need, as balancers and browsers do, and that has said nothing yet when node's
 * `headersTimeout` passes. An answer that nobody asked for would be taken for the answer to its first request.
 */
function isUnused(error: Error & { code?: string }, socket: Socket): boolean {
  return error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && socket.bytesRead === 0;
}

/** Not before an idle connection would be closed. From its first byte on node watches over the head again. */
function closeUnused(server: Server, socket: Socket): void {
  const close = (): void => {
    if (socket.bytesRead === 0) socket.destroy();
  };
  setTimeout(close, Math.max(0, server.keepAliveTimeout - server.headersTimeout)).unref();
}

/**
 * What the parser refused never became a request: it is answered on the bare socket, and the connection ends. Never in
 * the middle of an answer, nor ahead of one that is owed: it would be read as part of that, or in its place.
 */
function answerClientError(
  error: Error & { code?: string },
  socket: ListenerSocket,
  service: string | undefined,
): void {
  // The parser complains again about every packet that follows. To close the connection at that would reset it, and the
  // refusal would be lost on its way to whoever is still writing.
  if (socket[kRefused] && error.code !== 'ECONNRESET') return;
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  hearNoMore(socket);
  const latest = socket[kLatest];
  const end = (): void => endWithProblem(socket, { ...(CLIENT_ERRORS[error.code ?? ''] ?? MALFORMED), service });
  if (!latest || latest.writableFinished) end();
  else if (latest.req.complete) latest.once('finish', end);
  // Its own body is malformed: that is its answer, unless another has begun or others are before it.
  else if (latest.headersSent || !latest.socket) socket.destroy();
  else end();
}
