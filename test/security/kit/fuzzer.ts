import { connect } from 'node:net';
import { FACADE_TOKEN } from '../../e2e/kit/facade.ts';

/**
 * A fuzzer on bare sockets: well-formed requests, damaged by a seeded generator, cut into pieces, left half-sent, closed
 * or reset at any point. It does not judge answers (the tests of the wire do); it looks for what crashes or hangs.
 */

export interface FuzzOptions {
  readonly url: string;
  readonly seed: number;
  /** Asked before each connection. */
  readonly isEnough: (soFar: FuzzReport) => boolean;
  /** Connections at once. */
  readonly width: number;
}

export interface FuzzReport {
  readonly connections: number;
  readonly answers: Readonly<Record<string, number>>;
}

type Random = (below: number) => number;

/** mulberry32: small, and the same everywhere, so that a seed can be run again. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const METHODS = [
  'GET',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'CONNECT',
  'PRI',
  'QUERY',
  'get',
  '',
];
const TARGETS = [
  ...['/', '/health', '/leads/42', '/integration/leads/42', '/leads', '/leads/42/messages', '/integration/leads'],
  ...[
    '/api/v9/x',
    '/leads/%2e%2e/tags',
    '//leads//42',
    '*',
    'http://x/leads/42',
    'x',
    '/leads/%zz?a=%00',
    '/leads?page=1',
  ],
  // Nothing claims these; the upstream answers the broken ones with what no upstream should.
  ...['/api/v9/broken', '/api/v9/broken', '/cable', '/cable/broken', '/cable/broken'],
  ...['/api/v1/webhooks/c2s', '/api/v1/c2s/enrich/42', '/api/v1/enrichments/1', '/metrics', `/${'a/'.repeat(2_000)}`],
];
const HEADERS = [
  ...['host: x', 'host:', 'connection: close', 'connection: keep-alive', 'connection: content-length, host'],
  ...['transfer-encoding: chunked', 'transfer-encoding: gzip, chunked', 'content-length: 5', 'content-length: 0'],
  ...[
    'content-length: 99999999999999',
    'content-length: -1',
    'content-type: application/json',
    'content-encoding: gzip',
  ],
  ...['expect: 100-continue', 'expect: x', 'upgrade: websocket', 'connection: upgrade', 'upgrade: h2c', 'te: trailers'],
  ...['sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==', 'x-facade-force: gateway', 'x-request-id: a', 'cookie: a=b'],
  ...[
    `authorization: Bearer ${FACADE_TOKEN}`,
    'authorization: Bearer x',
    'x-webhook-token: x',
    ': x',
    'x',
    'x-a: \x01',
  ],
  ...[`x-long: ${'y'.repeat(9_000)}`, 'if-none-match: "x"', 'range: bytes=0-', 'accept: text/event-stream'],
];
const BODIES = [
  '',
  'hello',
  '{"body":"x"}',
  '{"message":',
  '5\r\nhello\r\n0\r\n\r\n',
  '5;x=1\r\nhello\r\n0\r\nx: y\r\n\r\n',
  'ffffffff\r\n',
  'zz\r\n',
];
const BYTES = [
  '\0',
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  ' ',
  '\t',
  ':',
  '%',
  '\x7f',
  '\xff',
  '\xc3',
  '0',
  'HTTP/1.1',
  '\x16\x03\x01',
];

function pick(random: Random, from: readonly string[]): string {
  return from[random(from.length)] ?? '';
}

const OFFER = ['connection: Upgrade', 'upgrade: websocket', 'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=='];

/** A request as a text of latin1 bytes; one in eight offers a WebSocket. */
function request(random: Random): string {
  if (random(8) === 0) {
    const headers = Array.from({ length: random(3) }, () => pick(random, HEADERS));
    const target = pick(random, ['/cable', '/cable/broken', '/integration/leads/42']);
    return `${[`GET ${target} HTTP/1.1`, 'host: facade.test', ...OFFER, ...headers].join('\r\n')}\r\n\r\n${pick(random, BODIES)}`;
  }
  const version = random(12) === 0 ? pick(random, ['HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', '', 'HTTP/1.1 x']) : 'HTTP/1.1';
  const headers = Array.from({ length: random(8) }, () => pick(random, HEADERS));
  const head = [`${pick(random, METHODS)} ${pick(random, TARGETS)} ${version}`, 'host: facade.test', ...headers].join(
    '\r\n',
  );
  return `${head}\r\n\r\n${pick(random, BODIES)}`;
}

/** Now and then a request as it is; else with bytes changed, put in, cut out, doubled. */
function damaged(random: Random, text: string): string {
  let now = text;
  for (let i = random(4); i > 0; i--) {
    const at = random(now.length + 1);
    const end = at + random(6);
    switch (random(4)) {
      case 0:
        now = now.slice(0, at) + pick(random, BYTES) + now.slice(at);
        break;
      case 1:
        now = now.slice(0, at) + now.slice(end);
        break;
      case 2:
        now = now.slice(0, at) + String.fromCharCode(random(256)) + now.slice(at + 1);
        break;
      default:
        now = now.slice(0, end) + now.slice(at);
    }
  }
  return now;
}

/** Milliseconds that a connection is looked at; most have their answer in one or two. */
const PATIENCE = 60;
/** Where the machine is so busy that a well-formed request is answered later. */
const MAX_PATIENCE = 2_000;
/** One connection in thirty or so is answered with 200. */
const CONNECTIONS_WITHOUT_200 = 200;

function one(url: URL, random: Random, patience: number): Promise<string> {
  const bytes = Array.from({ length: 1 + random(3) }, () => damaged(random, request(random))).join('');
  const pieces = 1 + random(4);
  const ending = random(4);
  return new Promise((resolve) => {
    const socket = connect(Number(url.port), url.hostname);
    let answer = '';
    const timer = setTimeout(() => (ending === 0 ? socket.resetAndDestroy() : socket.destroy()), patience);
    socket.on('data', (chunk) => {
      if (answer.length < 12) answer += chunk.toString('latin1').slice(0, 12);
      if (ending === 1) socket.end();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(/^HTTP\/1\.1 \d{3}/.exec(answer)?.[0].slice(9) ?? (answer === '' ? 'none' : 'other'));
    });
    socket.on('connect', () => {
      const size = Math.ceil(bytes.length / pieces);
      for (let i = 0; i < pieces; i++) socket.write(bytes.slice(i * size, (i + 1) * size), 'latin1');
      if (ending === 2) socket.end();
      if (ending === 3 && pieces === 1) socket.resetAndDestroy();
    });
  });
}

/** Ends by itself, with the connections that are open when it is enough. */
export async function fuzz({ url, seed, isEnough, width }: FuzzOptions): Promise<FuzzReport> {
  const target = new URL(url);
  const random = createRandom(seed);
  const answers: Record<string, number> = {};
  const report = { connections: 0, answers };
  let patience = PATIENCE;
  let lastServed = 0;
  const worker = async (): Promise<void> => {
    while (!isEnough(report)) {
      const answer = await one(target, random, patience);
      report.connections++;
      answers[answer] = (answers[answer] ?? 0) + 1;
      if (answer === '200') lastServed = report.connections;
      if (report.connections - lastServed < CONNECTIONS_WITHOUT_200) continue;
      patience = Math.min(MAX_PATIENCE, patience * 2);
      lastServed = report.connections;
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return report;
}
