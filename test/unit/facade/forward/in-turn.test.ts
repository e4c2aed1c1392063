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
    maxHeaderSize: 16_384,
    keepAlive: 5_000,
    handle: (req, res) => {
      taken.push({ req, res });
      handle?.({ req, res });
    },
    upgrade: (_req, socket) => void socket.destroy(),
    isUpgrade: () => false,
  });
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
  return { taken, caller, answer };
}

const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nhost: x\r\n${headers}\r\n`;
const paths = (count: number) => Array.from({ length: count }, (_, i) => `/${i}`);
const turn = () => new Promise((resolve) => setTimeout(resolve, 20));

describe('requests that were pipelined', () => {
  test('are under way one at a time, and all are answered, in order', async () => {
    const { taken, caller, answer } = await started();
    const one = caller();
    one.send(
      paths(300)
        .map((path) => get(path))
        .join(''),
    );
    for (const [i, path] of paths(300).entries()) {
      await until(() => taken.length > i, `${path} is taken`);
      if (i % 100 === 0) await turn();
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

  test('more than 500 in one packet: those are answered, the last says close, and the rest is the caller’s to repeat', async () => {
    const { taken, caller } = await started(({ req, res }) => void setImmediate(() => res.end(req.url)));
    const one = caller();
    one.send(
      paths(1_500)
        .map((path) => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`)
        .join(''),
    );
    const text = await one.closed(20_000);
    const answered = text.match(/HTTP\/1\.1 200/g)?.length ?? 0;
    expect(answered).toBe(501);
    expect(taken.map(({ req }) => req.url)).toEqual(paths(501));
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

  test('on many connections are bounded together: where that is reached each still has its answer, and says close', async () => {
    const { taken, caller } = await started();
    const many = Array.from({ length: 20 }, () => caller());
    for (const one of many) one.send(get('/x').repeat(400));
    await until(() => taken.length === 20, 'each has one under way');
    const late = caller();
    late.send(get('/late').repeat(3));
    await until(() => taken.length === 21, 'so has the last');
    taken.at(-1)?.res.end('late');
    expect((await late.answer()).header('connection')).toBe('close');
    for (const one of many) one.destroy();
    await until(() => taken.every(({ res }) => res.closed), 'all have left');
    const again = caller();
    again.send(get('/again').repeat(2));
    for (const count of [22, 23]) {
      await until(() => taken.length === count, 'it is taken');
      taken.at(-1)?.res.end('again');
      expect((await again.answer()).header('connection')).toBe('keep-alive');
    }
  });
});
