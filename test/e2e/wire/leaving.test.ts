import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../kit/upstream.ts';
import { get, put, startWire, WAYS, type Way, type Wire, type WireCaller } from '../kit/wire.ts';

/** A caller that leaves: the upstream is let go at once, and it is nobody's failure but the caller's (P31, P35). */

let wire: Wire;
beforeAll(
  async () =>
    void (wire = await startWire((config) => {
      // One failure would open it.
      config.setIn(['defaults', 'breaker'], { volumeThreshold: 1, errorRate: 0.01, window: '10s', reset: '30s' });
    })),
);
afterEach(() => wire.reset());
afterAll(() => wire.close());

const phases: { outcome: string; reach: (way: Way, caller: WireCaller) => Promise<unknown> }[] = [
  {
    outcome: 'client_send',
    reach: async (way, caller) => {
      wire.upstream(way).script({});
      caller.send(put(way, 'content-length: 262144\r\n', 'half of it'.padEnd(131_072, '.')));
      await until(() => wire.upstream(way).bytes().includes('half of it'), 'half upstream');
    },
  },
  {
    outcome: 'client_respond',
    reach: async (way, caller) => {
      wire.upstream(way).script({});
      caller.send(put(way, 'content-length: 3\r\n', 'abc'));
      await until(() => wire.upstream(way).requests.length > 0, 'the request upstream');
    },
  },
  {
    outcome: 'client_body',
    reach: async (way, caller) => {
      wire.upstream(way).answers('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf');
      caller.send(get(way));
      await caller.until(/half$/);
    },
  },
];

describe.each(WAYS)('on the way $way', (way) => {
  test.each(phases)('leaving at $outcome aborts the upstream within 100 ms and is counted so', async (phase) => {
    const counter = new RegExp(`^facade_requests_total\\{.*path="${way.way}".*outcome="${phase.outcome}"`);
    const before = await wire.facade.metric(counter);
    const times: number[] = [];
    for (let i = 0; i < 3; i++) {
      wire.reset();
      const caller = wire.caller();
      await phase.reach(way, caller);
      const ended = wire.upstream(way).ended();
      const left = performance.now();
      caller.destroy();
      await until(() => wire.upstream(way).ended() > ended, 'upstream aborted', 2_000);
      times.push(performance.now() - left);
    }
    // The best of three: the machine may be busy, a timer would be late every time.
    expect(Math.min(...times)).toBeLessThan(100);
    await until(async () => (await wire.facade.metric(counter)) === before + 3, 'counted');
  });

  test('no breaker moves, and nobody else is asked', async () => {
    for (const phase of phases) {
      wire.reset();
      const caller = wire.caller();
      await phase.reach(way, caller);
      const ended = wire.upstream(way).ended();
      caller.destroy();
      await until(() => wire.upstream(way).ended() > ended, 'upstream aborted');
      const other = way.way === 'gateway' ? wire.direct : wire.gateway;
      expect(other.bytes()).toBe('');
    }
    expect(await wire.facade.metric(/^facade_breaker_state\{/)).toBe(0);
    expect(await wire.facade.metric(/^facade_failovers_total\{/)).toBe(0);
    wire.reset();
    expect((await wire.caller().ask(get(way))).status).toBe(200);
  });

  test('leaving in the middle of requests sent at once aborts the first, and the others are never asked', async () => {
    wire.upstream(way).script({});
    const caller = wire.caller();
    caller.send(get(way) + get(way) + get(way));
    await until(() => wire.upstream(way).requests.length === 1, 'the first request upstream');
    const ended = wire.upstream(way).ended();
    caller.destroy();
    await until(() => wire.upstream(way).ended() === ended + 1, 'it is aborted');
    await until(() => wire.facade.dataPlane.underWay === 0, 'nothing is under way');
    expect(wire.upstream(way).requests).toHaveLength(1);
  });

  test('an aborted connection is never used for another request', async () => {
    wire.upstream(way).script({});
    const caller = wire.caller();
    caller.send(get(way));
    await until(() => wire.upstream(way).requests.length === 1, 'the request upstream');
    caller.destroy();
    wire.upstream(way).reset();
    const answers = await Promise.all([1, 2, 3].map(() => wire.caller().ask(get(way))));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  });
});

test('leaving while waiting for the rate budget gives the place back, and nothing is sent', async () => {
  const budgeted = await startWire((config) =>
    config.setIn(['upstreams', 'direct', 'rateBudget'], { requests: 1, period: '1s', longestWait: '10s' }),
  );
  try {
    const [direct] = WAYS;
    expect((await budgeted.caller().ask(get(direct))).status).toBe(200);
    const leaver = budgeted.caller();
    leaver.send(get(direct, 'x-who: leaver\r\n'));
    await until(() => budgeted.facade.dataPlane.underWay === 1, 'waiting');
    leaver.destroy();
    const counter = /^facade_requests_total\{.*outcome="client_admit"/;
    await until(async () => (await budgeted.facade.metric(counter)) === 1, 'counted');
    expect((await budgeted.caller().ask(get(direct, 'x-who: next\r\n'))).status).toBe(200);
    expect(budgeted.direct.bytes()).not.toContain('leaver');
  } finally {
    await budgeted.close();
  }
});
