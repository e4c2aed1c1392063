import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { C2S_TOKEN, FACADE_TOKEN } from '../kit/facade.ts';
import { valuesOf, type RawMessage } from '../kit/messages.ts';
import { get, put, startWire, WAYS, type Way, type Wire } from '../kit/wire.ts';

/** What happens to headers on the way, in both directions. */

let wire: Wire;
beforeAll(async () => void (wire = await startWire()));
afterEach(() => wire.reset());
afterAll(() => wire.close());

/** The request as the upstream saw it. */
async function arrived(way: Way, headers: string): Promise<RawMessage> {
  expect((await wire.caller().ask(get(way, headers))).status).toBe(200);
  const [request] = wire.upstream(way).requests;
  if (!request) throw new Error('nothing arrived');
  return request;
}
const names = (message: Pick<RawMessage, 'headers'>): string[] => message.headers.map(([name]) => name);

describe.each(WAYS)('on the way $way', (way) => {
  test('hop-by-hop headers and those that Connection lists end here (P43)', async () => {
    const request = await arrived(
      way,
      'Connection: keep-alive, X-Secret-Hop\r\nConnection: x-other\r\nX-Secret-Hop: 1\r\nx-other: 2\r\n' +
        'Keep-Alive: timeout=9\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic eA==\r\nTE: trailers\r\n' +
        'Trailer: x\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\nX-Stays: 3\r\n',
    );
    const seen = names(request).map((name) => name.toLowerCase());
    for (const gone of ['x-secret-hop', 'x-other', 'keep-alive', 'proxy-connection', 'proxy-authorization', 'te']) {
      expect(seen).not.toContain(gone);
    }
    for (const gone of ['trailer', 'upgrade']) expect(seen).not.toContain(gone);
    expect(valuesOf(request, 'x-stays')).toEqual(['3']);
  });

  test('Connection cannot list away the length or the host', async () => {
    const caller = wire.caller();
    await caller.ask(put(way, 'connection: content-length, host, authorization\r\ncontent-length: 3\r\n', 'abc'));
    const [request] = wire.upstream(way).requests;
    expect(request?.body).toBe('abc');
    expect(valuesOf(request!, 'host')).toEqual([new URL(wire.upstream(way).url).host]);
  });

  test('hop-by-hop headers of an answer and those that its Connection lists end here', async () => {
    wire
      .upstream(way)
      .answers(
        'HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=77\r\n' +
          'Proxy-Authenticate: Basic\r\nProxy-Connection: close\r\nX-Stays: 2\r\nUpgrade: h2c\r\ncontent-length: 0\r\n\r\n',
      );
    const answer = await wire.caller().ask(get(way));
    expect(answer.status).toBe(200);
    for (const gone of ['x-hop', 'proxy-authenticate', 'proxy-connection', 'upgrade']) {
      expect(answer.header(gone)).toBeUndefined();
    }
    expect(answer.header('keep-alive')).not.toBe('timeout=77');
    expect(answer.header('x-stays')).toBe('2');
  });

  test('several Set-Cookie of an answer stay several (P41)', async () => {
    const cookies = ['a=1; Path=/', 'b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT', 'c=3'];
    const lines = cookies.map((cookie) => `Set-Cookie: ${cookie}\r\n`).join('');
    wire.upstream(way).answers(`HTTP/1.1 200 OK\r\n${lines}content-length: 0\r\n\r\n`);
    expect(valuesOf(await wire.caller().ask(get(way)), 'set-cookie')).toEqual(cookies);
  });

  test('the case and the order of header names survive on the way out (P42)', async () => {
    const request = await arrived(way, 'X-ZULU: 1\r\nx-Alpha: 2\r\nACCEPT: */*\r\nUser-Agent: Test/1\r\n');
    const own = names(request).filter((name) => /zulu|alpha|^accept$|user-agent/i.test(name));
    expect(own).toEqual(['X-ZULU', 'x-Alpha', 'ACCEPT', 'User-Agent']);
  });

  test('the case and the order of header names survive on the way back', async () => {
    wire.upstream(way).answers('HTTP/1.1 200 OK\r\nX-ZULU: 1\r\nx-Alpha: 2\r\nETAG: "q"\r\nContent-LENGTH: 0\r\n\r\n');
    const answer = await wire.caller().ask(get(way));
    const own = names(answer).filter((name) => /zulu|alpha|etag|content-length/i.test(name));
    expect(own).toEqual(['X-ZULU', 'x-Alpha', 'ETAG', 'Content-LENGTH']);
  });

  test('a repeated request header arrives as often as it was sent', async () => {
    const request = await arrived(way, 'X-Multi: a\r\nX-Multi: b\r\nx-multi: c\r\n');
    expect(valuesOf(request, 'x-multi')).toEqual(['a', 'b', 'c']);
  });

  test('headers that are named like members of an object are headers like any other, both ways', async () => {
    const odd = ['constructor', '__proto__', 'toString', 'hasOwnProperty'];
    const lines = odd.map((name) => `${name}: 1\r\n`).join('');
    wire.upstream(way).answers(`HTTP/1.1 200 OK\r\n${lines}content-length: 0\r\n\r\n`);
    const answer = await wire.caller().ask(get(way, lines));
    expect(names(answer)).toEqual(expect.arrayContaining(odd));
    expect(names(wire.upstream(way).requests[0]!)).toEqual(expect.arrayContaining(odd));
  });

  test('bytes beyond ASCII in header values arrive as they were sent, both ways', async () => {
    wire
      .upstream(way)
      .answers(Buffer.from('HTTP/1.1 200 OK\r\nx-name: Jo\xe3o\r\ncontent-length: 0\r\n\r\n', 'latin1'));
    const answer = await wire.caller().ask(get(way, 'x-name: S\xc3\xa3o\r\n'));
    expect(answer.header('x-name')).toBe('Jo\xe3o');
    expect(valuesOf(wire.upstream(way).requests[0]!, 'x-name')).toEqual(['S\xc3\xa3o']);
  });

  test('x-forwarded-*, forwarded and via are set, and what the caller wrote there is replaced (P48)', async () => {
    const request = await arrived(
      way,
      'X-Forwarded-For: 6.6.6.6\r\nx-forwarded-host: evil.example\r\nX-Forwarded-Proto: https\r\n' +
        'X-Forwarded-Port: 1\r\nForwarded: for=6.6.6.6\r\nVia: 1.0 evil\r\nX-Real-IP: 6.6.6.6\r\n',
    );
    expect(valuesOf(request, 'x-forwarded-for')).toEqual(['127.0.0.1']);
    expect(valuesOf(request, 'x-forwarded-host')).toEqual(['facade.test']);
    expect(valuesOf(request, 'x-forwarded-proto')).toEqual(['http']);
    expect(valuesOf(request, 'forwarded')).toEqual(['for=127.0.0.1;proto=http;host="facade.test"']);
    expect(valuesOf(request, 'via')).toEqual([expect.stringMatching(/^1\.1 c2s-facade-[0-9a-f]{12}$/)]);
    expect(valuesOf(request, 'x-forwarded-port')).toEqual([]);
    expect(valuesOf(request, 'x-real-ip')).toEqual([]);
  });

  test('a sane x-request-id goes to the upstream and back to the caller', async () => {
    const answer = await wire.caller().ask(get(way, 'X-Request-Id: order-7:a_b.c\r\n'));
    expect(answer.header('x-request-id')).toBe('order-7:a_b.c');
    expect(valuesOf(wire.upstream(way).requests[0]!, 'x-request-id')).toEqual(['order-7:a_b.c']);
  });

  test.each([
    ['with a space', 'x-request-id: a b\r\n'],
    ['too long', `x-request-id: ${'a'.repeat(129)}\r\n`],
    ['empty', 'x-request-id:\r\n'],
    ['given twice', 'x-request-id: a\r\nx-request-id: b\r\n'],
    ['with markup', 'x-request-id: <script>\r\n'],
  ])('an x-request-id %s is replaced', async (_, header) => {
    const answer = await wire.caller().ask(get(way, header));
    const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
    expect(answer.header('x-request-id')).toMatch(uuid);
    expect(valuesOf(wire.upstream(way).requests[0]!, 'x-request-id')).toEqual([answer.header('x-request-id')]);
  });

  test('x-facade-* is the facade’s alone: the caller’s never reach an upstream, an upstream’s never the caller', async () => {
    wire.upstream(way).answers('HTTP/1.1 200 OK\r\nX-Facade-Path: liar\r\nx-facade-x: 1\r\ncontent-length: 0\r\n\r\n');
    const answer = await wire.caller().ask(get(way, 'X-Facade-Kill: 1\r\nx-facade-route: x\r\n'));
    expect(wire.upstream(way).bytes()).not.toMatch(/x-facade/i);
    expect(answer.header('x-facade-path')).toBe(way.way);
    expect(answer.header('x-facade-x')).toBeUndefined();
  });

  test('Host is the upstream’s own, whatever the caller wrote', async () => {
    for (const host of ['evil.example:99', '[::1]:80', '']) {
      wire.reset();
      await wire.caller().ask(get(way).replace('host: facade.test', `host: ${host}`));
      const [request] = wire.upstream(way).requests;
      expect(valuesOf(request!, 'host')).toEqual([new URL(wire.upstream(way).url).host]);
      expect(valuesOf(request!, 'x-forwarded-host')).toEqual(host === '' ? [] : [host]);
    }
  });
});

describe('credentials', () => {
  const ask = async (way: Way, credentials: string): Promise<RawMessage> => {
    const request = `GET ${way.read} HTTP/1.1\r\nhost: facade.test\r\n${credentials}${way.force}\r\n`;
    await wire.caller().ask(request);
    return [...wire.direct.requests, ...wire.gateway.requests][0]!;
  };
  const shown = (request: RawMessage) => [
    ...valuesOf(request, 'authorization'),
    ...valuesOf(request, 'authentication'),
  ];
  const toContact2Sale = WAYS.filter(({ way }) => way !== 'gateway');
  const spellings = [
    `Authorization: Bearer ${FACADE_TOKEN}\r\n`,
    `AUTHORIZATION: bearer ${FACADE_TOKEN}\r\n`,
    `Authentication: Bearer ${FACADE_TOKEN}\r\n`,
    `Authentication: ${FACADE_TOKEN}\r\n`,
  ];

  describe.each(toContact2Sale)('on the way $way', (way) => {
    test.each(spellings)('a facade token (%j) is replaced by the Contact2Sale token', async (credentials) => {
      const request = await ask(way, credentials);
      expect(shown(request)).toEqual([`Bearer ${C2S_TOKEN}`]);
      expect(wire.direct.bytes()).not.toContain(FACADE_TOKEN);
    });

    test.each([
      'Authorization: Bearer of-a-stranger\r\n',
      'Authentication: of-a-stranger\r\n',
      'Authorization: Basic eDp5\r\nAuthentication: z\r\n',
      '',
    ])('what an unknown caller shows (%j) arrives untouched', async (credentials) => {
      const request = await ask(way, credentials);
      const sent = credentials.split('\r\n').filter((line) => line !== '');
      expect(request.headers.filter(([name]) => /^auth/i.test(name)).map((pair) => pair.join(': '))).toEqual(sent);
    });
  });

  test.each([...spellings, `Authorization: Bearer ${C2S_TOKEN}\r\n`])(
    'what a known caller shows (%j) never reaches the gateway',
    async (credentials) => {
      const request = await ask(WAYS[1], credentials);
      expect(wire.gateway.requests).toEqual([request]);
      expect(wire.gateway.bytes()).not.toMatch(new RegExp(`${FACADE_TOKEN}|${C2S_TOKEN}|^auth`, 'im'));
    },
  );

  test('an unknown caller never reaches the gateway, not even by force', async () => {
    await ask(WAYS[1], 'Authorization: Bearer of-a-stranger\r\n');
    expect(wire.gateway.bytes()).toBe('');
    expect(wire.direct.requests).toHaveLength(1);
  });
});
