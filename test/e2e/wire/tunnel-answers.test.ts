import dns from 'node:dns';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { startUnaccepting } from '../faults/unaccepting.ts';
import { until } from '../kit/upstream.ts';
import { AUTH, get, startWire, WAYS, type Answer, type Wire } from '../kit/wire.ts';

/** What Contact2Sale may answer to a WebSocket, and what the caller is told of it; the process lives, and serves on. */

const [, , passthrough] = WAYS;
const SHORT = { connect: '1s', firstByte: '500ms', idle: '500ms', total: '1s' };
const OFFER = `GET /cable HTTP/1.1\r\nhost: facade.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${AUTH}\r\n`;
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n';

let wire: Wire;
/** Connections to the upstream that had ended before the test. */
let endedBefore = 0;
beforeEach(() => void (endedBefore = wire.direct.ended()));
beforeAll(async () => void (wire = await startWire((config) => config.setIn(['defaults', 'deadlines'], SHORT))));
afterEach(() => wire.reset());
afterAll(() => wire.close());

const says = (bytes: string): void => wire.direct.script({ head: (socket) => void socket.write(bytes) });

async function isOver(): Promise<void> {
  await until(() => wire.direct.ended() > endedBefore, 'the connection to the upstream has ended');
  await until(async () => (await wire.facade.metric(/^facade_inflight\{/)) === 0, 'every place is given back');
  wire.direct.reset();
  expect((await wire.caller().ask(get(passthrough))).status).toBe(200);
}

const broken: [string, string][] = [
  ['the status 000', 'HTTP/1.1 000 Nothing\r\ncontent-length: 0\r\n\r\n'],
  ['the status 099', 'HTTP/1.1 099 Nothing\r\ncontent-length: 0\r\n\r\n'],
  ['the status 600', 'HTTP/1.1 600 Beyond\r\ncontent-length: 0\r\n\r\n'],
  ['the status 999', 'HTTP/1.1 999 Beyond\r\ncontent-length: 0\r\n\r\n'],
  ['HTTP/2.0', 'HTTP/2.0 200 OK\r\ncontent-length: 0\r\n\r\n'],
  ['HTTP/0.9', 'HTTP/0.9 200 OK\r\ncontent-length: 0\r\n\r\n'],
  ['no HTTP', 'SSH-2.0-OpenSSH_9.9\r\n\r\n'],
  ['101 to another protocol', `${SWITCH}Upgrade: h2c\r\n\r\n`],
  ['101 to no protocol', `${SWITCH}\r\n`],
  ['101 of HTTP/2.0', `${SWITCH.replace('1.1', '2.0')}Upgrade: websocket\r\n\r\n`],
  ['101 of HTTP/1.0', `${SWITCH.replace('1.1', '1.0')}Upgrade: websocket\r\n\r\n`],
  ['101 with a length', `${SWITCH}Upgrade: websocket\r\ncontent-length: 4\r\n\r\nbody`],
  ['101 with chunks', `${SWITCH}Upgrade: websocket\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['gzip, chunked', 'HTTP/1.1 403 No\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
  ['a head of 65 KiB', `HTTP/1.1 403 No\r\nx-a: ${'a'.repeat(66_560)}\r\ncontent-length: 0\r\n\r\n`],
  ['a 101 with a head of 65 KiB', `${SWITCH}Upgrade: websocket\r\nx-a: ${'a'.repeat(66_560)}\r\n\r\n`],
];

test.each([
  ['204 No Content', undefined],
  ['205 Reset Content', '0'],
])('a refusal with %s has no body and says no length of one', async (status, length) => {
  says(`HTTP/1.1 ${status}\r\ncontent-length: 2\r\nx-own: 1\r\n\r\nno`);
  const caller = wire.caller();
  caller.send(OFFER);
  const text = await caller.closed();
  expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status}\r\n`));
  expect(text).toMatch(/\r\n\r\n$/);
  expect(/content-length: (.*)\r/i.exec(text)?.[1]).toBe(length);
  await isOver();
});

describe('an answer that is none', () => {
  test.each(broken)('%s is a 502, and the connection ends', async (_, bytes) => {
    says(bytes);
    const caller = wire.caller();
    const answer = await caller.ask(OFFER);
    expect([answer.status, answer.header('x-facade-outcome'), answer.header('connection')]).toEqual([
      502,
      'upstream_respond',
      'close',
    ]);
    await caller.closed();
    await isOver();
  });

  test('nothing but interim answers is a 504', async () => {
    says('HTTP/1.1 199 Interim\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n');
    expect((await wire.caller().ask(OFFER)).status).toBe(504);
    await isOver();
  });
});

describe('a refusal', () => {
  const refusal = async (bytes: string | ((socket: Socket) => void)): Promise<Answer> => {
    if (typeof bytes === 'string') says(bytes);
    else wire.direct.script({ head: bytes });
    const caller = wire.caller();
    const answer = await caller.ask(OFFER);
    await caller.closed();
    return answer;
  };

  test('has a status line of ours: control characters in the reason, HTTP/1.0, and a status line in two packets', async () => {
    expect((await refusal('HTTP/1.1 403 a\x01b\r\ncontent-length: 0\r\n\r\n')).line).toBe('HTTP/1.1 403 ');
    expect((await refusal('HTTP/1.0 403 No\r\ncontent-length: 0\r\n\r\n')).line).toBe('HTTP/1.1 403 No');
    const inTwo = await refusal((socket) => {
      socket.write('HTTP/1.1 4');
      setImmediate(() => socket.write('03 No\r\ncontent-length: 2\r\n\r\nno'));
    });
    expect([inTwo.line, inTwo.body]).toEqual(['HTTP/1.1 403 No', 'no']);
    await isOver();
  });

  test.each([17, 60])('with a head of %i KiB arrives whole', async (kib) => {
    const value = 'a'.repeat(kib * 1024 - 200);
    const answer = await refusal(`HTTP/1.1 403 No\r\nx-a: ${value}\r\ncontent-length: 2\r\n\r\nno`);
    expect([answer.header('x-a')?.length, answer.body]).toEqual([value.length, 'no']);
  });

  test('with 1,500 lines arrives with all of them', async () => {
    const lines = Array.from({ length: 1_500 }, (_, i) => `x-${i}: ${i}\r\n`).join('');
    const answer = await refusal(`HTTP/1.1 403 No\r\n${lines}content-length: 2\r\n\r\nno`);
    expect([answer.header('x-1499'), answer.header('content-length'), answer.body]).toEqual(['1499', '2', 'no']);
  });

  test('in chunks arrives whole, and ends with the connection', async () => {
    const answer = await refusal('HTTP/1.1 403 No\r\ntransfer-encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n');
    expect([answer.status, answer.body, answer.header('transfer-encoding')]).toEqual([403, 'no', undefined]);
  });

  test('that only the end of the connection ends, and that is cut, looks cut', async () => {
    wire.direct.script({
      head: (socket) =>
        void socket.write('HTTP/1.1 200 OK\r\n\r\n{"a":', () => setTimeout(() => socket.resetAndDestroy(), 50)),
    });
    const caller = wire.caller();
    caller.send(OFFER);
    await caller.closed();
    expect(caller.isReset()).toBe(true);
    await isOver();
  });

  test('that is cut looks cut: the connection is reset', async () => {
    wire.direct.script({
      head: (socket) =>
        void socket.write('HTTP/1.1 403 No\r\ntransfer-encoding: chunked\r\n\r\n2\r\nno\r\n', () => socket.destroy()),
    });
    const caller = wire.caller();
    caller.send(OFFER);
    await caller.closed();
    expect(caller.isReset()).toBe(true);
    await isOver();
  });
});

test('a granted WebSocket with a head of 20 KiB and 1,500 lines arrives with all of them', async () => {
  const lines = Array.from({ length: 1_500 }, (_, i) => `x-${i}: ${i}\r\n`).join('');
  says(`${SWITCH}Upgrade: websocket\r\n${lines}\r\nhello`);
  const caller = wire.caller();
  caller.send(OFFER);
  const text = await caller.until(/hello$/);
  expect(text).toMatch(/^x-1499: 1499\r$/m);
});

test('takes a place in the bulkhead and in the rate budget, and is under way, until it ends', async () => {
  const tight = await startWire((config) => {
    config.setIn(['upstreams', 'direct', 'maxInflight'], 1);
    config.setIn(['upstreams', 'direct', 'rateBudget'], { requests: 2, period: '1h', longestWait: '0s' });
  });
  try {
    tight.direct.script({ head: (socket) => void socket.write(`${SWITCH}Upgrade: websocket\r\n\r\n`) });
    const caller = tight.caller();
    caller.send(OFFER);
    await caller.until(/101/);
    expect(tight.facade.dataPlane.underWay).toBe(1);
    const full = await tight.caller().ask(get(passthrough));
    expect([full.status, full.header('x-facade-outcome')]).toEqual([503, 'facade_bulkhead_full']);
    caller.destroy();
    await until(() => tight.facade.dataPlane.underWay === 0, 'it has ended');
    const spent = await tight.caller().ask(OFFER);
    expect([spent.status, spent.header('x-facade-outcome')]).toEqual([503, 'facade_rate_budget']);
  } finally {
    await tight.close();
  }
});

test('counts for the breaker of what no route claims, and is refused by it', async () => {
  const frail = await startWire((config) =>
    config.setIn(['defaults', 'breaker'], { volumeThreshold: 2, errorRate: 0.5, window: '10s', reset: '30s' }),
  );
  try {
    frail.direct.script({ head: (socket) => void socket.destroy() });
    for (let i = 0; i < 2; i++) expect((await frail.caller().ask(OFFER)).status).toBe(502);
    for (const request of [OFFER, get(passthrough)]) {
      const answer = await frail.caller().ask(request);
      expect([answer.status, answer.header('x-facade-outcome')]).toEqual([503, 'facade_breaker_open']);
    }
    expect(await frail.facade.metric('facade_breaker_state{route="passthrough",path="passthrough"}')).toBe(2);
  } finally {
    await frail.close();
  }
});

test('of two addresses of Contact2Sale the first gets its share of the connect deadline, not 250 ms', async () => {
  // It takes connections after 300 ms: what knocked before gets in by the kernel's next try, after a second.
  const slow = await startUnaccepting(true, 300);
  const lookup = vi.spyOn(dns, 'lookup').mockImplementation(((
    _name: string,
    options: dns.LookupAllOptions,
    callback: (error: null, found: unknown) => void,
  ) => {
    const found = ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 }));
    callback(null, options.all ? found : found[0]?.address);
  }) as never);
  const two = await startWire((config) => {
    config.setIn(['upstreams', 'direct', 'url'], slow.url.replace('127.0.0.1', 'two.test'));
    config.setIn(['defaults', 'deadlines'], { connect: '5s', firstByte: '500ms', idle: '1s', total: '8s' });
  });
  try {
    const answer = await two.caller().ask(OFFER, { deadline: 8_000 });
    // Connected, and then silent; nobody is behind the second address.
    expect(answer.header('x-facade-outcome')).toBe('upstream_respond_timeout');
  } finally {
    lookup.mockRestore();
    await two.close();
    await slow.close();
  }
});
