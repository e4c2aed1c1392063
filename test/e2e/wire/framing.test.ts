import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../kit/upstream.ts';
import { AUTH, get, put, startWire, WAYS, type Wire } from '../kit/wire.ts';

/** Where a request begins and ends: whoever disagrees with the upstream about that lets requests be smuggled. */

let wire: Wire;
beforeAll(async () => void (wire = await startWire()));
afterEach(() => wire.reset());
afterAll(() => wire.close());

const CHUNKED = 'transfer-encoding: chunked\r\n';

describe.each(WAYS)('on the way $way', (way) => {
  const malformed: [string, () => string][] = [
    ['Transfer-Encoding and Content-Length together', () => put(way, `${CHUNKED}content-length: 5\r\n`, '0\r\n\r\n')],
    ['Content-Length before Transfer-Encoding', () => put(way, `content-length: 5\r\n${CHUNKED}`, '0\r\n\r\n')],
    ['two Content-Length that differ', () => put(way, 'content-length: 2\r\ncontent-length: 5\r\n', 'abcde')],
    ['two Content-Length that agree', () => put(way, 'content-length: 2\r\ncontent-length: 2\r\n', 'ab')],
    ['a list as Content-Length', () => put(way, 'content-length: 2, 2\r\n', 'ab')],
    ['a signed Content-Length', () => put(way, 'content-length: +2\r\n', 'ab')],
    ['a Content-Length in hex', () => put(way, 'content-length: 0x2\r\n', 'ab')],
    ['a folded header line', () => get(way, 'x-a: one\r\n two\r\n')],
    ['a space before the colon', () => get(way, 'x-a : one\r\n')],
    ['a header line without a name', () => get(way, ': one\r\n')],
    ['a NUL in a header', () => get(way, 'x-a: o\0ne\r\n')],
    ['a bare CR in a header', () => get(way, 'x-a: o\rne\r\n')],
    ['a chunk size that is no number', () => put(way, CHUNKED, 'zz\r\nab\r\n0\r\n\r\n')],
    ['a signed chunk size', () => put(way, CHUNKED, '+2\r\nab\r\n0\r\n\r\n')],
    ['a chunk that is longer than it says', () => put(way, CHUNKED, '2\r\nabcdef\r\n0\r\n\r\n')],
    ['chunked not as the last coding', () => put(way, 'transfer-encoding: chunked, identity\r\n', '0\r\n\r\n')],
    ['chunked twice', () => put(way, 'transfer-encoding: chunked, chunked\r\n', '0\r\n\r\n')],
    ['a version that does not exist', () => get(way).replace('HTTP/1.1', 'HTTP/1.7')],
    ['a space in the target', () => get(way, '', `${way.read} x`)],
  ];
  test.each(malformed)('%s is answered 400, and the upstream sees no request', async (_, bytes) => {
    const caller = wire.caller();
    const answer = await caller.ask(bytes());
    expect(answer.status).toBe(400);
    expect(answer.header('content-type')).toBe('application/problem+json');
    await caller.closed();
    expect(wire.upstream(way).requests).toEqual([]);
  });

  test('a request without Host is answered 400, and the upstream sees nothing', async () => {
    expect((await wire.caller().ask(`GET ${way.read} HTTP/1.1\r\n${AUTH}\r\n`)).status).toBe(400);
    expect(wire.upstream(way).requests).toEqual([]);
  });

  test('a body that turns out malformed half-way is answered 400, and the upstream gets no whole request', async () => {
    const caller = wire.caller();
    caller.send(put(way, CHUNKED, `20000\r\n${'good'.repeat(0x8000)}\r\n`));
    await until(() => wire.upstream(way).bytes().includes('good'), 'the first chunk upstream');
    caller.send('zz\r\n');
    expect((await caller.answer()).status).toBe(400);
    await caller.closed();
    await until(() => wire.upstream(way).open() === 0 || wire.upstream(way).ended() > 0, 'upstream aborted');
    expect(wire.upstream(way).requests).toEqual([]);
  });

  test('the same of a short body: the upstream hears nothing of it', async () => {
    const caller = wire.caller();
    caller.send(put(way, CHUNKED, '4\r\ngood\r\n'));
    caller.send('zz\r\n');
    expect((await caller.answer()).status).toBe(400);
    await caller.closed();
    expect(wire.upstream(way).bytes()).toBe('');
  });

  test('a transfer coding other than chunked is answered 501', async () => {
    const caller = wire.caller();
    const answer = await caller.ask(put(way, 'transfer-encoding: gzip, chunked\r\n', '0\r\n\r\n'));
    expect(answer.status).toBe(501);
    await caller.closed();
    expect(wire.upstream(way).requests).toEqual([]);
  });

  test('a chunked body arrives whole, byte for byte, without a length of its own', async () => {
    const answer = await wire.caller().ask(put(way, CHUNKED, '3\r\nabc\r\n5;ext=1\r\n\xff\x00\x80de\r\n0\r\n\r\n'));
    expect(answer.status).toBe(200);
    const [request] = wire.upstream(way).requests;
    expect(request?.body).toBe('abc\xff\x00\x80de');
  });

  test('what is sent behind a bodiless request with an expectation is answered, or not carried out', async () => {
    const caller = wire.caller();
    caller.send(get(way, 'expect: 100-continue\r\n') + put(way, 'content-length: 2\r\n', 'ab'));
    await caller.until(/^HTTP\/1\.1 200 [\s\S]*?\r\n\r\n/m);
    await until(() => caller.isClosed() || wire.upstream(way).requests.length === 2, 'the end, or the second request');
    if (caller.isClosed()) expect(wire.upstream(way).requests).toHaveLength(1);
    else await caller.until(/HTTP\/1\.1 200 [\s\S]*HTTP\/1\.1 200 /);
  });

  test('a body that is announced and empty is one, and the connection goes on', async () => {
    const caller = wire.caller();
    for (let i = 0; i < 2; i++) expect((await caller.ask(put(way, CHUNKED, '0\r\n\r\n'))).status).toBe(200);
    expect(wire.upstream(way).requests.map(({ body }) => body)).toEqual(['', '']);
  });

  test('trailers of a request are dropped; the body is whole and the connection goes on (P44)', async () => {
    const caller = wire.caller();
    const request = put(way, `${CHUNKED}trailer: x-sum\r\nte: trailers\r\n`, '3\r\nabc\r\n0\r\nx-sum: 1\r\n\r\n');
    expect((await caller.ask(request)).status).toBe(200);
    expect((await caller.ask(get(way))).status).toBe(200);
    const [first] = wire.upstream(way).requests;
    expect([first?.body, first?.trailers]).toEqual(['abc', '']);
    expect(wire.upstream(way).bytes()).not.toMatch(/x-sum/);
  });

  test('trailers of an answer are dropped; the body is whole and the connection goes on', async () => {
    wire
      .upstream(way)
      .answers(
        'HTTP/1.1 200 OK\r\ntrailer: x-sum\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx-sum: 1\r\n\r\n',
      );
    const caller = wire.caller();
    const answer = await caller.ask(get(way));
    expect([answer.body, answer.trailers, answer.header('trailer')]).toEqual(['abc', '', undefined]);
    expect((await caller.ask(get(way))).body).toBe('abc');
  });

  test.each(['GET', 'DELETE', 'OPTIONS'])(
    'a chunked body on %s cannot smuggle a second request (P43)',
    async (method) => {
      const smuggled = 'GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n';
      const target = method === 'GET' ? way.readWithBody : `${way.write}/none`;
      const head = `${method} ${target} HTTP/1.1\r\nhost: facade.test\r\n${AUTH}${way.force}${CHUNKED}\r\n`;
      const caller = wire.caller();
      await caller.ask(`${head}${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`);
      await caller.ask(get(way));
      const seen = [...wire.direct.requests, ...wire.gateway.requests];
      expect(seen.map(({ line }) => line)).not.toContain('GET /smuggled HTTP/1.1');
      expect(seen.filter(({ body }) => body === smuggled)).toHaveLength(1);
    },
  );

  test('Expect: 100-continue is answered here and never sent on (P34)', async () => {
    const caller = wire.caller();
    const body = 'x'.repeat(200_000);
    const interim = await caller.ask(put(way, `expect: 100-continue\r\ncontent-length: ${body.length}\r\n`));
    expect(interim.status).toBe(100);
    expect((await caller.ask(body)).status).toBe(200);
    const [request] = wire.upstream(way).requests;
    expect(request?.body.length).toBe(body.length);
    expect(wire.upstream(way).bytes()).not.toMatch(/^expect:/im);
  });

  test('any other expectation is answered 417, and the upstream sees nothing', async () => {
    const answer = await wire.caller().ask(put(way, 'expect: 200-ok\r\ncontent-length: 0\r\n'));
    expect(answer.status).toBe(417);
    expect(wire.upstream(way).requests).toEqual([]);
  });

  test('an HTTP/1.0 caller is answered with a body that ends with the connection', async () => {
    wire.upstream(way).answers('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n');
    const caller = wire.caller();
    const answer = await caller.ask(get(way).replace('HTTP/1.1', 'HTTP/1.0'));
    expect([answer.status, answer.body, answer.header('transfer-encoding')]).toEqual([200, 'hello', undefined]);
    await caller.closed();
    expect(wire.upstream(way).requests[0]?.line).toMatch(/HTTP\/1\.1$/);
  });

  test('a head over the limit is answered 431', async () => {
    const caller = wire.caller();
    const answer = await caller.ask(get(way, `x-big: ${'a'.repeat(64 * 1024)}\r\n`));
    expect(answer.status).toBe(431);
    await caller.closed();
    expect(wire.upstream(way).requests).toEqual([]);
  });
});

test.each([
  ['random bytes', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'],
  ['no HTTP at all', 'hello there\r\n\r\n'],
  ['the HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
])('%s is answered 400 and closed', async (_, bytes) => {
  const caller = wire.caller();
  expect((await caller.ask(bytes)).status).toBe(400);
  await caller.closed();
});

test('garbage behind a request does not land in the answer to that request', async () => {
  const [way] = WAYS;
  let finish = (): void => undefined;
  wire.direct.script({
    request: (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello');
      finish = () => void socket.write('world');
    },
  });
  const caller = wire.caller();
  caller.send(get(way));
  await caller.until(/hello$/);
  caller.send('\x00garbage\r\n\r\n');
  caller.send('more garbage\r\n\r\n');
  // The facade has read the garbage when it has answered another caller that came after it.
  await wire.caller().ask('GET /health HTTP/1.1\r\nhost: x\r\n\r\n');
  finish();
  const answer = await caller.answer();
  expect([answer.status, answer.body]).toEqual([200, 'helloworld']);
  expect((await caller.answer()).status).toBe(400);
  await caller.closed();
});
