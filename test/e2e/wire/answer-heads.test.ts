import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { valuesOf } from '../kit/messages.ts';
import { until } from '../kit/upstream.ts';
import { AUTH, get, put, startWire, WAYS, type Way, type Wire } from '../kit/wire.ts';

/** Heads of answers: of any size, whole or not at all, at once, and without a word of where the upstreams live. */

let wire: Wire;
beforeAll(async () => {
  wire = await startWire((config) => {
    config.setIn(['upstreams', 'direct', 'url'], '${C2S_BASE_URL}/crm');
    config.setIn(['upstreams', 'gateway', 'url'], '${C2S_GATEWAY_URL}/v1');
  });
});
afterEach(() => wire.reset());
afterAll(() => wire.close());

const body = '{"name":"x"}';
const sized = `content-length: ${body.length}\r\n`;
const http10 = (way: Way): string => `GET ${way.read} HTTP/1.0\r\nhost: facade.test\r\n${AUTH}${way.force}\r\n`;
const requests = (way: Way): [string, string][] => [
  ['GET', get(way)],
  ['PUT', put(way, sized, body)],
  ['HTTP/1.0', http10(way)],
];
/** The prefix of the base URL on a way. */
const prefixOf = ({ way }: Way): string => (way === 'gateway' ? '/v1' : '/crm');

describe.each(WAYS)('on the way $way', (way) => {
  test.each([
    ['17 KiB in one line', [`x-long: ${'a'.repeat(17 * 1024)}`]],
    ['60 KiB in one line', [`x-long: ${'a'.repeat(60 * 1024)}`]],
    ['60 KiB in sixty lines', Array.from({ length: 60 }, (_, i) => `x-${i}: ${'a'.repeat(1_000)}`)],
    ['1,001 lines', Array.from({ length: 1_001 }, (_, i) => `x-${i}: ${i}`)],
    ['4,000 lines', Array.from({ length: 4_000 }, (_, i) => `x-${i}: ${i}`)],
  ])('a head of %s arrives whole', async (_, lines) => {
    const last = 'set-cookie: a=1\r\ncache-control: no-store\r\ncontent-length: 2\r\n\r\nok';
    wire.upstream(way).answers(`HTTP/1.1 200 OK\r\n${lines.join('\r\n')}\r\n${last}`);
    for (const [method, request] of requests(way)) {
      const answer = await wire.caller().ask(request);
      expect([method, answer.status, answer.body]).toEqual([method, 200, 'ok']);
      expect([answer.header('set-cookie'), answer.header('cache-control')]).toEqual(['a=1', 'no-store']);
      for (const line of [lines[0], lines[Math.floor(lines.length / 2)], lines.at(-1)]) {
        const [name = '', value] = (line as string).split(': ');
        expect(answer.header(name)).toBe(value);
      }
    }
  });

  test.each([
    ['70 KiB in one line', `x-long: ${'a'.repeat(70 * 1024)}\r\n`],
    ['a million lines', 'x: 1\r\n'.repeat(1_000_000)],
  ])('a head of %s is a 502, and none of its lines is shown', async (_, lines) => {
    wire.upstream(way).answers(`HTTP/1.1 200 OK\r\n${lines}content-length: 2\r\n\r\nok`);
    const answer = await wire.caller().ask(put(way, sized, body));
    expect([answer.status, answer.header('x-facade-outcome')]).toEqual([502, 'unknown']);
  });

  test.each([
    ['chunked', 'transfer-encoding: chunked\r\n', '2\r\nok\r\n0\r\n\r\n'],
    ['sized', 'content-length: 2\r\n', 'ok'],
    ['until close', 'connection: close\r\n', 'ok'],
  ])('the head of a %s answer leaves when it has come, long before the body', async (_, framing, rest) => {
    for (const [method, request] of requests(way)) {
      let release: (() => void) | undefined;
      wire.upstream(way).script({
        request: (socket) => {
          socket.write(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${framing}\r\n`);
          release = () => void (framing.includes('close') ? socket.end(rest) : socket.write(rest));
        },
      });
      const caller = wire.caller();
      caller.send(request);
      // The body comes only after the head was seen: a head that waited for it would never be.
      await caller.until(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n$/, 2_000);
      release?.();
      expect([method, (await caller.answer()).body]).toEqual([method, 'ok']);
    }
  });

  test('a head and a body that come together leave together', async () => {
    for (const framing of [`content-length: 2\r\n\r\nok`, 'transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n']) {
      wire.upstream(way).answers(`HTTP/1.1 200 OK\r\n${framing}`);
      const pieces: string[] = [];
      const { hostname, port } = new URL(wire.facade.url);
      const socket = connect(Number(port), hostname);
      socket.on('data', (piece) => void pieces.push(piece.toString('latin1')));
      socket.write(get(way));
      await until(() => pieces.join('').includes('ok'), 'the answer');
      expect(pieces[0]).toMatch(/\r\n\r\n(?:2\r\n)?ok/);
      socket.destroy();
    }
  });

  test('204 and 205 have no body and no length, whatever the upstream says; the connection goes on', async () => {
    const rows: [string, string, string | undefined][] = [
      ['204 No Content', 'content-length: 11\r\n\r\nhello world', undefined],
      ['204 No Content', 'content-length: 0\r\n\r\n', undefined],
      ['204 No Content', 'transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n', undefined],
      ['205 Reset Content', 'content-length: 11\r\n\r\nhello world', '0'],
      ['205 Reset Content', 'transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n', '0'],
      ['205 Reset Content', 'content-length: 0\r\n\r\n', '0'],
    ];
    const caller = wire.caller();
    for (const [line, rest, length] of rows) {
      wire.upstream(way).answers(`HTTP/1.1 ${line}\r\n${rest}`);
      for (const request of [get(way), put(way, sized, body)]) {
        const answer = await caller.ask(request);
        expect([answer.line, answer.header('content-length'), answer.header('transfer-encoding'), answer.body]).toEqual(
          [`HTTP/1.1 ${line}`, length, undefined, ''],
        );
      }
    }
    wire.upstream(way).reset();
    expect((await caller.ask(get(way))).body).toBe('{"ok":true}');
  });

  test('nothing of where the upstream lives is shown', async () => {
    const { origin, host, hostname } = new URL(wire.upstream(way).url);
    const prefix = prefixOf(way);
    const sent = [
      `Refresh: 5; url=${origin}${prefix}/next`,
      `Link: <${origin}${prefix}/leads?page=2>; rel="next", <${prefix}/a>; rel="prev"`,
      `Set-Cookie: a=1; Path=${prefix}/x; HttpOnly`,
      `Set-Cookie: b=2; Domain=${hostname}; Path=${prefix}`,
      `Location: ${origin}${prefix}/x`,
      `Content-Location: ${origin}${prefix}/y`,
      `Alt-Svc: h2="${host}"; ma=60`,
      `Via: 1.1 ${host} (inner)`,
      'Server-Timing: db;dur=5',
    ];
    wire.upstream(way).answers(`HTTP/1.1 200 OK\r\n${sent.join('\r\n')}\r\ncontent-length: 2\r\n\r\nok`);
    for (const [, request] of requests(way)) {
      const answer = await wire.caller().ask(request);
      const shown = Object.fromEntries(
        ['refresh', 'link', 'location', 'content-location', 'alt-svc', 'via', 'server-timing'].map((name) => [
          name,
          answer.header(name),
        ]),
      );
      expect(shown).toEqual({
        refresh: '5; url=/next',
        link: '</leads?page=2>; rel="next", </a>; rel="prev"',
        location: '/x',
        'content-location': '/y',
        'alt-svc': undefined,
        via: '1.1 c2s-facade',
        'server-timing': 'db;dur=5',
      });
      expect(valuesOf(answer, 'set-cookie')).toEqual(['a=1; Path=/x; HttpOnly', 'b=2; Path=/']);
      expect(answer.headers.join()).not.toContain(host);
    }
  });

  test('Via says which version the upstream spoke, and stands on no answer of the facade’s own', async () => {
    wire
      .upstream(way)
      .script({ request: (socket) => void socket.end('HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok') });
    expect((await wire.caller().ask(get(way))).header('via')).toBe('1.0 c2s-facade');
    wire.upstream(way).script({ request: (socket) => void socket.end('garbage') });
    expect((await wire.caller().ask(get(way))).header('via')).toBeUndefined();
  });

  test('of an answer that breaks off and whose end only the connection tells, the end is a reset', async () => {
    for (const [framing, piece] of [
      ['transfer-encoding: chunked', '4\r\nhalf\r\n'],
      ['content-type: text/plain', 'half'],
    ]) {
      wire.upstream(way).script({
        request: (socket) => {
          socket.write(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n${piece}`);
          setTimeout(() => socket.resetAndDestroy(), 50);
        },
      });
      const { hostname, port } = new URL(wire.facade.url);
      const socket = connect(Number(port), hostname);
      let text = '';
      let end = '';
      socket.on('data', (piece) => (text += piece.toString()));
      socket.on('end', () => (end = 'clean'));
      socket.on('error', ({ code }: NodeJS.ErrnoException) => (end = code ?? ''));
      socket.write(http10(way));
      await until(() => end !== '', 'the end');
      expect([text.endsWith('half'), end]).toEqual([true, 'ECONNRESET']);
      // A caller of HTTP/1.1 can tell by the chunk that is missing.
      const caller = wire.caller();
      caller.send(get(way));
      expect(await caller.closed()).toMatch(/half\r\n$/);
    }
  });

  test.each(['Text/Event-Stream', 'TEXT/EVENT-STREAM; charset=utf-8', 'text/event-stream ;x=1'])(
    '%s is an event stream: its head is not late',
    async (type) => {
      wire.upstream(way).answers(`HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ntransfer-encoding: chunked\r\n\r\n`);
      const caller = wire.caller();
      caller.send(get(way));
      await caller.until(/event-stream[^]*\r\n\r\n/i, 2_000);
    },
  );
});

describe('of a body that the facade writes anew', () => {
  const ABOUT_THE_BODY = [
    'content-md5: x',
    'digest: x',
    'content-digest: sha-256=:x:',
    'repr-digest: sha-256=:x:',
    'signature-input: s=("content-digest")',
    'signature: s=:x:',
    'content-range: bytes 0-1/2',
    'accept-ranges: bytes',
    'content-language: pt',
    'content-location: /x',
    'content-encoding: identity',
    'etag: "x"',
    'last-modified: Mon, 01 Jan 2024 00:00:00 GMT',
  ];
  const [direct, gateway] = WAYS;

  test.each([
    ['in the gateway’s dialect, of Contact2Sale', direct, gateway.read],
    ['in Contact2Sale’s dialect, of the gateway', gateway, direct.read],
  ])('%s nothing is said that was true of the other one', async (_, way, target) => {
    const error = '{"detail":"Campaign not found"}';
    const lines = [...ABOUT_THE_BODY, 'x-own: 1', `content-length: ${error.length}`, 'content-type: application/json'];
    wire.upstream(way).answers(`HTTP/1.1 404 Not Found\r\n${lines.join('\r\n')}\r\n\r\n${error}`);
    const answer = await wire.caller().ask(get(way, '', target));
    expect([answer.status, answer.header('x-own'), answer.header('via')]).toEqual([404, '1', '1.1 c2s-facade']);
    const left = ABOUT_THE_BODY.filter((line) => answer.header(line.split(':')[0] as string) !== undefined);
    expect(left).toEqual([]);
    expect(answer.header('content-length')).toBe(String(answer.body.length));
  });
});
