import type { Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../kit/upstream.ts';
import { get, put, startWire, WAYS, type Way, type Wire } from '../kit/wire.ts';

/** Everything at once, many times over: the process lives, and nothing is held afterwards (P36). */

let wire: Wire;
beforeAll(async () => {
  wire = await startWire((config) =>
    config.setIn(['defaults', 'deadlines'], { connect: '500ms', firstByte: '300ms', idle: '300ms', total: '500ms' }),
  );
});
afterAll(() => wire.close(), 5_000);

const GARBAGE = ['\0\0\0', 'GET', 'GET / HTTP/1.1\r\nhost', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: a\r\n\r\n'];
const ANSWERS = [
  '',
  'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok',
  'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ncut',
  'HTTP/1.1 500 \x01\r\ncontent-length: 0\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: 1\n\n',
  'garbage\r\n\r\n',
];

/** A small generator, so that a failure can be run again. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test('after a storm of broken callers and broken upstreams the same process serves as before', async () => {
  const random = createRandom(7);
  const misbehave = {
    head: (socket: Socket) => {
      const fate = random(6);
      if (fate === 0) socket.destroy();
      else if (fate === 1) socket.resetAndDestroy();
      else if (fate === 2) socket.end(ANSWERS[random(ANSWERS.length)] ?? '', 'latin1');
      else if (fate < 5) socket.write(ANSWERS[random(ANSWERS.length)] ?? '', 'latin1');
    },
  };
  wire.direct.script(misbehave);
  wire.gateway.script(misbehave);
  for (let round = 0; round < 20; round++) {
    const callers = Array.from({ length: 25 }, () => {
      const caller = wire.caller();
      const way = WAYS[random(3)] as Way;
      const kinds = [
        get(way),
        get(way) + get(way),
        get(way, 'connection: upgrade\r\nupgrade: websocket\r\n'),
        put(way, 'content-length: 5\r\n', 'abcde'),
        put(way, 'content-length: 500000\r\n', 'x'.repeat(200_000)),
        put(way, 'expect: 100-continue\r\ncontent-length: 5\r\n'),
        put(way, 'transfer-encoding: chunked\r\n', '5\r\nabcde\r\nzz'),
        get(way) + GARBAGE[random(GARBAGE.length)],
        GARBAGE[random(GARBAGE.length)] as string,
      ];
      caller.send(kinds[random(kinds.length)] as string);
      return caller;
    });
    await new Promise((resolve) => setTimeout(resolve, random(30)));
    for (const caller of callers) if (random(3) > 0) caller.destroy();
  }
  wire.reset();
  const inflight = /^facade_inflight\{/;
  await until(
    async () => wire.facade.dataPlane.underWay === 0 && (await wire.facade.metric(inflight)) === 0,
    'nothing is under way any more',
    5_000,
  );
  for (const way of WAYS) expect((await wire.caller().ask(get(way))).status).toBe(200);
});
