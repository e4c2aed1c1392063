import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../kit/upstream.ts';
import { AUTH, get, put, startWire, WAYS, type Way, type Wire } from '../kit/wire.ts';

/**
 * An offer of an upgrade with a body that never comes, to an upstream that answers early and keeps the connection: no
 * byte of the next request may be read as the rest of that body, and nothing of what stands behind the offer as a request.
 */

let wire: Wire;
beforeAll(async () => void (wire = await startWire((config) => config.setIn(['defaults', 'deadlines'], SHORT))));
afterEach(() => wire.reset());
afterAll(() => wire.close());

const SHORT = { connect: '1s', firstByte: '1s', idle: '300ms', total: '2s' };
const OFFER = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n';
const EARLY = 'HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\nnone';
const CHUNKED = 'transfer-encoding: chunked\r\n';
const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n';

interface Body {
  readonly name: string;
  readonly headers: string;
  readonly sent: string;
  /** All of it came: the upstream may be asked. */
  readonly isWhole: boolean;
}

const BODIES: readonly Body[] = [
  { name: 'a length, and no body', headers: 'Content-Length: 330\r\n', sent: '', isWhole: false },
  { name: 'a length, and a part of the body', headers: 'Content-Length: 330\r\n', sent: SMUGGLED, isWhole: false },
  {
    name: 'a long body, of which half comes',
    headers: 'Content-Length: 400000\r\n',
    sent: 'x'.repeat(200_000),
    isWhole: false,
  },
  { name: 'a body that does come', headers: `Content-Length: ${SMUGGLED.length}\r\n`, sent: SMUGGLED, isWhole: true },
  { name: 'chunks without an end', headers: CHUNKED, sent: '3\r\nabc\r\n', isWhole: false },
  {
    name: 'chunks',
    headers: CHUNKED,
    sent: `${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`,
    isWhole: true,
  },
  {
    name: 'a length, an expectation, and no body',
    headers: 'Content-Length: 330\r\nExpect: 100-continue\r\n',
    sent: '',
    isWhole: false,
  },
  { name: 'the length 0', headers: 'Content-Length: 0\r\n', sent: '', isWhole: true },
  { name: 'no body', headers: '', sent: '', isWhole: true },
];
/** What no route claims takes every method on its way; routes have few. */
const requestsOn = ({ way }: Way) =>
  (way === 'passthrough' ? ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'] : ['GET', 'POST']).flatMap((method) =>
    BODIES.map((body) => ({ ...body, method })),
  );

const offer = (way: Way, method: string, { headers, sent }: Body, version = '1.1'): string => {
  const read = method === 'GET' ? way.readWithBody : way.read;
  const target = method === 'GET' || method === 'HEAD' || way.way === 'passthrough' ? read : way.write;
  return `${method} ${target} HTTP/${version}\r\nhost: facade.test\r\n${AUTH}${way.force}${OFFER}${headers}\r\n${sent}`;
};

/** A known caller, on a connection of its own: a read and a write that must arrive as they were sent. */
async function knownCallerIsServed(way: Way): Promise<void> {
  const upstream = wire.upstream(way);
  // From now on whole requests are answered; nothing that came before may count as one of them.
  for (const one of [wire.direct, wire.gateway]) one.reset();
  for (let i = 0; i < 3; i++) {
    expect((await wire.caller().ask(get(way, 'x-who: known\r\n'))).status).toBe(200);
    expect((await wire.caller().ask(put(way, 'content-length: 5\r\n', 'known'))).status).toBe(200);
  }
  const seen = upstream.requests.map(({ line, body }) => [line, body]);
  const read = [`GET ${way.read} HTTP/1.1`, ''];
  const write = [`PUT ${way.write} HTTP/1.1`, 'known'];
  expect(seen).toEqual([read, write, read, write, read, write]);
}

describe.each(WAYS)('on the way $way', (way) => {
  test.each(requestsOn(way))('$method with $name', async ({ method, ...body }) => {
    const upstream = wire.upstream(way);
    // HEAD is direct's on every way.
    for (const one of [wire.direct, wire.gateway]) one.script({ head: (socket) => void socket.write(EARLY) });
    const caller = wire.caller();
    caller.send(offer(way, method, body));
    if (body.isWhole) await caller.until(/^HTTP\/1\.1 (404|405) /);
    else
      await until(
        () => upstream.bytes() !== '' || caller.text() !== '' || caller.isClosed(),
        'something has come of it',
      );
    expect(upstream.requests.map(({ line }) => line)).not.toContainEqual(expect.stringContaining('smuggled'));
    await knownCallerIsServed(way);
    // What was whole is no tunnel's: it was sent on, framed as a body, or it was refused.
    caller.destroy();
  });

  test.each(['GET', 'POST'])('%s of HTTP/1.0 is a plain request', async (method) => {
    const upstream = wire.upstream(way);
    upstream.script({ head: (socket) => void socket.write(EARLY) });
    const body = { name: '', headers: 'Content-Length: 5\r\n', sent: 'abcde', isWhole: true };
    const caller = wire.caller();
    caller.send(offer(way, method, body, '1.0'));
    await caller.until(/^HTTP\/1\.1 (404|405) /);
    expect(upstream.bytes()).not.toMatch(/^upgrade:/im);
    await knownCallerIsServed(way);
  });
});

const [, , passthrough] = WAYS;
const TUNNEL = offer(passthrough, 'GET', BODIES.at(-1) as Body);

describe('a tunnel', () => {
  test('that is refused ends its connection to the upstream: what the caller sends behind it reaches nobody', async () => {
    wire.direct.script({ head: (socket) => void socket.write(EARLY) });
    const before = wire.direct.ended();
    const caller = wire.caller();
    caller.send(TUNNEL + SMUGGLED);
    await caller.until(/^HTTP\/1\.1 404 [\s\S]*none$/);
    caller.send(SMUGGLED);
    await caller.closed();
    await until(() => wire.direct.ended() === before + 1, 'the connection to the upstream has ended');
    expect(wire.direct.bytes()).not.toContain('smuggled');
    await knownCallerIsServed(passthrough);
  });

  test('takes no connection from the pool and gives none back', async () => {
    expect((await wire.caller().ask(get(passthrough))).status).toBe(200);
    await until(() => wire.direct.open() === 1, 'a kept connection');
    wire.direct.script({ head: (socket) => void socket.write(EARLY) });
    const opened = wire.direct.open();
    const caller = wire.caller();
    caller.send(TUNNEL);
    await caller.closed();
    await until(() => wire.direct.open() === opened, 'only the kept connection is left');
    await knownCallerIsServed(passthrough);
  });
});

describe('with node as the upstream', () => {
  let server: Server;
  let nodes: Wire;
  const seen: string[] = [];
  beforeAll(async () => {
    server = createServer({ shouldUpgradeCallback: () => false }, (req, res) => {
      if (req.headers['x-who'] !== 'known') return void res.writeHead(404, { 'content-length': 4 }).end('none');
      let body = '';
      req
        .on('data', (chunk) => (body += String(chunk)))
        .on('end', () => {
          seen.push(`${req.method} ${req.url} ${body}`);
          res.end('ok');
        });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    nodes = await startWire((config) => {
      config.setIn(['defaults', 'deadlines'], SHORT);
      config.setIn(['upstreams', 'direct', 'url'], url);
    });
  });
  afterAll(async () => {
    await nodes.close();
    server.closeAllConnections();
    server.close();
  });

  test.each(BODIES)('$name', async (body) => {
    seen.length = 0;
    const caller = nodes.caller();
    caller.send(offer(passthrough, 'GET', body));
    if (body.isWhole) await caller.until(/^HTTP\/1\.1 404 /);
    for (let i = 0; i < 3; i++) {
      const write = put(passthrough, 'x-who: known\r\ncontent-length: 5\r\n', 'known');
      expect((await nodes.caller().ask(write)).status).toBe(200);
    }
    expect(seen).toEqual(Array(3).fill(`PUT ${passthrough.write} known`));
    caller.destroy();
    nodes.reset();
  });
});
