import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { get, put, startWire, WAYS, AUTH, type Answer, type Way, type Wire } from '../kit/wire.ts';
import { until } from '../kit/upstream.ts';
import { MALFORMED_STATUS_LINES, ODD_BUT_WHOLE, UNREADABLE_CODINGS } from './malformed-answers.ts';

/**
 * Answers that are no HTTP/1.1 end as a 502 of the facade, on every way and for every method; the upstream's connection
 * is closed, a write is unknown, and the next request is served.
 */

let wire: Wire;
beforeAll(async () => void (wire = await startWire()));
afterEach(() => wire.reset());
afterAll(() => wire.close());

const body = '{"name":"x"}';
const sized = `content-length: ${body.length}\r\n`;
const METHODS: readonly { method: string; isWrite: boolean; request: (way: Way) => string }[] = [
  { method: 'GET', isWrite: false, request: (way) => get(way) },
  { method: 'HEAD', isWrite: false, request: (way) => get(way).replace(/^GET/, 'HEAD') },
  { method: 'PUT', isWrite: true, request: (way) => put(way, sized, body) },
  {
    method: 'GET by HTTP/1.0',
    isWrite: false,
    request: (way) => `GET ${way.read} HTTP/1.0\r\nhost: facade.test\r\n${AUTH}${way.force}\r\n`,
  },
  {
    method: 'PUT that waits for 100 Continue',
    isWrite: true,
    request: (way) => put(way, `${sized}expect: 100-continue\r\n`),
  },
];

/** HEAD of a route is never asked of the gateway. */
const methodsOf = ({ way }: Way) => METHODS.filter(({ method }) => way !== 'gateway' || method !== 'HEAD');

async function ask(way: Way, { method, request }: (typeof METHODS)[number]): Promise<Answer> {
  const caller = wire.caller();
  const bodiless = method === 'HEAD';
  if (!method.includes('100')) return caller.ask(request(way), { bodiless });
  expect((await caller.ask(request(way))).status).toBe(100);
  return caller.ask(body);
}

describe.each(WAYS)('on the way $way', (way) => {
  test.each([...MALFORMED_STATUS_LINES, ...UNREADABLE_CODINGS])('$name is a 502', async ({ bytes }) => {
    for (const one of methodsOf(way)) {
      const upstream = wire.upstream(way);
      let closed = 0;
      upstream.script({
        request: (socket) => {
          socket.on('close', () => closed++);
          socket.write(Buffer.from(bytes, 'latin1'));
        },
      });
      const answer = await ask(way, one);
      expect([one.method, answer.line, answer.header('content-type')]).toEqual([
        one.method,
        'HTTP/1.1 502 Bad Gateway',
        'application/problem+json',
      ]);
      expect([one.method, answer.header('x-facade-outcome')]).toEqual([
        one.method,
        one.isWrite ? 'unknown' : 'upstream_respond',
      ]);
      await until(() => closed > 0 && closed === upstream.requests.length, 'the connection is closed');
      upstream.reset();
      expect((await wire.caller().ask(get(way))).status).toBe(200);
      upstream.reset();
    }
  });

  test.each(MALFORMED_STATUS_LINES)('$name is a 502 in two packets, too', async ({ bytes }) => {
    const end = bytes.lastIndexOf('HTTP/') < 0 ? 0 : bytes.lastIndexOf('HTTP/');
    const at = end + Math.ceil((bytes.indexOf('\r\n', end) - end) / 2);
    wire.upstream(way).script({
      request: (socket) => {
        socket.write(Buffer.from(bytes.slice(0, at), 'latin1'));
        setTimeout(() => socket.write(Buffer.from(bytes.slice(at), 'latin1')), 5);
      },
    });
    const answer = await wire.caller().ask(put(way, sized, body));
    expect([answer.status, answer.header('x-facade-outcome')]).toEqual([502, 'unknown']);
  });

  test.each(ODD_BUT_WHOLE)('$name is an answer, in one packet or two', async ({ bytes, status, line }) => {
    for (const at of [0, bytes.indexOf('\r\n', 3) - 1]) {
      wire.upstream(way).script({
        request: (socket) => {
          if (at > 0) socket.write(bytes.slice(0, at));
          setTimeout(() => socket.end(bytes.slice(at)), at > 0 ? 5 : 0);
        },
      });
      const answer = await wire.caller().ask(get(way));
      if (way.way === 'gateway' && status >= 400) {
        // What the gateway says of a failure is understood first, and said in other words.
        expect(answer.line).toMatch(/^HTTP\/1\.1 \d{3} [\x20-\x7e]+$/);
        continue;
      }
      expect([answer.status, answer.body]).toEqual([status, 'ok']);
      expect(answer.line).toMatch(line);
    }
  });
});
