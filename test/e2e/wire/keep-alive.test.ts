import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { setRoute } from '../kit/facade.ts';
import { refusedUrl, until } from '../kit/upstream.ts';
import { AUTH, get, put, startWire, WAYS, type Wire, type WireCaller } from '../kit/wire.ts';

/**
 * The caller's connection after something went wrong. Either the next request on it is answered, or the answer said
 * `connection: close` and it was closed: never a request that vanishes, nor a rest of a body read as a request (P37).
 */

let wire: Wire;
beforeAll(
  async () =>
    void (wire = await startWire((config) => {
      config.setIn(['defaults', 'deadlines'], { connect: '500ms', firstByte: '600ms', idle: '400ms', total: '1s' });
      config.setIn(['defaults', 'maxBody'], '1KiB');
      setRoute(config, 'leads.create', ['maxBody'], '1KiB');
      setRoute(config, 'tags.list', ['rollout', 'gateway'], 0);
    })),
);
afterEach(() => wire.reset());
afterAll(() => wire.close());

const [direct, , passthrough] = WAYS;
const BIG = 4_000_000;

/** The same connection serves the next request, which is the only one that the upstream sees. */
async function goesOn(caller: WireCaller): Promise<void> {
  wire.direct.reset();
  const answer = await caller.ask(get(direct, 'x-next: 1\r\n'));
  expect([answer.status, answer.body]).toEqual([200, '{"ok":true}']);
  expect(wire.direct.requests.map(({ line }) => line)).toEqual([`GET ${direct.read} HTTP/1.1`]);
}

/** Where the facade may choose: it goes on, or says that it ends and does. */
async function goesOnOrEnds(caller: WireCaller, connection: string | undefined): Promise<void> {
  if (connection?.toLowerCase() === 'close') await caller.closed();
  else await goesOn(caller);
}

describe.each(WAYS)('on the way $way', (way) => {
  test.each([400, 401, 404, 409, 429, 500, 503])('after a %i of the upstream', async (status) => {
    wire.upstream(way).answers(`HTTP/1.1 ${status} Some Reason\r\ncontent-length: 2\r\n\r\n{}`);
    const caller = wire.caller();
    const answer = await caller.ask(get(way));
    expect(answer.status).toBeGreaterThanOrEqual(400);
    await goesOn(caller);
  });

  test('after a 502, of a read and of a write', async () => {
    wire.upstream(way).script({ head: (socket) => socket.destroy() });
    const caller = wire.caller();
    expect((await caller.ask(get(way))).status).toBe(502);
    expect((await caller.ask(put(way, 'content-length: 3\r\n', 'abc'))).status).toBe(502);
    await goesOn(caller);
  });

  test('after a 504', async () => {
    wire.upstream(way).script({});
    const caller = wire.caller();
    expect((await caller.ask(get(way))).status).toBe(504);
    await goesOn(caller);
  });

  test.each([
    ['by length', `content-length: ${BIG}\r\n`, (body: string) => body],
    ['in chunks', 'transfer-encoding: chunked\r\n', (body: string) => `${BIG.toString(16)}\r\n${body}\r\n0\r\n\r\n`],
  ])('after an early answer to a large upload, sent %s', async (_, framing, frame) => {
    wire.upstream(way).script({
      head: (socket) => void socket.pause().write('HTTP/1.1 409 Early\r\ncontent-length: 2\r\n\r\n{}'),
    });
    const caller = wire.caller();
    caller.send(put(way, framing, frame('z'.repeat(BIG)).slice(0, BIG / 2)));
    const answer = await caller.answer();
    expect(answer.status).toBe(409);
    caller.send(frame('z'.repeat(BIG)).slice(BIG / 2));
    wire.upstream(way).reset();
    await goesOnOrEnds(caller, answer.header('connection'));
  });

  test('after an early answer from an upstream that closes at once', async () => {
    wire.upstream(way).script({
      head: (socket: Socket) =>
        void socket.end('HTTP/1.1 413 Early\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}'),
    });
    const caller = wire.caller();
    caller.send(put(way, `content-length: ${BIG}\r\n`, 'z'.repeat(100_000)));
    const answer = await caller.answer();
    expect(answer.status).toBe(413);
    caller.send('z'.repeat(BIG - 100_000));
    await goesOnOrEnds(caller, answer.header('connection'));
  });

  test('a caller that dribbles its body gets 408 by the deadlines, and the connection ends', async () => {
    const caller = wire.caller();
    caller.send(put(way, 'content-length: 100\r\n', 'a'));
    const dribble = setInterval(() => caller.send('b'), 40);
    try {
      const answer = await caller.answer({ deadline: 3_000 });
      expect([answer.status, answer.header('connection')]).toEqual([408, 'close']);
    } finally {
      clearInterval(dribble);
    }
    await caller.closed();
    expect(wire.upstream(way).requests).toEqual([]);
  });

  test('requests sent at once are answered in their order', async () => {
    wire.upstream(way).script({
      request: (socket, { line }) => {
        const name = /n=(\d)/.exec(line)?.[1] ?? '-';
        // The first is the slowest.
        setTimeout(() => socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n${name}`), name === '1' ? 80 : 0);
      },
    });
    const caller = wire.caller();
    caller.send([1, 2, 3, 4].map((n) => get(way, '', `${way.read}?n=${n}`)).join(''));
    const bodies = [];
    for (let i = 0; i < 4; i++) bodies.push((await caller.answer()).body);
    expect(bodies).toEqual(['1', '2', '3', '4']);
  });
});

describe('after an answer of the facade', () => {
  const body = '{"message":"m"}';
  const own: [string, number, string][] = [
    [
      '400 (unsafe id)',
      400,
      `POST /leads/%2E%2E/messages HTTP/1.1\r\nhost: x\r\n${AUTH}content-length: 15\r\n\r\n${body}`,
    ],
    ['401 (gateway only)', 401, `GET /leads/resolve-source HTTP/1.1\r\nhost: x\r\n\r\n`],
    ['405', 405, `DELETE /leads/42 HTTP/1.1\r\nhost: x\r\n${AUTH}content-length: 15\r\n\r\n${body}`],
    ['503 (gateway only, off)', 503, `GET /leads/resolve-source HTTP/1.1\r\nhost: x\r\n${AUTH}\r\n`],
  ];
  test.each(own)('%s', async (_, status, request) => {
    const caller = wire.caller();
    expect((await caller.ask(request)).status).toBe(status);
    await goesOn(caller);
  });

  // Direct would need it rewritten, so it cannot be streamed there.
  const large = 'POST /leads HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n' + AUTH;
  const forced = `${large}x-facade-force: gateway\r\n`;

  test('413, where the length says it', async () => {
    const caller = wire.caller();
    const answer = await caller.ask(`${forced}content-length: ${BIG}\r\n\r\n${'z'.repeat(BIG)}`);
    expect(answer.status).toBe(413);
    await goesOnOrEnds(caller, answer.header('connection'));
  });

  test('413, where the chunks come to it', async () => {
    const caller = wire.caller();
    const chunks = `${BIG.toString(16)}\r\n${'z'.repeat(BIG)}\r\n0\r\n\r\n`;
    const answer = await caller.ask(`${forced}transfer-encoding: chunked\r\n\r\n${chunks}`);
    expect(answer.status).toBe(413);
    await goesOnOrEnds(caller, answer.header('connection'));
  });

  test('a refusal in place of 100 Continue ends the connection: the body may come or not', async () => {
    const caller = wire.caller();
    const answer = await caller.ask(`${forced}expect: 100-continue\r\ncontent-length: ${BIG}\r\n\r\n`);
    expect([answer.status, answer.header('connection')]).toEqual([413, 'close']);
    await caller.closed();
  });

  test('502 without a connection', async () => {
    const url = await refusedUrl();
    await wire.facade.edit((config) => config.setIn(['upstreams', 'direct', 'url'], url));
    try {
      const caller = wire.caller();
      for (const way of [direct, passthrough]) {
        expect((await caller.ask(get(way))).status).toBe(502);
        expect((await caller.ask(put(way, `content-length: ${BIG}\r\n`, 'z'.repeat(BIG)))).status).toBe(502);
      }
    } finally {
      await wire.facade.edit((config) => config.setIn(['upstreams', 'direct', 'url'], '${C2S_BASE_URL}'));
    }
    await goesOn(wire.caller());
  });
});

test('a head that dribbles in is bounded', async () => {
  const { createListener, listen } = await import('../../../src/http/listener.ts');
  const { openCaller } = await import('../kit/wire.ts');
  const server = createListener({
    maxHeadBytes: 1_024,
    keepAliveMs: 1_000,
    handle: (_req, res) => void res.end('ok'),
  });
  expect(server.headersTimeout).toBeLessThanOrEqual(15_000);
  server.headersTimeout = 200;
  const caller = openCaller(await listen(server, '127.0.0.1', 0, 'PORT'));
  const dribble = setInterval(() => caller.send('x'), 50);
  try {
    caller.send('GET / HTTP/1.1\r\nhost: ');
    expect((await caller.answer({ deadline: 4_000 })).status).toBe(408);
    await caller.closed();
  } finally {
    clearInterval(dribble);
    caller.destroy();
    server.close();
  }
});

test('an idle connection is kept as long as the table says, and is then closed (P33)', async () => {
  const short = await startWire((config) => config.setIn(['server', 'keepAlive'], '300ms'));
  try {
    const caller = short.caller();
    await caller.ask(get(direct));
    await until(() => caller.isClosed(), 'closed when idle', 3_000);
  } finally {
    await short.close();
  }
});
