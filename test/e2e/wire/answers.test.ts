import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { get, put, startWire, WAYS, type Way, type Wire } from '../kit/wire.ts';

/** What comes back: the caller gets the answer that the upstream gave, whole, or can tell that it is not. */

let wire: Wire;
beforeAll(async () => void (wire = await startWire()));
afterEach(() => wire.reset());
afterAll(() => wire.close());

const [direct, gateway, passthrough] = WAYS;
const head = (way: Way, target: string = way.read): string => get(way, '', target).replace(/^GET/, 'HEAD');
const sized = (body: string, status = '200 OK', headers = ''): Buffer =>
  Buffer.from(`HTTP/1.1 ${status}\r\n${headers}content-length: ${body.length}\r\n\r\n${body}`, 'latin1');

describe.each(WAYS)('on the way $way', (way) => {
  test('304 keeps its Content-Length and has no body; the connection goes on', async () => {
    wire.upstream(way).answers('HTTP/1.1 304 Not Modified\r\ncontent-length: 1234\r\netag: "x"\r\n\r\n');
    const caller = wire.caller();
    for (let i = 0; i < 2; i++) {
      const answer = await caller.ask(get(way, 'if-none-match: "x"\r\n'));
      expect([answer.status, answer.header('content-length'), answer.header('etag')]).toEqual([304, '1234', '"x"']);
    }
  });

  test('204 has no body and no framing; the connection goes on', async () => {
    wire.upstream(way).answers('HTTP/1.1 204 No Content\r\n\r\n');
    const caller = wire.caller();
    for (let i = 0; i < 2; i++) {
      const answer = await caller.ask(get(way));
      expect([answer.status, answer.header('transfer-encoding'), answer.body]).toEqual([204, undefined, '']);
    }
  });

  test('interim answers (102, 103) stay between the upstream and the facade', async () => {
    wire
      .upstream(way)
      .answers(
        'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n' +
          'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok',
      );
    const answer = await wire.caller().ask(get(way));
    expect([answer.status, answer.body, answer.header('link')]).toEqual([200, 'ok', undefined]);
  });

  test('a compressed body passes untouched, byte for byte (P16)', async () => {
    const zipped = gzipSync('{"data":"'.padEnd(5_000, 'x')).toString('latin1');
    wire.upstream(way).answers(sized(zipped, '200 OK', 'content-encoding: gzip\r\nvary: accept-encoding\r\n'));
    const answer = await wire.caller().ask(get(way, 'accept-encoding: gzip\r\n'));
    expect(answer.header('content-encoding')).toBe('gzip');
    expect(answer.body === zipped).toBe(true);
    expect(gunzipSync(Buffer.from(answer.body, 'latin1')).length).toBe(5_000);
  });

  test('JSON passes untouched, however odd: big integers, spelling of numbers, duplicate keys, broken bytes (P39)', async () => {
    const odd = '{"id":12345678901234567890,"v":1e3,"v":1.10, "s":"\\/\\u00e9\xe9\xff",\r\n"n":NaN}\0';
    wire.upstream(way).answers(sized(odd, '200 OK', 'content-type: application/json\r\n'));
    const caller = wire.caller();
    const answer = await caller.ask(put(way, `content-length: ${odd.length}\r\n`, odd));
    expect([answer.body, wire.upstream(way).requests[0]?.body]).toEqual([odd, odd]);
  });

  test('a body without a length ends with the upstream’s connection and is whole', async () => {
    wire.upstream(way).script({ request: (socket) => void socket.end('HTTP/1.0 200 OK\r\n\r\nuntil the end') });
    const caller = wire.caller();
    expect((await caller.ask(get(way))).body).toBe('until the end');
    expect((await caller.ask(get(way))).body).toBe('until the end');
  });

  test.each([
    ['shorter than its Content-Length', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf'],
    ['without its last chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
    ['with a broken chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n'],
  ])('an answer %s reaches the caller as a cut, not as a whole', async (_, bytes) => {
    wire.upstream(way).script({ request: (socket) => void socket.end(bytes) });
    const caller = wire.caller();
    caller.send(get(way));
    const text = await caller.closed();
    expect(text).not.toMatch(/\r\n0\r\n\r\n$/);
    await expect(caller.answer()).rejects.toThrow('closed before a whole answer');
  });

  test.each([
    ['nothing', ''],
    ['by switching protocols unasked', 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'],
    ['only interim answers', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n'],
    ['half a head', 'HTTP/1.1 200 OK\r\ncontent-le'],
    ['garbage', 'what is this\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'],
    ['a length and chunks', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a status that is none', 'HTTP/1.1 42 What\r\ncontent-length: 0\r\n\r\n'],
  ])('an upstream that answers %s is a 502 of the facade, and the connection goes on', async (_, bytes) => {
    wire.upstream(way).script({ request: (socket) => void socket.end(bytes) });
    const caller = wire.caller();
    for (let i = 0; i < 2; i++) {
      const answer = await caller.ask(get(way));
      expect([answer.status, answer.header('content-type')]).toEqual([502, 'application/problem+json']);
      expect(answer.body).not.toContain(new URL(wire.upstream(way).url).host);
    }
  });

  test('a reason phrase in any bytes does no harm', async () => {
    for (const reason of ['N\xe3o Encontrado', 'Não Encontrado', '€', 'I’m a Teapot', '']) {
      wire.upstream(way).answers(Buffer.from(`HTTP/1.1 299 ${reason}\r\ncontent-length: 2\r\n\r\nok`));
      const answer = await wire.caller().ask(get(way));
      expect([answer.status, answer.body]).toEqual([299, 'ok']);
      expect(answer.line).toMatch(/^HTTP\/1\.1 299 [\t\x20-\x7e\x80-\xff]*$/);
    }
  });

  test('control characters in a header of an answer do no harm', async () => {
    for (const value of ['a\x01b', 'a\x7fb', 'a\0b', 'a\rb']) {
      wire.upstream(way).answers(`HTTP/1.1 200 OK\r\nx-odd: ${value}\r\ncontent-length: 2\r\n\r\nok`);
      const answer = await wire.caller().ask(get(way));
      expect([200, 502]).toContain(answer.status);
      expect(answer.header('x-odd') ?? '').not.toMatch(/[\0\r\x7f]/);
    }
  });

  test('a Location at an upstream becomes a path of the facade (P49)', async () => {
    const url = wire.upstream(way).url;
    const moves = [
      [`${url}/leads/42/?a=1#f`, '/leads/42/?a=1#f'],
      [url.replace('http:', 'https:'), '/'],
      [url.replace('http:', ''), '/'],
      ['/leads/7', '/leads/7'],
      [`${url}//evil.example/x`, '/evil.example/x'],
    ];
    for (const [sent, shown] of moves) {
      wire.upstream(way).answers(`HTTP/1.1 307 Temporary Redirect\r\nLocation: ${sent}\r\ncontent-length: 0\r\n\r\n`);
      const answer = await wire.caller().ask(get(way));
      expect([answer.status, answer.header('location')]).toEqual([307, shown]);
    }
  });
});

describe.each([direct, passthrough])('on the way $way', (way) => {
  test('HEAD keeps its Content-Length and has no body; the connection goes on', async () => {
    wire.direct.answers('HTTP/1.1 200 OK\r\ncontent-length: 1234\r\n\r\n');
    const caller = wire.caller();
    for (let i = 0; i < 2; i++) {
      const answer = await caller.ask(head(way), { bodiless: true });
      expect([answer.status, answer.header('content-length')]).toEqual([200, '1234']);
    }
    expect(wire.direct.requests[0]?.line).toBe(`HEAD ${way.read} HTTP/1.1`);
  });

  test('a 5xx of Contact2Sale is relayed byte for byte, headers and all (P50)', async () => {
    const page = '<html>\xff\r\n503</html>';
    const headers = 'Content-Type: text/html\r\nRetry-After: 7\r\nX-Own: 1\r\n';
    wire.direct.answers(sized(page, '503 Manutencao', headers));
    const answer = await wire.caller().ask(put(way, 'content-length: 2\r\n', '{}'));
    expect([answer.line, answer.body]).toEqual(['HTTP/1.1 503 Manutencao', page]);
    expect([answer.header('retry-after'), answer.header('x-own')]).toEqual(['7', '1']);
    expect(wire.direct.requests).toHaveLength(1);
  });

  test('an error answer of any size is streamed through', async () => {
    const page = 'e'.repeat(1_000_000);
    wire.direct.answers(sized(page, '422 Unprocessable Entity'));
    expect((await wire.caller().ask(get(way))).body.length).toBe(page.length);
  });

  test('a Location elsewhere is left as it is', async () => {
    wire.direct.answers('HTTP/1.1 302 Found\r\nLocation: https://cdn.example/x\r\ncontent-length: 0\r\n\r\n');
    expect((await wire.caller().ask(get(way))).header('location')).toBe('https://cdn.example/x');
  });
});

describe('of the gateway', () => {
  test('HEAD goes direct: the gateway knows none', async () => {
    wire.direct.answers('HTTP/1.1 200 OK\r\ncontent-length: 77\r\n\r\n');
    const answer = await wire.caller().ask(head(gateway), { bodiless: true });
    expect([answer.status, answer.header('content-length'), answer.header('x-facade-path')]).toEqual([
      200,
      '77',
      'direct',
    ]);
    expect(wire.direct.requests[0]?.line).toBe('HEAD /integration/leads/42 HTTP/1.1');
    expect(wire.gateway.bytes()).toBe('');
  });

  test('an error answer to a HEAD has no body, in whichever dialect; the connection goes on', async () => {
    wire.direct.answers('HTTP/1.1 404 Not Found\r\ncontent-length: 50\r\ncontent-type: application/json\r\n\r\n');
    const caller = wire.caller();
    expect((await caller.ask(head(gateway), { bodiless: true })).status).toBe(404);
    expect((await caller.ask(head(direct), { bodiless: true })).status).toBe(404);
  });

  test.each([
    'http://internal-gateway.local/leads/42/',
    '//internal-gateway.local/leads/42/',
    'HTTP://10.0.0.7:8001/x',
  ])('a redirect to %s never shows where the gateway lives', async (location) => {
    wire.gateway.answers(`HTTP/1.1 307 Temporary Redirect\r\nlocation: ${location}\r\ncontent-length: 0\r\n\r\n`);
    for (const target of [gateway.read, direct.read]) {
      const answer = await wire.caller().ask(get(gateway, '', target));
      expect(answer.status).toBe(307);
      expect(answer.header('location')).toMatch(/^\/[a-z]/);
    }
  });

  test('an error answer beyond what is read to understand it keeps its status, and its text stays away', async () => {
    wire.gateway.answers(sized('http://internal/'.repeat(20_000), '422 Unprocessable Entity'));
    const caller = wire.caller();
    const answer = await caller.ask(get(gateway));
    expect(answer.status).toBe(422);
    expect(answer.body).not.toContain('internal');
    expect((await caller.ask(get(direct))).status).toBe(200);
  });

  test('an error answer that is cut is a 502 of the facade', async () => {
    wire.gateway.script({
      request: (socket) => void socket.end('HTTP/1.1 500 Oops\r\ncontent-length: 100\r\n\r\n{"detail":"http://int'),
    });
    const answer = await wire.caller().ask(get(gateway));
    expect([answer.status, answer.header('content-type')]).toEqual([502, 'application/problem+json']);
    expect(answer.body).not.toContain('int"');
  });
});
