import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { createListener, listen } from '../../../../src/http/listener.ts';
import { openCaller, type WireCaller } from '../../../e2e/kit/wire.ts';
import { until } from '../../../e2e/kit/upstream.ts';

/** One connection has one request under way: RFC 9112, 9.3.2 (pipelining) and 9.6 (closing). */

interface Taken {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

const open: { server: Server; callers: WireCaller[] }[] = [];
afterEach(async () => {
  for (const { server, callers } of open.splice(0)) {
    for (const caller of callers) caller.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function started(handle?: (taken: Taken) => void) {
  const taken: Taken[] = [];
  const server = createListener({
    maxHeadBytes: 16_384,
    keepAliveMs: 5_000,
    handle: (req, res) => {
      taken.push({ req, res });
      handle?.({ req, res });
    },
  });
  let made = 0;
  for (const event of ['request', 'checkExpectation']) server.on(event, () => made++);
  const url = await listen(server, '127.0.0.1', 0, 'PORT');
  const callers: WireCaller[] = [];
  open.push({ server, callers });
  const caller = (): WireCaller => {
    const one = openCaller(url);
    callers.push(one);
    return one;
  };
  /** Answers the newest, by its path. */
  const answer = (): void => void taken.at(-1)?.res.end(taken.at(-1)?.req.url);
  /** Requests that node made so far. */
  return { taken, caller, answer, requests: () => made };
}

const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nhost: x\r\n${headers}\r\n`;
const paths = (count: number) => Array.from({ length: count }, (_, i) => `/${i}`);
const turn = () => new Promise((resolve) => setTimeout(resolve, 20));

describe('requests that were pipelined', () => {
  test('are under way one at a time, and all are answered, in order', async () => {
    const { taken, caller, answer } = await started();
    const one = caller();
    one.send(
      paths(65)
        .map((path) => get(path))
        .join(''),
    );
    for (const [i, path] of paths(65).entries()) {
      await until(() => taken.length > i, `${path} is taken`);
      if (i % 20 === 0) await turn();
      expect(taken).toHaveLength(i + 1);
      answer();
      expect((await one.answer()).body).toBe(path);
    }
  });

  test('with bodies, of any length, arrive whole', async () => {
    const { caller } = await started(({ req, res }) => {
      let length = 0;
      req.on('data', (chunk: Buffer) => (length += chunk.length)).on('end', () => res.end(String(length)));
    });
    const one = caller();
    const sizes = [0, 5, 200_000, 1, 70_000, 300_000, 3];
    for (const size of sizes) {
      one.send(`POST /x HTTP/1.1\r\nhost: x\r\ncontent-length: ${size}\r\n\r\n${'a'.repeat(size)}`);
    }
    for (const size of sizes) expect((await one.answer()).body).toBe(String(size));
  });

  test('whose bodies nobody reads are not in the way of those behind them', async () => {
    const { caller } = await started(({ req, res }) => void res.end(req.url));
    const one = caller();
    const body = 'a'.repeat(100_000);
    for (const path of paths(10))
      one.send(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    for (const path of paths(10)) expect((await one.answer()).body).toBe(path);
  });

  test('more than 64 in one packet: those are answered, the last says close, and the rest is the caller’s to repeat', async () => {
    const { taken, caller } = await started(({ req, res }) => void setImmediate(() => res.end(req.url)));
    const one = caller();
    one.send(
      paths(1_500)
        .map((path) => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`)
        .join(''),
    );
    const text = await one.closed(20_000);
    const answered = text.match(/HTTP\/1\.1 200/g)?.length ?? 0;
    expect(answered).toBe(65);
    expect(taken.map(({ req }) => req.url)).toEqual(paths(65));
    expect(text.match(/^connection: close/gim)).toHaveLength(1);
  });

  test('behind an answer that closes the connection are not carried out', async () => {
    const { taken, caller, answer } = await started();
    const one = caller();
    one.send(get('/last', 'connection: close\r\n') + get('/never'));
    await until(() => taken.length === 1, 'the first is taken');
    answer();
    expect(await one.closed()).toMatch(/\/last$/);
    await turn();
    expect(taken.map(({ req }) => req.url)).toEqual(['/last']);
  });

  test('behind one that is refused are not carried out, and those before it are answered', async () => {
    const { taken, caller, answer } = await started();
    const one = caller();
    one.send(get('/first') + get('/refused', 'transfer-encoding: gzip, chunked\r\n') + '0\r\n\r\n' + get('/never'));
    await until(() => taken.length === 1, 'the first is taken');
    answer();
    expect(await one.closed()).toMatch(/\/firstHTTP\/1\.1 501 /);
    await turn();
    expect(taken.map(({ req }) => req.url)).toEqual(['/first']);
  });

  test('before what is no HTTP are answered, and then that is refused', async () => {
    const { taken, caller, answer } = await started();
    const one = caller();
    one.send(`${get('/first')}${get('/second')}no HTTP\r\n\r\n`);
    for (const count of [1, 2]) {
      await until(() => taken.length === count, 'it is taken');
      answer();
    }
    expect(await one.closed()).toMatch(/\/first[^]*\/secondHTTP\/1\.1 400 /);
  });

  test('of a caller that leaves are not carried out, and what was under way is told at once', async () => {
    const { taken, caller } = await started();
    const one = caller();
    one.send(
      paths(10)
        .map((path) => get(path))
        .join(''),
    );
    await until(() => taken.length === 1, 'the first is taken');
    one.destroy();
    await until(() => taken[0]?.res.closed === true, 'it is told');
    await turn();
    expect(taken).toHaveLength(1);
  });

  test('on many connections cost others nothing: what is behind on one is bounded there', async () => {
    const { taken, caller } = await started();
    const many = Array.from({ length: 20 }, () => caller());
    for (const one of many) one.send(get('/x').repeat(400));
    await until(() => taken.length === 20, 'each has one under way');
    const late = caller();
    late.send(get('/late').repeat(3));
    for (const count of [21, 22, 23]) {
      await until(() => taken.length === count, 'it is taken');
      taken.at(-1)?.res.end('late');
      expect((await late.answer()).header('connection')).toBe('keep-alive');
    }
  });

  test('and those that were dropped are not kept: what is read after the drop makes no requests', async () => {
    const { taken, caller, requests } = await started();
    const one = caller();
    for (let i = 0; i < 400; i++) one.send(get('/x').repeat(2_000));
    await until(() => taken.length === 1, 'the first is taken');
    await until(() => one.unsent() === 0, 'all of it was read');
    // Two reads at most, of 64 KiB each, begun before the drop.
    expect(requests()).toBeLessThan(6_000);
    one.destroy();
    await until(() => taken[0]?.res.closed === true, 'a caller who leaves is seen all the same');
  });
});

/** Whoever is refused something behind an answer: the answer is given whole, and then the connection ends. */
describe('a connection on which something was refused ends', () => {
  const REFUSED: Readonly<Record<string, { bytes: string; answers: RegExp[] }>> = {
    'many behind': { bytes: get('/behind').repeat(200), answers: Array.from({ length: 64 }, () => /^HTTP\/1\.1 200/) },
    'what is no HTTP': { bytes: 'no HTTP\r\n\r\n', answers: [/^HTTP\/1\.1 400/] },
    'an expectation': { bytes: get('/behind', 'expect: x\r\n'), answers: [/^HTTP\/1\.1 417/] },
    'an expectation behind many': {
      bytes: get('/behind').repeat(200) + get('/behind', 'expect: x\r\n'),
      answers: Array.from({ length: 64 }, () => /^HTTP\/1\.1 200/),
    },
    'a coding that is not known': {
      bytes: `${get('/behind', 'transfer-encoding: gzip, chunked\r\n')}0\r\n\r\n`,
      answers: [/^HTTP\/1\.1 501/],
    },
  };
  const STATES = ['no head yet', 'head and half of the body', 'finished in the same turn'] as const;
  const KINDS: Readonly<Record<string, { version: string; length?: string }>> = {
    sized: { version: '1.1', length: '8' },
    chunked: { version: '1.1' },
    'HTTP/1.0 keep-alive': { version: '1.0', length: '8' },
  };
  const TABLE = Object.keys(REFUSED).flatMap((what) =>
    STATES.flatMap((state) => Object.keys(KINDS).map((kind) => ({ what, state, kind }))),
  );

  test.each(TABLE)('$what behind an answer: $kind, $state', async ({ what, state, kind }) => {
    const { bytes, answers } = REFUSED[what] as (typeof REFUSED)[string];
    const { version, length } = KINDS[kind] as (typeof KINDS)[string];
    const headers = length === undefined ? {} : { 'content-length': length };
    const { taken, caller, requests } = await started(({ req, res }) => {
      if (req.url !== '/first') res.end('behind');
      else if (state === 'finished in the same turn') res.writeHead(200, headers).end('12345678');
      else if (state === 'head and half of the body') res.writeHead(200, headers).write('1234');
    });
    const one = caller();
    const first = `GET /first HTTP/${version}\r\nhost: x\r\nconnection: keep-alive\r\n\r\n`;
    one.send(state === 'finished in the same turn' ? first + bytes : first);
    await until(() => taken.length > 0, 'the first is taken');
    const res = taken[0]?.res;
    if (state !== 'finished in the same turn') {
      if (state === 'head and half of the body') await one.until(/1234/);
      one.send(bytes);
      await until(() => requests() > 1 || what === 'what is no HTTP', 'what is behind was read');
      await turn();
      if (state === 'no head yet') res?.writeHead(200, headers).end('12345678');
      else res?.end('5678');
    }
    const text = await one.closed(4_000);
    expect(one.isReset()).toBe(false);
    const all = text.split(/(?=HTTP\/1\.1 \d)/);
    expect(all).toHaveLength(1 + answers.length);
    expect(all[0]).toMatch(
      length === undefined ? /\r\n(8\r\n12345678|4\r\n1234\r\n4\r\n5678)\r\n0\r\n\r\n$/ : /\r\n\r\n12345678$/,
    );
    for (const [i, answer] of answers.entries()) expect(all[i + 1]).toMatch(answer);
  });
});
