import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../e2e/kit/upstream.ts';
import { AUTH, get, put, startWire, WAYS, type Wire } from '../e2e/kit/wire.ts';

/**
 * Bodies that come slowly, or never. A place to an upstream is dear: a handful of callers who send a byte now and then
 * must not hold all of them. So it is taken when the body is there, or 64 KiB of it.
 */

const PLACES = 2;
const MANY = PLACES * 4;

const start = (deadlines?: Record<string, string>): Promise<Wire> =>
  startWire((config) => {
    config.setIn(['upstreams', 'direct', 'maxInflight'], PLACES);
    config.setIn(['upstreams', 'gateway', 'maxInflight'], PLACES);
    if (deadlines) config.setIn(['defaults', 'deadlines'], deadlines);
  });

let wire: Wire;
beforeAll(async () => void (wire = await start()));
afterEach(async () => {
  wire.reset();
  await until(() => wire.facade.dataPlane.underWay === 0, 'nothing is left behind');
});
afterAll(() => wire.close());

describe.each(WAYS)('on the way $way', (way) => {
  test.each([
    ['of a known length', 'content-length: 10\r\n', 'half.', 'whole'],
    ['in chunks', 'transfer-encoding: chunked\r\n', '5\r\nhalf.\r\n', '5\r\nwhole\r\n0\r\n\r\n'],
  ])('half a body %s holds no place, and is sent when it is whole', async (_, framing, half, rest) => {
    const slow = Array.from({ length: MANY }, () => {
      const caller = wire.caller();
      caller.send(put(way, framing, half));
      return caller;
    });
    await until(() => wire.facade.dataPlane.underWay === MANY, 'all are under way');
    expect((await wire.caller().ask(get(way))).status).toBe(200);
    expect(wire.upstream(way).requests).toHaveLength(1);
    slow[0]!.send(rest);
    expect((await slow[0]!.answer()).status).toBe(200);
    expect(wire.upstream(way).requests.map(({ body }) => body)).toEqual(['', 'half.whole']);
    expect((await slow[0]!.ask(get(way))).status).toBe(200);
  });

  test('a caller that leaves in the middle leaves nothing behind', async () => {
    const caller = wire.caller();
    caller.send(put(way, 'content-length: 10\r\n', 'half.'));
    await until(() => wire.facade.dataPlane.underWay === 1, 'under way');
    caller.destroy();
    await until(() => wire.facade.dataPlane.underWay === 0, 'gone');
    expect(wire.upstream(way).bytes()).toBe('');
    const left = new RegExp(`^facade_requests_total\\{.*path="${way.way}".*outcome="client_admit"`);
    await until(async () => (await wire.facade.metric(left)) > 0, 'counted');
  });

  test('a long body flows when its beginning is there: it is not held in memory', async () => {
    const caller = wire.caller();
    caller.send(put(way, `content-length: ${1 << 20}\r\n`, 'b'.repeat(1 << 17)));
    await until(() => wire.upstream(way).bytes().includes('bbbb'), 'its beginning upstream');
    for (let i = 1; i < 8; i++) caller.send('b'.repeat(1 << 17));
    expect((await caller.answer()).status).toBe(200);
    expect(wire.upstream(way).requests[0]?.body).toHaveLength(1 << 20);
  });
});

describe('on every way, a body', () => {
  let short: Wire;
  beforeAll(
    async () => void (short = await start({ connect: '500ms', firstByte: '1s', idle: '500ms', total: '1500ms' })),
  );
  afterEach(() => short.reset());
  afterAll(() => short.close());

  test('that stops is told so, nothing of it was sent, and its connection ends', async () => {
    const ends = WAYS.map(async (way) => {
      const caller = short.caller();
      caller.send(put(way, 'content-length: 10\r\n', 'half.'));
      const answer = await caller.answer();
      await caller.closed();
      return [answer.status, answer.header('connection'), short.upstream(way).bytes()];
    });
    expect(await Promise.all(ends)).toEqual(WAYS.map(() => [408, 'close', '']));
    expect(short.facade.dataPlane.underWay).toBe(0);
  });

  test('that never stops coming is told so, too', async () => {
    const callers = WAYS.map((way) => {
      const caller = short.caller();
      caller.send(put(way, 'content-length: 1000\r\n', '.'));
      return caller;
    });
    const drip = setInterval(() => callers.forEach((caller) => caller.send('.')), 100);
    try {
      const answers = await Promise.all(callers.map((caller) => caller.answer()));
      expect(answers.map(({ status }) => status)).toEqual([408, 408, 408]);
    } finally {
      clearInterval(drip);
    }
    expect(WAYS.map((way) => short.upstream(way).bytes())).toEqual(['', '', '']);
  });
});

test('a place that is taken when the body has come is refused then, and the connection goes on', async () => {
  const [direct] = WAYS;
  wire.direct.script({});
  for (let i = 0; i < PLACES; i++) wire.caller().send(get(direct));
  await until(() => wire.direct.requests.length === PLACES, 'all places are taken');
  const caller = wire.caller();
  caller.send(put(direct, 'content-length: 10\r\n', 'half.'));
  await until(() => wire.facade.dataPlane.underWay === PLACES + 1, 'under way');
  caller.send('whole');
  expect((await caller.answer()).status).toBe(503);
  wire.direct.reset();
  expect((await caller.ask(`GET /health HTTP/1.1\r\nhost: x\r\n${AUTH}\r\n`)).status).toBe(200);
});
