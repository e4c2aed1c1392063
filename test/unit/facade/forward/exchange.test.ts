import { afterEach, describe, expect, test } from 'vitest';
import { readMetric } from '../../../e2e/kit/facade.ts';
import { worldOf, type Asking, type Call, type World } from './exchange-fixture.ts';
import type { Written } from './table-fixture.ts';

/** The way of one request, with a fake caller, fake upstreams and a fake clock: no socket. */

const ROW = {
  id: 'leads.get',
  direct: 'GET /integration/leads/:leadId',
  gateway: 'GET /leads/:leadId',
  rollout: { gateway: 100, fallback: 'direct' },
};
const WRITE = {
  id: 'leads.update',
  direct: 'PATCH /integration/leads/:leadId',
  gateway: 'PATCH /leads/:leadId',
  rollout: { gateway: 100, fallback: 'direct' },
  body: { fields: { description: { type: 'string' } } },
};

let world: World;
const open = (written: Partial<Written> = {}, killed = false): World => {
  const { defaults, ...rest } = written;
  const quick = { deadlines: { connect: '3s', firstByte: '20s', idle: '15s', total: '25s' }, ...defaults };
  return (world = worldOf({ routes: [ROW, WRITE], defaults: quick, ...rest }, killed));
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

  test('that stops coming is answered 408, and nobody was asked', async () => {
    open();
    const call = world.call({ method: 'PATCH', target: '/leads/1', body: 'twelve bytes', isBodySlow: true });
    call.send('twe');
    await turn();
    world.pass(0);
    world.pass(14_999);
    expect(call.status()).toBe(0);
    world.pass(1);
    expect([call.status(), call.header('connection'), world.askings.length]).toEqual([408, 'close', 0]);
  });

  test('that is too long to be translated is refused by its announced length', () => {
    open({ defaults: { maxBody: '1KiB' } });
    const call = world.call({ method: 'PATCH', body: 'x'.repeat(1_025), isBodySlow: true });
    expect([call.status(), world.askings.length]).toEqual([413, 0]);
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
