import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { AUTH, get, put, startWire, WAYS, type Wire } from '../e2e/kit/wire.ts';

/**
 * Request smuggling, as attacks. A second request is hidden where facade and upstream might disagree about the end of
 * the first. Whatever the facade answers, the upstream must never see the hidden one as a request of its own.
 * (e2e/wire/framing.test.ts has the malformed requests one by one.)
 */

let wire: Wire;
beforeAll(async () => void (wire = await startWire()));
afterEach(() => wire.reset());
afterAll(() => wire.close());

const HIDDEN = 'GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n';
const CHUNKED = 'transfer-encoding: chunked\r\n';
const asChunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

const ATTACKS: readonly (readonly [string, string, string])[] = [
  ['CL.TE', `content-length: 5\r\n${CHUNKED}`, `0\r\n\r\n${HIDDEN}`],
  ['TE.CL', `${CHUNKED}content-length: 4\r\n`, `${asChunk(HIDDEN)}0\r\n\r\n`],
  ['TE.TE, the second a lie', `${CHUNKED}transfer-encoding: cow\r\n`, `0\r\n\r\n${HIDDEN}`],
  ['TE.TE, the first a lie', `transfer-encoding: cow\r\n${CHUNKED}`, `0\r\n\r\n${HIDDEN}`],
  ['a coding that ends in chunked', 'transfer-encoding: xchunked\r\n', `0\r\n\r\n${HIDDEN}`],
  ['a coding in quotes', 'transfer-encoding: "chunked"\r\n', `0\r\n\r\n${HIDDEN}`],
  ['a coding behind a vertical tab', 'transfer-encoding: \x0bchunked\r\ncontent-length: 0\r\n', HIDDEN],
  ['a coding behind a tab', 'transfer-encoding:\tchunked\r\ncontent-length: 3\r\n', `0\r\n\r\n${HIDDEN}`],
  ['a coding with a parameter', 'transfer-encoding: chunked;q=1\r\n', `0\r\n\r\n${HIDDEN}`],
  ['a space before the colon', 'transfer-encoding : chunked\r\ncontent-length: 0\r\n', HIDDEN],
  ['an underscore for the hyphen', 'transfer_encoding: chunked\r\ncontent-length: 0\r\n', ''],
  ['a folded coding', 'transfer-encoding:\r\n chunked\r\ncontent-length: 0\r\n', HIDDEN],
  ['a folded length', 'content-length:\r\n 0\r\n', HIDDEN],
  ['a length of nothing', 'content-length: \r\n', HIDDEN],
  ['a length beyond 64 bits', `content-length: 18446744073709551616\r\n`, HIDDEN],
  ['a length with zeros in front, and one more', `content-length: 0\r\ncontent-length: ${HIDDEN.length}\r\n`, HIDDEN],
  ['a length listed in Connection', `connection: content-length\r\ncontent-length: ${HIDDEN.length}\r\n`, HIDDEN],
  ['a coding listed in Connection', `connection: transfer-encoding\r\n${CHUNKED}`, `${asChunk(HIDDEN)}0\r\n\r\n`],
  ['a bare LF behind a header', `x-a: 1\n${CHUNKED}`, `0\r\n\r\n${HIDDEN}`],
  ['a bare LF that ends the head', 'content-length: 0\r\nx-a: 1\n\n', HIDDEN],
  ['a bare CR inside a header', `x-a: 1\rtransfer-encoding: chunked\r\ncontent-length: 0\r\n`, HIDDEN],
  ['a NUL in the name of the length', `content-\0length: ${HIDDEN.length}\r\n`, HIDDEN],
  ['a chunk size ended by a bare LF', CHUNKED, `0\n\n${HIDDEN}`],
  ['a chunk ended by a bare LF', CHUNKED, `3\r\nabc\n0\r\n\r\n${HIDDEN}`],
  ['a chunk extension with a bare LF', CHUNKED, `1;a\nb\r\n${asChunk(HIDDEN)}0\r\n\r\n`],
  ['a chunk extension with a bare CR', CHUNKED, `1;a\rb\r\nX\r\n0\r\n\r\n${HIDDEN}`],
  ['a chunk extension of 64 KiB', CHUNKED, `1;${'a'.repeat(65_536)}\r\nX\r\n0\r\n\r\n`],
  ['a chunk size of seventeen digits', CHUNKED, `${'0'.repeat(16)}f${'0'.repeat(16)}\r\n${HIDDEN}`],
  ['a chunk size in 0x', CHUNKED, `0x5\r\nabcde\r\n0\r\n\r\n${HIDDEN}`],
  ['a chunk size with a space in it', CHUNKED, `0 5\r\n${HIDDEN}`],
  ['a trailer that is a length', CHUNKED, `0\r\ncontent-length: ${HIDDEN.length}\r\n\r\n`],
  ['a body on a request that offers h2c', `connection: upgrade\r\nupgrade: h2c\r\ncontent-length: 0\r\n`, ''],
];

describe.each(WAYS)('on the way $way', (way) => {
  test.each(ATTACKS)('%s', async (_, headers, body) => {
    const caller = wire.caller();
    caller.send(put(way, headers, body));
    await caller.until(/^HTTP\/1\.1 \d{3} [^]*\r\n\r\n/);
    // A connection that is still open is asked once more: what was left over on either side would show now.
    if (!caller.isClosed()) caller.send(get(way));
    const another = wire.caller();
    expect((await another.ask(get(way))).status).toBe(200);
    const lines = [...wire.direct.requests, ...wire.gateway.requests].map(({ line }) => line);
    const isPipelined = body.endsWith(HIDDEN) && lines.includes('GET /smuggled HTTP/1.1');
    // Behind a whole request another one may stand; then it is the caller's own, seen and judged by the facade.
    if (isPipelined) expect(caller.text().match(/^x-facade-path: passthrough/gim)?.length).toBeGreaterThan(0);
    const known = [`PUT ${way.write} HTTP/1.1`, `GET ${way.read} HTTP/1.1`, 'GET /smuggled HTTP/1.1'];
    expect(lines.filter((line) => !known.includes(line))).toEqual([]);
  });

  test('an answer that is followed by another never answers the next request', async () => {
    const forged = 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged';
    wire.upstream(way).answers(`HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok${forged}`);
    const first = await wire.caller().ask(get(way));
    expect(first.body).toBe('ok');
    wire.upstream(way).answers('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ntrue');
    for (let i = 0; i < 3; i++) expect((await wire.caller().ask(get(way))).body).toBe('true');
  });

  test('an answer with both a length and chunks leaves nothing behind for the next request', async () => {
    const forged = 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged';
    const both = `HTTP/1.1 200 OK\r\ncontent-length: 3\r\n${CHUNKED}\r\n0\r\n\r\n${forged}`;
    wire.upstream(way).answers(both);
    await wire
      .caller()
      .ask(get(way))
      .catch(() => undefined);
    wire.upstream(way).answers('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ntrue');
    for (let i = 0; i < 3; i++) expect((await wire.caller().ask(get(way))).body).toBe('true');
  });
});

test('a path parameter that holds CR and LF splits no header and no request line', async () => {
  for (const id of ['1%0d%0aX-Evil:%201', '1%0D%0A%0D%0AGET%20%2Fsmuggled', '1%E5%98%8A%E5%98%8Dx', '1%00']) {
    wire.reset();
    await wire.caller().ask(`GET /integration/leads/${id} HTTP/1.1\r\nhost: x\r\n${AUTH}\r\n`);
    await wire.caller().ask(`GET /leads/${id} HTTP/1.1\r\nhost: x\r\n${AUTH}\r\n`);
    const seen = [...wire.direct.requests, ...wire.gateway.requests];
    expect(seen.map(({ line }) => line)).toEqual(seen.map(() => `GET /integration/leads/${id} HTTP/1.1`));
    expect(wire.direct.bytes() + wire.gateway.bytes()).not.toMatch(/^x-evil/im);
  }
});
