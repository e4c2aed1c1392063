import type { Socket } from 'node:net';
import {
  answeredWith,
  BROKEN,
  CUT,
  failedWith,
  LACKING,
  LIMITED,
  NOT_LET_IN,
  ORIGIN_ERROR,
  ORIGIN_REFUSED,
  ORIGIN_UNKNOWN,
  REFUSED,
  SERVED,
  SILENT,
  SILENT_UNREAD,
  STALLED,
  UNREACHED,
  type Fate,
  type Side,
} from './fate.ts';
import { absent, bare, behaving, unaccepting, untrusted, type Arrival, type FaultyUpstream } from './upstreams.ts';

/** Every way in which an upstream misbehaves, what it does, and what that makes of a request. */

export interface Fault {
  readonly name: string;
  start(): Promise<FaultyUpstream>;
  /** Of the requests that a side with this fault gets, in turn; the last holds for all that follow. */
  readonly fates: readonly Fate[] | Readonly<Record<Side, readonly Fate[]>>;
  /** Ends by a deadline, so the deadlines are short. */
  readonly isSlow?: boolean;
  /** Requests that are shown, where one is not the same as the next. */
  readonly shots?: number;
  /** Shows only on a connection that served before: one request at a time, each after a good one. */
  readonly onKept?: boolean;
}

/** Who only leaves a connection behind that has served. */
export const PRIMING = 'priming';

const body = (id: string): string => `{"id":"${id}"}`;

function answerTo(id: string, { status = '200 OK', headers = '', text = body(id) } = {}): string {
  return `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\n${headers}content-length: ${text.length}\r\n\r\n${text}`;
}

/** A fault of the answer: the request is taken, and then this. */
const answering = (name: string, fate: Fate, answer: (socket: Socket, arrival: Arrival) => void): Fault => ({
  name,
  start: () => behaving({ request: answer }),
  fates: [fate],
});

const slowly = (fault: Fault): Fault => ({ ...fault, isSlow: true });

/** Writes this now and again, until the connection is gone. */
function every(ms: number, socket: Socket, write: () => void): void {
  const timer = setInterval(() => (socket.writable ? write() : clearInterval(timer)), ms);
  socket.on('close', () => clearInterval(timer));
}

/** What stands in a packet of its own is what the other side has seen when the connection breaks. */
const lastly = (socket: Socket, bytes: string, end: () => void): void =>
  void socket.write(bytes, () => setImmediate(end));
const reset = (socket: Socket): unknown => socket.resetAndDestroy();

const HALF = '{"half":';
const promising = (length: number): string => `HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\n\r\n${HALF}`;
const CHUNKED = `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n8\r\n${HALF}\r\n`;
const SMUGGLED = answerTo('of-somebody-else');
const HINTS = 'HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n';

const control: Fault = answering('none', SERVED, (socket, { id }) => socket.write(answerTo(id)));

const beforeSending: readonly Fault[] = [
  { name: 'connection refused', start: () => absent('port'), fates: [REFUSED] },
  { name: 'host name unknown', start: () => absent('name'), fates: [REFUSED] },
  slowly({ name: 'backlog full: no connection', start: () => unaccepting(true), fates: [UNREACHED] }),
  {
    name: 'https, but it speaks plain HTTP',
    start: () =>
      bare((socket) => socket.on('data', () => socket.end(answerTo('', { status: '400 Bad Request' }))), 'https'),
    fates: [REFUSED],
  },
  { name: 'https, certificate self-signed', start: untrusted, fates: [REFUSED] },
  slowly({
    name: 'https, handshake never ends',
    start: () => bare((socket) => socket.resume(), 'https'),
    fates: [UNREACHED],
  }),
];

const beforeAnswering: readonly Fault[] = [
  slowly({ name: 'connects, never reads', start: () => unaccepting(false), fates: [SILENT_UNREAD] }),
  { name: 'reset while it is sent', start: () => behaving({ head: reset }), fates: [BROKEN] },
  slowly(answering('silence', SILENT, () => undefined)),
  answering('reset before the headers', BROKEN, reset),
  answering('close without an answer', BROKEN, (socket) => socket.destroy()),
  answering('half-close, goes on reading', BROKEN, (socket) => socket.end()),
  answering('reset within the headers', BROKEN, (socket) =>
    lastly(socket, 'HTTP/1.1 200 OK\r\ncontent-ty', () => reset(socket)),
  ),
  slowly(
    answering('headers by the byte', SILENT, (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nx-slow: ');
      every(20, socket, () => socket.write('x'));
    }),
  ),
  answering('headers of 100 KiB', BROKEN, (socket, { id }) =>
    socket.write(answerTo(id, { headers: `x-huge: ${'x'.repeat(100 * 1024)}\r\n` })),
  ),
  answering('garbage instead of HTTP', BROKEN, (socket) =>
    socket.write('SSH-2.0-OpenSSH_9.9\r\nnone of this is HTTP\r\n\r\n'),
  ),
  slowly(
    answering('flood of 1xx without end', SILENT, (socket) => every(10, socket, () => socket.write(HINTS.repeat(10)))),
  ),
  answering('200 × 1xx, then an answer', SERVED, (socket, { id }) => socket.write(HINTS.repeat(200) + answerTo(id))),
  answering('100 Continue unasked, then an answer', BROKEN, (socket, { id }) =>
    socket.write(`HTTP/1.1 100 Continue\r\n\r\n${answerTo(id)}`),
  ),
];

const withinTheAnswer: readonly Fault[] = [
  answering('reset within the body', CUT, (socket) => lastly(socket, promising(100), () => reset(socket))),
  answering('content-length too long, then closed', CUT, (socket) => socket.end(promising(100))),
  slowly(answering('content-length too long, left open', STALLED, (socket) => socket.write(promising(100)))),
  answering('content-length too short', SERVED, (socket, { id }) => socket.write(answerTo(id) + SMUGGLED)),
  answering('chunks that are none', CUT, (socket) =>
    lastly(socket, CHUNKED, () => socket.write('this is no size\r\n')),
  ),
  answering('closed before the last chunk', CUT, (socket) => socket.end(CHUNKED)),
  slowly(
    answering('dribble, slower than the idle deadline', STALLED, (socket) => {
      socket.write(promising(100));
      every(1_000, socket, () => socket.write('x'));
    }),
  ),
  slowly(
    answering('dribble without end', STALLED, (socket) => {
      socket.write(promising(1_000_000));
      every(20, socket, () => socket.write('x'));
    }),
  ),
  answering('HTTP/1.0 with a length', SERVED, (socket, { id }) =>
    socket.end(answerTo(id).replace('HTTP/1.1', 'HTTP/1.0')),
  ),
  answering('HTTP/1.0 until it closes', SERVED, (socket, { id }) => socket.end(`HTTP/1.0 200 OK\r\n\r\n${body(id)}`)),
];

const overTime: readonly Fault[] = [
  answering('closes after every answer, unannounced', SERVED, (socket, { id }) => socket.end(answerTo(id))),
  {
    ...answering('kept connection closes as it is used again', BROKEN, (socket, { id, onConnection }) =>
      onConnection > 0 && id !== PRIMING ? reset(socket) : socket.write(answerTo(id)),
    ),
    fates: [BROKEN, SERVED],
    onKept: true,
  },
  {
    ...answering('flapping: every other request is reset', BROKEN, (socket, { id, alike }) =>
      alike % 2 === 0 ? reset(socket) : socket.write(answerTo(id)),
    ),
    fates: [BROKEN, SERVED],
    shots: 2,
  },
];

const withAnError = (name: string, status: string, text: string, fates: Fault['fates'], headers = ''): Fault => ({
  ...answering(name, SERVED, (socket) => socket.write(answerTo('', { status, text, headers }))),
  fates,
});
const saying = (detail: string): string => JSON.stringify({ detail });
const LIMIT = "Client error '429 Too Many Requests' for url 'http://crm.invalid/leads'";

const errors: readonly Fault[] = [
  ...(
    [
      ['401: no token, or a wrong one', '401 Unauthorized', 'Not authenticated', NOT_LET_IN],
      ['403: a token without the right', '403 Forbidden', 'Reads only', NOT_LET_IN],
      ['404: no such operation', '404 Not Found', 'Not Found', LACKING],
      ['405: no such operation', '405 Method Not Allowed', 'Method Not Allowed', LACKING],
    ] as const
  ).map(([name, status, detail, gateway]) =>
    withAnError(name, status, saying(detail), {
      direct: [answeredWith(Number.parseInt(status, 10))],
      gateway: [gateway],
    }),
  ),
  withAnError('501: no such operation', '501 Not Implemented', saying('Not Implemented'), {
    direct: [failedWith(501)],
    gateway: [LACKING],
  }),
  withAnError('500', '500 Internal Server Error', saying('broken'), {
    direct: [failedWith(500)],
    gateway: [ORIGIN_UNKNOWN],
  }),
  withAnError('503', '503 Service Unavailable', saying('busy'), [failedWith(503)]),
  withAnError('429, retry-after: 7', '429 Too Many Requests', saying('slow down'), [LIMITED], 'retry-after: 7\r\n'),
  withAnError("429 of Contact2Sale in the gateway's 500", '500 Internal Server Error', saying(LIMIT), {
    direct: [failedWith(500)],
    gateway: [LIMITED],
  }),
  withAnError(
    "5xx of Contact2Sale in the gateway's 500",
    '500 Internal Server Error',
    saying("Server error '503 Service Unavailable' for url 'http://crm.invalid/leads'"),
    { direct: [failedWith(500)], gateway: [ORIGIN_ERROR] },
  ),
  withAnError(
    "gateway's 500: could not reach Contact2Sale",
    '500 Internal Server Error',
    saying('All connection attempts failed'),
    {
      direct: [failedWith(500)],
      gateway: [ORIGIN_REFUSED],
    },
  ),
];

export const FAULTS: readonly Fault[] = [
  control,
  ...beforeSending,
  ...beforeAnswering,
  ...withinTheAnswer,
  ...overTime,
  ...errors,
];

const firsts = new Map(
  FAULTS.toReversed().map((fault) => [JSON.stringify([fatesOf(fault, 'direct'), fatesOf(fault, 'gateway')]), fault]),
);
/** Of the faults that come to the same for every request the first: the others differ in how they come to it. */
export const FIRST_OF_EACH_FATE: readonly Fault[] = FAULTS.filter((fault) => [...firsts.values()].includes(fault));

/** What a side with this fault makes of requests, in turn. */
export function fatesOf({ fates }: Fault, side: Side): readonly Fate[] {
  return 'direct' in fates ? fates[side] : fates;
}
