import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../kit/upstream.ts';
import { get, put, startWire, WAYS, type Wire } from '../kit/wire.ts';

/** Bodies that take their time: event streams, slow readers, slow takers. */

const EVENTS = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

describe('with short deadlines', () => {
  let wire: Wire;
  const deadlines = { connect: '500ms', firstByte: '400ms', idle: '400ms', total: '600ms' };
  beforeAll(async () => void (wire = await startWire((config) => config.setIn(['defaults', 'deadlines'], deadlines))));
  afterEach(() => wire.reset());
  afterAll(() => wire.close());

  describe.each(WAYS)('on the way $way', (way) => {
    test('events arrive one by one, each before the next is sent, long after the total deadline (P46)', async () => {
      let upstream: Socket | undefined;
      wire.upstream(way).script({
        request: (socket) => {
          upstream = socket;
          socket.write(EVENTS);
        },
      });
      const caller = wire.caller();
      caller.send(get(way, 'accept: text/event-stream\r\n'));
      await caller.until(/event-stream/);
      const begun = performance.now();
      for (let n = 1; performance.now() - begun < 1_200; n++) {
        upstream?.write(chunk(`data: event-${n}\n\n`));
        await caller.until(new RegExp(`event-${n}\n`), 300);
        // Under the idle deadline, over the total one in sum.
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
      upstream?.write('0\r\n\r\n');
      expect((await caller.answer()).body).toMatch(/event-6/);
    });

    test('an event stream that falls silent is cut by the idle deadline', async () => {
      wire.upstream(way).script({ request: (socket) => void socket.write(EVENTS + chunk('data: 1\n\n')) });
      const caller = wire.caller();
      caller.send(get(way));
      await caller.until(/data: 1/);
      expect(await caller.closed(2_000)).not.toMatch(/\r\n0\r\n\r\n$/);
      await until(() => wire.upstream(way).open() === 0, 'upstream released');
    });

    test('a caller that stops reading is cut by the deadlines, and the upstream is released', async () => {
      const outcomes = /^facade_requests_total\{.*outcome="(client|upstream_body)_timeout"/;
      const before = await wire.facade.metric(outcomes);
      const flood = 'f'.repeat(1 << 20);
      wire.upstream(way).script({
        request: (socket) => {
          socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
          const more = (): void => {
            while (!socket.destroyed && socket.write(chunk(flood)));
          };
          socket.on('drain', more);
          more();
        },
      });
      const caller = wire.caller();
      caller.pause();
      const ended = wire.upstream(way).ended();
      caller.send(get(way));
      await until(() => wire.upstream(way).ended() > ended, 'upstream released', 3_000);
      await until(async () => (await wire.facade.metric(outcomes)) > before, 'counted');
    });

    test('an upstream that stops taking an upload is given up, and nobody claims to know what it did with it', async () => {
      const stopped: Socket[] = [];
      wire.upstream(way).script({ head: (socket) => void stopped.push(socket.pause()) });
      const caller = wire.caller();
      caller.send(put(way, 'content-length: 16777216\r\n', 'u'.repeat(16 << 20)));
      const answer = await caller.answer();
      expect([answer.status, answer.header('x-facade-outcome')]).toEqual([504, 'unknown']);
      expect(stopped).toHaveLength(1);
      stopped[0]?.resume();
      await until(() => wire.upstream(way).open() === 0, 'upstream released');
      const given = new RegExp(`^facade_attempts_total\\{.*path="${way.way}",outcome="upstream_send_timeout"`);
      await until(async () => (await wire.facade.metric(given)) === 1, 'counted');
    });

    test('an answer that is slower than idle connections are kept is waited for', async () => {
      await wire.facade.edit((config) =>
        config.setIn(['upstreams', way.way === 'gateway' ? 'gateway' : 'direct', 'keepAlive'], '50ms'),
      );
      wire.upstream(way).script({
        request: (socket) => void setTimeout(() => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'), 250),
      });
      expect((await wire.caller().ask(get(way))).body).toBe('ok');
    });
  });
});

describe('with patience', () => {
  const SIZE = 64 << 20;
  let wire: Wire;
  beforeAll(async () => void (wire = await startWire()));
  afterEach(() => wire.reset());
  // No caller's connection is left behind, paused and forgotten: it would keep the facade from ending.
  afterAll(() => wire.close(), 5_000);

  describe.each(WAYS)('on the way $way', (way) => {
    test('a reader that pauses holds the upstream back, and gets the whole when it reads on', async () => {
      let given = 0;
      wire.upstream(way).script({
        request: (socket) => {
          socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${SIZE}\r\n\r\n`);
          const block = Buffer.alloc(1 << 18, 'x');
          const more = (): void => {
            while (given < SIZE) {
              given += block.length;
              if (!socket.write(block)) return;
            }
          };
          socket.on('drain', more);
          more();
        },
      });
      const socket = connect(Number(new URL(wire.facade.url).port), '127.0.0.1');
      let taken = 0;
      let head = '';
      socket.on('data', (data: Buffer) => {
        if (taken === 0) head = data.toString('latin1').split('\r\n\r\n')[0] ?? '';
        taken += data.length;
        if (taken < 100_000 + head.length) socket.pause();
      });
      socket.write(get(way));
      await settled(() => given);
      expect(given - taken).toBeLessThan(SIZE / 2);
      socket.removeAllListeners('data');
      socket.on('data', (data: Buffer) => void (taken += data.length));
      socket.resume();
      await until(() => taken >= SIZE + head.length + 4, 'the whole body', 15_000);
      expect(taken).toBe(SIZE + head.length + 4);
      socket.destroy();
    });

    test('an upstream that takes slowly holds the caller back', async () => {
      let upstream: Socket | undefined;
      wire.upstream(way).script({ head: (socket) => void (upstream = socket.pause()) });
      const socket = connect(Number(new URL(wire.facade.url).port), '127.0.0.1');
      socket.on('error', () => undefined).resume();
      let given = 0;
      socket.write(put(way, `content-length: ${SIZE}\r\n`));
      const block = Buffer.alloc(1 << 18, 'x');
      const more = (): void => {
        while (given < SIZE) {
          given += block.length;
          if (!socket.write(block)) return;
        }
      };
      socket.on('drain', more);
      more();
      await until(() => upstream !== undefined, 'the head upstream');
      await settled(() => given);
      expect(given).toBeLessThan(SIZE / 2);
      // Whatever ends it, the caller is read from again: else nobody would notice that it has left.
      upstream?.destroy();
      socket.end();
      await until(() => socket.closed, 'the caller is let go');
    });
  });
});

/** Resolves when the value has not grown for 200 ms. */
async function settled(value: () => number): Promise<void> {
  let last = -1;
  let since = performance.now();
  await until(
    () => {
      if (value() !== last) {
        last = value();
        since = performance.now();
      }
      return last > 0 && performance.now() - since > 200;
    },
    'it comes to rest',
    10_000,
  );
}
