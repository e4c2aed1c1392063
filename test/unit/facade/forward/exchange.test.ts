import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Admission, KeyedWrite, KeyedWrites } from '../../../../src/facade/forward/keyed-writes.ts';
import type { ExchangeContext } from '../../../../src/facade/forward/exchange.ts';
import { SEEN_EVERY, type ResponseBuffer, type ShadowSink } from '../../../../src/facade/forward/shadow-sink.ts';
import type { RequestTrace } from '../../../../src/facade/observe/tracing/trace.ts';
import { bucketOf } from '../../../../src/facade/rollout/split.ts';
import { readMetric } from '../../../e2e/kit/facade.ts';
import { worldOf, type Asking, type Call, type World } from './exchange-fixture.ts';
import type { Written } from './table-fixture.ts';

/** The way of one request, with a fake caller, fake upstreams and a fake clock: no socket. */

const ROW = {
  id: 'leads.get',
  direct: 'GET /integration/leads/:leadId',
  gateway: 'GET /leads/:leadId',
  rollout: { gateway: 100, fallback: 'direct' },
  query: { x: {}, name: {} },
};
const WRITE = {
  id: 'leads.update',
  direct: 'PATCH /integration/leads/:leadId',
  gateway: 'PATCH /leads/:leadId',
  rollout: { gateway: 100, fallback: 'direct' },
  body: { fields: { description: { type: 'string' } } },
};

let world: World;
const open = (written: Partial<Written> = {}, killed = false, own: Partial<ExchangeContext> = {}): World => {
  const { defaults, ...rest } = written;
  const quick = { deadlines: { connect: '3s', firstByte: '20s', idle: '15s', total: '25s' }, ...defaults };
  return (world = worldOf({ routes: [ROW, WRITE], defaults: quick, ...rest }, killed, own));
};
afterEach(() => world.close());
const asked = (n: number): Asking => world.askings[n] as Asking;
/** Lets streams and microtasks of this turn happen. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const counted = async (series: RegExp): Promise<number> => readMetric(await world.metrics.registry.metrics(), series);

describe('a request', () => {
  test('takes the path that the table says, and its answer reaches the caller', async () => {
    open();
    const call = world.call({ target: '/leads/1?x=1' });
    expect([asked(0).path, asked(0).method, asked(0).target]).toEqual(['gateway', 'GET', '/leads/1?x=1']);
    asked(0).connects().answers(200, '{"id":1}', ['content-type', 'application/json']);
    expect([call.status(), call.text(), call.header('x-facade-path'), call.header('x-facade-route')]).toEqual([
      200,
      '{"id":1}',
      'gateway',
      'leads.get',
    ]);
    await turn();
    await turn();
    expect([world.askings.length, world.underWay()]).toEqual([1, 0]);
  });

  const direct: [string, () => Call][] = [
    ['of an unknown caller', () => open().call({ target: '/integration/leads/1', caller: 'unknown' })],
    ['under the kill switch', () => open({}, true).call()],
    ['that no route claims', () => open().call({ target: '/anything/else' })],
    [
      'whose body the gateway would not take',
      () => open().call({ body: 'plain', headers: { 'content-type': 'text/plain' } }),
    ],
  ];
  test.each(direct)('%s goes direct', async (_, call) => {
    call();
    await turn();
    expect(world.askings.map(({ path }) => path)).toEqual(['direct']);
  });

  test('that no route claims is counted and named as what passes through, reads and writes alike', async () => {
    open();
    for (const method of ['GET', 'PROPFIND']) {
      const call = world.call({ method, target: '/anything/else' });
      asked(world.askings.length - 1)
        .connects()
        .answers(200);
      expect([call.header('x-facade-path'), call.header('x-facade-route')]).toEqual(['passthrough', 'passthrough']);
    }
    await turn();
    await turn();
    expect(await counted(/^facade_attempts_total\{route="passthrough",path="passthrough",outcome="ok"\}/)).toBe(2);
    expect(await counted(/^facade_requests_total\{route="passthrough",path="passthrough",method="OTHER"/)).toBe(1);
  });
});

describe('a failed attempt', () => {
  test.each([
    ['never sent', (asking: Asking) => asking.fails('ECONNREFUSED')],
    ['sent, and broken', (asking: Asking) => asking.connects().fails()],
    ['answered with an error', (asking: Asking) => asking.connects().answers(500, '{"detail":"broken"}')],
  ])('of a read on the gateway, %s, is followed by direct', (_, fail) => {
    open();
    const call = world.call();
    fail(asked(0));
    expect(asked(1).path).toBe('direct');
    asked(1).connects().answers(200, 'ok');
    expect([call.status(), call.header('x-facade-path')]).toEqual([200, 'direct']);
  });

  test('of a write that was sent is not followed by anything, and the caller is told that nobody knows', async () => {
    open();
    const call = world.call({ method: 'PATCH', target: '/leads/1', body: '{"description":"x"}' });
    await turn();
    asked(0).connects().fails();
    expect([call.status(), call.header('x-facade-outcome'), world.askings.length]).toEqual([502, 'unknown', 1]);
  });

  test('of a write that was never sent is followed by direct, with the body from its beginning', async () => {
    open();
    const call = world.call({ method: 'PATCH', target: '/integration/leads/1', body: '{"description":"x"}' });
    await turn();
    asked(0).fails('ECONNREFUSED');
    await turn();
    asked(1).connects();
    await turn();
    expect([asked(1).path, asked(1).body()]).toEqual(['direct', '{"description":"x"}']);
    asked(1).answers(200);
    expect(call.status()).toBe(200);
  });

  test.each(['/integration/leads/1', '/anything/else'])(
    'of a read on direct is asked once more (%s), and only once',
    (target) => {
      open({ routes: [{ ...ROW, rollout: { gateway: 0 } }] });
      const call = world.call({ target });
      asked(0).connects().fails();
      asked(1).connects().fails();
      expect([world.askings.length, call.status()]).toEqual([2, 502]);
    },
  );

  test.each(['/integration/leads/1', '/anything/else'])('of a write on direct is not (%s)', async (target) => {
    open({ routes: [{ ...WRITE, rollout: { gateway: 0 } }] });
    const call = world.call({ method: 'PATCH', target, body: '{"description":"x"}' });
    await turn();
    asked(0).connects().fails();
    expect([world.askings.length, call.header('x-facade-outcome')]).toEqual([1, 'unknown']);
  });

  test('after the head has left cuts the answer, so that it does not look whole', async () => {
    open();
    const call = world.call();
    asked(0).connects().begins(200, ['content-length', '10']);
    asked(0).sends('half');
    await turn();
    asked(0).fails();
    expect([call.status(), call.res.destroyed, world.askings.length]).toEqual([200, true, 1]);
  });
});

describe('a body', () => {
  test('that is not there yet takes no place: nobody is asked before it is', async () => {
    open();
    const call = world.call({
      method: 'PATCH',
      target: '/leads/1',
      body: '{"description":"long enough"}',
      isBodySlow: true,
    });
    call.send('{"description":');
    await turn();
    expect([world.askings.length, world.snapshot.upstreams.gateway?.inflight]).toEqual([0, 0]);
    call.send('"long enough"}');
    call.finish();
    await turn();
    expect([world.askings.length, world.snapshot.upstreams.gateway?.inflight]).toEqual([1, 1]);
  });

  test.each(['/leads/1', '/integration/leads/1', '/anything/else'])(
    'that stops coming is answered 408, and nobody was asked: %s',
    async (target) => {
      open();
      const call = world.call({ method: 'PATCH', target, body: 'twelve bytes', isBodySlow: true });
      call.send('twe');
      await turn();
      world.pass(0);
      world.pass(14_999);
      expect(call.status()).toBe(0);
      world.pass(1);
      expect([call.status(), call.header('connection'), world.askings.length]).toEqual([408, 'close', 0]);
    },
  );

  const tooLong = { method: 'PATCH', body: 'x'.repeat(1_025) };
  /** How long it is is announced, or seen while it is read. */
  const ways: [string, Record<string, string>][] = [
    ['announced', {}],
    ['seen', { 'content-length': undefined as never, 'transfer-encoding': 'chunked' }],
  ];

  test.each(ways)('that is too long to be judged for the gateway goes direct as it comes (%s)', async (_, headers) => {
    open({ defaults: { maxBody: '1KiB' } });
    world.call({ ...tooLong, headers });
    await turn();
    await turn();
    expect(world.askings.map(({ path }) => path)).toEqual(['direct']);
    asked(0).connects();
    await turn();
    await turn();
    expect(asked(0).body()).toBe(tooLong.body);
    expect(await counted(/^facade_attempts_total\{.*path="gateway",outcome="untranslatable"/)).toBe(1);
  });

  test.each(ways)('that is too long is refused where direct would need it rewritten (%s)', async (_, headers) => {
    open({ defaults: { maxBody: '1KiB' } });
    const call = world.call({ ...tooLong, headers, target: '/leads/1' });
    await turn();
    expect([call.status(), world.askings.length]).toEqual([413, 0]);
  });

  test.each(ways)('that is too long is refused where direct is no fallback (%s)', async (_, headers) => {
    open({ defaults: { maxBody: '1KiB' }, routes: [{ ...WRITE, rollout: { gateway: 100, fallback: 'none' } }] });
    const call = world.call({ ...tooLong, headers });
    await turn();
    expect([call.status(), world.askings.length]).toEqual([413, 0]);
  });

  test.each([
    ['/leads/1', '{"description":"d","phone":"x"}', 'phone'],
    ['/integration/leads/1', '{"description":"d","phone":"x"}', 'phone'],
    ['/leads/1', '{"description":5}', 'description'],
    ['/integration/leads/1?limit=5', '{"description":"d"}', 'limit'],
    ['/leads/1?limit=5', '{"description":"d"}', 'limit'],
  ])('that the gateway would cut short is refused where direct is no fallback: %s %s', async (target, body, field) => {
    open({ routes: [{ ...WRITE, rollout: { gateway: 100, fallback: 'none' } }] });
    const call = world.call({ method: 'PATCH', target, body });
    await turn();
    expect([call.status(), world.askings.length, call.header('x-facade-outcome')]).toEqual([422, 0, 'untranslatable']);
    expect(JSON.parse(call.text())).toMatchObject({ detail: expect.stringContaining(JSON.stringify(field)) as string });
  });
});

describe('a deadline', () => {
  const late: [string, number, (asking: Asking) => unknown, number, string][] = [
    ['no connection', 3_500, () => undefined, 504, 'upstream_connect_timeout'],
    ['no answer', 20_000, (asking) => asking.connects(), 504, 'upstream_respond_timeout'],
  ];
  test.each(late)('%s', (_, ms, reach, status, outcome) => {
    open({ routes: [{ ...ROW, rollout: { gateway: 100, fallback: 'none' } }] });
    const call = world.call();
    reach(asked(0));
    world.pass(ms - 1);
    expect(call.status()).toBe(0);
    world.pass(1);
    expect([call.status(), call.header('x-facade-outcome')]).toEqual([status, outcome]);
  });

  test('an answer that stops is cut, an event stream only by its own silence', () => {
    open();
    const plain = world.call();
    asked(0).connects().begins(200);
    const stream = world.call();
    asked(1).connects().begins(200, ['content-type', 'text/event-stream']);
    for (let i = 0; i < 4; i++) {
      asked(0).sends('x');
      asked(1).sends('x');
      world.pass(8_000);
    }
    expect([plain.res.destroyed, stream.res.destroyed]).toEqual([true, false]);
    world.pass(15_000);
    expect(stream.res.destroyed).toBe(true);
  });

  test('a wait for the rate budget ends with the total', async () => {
    const rateBudget = { requests: 1, period: '1h', longestWait: '2h' };
    open({ direct: { rateBudget }, routes: [{ ...ROW, rollout: { gateway: 0 } }] });
    world.call();
    await turn();
    const waiting = world.call();
    await turn();
    expect(world.askings.length).toBe(1);
    world.pass(25_000);
    expect([waiting.status(), waiting.header('x-facade-outcome')]).toEqual([503, 'facade_rate_budget']);
  });
});

describe('what ends', () => {
  const points: [string, (call: Call) => void, string][] = [
    ['before a connection', () => undefined, 'client_admit'],
    ['after it was sent', () => asked(0).connects(), 'client_respond'],
    ['within the answer', () => asked(0).connects().begins(200, ['content-length', '9']), 'client_body'],
  ];
  test.each(points)(
    'a caller that leaves %s lets go of the upstream, once, and moves no breaker',
    async (_, reach, outcome) => {
      open();
      const call = world.call();
      reach(call);
      call.leave();
      await turn();
      expect([world.underWay(), world.snapshot.upstreams.gateway?.inflight, world.askings.length]).toEqual([0, 0, 1]);
      expect(await counted(new RegExp(`^facade_requests_total\\{.*outcome="${outcome}"`))).toBe(1);
      expect(await counted(/^facade_breaker_state\{/)).toBe(0);
    },
  );

  test('no place is kept, however an attempt ended', async () => {
    open();
    const ends: ((asking: Asking) => void)[] = [
      (asking) => asking.connects().answers(200, 'x'),
      (asking) => asking.connects().answers(404, '{}'),
      (asking) => asking.connects().answers(500, 'x'),
      (asking) => asking.fails(),
      (asking) => asking.connects().fails(),
    ];
    for (const end of ends) {
      world.call({ target: '/anything/else' });
      end(asked(world.askings.length - 1));
      world.call();
      end(asked(world.askings.length - 1));
    }
    await turn();
    await turn();
    // Reads that failed were asked again, and those are still under way.
    const { direct, gateway } = world.snapshot.upstreams;
    const waiting = world.underWay();
    expect(direct.inflight + (gateway?.inflight ?? 0)).toBe(waiting);
    world.pass(25_000);
    await turn();
    await turn();
    expect([world.underWay(), direct.inflight, gateway?.inflight]).toEqual([0, 0, 0]);
  });

  test('a refused breaker or a full bulkhead leaves nothing behind', async () => {
    open({ gateway: { maxInflight: 1 }, routes: [{ ...ROW, rollout: { gateway: 100, fallback: 'none' } }] });
    const first = world.call();
    const second = world.call();
    expect([second.status(), second.header('x-facade-outcome')]).toEqual([503, 'facade_bulkhead_full']);
    asked(0).connects().answers(200);
    expect([first.status(), world.snapshot.upstreams.gateway?.inflight]).toEqual([200, 0]);
    const [entry] = world.snapshot.entries;
    entry?.state.breaker('gateway')?.open();
    const third = world.call();
    expect([third.status(), third.header('retry-after')]).toEqual([503, '5']);
    await turn();
    await turn();
    expect([world.underWay(), world.askings.length]).toEqual([0, 1]);
  });
});

describe('the rate budget of a path', () => {
  const ONE_A_PERIOD = { rateBudget: { requests: 1, period: '1h', burst: 0, longestWait: '2h' } };
  const onDirect = { routes: [{ ...ROW, rollout: { gateway: 0 } }] };

  test('is taken before the path is asked, and how long it was waited for is told', async () => {
    const waits: [string, number][] = [];
    open({ ...onDirect, direct: ONE_A_PERIOD }, false, { rateBudgetWaited: (path, ms) => waits.push([path, ms]) });
    world.call();
    expect(world.askings).toEqual([]);
    await turn();
    expect([world.askings.length, waits]).toEqual([1, [['direct', 0]]]);
  });

  test('is given back by a caller that leaves while it waits: nobody is asked for it', async () => {
    open({ ...onDirect, direct: ONE_A_PERIOD });
    world.call();
    await turn();
    const [left, next] = [world.call(), world.call()];
    const cancel = vi.spyOn(world.snapshot.upstreams.direct.rateBudget!, 'cancel');
    left.leave();
    await turn();
    expect([cancel.mock.calls.length, next.status(), world.askings.length]).toEqual([1, 0, 1]);
    expect(await counted(/^facade_requests_total\{.*outcome="client_admit"/)).toBe(1);
  });

  test('of a path whose breaker is open is not spent', async () => {
    open({ ...onDirect, direct: ONE_A_PERIOD });
    const take = vi.spyOn(world.snapshot.upstreams.direct.rateBudget!, 'take');
    world.snapshot.entries[0]?.state.breaker('direct')?.open();
    const call = world.call();
    expect([call.header('x-facade-outcome'), take.mock.calls.length]).toEqual(['facade_breaker_open', 0]);
  });

  test('that is spent on the gateway sends a request to direct', async () => {
    open({ gateway: ONE_A_PERIOD });
    vi.spyOn(world.snapshot.upstreams.gateway!.rateBudget!, 'take').mockImplementation((one) => one.refused(7_000));
    world.call();
    expect(world.askings.map(({ path }) => path)).toEqual(['direct']);
    expect(await counted(/^facade_failovers_total\{.*reason="facade_rate_budget"/)).toBe(1);
  });

  test.each([
    ['gateway', 100],
    ['direct', 0],
  ])('pauses when the %s answers 429: whichever answered, the limit is Contact2Sale’s', (path, gateway) => {
    open({ routes: [{ ...ROW, rollout: { gateway, fallback: 'none' } }] });
    world.call();
    const pauseFor = vi.fn();
    Object.assign(world.snapshot.upstreams.direct, { rateBudget: { pauseFor, close: () => undefined } });
    asked(0).connects().answers(429, '{}', ['retry-after', '7']);
    expect([asked(0).path, pauseFor.mock.calls]).toEqual([path, [['7', 'known']]]);
  });
});

describe('an answer', () => {
  test('that the caller does not take holds the upstream back, until it does', async () => {
    open();
    const call = world.call({ isDeaf: true });
    asked(0).connects().begins(200);
    asked(0).sends('x'.repeat(512 * 1024));
    expect(asked(0).isPaused).toBe(true);
    call.reads();
    await turn();
    await turn();
    expect(asked(0).isPaused).toBe(false);
  });

  test('whose head is alone does not wait for its body', () => {
    open();
    const call = world.call();
    asked(0).connects().begins(200, ['x-own', '1']);
    expect(call.status()).toBe(0);
    asked(0).waits();
    expect([call.status(), call.header('x-own')]).toEqual([200, '1']);
  });

  test('of an error that is read whole is not begun by its head alone', () => {
    open({ routes: [{ ...ROW, rollout: { gateway: 100, fallback: 'none' } }] });
    const call = world.call();
    asked(0).connects().begins(500);
    asked(0).waits();
    expect(call.status()).toBe(0);
    asked(0).sends('{"detail":"');
    asked(0).sends('broken"}');
    asked(0).ends();
    expect([call.status(), call.header('x-facade-outcome')]).toEqual([502, 'origin_unknown']);
  });

  test('that is whole and not taken is given up at the total', () => {
    open();
    const call = world.call({ isDeaf: true });
    asked(0).connects().begins(200);
    asked(0).sends('x'.repeat(512 * 1024));
    asked(0).ends();
    world.pass(24_999);
    expect(call.res.destroyed).toBe(false);
    world.pass(1);
    expect(call.res.destroyed).toBe(true);
  });

  test('that is an event stream and not taken is not', () => {
    open();
    const call = world.call({ isDeaf: true });
    asked(0).connects().begins(200, ['content-type', 'text/event-stream']);
    asked(0).sends('x'.repeat(512 * 1024));
    asked(0).ends();
    world.pass(60_000);
    expect(call.res.destroyed).toBe(false);
  });

  test('has the reason that came with it, and Via of the version that the upstream spoke', () => {
    open();
    const call = world.call();
    asked(0).connects().answers(200);
    expect([call.res.statusMessage, call.header('via')]).toEqual(['As It Came', '1.1 c2s-facade']);
  });

  test.each([
    ['POST /leads', 201, 'Created'],
    ['POST /integration/leads', 200, 'OK'],
  ])('has the success of the dialect that was asked in (%s)', async (asking, status, reason) => {
    const row = { id: 'leads.create', direct: 'POST /integration/leads', gateway: 'POST /leads' };
    open({
      routes: [
        {
          ...row,
          rollout: { gateway: 100 },
          body: { fields: { name: { type: 'string' } } },
          success: { direct: 200, gateway: 201 },
        },
      ],
    });
    const [method, target] = asking.split(' ') as [string, string];
    const call = world.call({ method, target, body: '{"name":"x"}' });
    await turn();
    asked(0).connects().answers(201, '{}');
    expect([call.status(), call.res.statusMessage]).toEqual([status, status === 201 ? 'As It Came' : reason]);
  });
});

describe('the caller is asked for its body (100 Continue)', () => {
  const written = (call: Call) => /^HTTP\/1\.1 100 /.test(call.raw());
  const body = '{"description":"x"}';

  test('when it waits to be, and only once a path would take it', async () => {
    open();
    const wanted = world.call({ method: 'PATCH', body, isBodySlow: true, expectsContinue: true });
    expect(written(wanted)).toBe(true);
    const unwanted = world.call({ method: 'PATCH', body: 'x'.repeat(9), isBodySlow: true });
    expect(written(unwanted)).toBe(false);
  });

  test('not when it is refused by its head', () => {
    open({ defaults: { maxBody: '1KiB' } });
    const body = 'x'.repeat(1_025);
    const call = world.call({ method: 'PATCH', target: '/leads/1', body, isBodySlow: true, expectsContinue: true });
    expect([written(call), call.status()]).toEqual([false, 413]);
  });
});

describe('the failover budget', () => {
  const spend = () => vi.spyOn(world.snapshot.failoverBudget, 'take').mockReturnValue(false);

  test('is not spent for what was never sent', () => {
    open();
    const take = spend();
    world.call();
    asked(0).fails('ECONNREFUSED');
    expect([asked(1).path, take.mock.calls.length]).toEqual(['direct', 0]);
  });

  test('bounds what is asked a second time', () => {
    open();
    const take = spend();
    const call = world.call();
    asked(0).connects().fails();
    expect([world.askings.length, call.header('x-facade-outcome'), take.mock.calls.length]).toEqual([
      1,
      'upstream_respond',
      1,
    ]);
  });

  test('bounds the repeat on direct, too', () => {
    open({ routes: [{ ...ROW, rollout: { gateway: 0 } }] });
    const take = spend();
    const call = world.call();
    asked(0).connects().fails();
    expect([world.askings.length, call.status(), take.mock.calls.length]).toEqual([1, 502, 1]);
  });

  test('counts the requests of known callers alone', () => {
    open();
    const request = vi.spyOn(world.snapshot.failoverBudget, 'request');
    world.call({ caller: 'unknown' });
    expect(request).not.toHaveBeenCalled();
    world.call();
    expect(request).toHaveBeenCalledTimes(1);
  });
});

describe('a repeat on direct', () => {
  const unrepeatable: [string, (asking: Asking) => void][] = [
    ['no connection', (asking) => asking.fails('ECONNREFUSED')],
    ['an answer that is cut', (asking) => asking.connects().begins(200)],
  ];
  test.each(unrepeatable)('is not made after %s', (_, end) => {
    open({ routes: [{ ...ROW, rollout: { gateway: 0 } }] });
    world.call();
    end(asked(0));
    expect(world.askings.length).toBe(1);
  });

  test('is made once behind a failover as well: a kept connection of direct may just have closed', () => {
    open();
    const call = world.call();
    asked(0).fails('ECONNREFUSED');
    asked(1).connects().fails();
    expect(world.askings.map(({ path }) => path)).toEqual(['gateway', 'direct', 'direct']);
    asked(2).connects().fails();
    expect([world.askings.length, call.status()]).toEqual([3, 502]);
  });
});

describe('a breaker learns', () => {
  const learns = (path: 'direct' | 'gateway') => {
    const breaker = world.snapshot.entries[0]!.state.breaker(path)!;
    return vi.spyOn(breaker, 'report');
  };
  const judgements: [string, (asking: Asking) => void, string][] = [
    ['an answer', (asking) => asking.connects().answers(200), 'success'],
    // Neither that it fails nor, half-open, that it is well.
    ['a 404', (asking) => asking.connects().answers(404, '{}'), 'neutral'],
    ['a 500', (asking) => asking.connects().answers(500, '{}'), 'failure'],
    ['a reset', (asking) => asking.connects().fails(), 'failure'],
  ];
  test.each(judgements)('of %s', (_, end, judgement) => {
    open({ routes: [{ ...ROW, rollout: { gateway: 100, fallback: 'none' } }] });
    const report = learns('gateway');
    world.call();
    end(asked(0));
    expect(report.mock.calls.map(([, judged]) => judged)).toEqual([judgement]);
  });

  test('nothing of a caller that leaves, nor of a bulkhead that is full', async () => {
    open({ gateway: { maxInflight: 1 }, routes: [{ ...ROW, rollout: { gateway: 100, fallback: 'none' } }] });
    const report = learns('gateway');
    const call = world.call();
    world.call();
    call.leave();
    await turn();
    expect(report.mock.calls.map(([, judged]) => judged)).toEqual(['neutral', 'neutral']);
  });

  test('nothing of a second attempt that had only what the first left of the time', () => {
    open();
    const direct = learns('direct');
    world.call();
    world.pass(19_000);
    asked(0).connects().fails();
    asked(1).connects();
    world.pass(6_000);
    expect(direct.mock.calls.map(([, judged]) => judged)).toEqual(['neutral']);
  });

  test('of a first attempt that took all of the time', () => {
    open({
      routes: [{ ...ROW, rollout: { gateway: 0 } }],
      defaults: { deadlines: { firstByte: '25s', total: '25s' } },
    });
    const direct = learns('direct');
    world.call();
    asked(0).connects();
    world.pass(25_000);
    expect(direct.mock.calls.map(([, judged]) => judged)).toEqual(['failure']);
  });
});

describe('who is slow', () => {
  test('is the caller, while the rest of its body is waited for', async () => {
    const sent = { id: 'leads.upload', direct: 'PUT /integration/leads/:leadId', rollout: { gateway: 0 } };
    open({ routes: [sent], gateway: undefined });
    const call = world.call({ method: 'PUT', body: 'x'.repeat(200_000), isBodySlow: true });
    call.send('x'.repeat(100_000));
    await turn();
    asked(0).starts();
    await turn();
    world.pass(0);
    world.pass(15_000);
    expect([call.status(), call.header('x-facade-outcome')]).toEqual([408, 'unknown']);
  });

  test('is the caller, whose write was sent nowhere yet: nobody need look for it', async () => {
    open();
    const call = world.call({ method: 'PUT', body: 'x'.repeat(50_000), isBodySlow: true });
    call.send('x'.repeat(10_000));
    await turn();
    expect(world.askings).toEqual([]);
    world.pass(0);
    world.pass(15_000);
    expect([call.status(), call.header('x-facade-outcome')]).toEqual([408, 'client_timeout']);
    expect(call.text()).not.toContain('not known');
  });

  test('is the caller, while it does not take the answer', async () => {
    open();
    const call = world.call({ isDeaf: true });
    asked(0).connects().begins(200);
    asked(0).sends('x'.repeat(512 * 1024));
    world.pass(15_000);
    await turn();
    expect(call.res.destroyed).toBe(true);
    expect(await counted(/^facade_attempts_total\{.*path="gateway",outcome="client_timeout"/)).toBe(1);
  });
});

describe('the comparison', () => {
  const shadowed = { routes: [{ ...ROW, rollout: { gateway: 100, shadow: 100, fallback: 'direct' } }] };
  const sinkOf = () => {
    const told: [string, unknown][] = [];
    const shadowSink: ShadowSink = {
      captureBytes: () => 100,
      sampleBytes: () => 100,
      wantsWrite: () => true,
      onAnswer: (_, { path, status, chunks }: ResponseBuffer) =>
        told.push(['answered', [path, status, chunks.join('')]]),
      onWrite: (_, body) => told.push(['wrote', String(body)]),
      onLiveRequest: () => undefined,
    };
    return { shadowSink, told };
  };

  test('is handed the answer, with the caller’s own already gone', async () => {
    const { shadowSink, told } = sinkOf();
    open(shadowed, false, { shadowSink });
    world.call();
    asked(0).connects().begins(200);
    asked(0).sends('he');
    asked(0).sends('llo');
    asked(0).ends();
    expect(told).toEqual([]);
    await turn();
    await turn();
    expect(told).toEqual([['answered', ['gateway', 200, 'hello']]]);
  });

  const incomparable: [string, (call: Call) => void][] = [
    [
      'failed over',
      () => {
        asked(0).fails('ECONNREFUSED');
        asked(1).connects().answers(200, 'ok');
      },
    ],
    [
      'was cut',
      () => {
        asked(0).connects().begins(200);
        asked(0).sends('x');
        asked(0).fails();
      },
    ],
    ['was left by its caller', (call) => call.leave()],
  ];
  test.each(incomparable)('is handed nothing of what %s', async (_, end) => {
    const { shadowSink, told } = sinkOf();
    open(shadowed, false, { shadowSink });
    end(world.call());
    await turn();
    await turn();
    expect([told, world.underWay()]).toEqual([[], 0]);
  });

  test('has a write’s body held, to read it back', async () => {
    const { shadowSink, told } = sinkOf();
    open({}, false, { shadowSink });
    world.call({ method: 'PATCH', target: '/leads/1', body: '{"description":"x"}' });
    await turn();
    asked(0).connects().answers(200, '{}');
    await turn();
    await turn();
    expect(told).toEqual([['wrote', '{"description":"x"}']]);
  });

  test('does not listen where there is no second path', async () => {
    const { shadowSink } = sinkOf();
    const saw = vi.spyOn(shadowSink, 'onLiveRequest');
    open(shadowed, false, { shadowSink });
    for (let i = 0; i < SEEN_EVERY; i++) world.call({ target: '/anything/else' }).leave();
    await turn();
    expect(saw).not.toHaveBeenCalled();
  });
});

describe('a request is told of', () => {
  test('to its trace, step by step', async () => {
    open();
    const told: unknown[] = [];
    const trace = {
      attempt: ({ path }: { path: string }, method: string) => told.push(['attempt', path, method]),
      settled: (outcome: string, status: number) => told.push(['settled', outcome, status]),
      notTried: (path: string, outcome: string) => told.push(['notTried', path, outcome]),
      ended: (path: string, outcome: string, status: number) => told.push(['ended', path, outcome, status]),
    } as unknown as RequestTrace;
    world.snapshot.entries[0]?.state.breaker('gateway')?.open();
    world.call({ trace });
    asked(0).connects().answers(200);
    await turn();
    await turn();
    expect(told).toEqual([
      ['notTried', 'gateway', 'facade_breaker_open'],
      ['attempt', 'direct', 'GET'],
      ['settled', 'ok', 200],
      ['ended', 'direct', 'ok', 200],
    ]);
  });

  test('in one line of the log, with nothing of what it asked', async () => {
    const lines: object[] = [];
    const requestLog = { isLevelEnabled: () => true, info: (line: object) => lines.push(line) } as never;
    open({}, false, { requestLog });
    world.call({ target: '/leads/1?name=x' });
    world.pass(12);
    asked(0).connects().answers(200);
    await turn();
    await turn();
    const known = { requestId: 'r-1', route: 'leads.get', path: 'gateway', dialect: 'gateway', method: 'GET' };
    const decision = { stage: 'gateway', bucket: bucketOf('1'), reason: 'split', breaker: 'closed' };
    const caller = expect.any(String) as string;
    expect(lines).toEqual([{ ...known, ...decision, status: 200, outcome: 'ok', ms: 12, caller }]);
  });

  test('once, however often its answer closes', async () => {
    open();
    const call = world.call();
    asked(0).connects().answers(200);
    await turn();
    await turn();
    call.res.emit('close');
    expect(await counted(/^facade_requests_total\{route="leads.get",path="gateway",method="GET",status="200"/)).toBe(1);
  });
});

describe('the line of a request', () => {
  const lines: object[] = [];
  const requestLog = {
    isLevelEnabled: () => true,
    info: (line: object) => lines.push(line),
    warn: (line: object) => lines.push(line),
  };
  const logged = async (written: Partial<Written>, call: () => Call, killed = false): Promise<object> => {
    lines.length = 0;
    open(written, killed, { requestLog: requestLog as never });
    call();
    asked(0).connects().answers(200, '{}');
    await turn();
    await turn();
    return lines[0] as object;
  };
  const at = (gateway: number, shadow = 0) => ({
    routes: [{ ...ROW, rollout: { gateway, shadow, fallback: 'direct' } }],
  });
  const read = (): Call => world.call({ target: '/leads/1' });
  const stranger = (): Call => world.call({ target: '/leads/1', caller: 'unknown' });

  test.each<[string, Partial<Written>, () => Call, boolean, object]>([
    ['at 100', at(100), read, false, { stage: 'gateway', bucket: bucketOf('1'), reason: 'split', breaker: 'closed' }],
    ['at 10 with a shadow', at(10, 20), read, false, { stage: 'canary', reason: 'split', path: 'direct' }],
    ['of a stranger', at(100), stranger, false, { stage: 'gateway', bucket: bucketOf('1'), reason: 'unknown caller' }],
    ['under the kill switch', at(100), read, true, { stage: 'gateway', reason: 'kill switch', path: 'direct' }],
  ])('%s says how the table decided', async (_, written, call, killed, line) => {
    expect(await logged(written, call, killed)).toMatchObject(line);
  });

  test('of what no route claims says nothing of a decision', async () => {
    const line = await logged({}, () => world.call({ target: '/anything/else' }));
    expect(Object.keys(line)).not.toEqual(expect.arrayContaining(['stage']));
    expect(line).toMatchObject({ route: 'passthrough', path: 'passthrough' });
  });
});

test('a write whose key the database does not answer for is 503 when its time is over: nothing was sent, and its key is free', async () => {
  let answer: (found: Admission) => void = () => undefined;
  const keyedWrites = {
    admit: () => new Promise<Admission>((resolve) => (answer = resolve)),
  } as unknown as KeyedWrites;
  open({}, false, { keyedWrites });
  const call = world.call({
    method: 'PATCH',
    target: '/leads/1',
    body: '{"description":"a"}',
    headers: { 'idempotency-key': '"k"' },
  });
  await turn();
  await turn();
  world.pass(25_000);
  expect([call.status(), call.header('x-facade-outcome'), call.header('retry-after')]).toEqual([
    503,
    'idempotency_unavailable',
    '5',
  ]);
  const release = vi.fn();
  answer({ kind: 'send', write: { release } as unknown as KeyedWrite });
  await turn();
  expect([release.mock.calls.length, world.askings.length]).toEqual([1, 0]);
});
