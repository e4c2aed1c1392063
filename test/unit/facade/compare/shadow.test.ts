import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Pool } from 'undici';
import type { ErrorReason } from '../../../../src/facade/compare/comparison.ts';
import { LimitPause } from '../../../../src/facade/compare/limit-pause.ts';
import { answerOf, ShadowRunner, type Shadowed, type ShadowSettings } from '../../../../src/facade/compare/shadow.ts';
import { ShadowLane } from '../../../../src/facade/compare/shadow-lane.ts';
import type { InboundRequest } from '../../../../src/facade/forward/exchange.ts';
import { RuntimeBuilder } from '../../../../src/facade/forward/runtime-builder.ts';
import type { RuntimeSnapshot } from '../../../../src/facade/forward/runtime-snapshot.ts';
import { requestRules } from '../../../../src/facade/forward/headers.ts';
import { ResponseBuffer } from '../../../../src/facade/forward/shadow-sink.ts';
import { parseTarget } from '../../../../src/facade/forward/target.ts';
import { Metrics } from '../../../../src/facade/observe/metrics.ts';
import type { Path } from '../../../../src/facade/rollout/route.ts';
import { intercept, type Asking } from '../forward/exchange-fixture.ts';
import { connectionOf, messageOf, valuesOf } from '../forward/message-fixture.ts';
import { settingsOf, type Written } from '../forward/table-fixture.ts';

/** Shadows against upstreams that are objects; timers and the clock are the test's own. */

const ROW = {
  id: 'leads.get',
  direct: 'GET /integration/leads/:leadId',
  gateway: 'GET /leads/:leadId',
  rollout: { gateway: 50, shadow: 100 },
};
const SETTINGS: ShadowSettings = { maxInflight: 2, maxQueue: 3, deadlineMs: 5_000, maxBodyBytes: 10 };
const NEVER_PRESSED = (): boolean => false;

let now: number;
let builder: RuntimeBuilder;
let snapshot: RuntimeSnapshot;
let runner: ShadowRunner;
let askings: Asking[];
let compared: Shadowed[];
let failed: unknown[];
let notRun: ErrorReason[];
let isUnderPressure: () => boolean;
let noiseShare: number;
let budget: number;
let onCompared: () => void;

const build = (written: Partial<Written> = {}): RuntimeSnapshot =>
  (snapshot = builder.build(settingsOf({ routes: [ROW], ...written })));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'setInterval'] });
  now = 1_000;
  [askings, compared, failed, notRun] = [[], [], [], []];
  budget = Infinity;
  [isUnderPressure, noiseShare, onCompared] = [NEVER_PRESSED, 0, () => undefined];
  builder = new RuntimeBuilder(new Metrics(), () => now);
  build();
  vi.spyOn(ShadowLane.prototype, 'pool').mockImplementation((upstream) => {
    const pool = {} as Pool;
    intercept({ path: upstream.path, pool } as never, askings);
    return pool;
  });
  runner = new ShadowRunner(SETTINGS, {
    now: () => now,
    snapshot: () => snapshot,
    credentials: (path) => ({ keep: false, sent: ['authorization', `of ${path}`], rules: requestRules(new Set()) }),
    isUnderPressure: () => isUnderPressure(),
    pause: new LimitPause(() => now),
    budget: { isSpent: () => budget <= 0, take: () => budget-- > 0 },
    noiseShare: () => noiseShare,
    compared: (one) => {
      compared.push(one);
      onCompared();
    },
    failed: (_, error) => failed.push(error),
    notRun: (_, reason) => notRun.push(reason),
  });
});
afterEach(async () => {
  await runner.close();
  vi.restoreAllMocks();
  vi.useRealTimers();
  await builder.close();
});

function askedOf(target: string, method = 'GET'): InboundRequest {
  const req = Object.assign(messageOf(['host', 'facade.test', 'x-own', '1']), { method, url: target });
  const parsed = parseTarget(target);
  const match = snapshot.matcher.match(method, parsed.path);
  if (!match) throw new Error(`no route claims ${target}`);
  const known = { caller: undefined, standing: 'known', requestId: 'r-1', trace: undefined } as const;
  return { req, target: parsed, match, connection: connectionOf(req), ...known };
}

/** A request was answered by a path, and is shadowed. */
function offer(served: Path = 'direct', target = '/integration/leads/1', method = 'GET'): void {
  const capture = new ResponseBuffer(SETTINGS.maxBodyBytes);
  capture.begin(served, 200, [], 7);
  capture.data(Buffer.from('live'));
  runner.offer(askedOf(target, method), capture);
}
const entry = () => snapshot.entries[0]!;
const last = (): Asking => askings.at(-1)!;
const answer = (text = 'copy'): void => last().connects().answers(200, text);
/** The batch that compares, which waits a moment for more. */
const compare = (): void => void vi.advanceTimersByTime(10);
const said = ({ control, candidate }: Shadowed): string[] =>
  [control, candidate].map(({ path, body }) => `${path} ${String(body)}`);

describe('the reads of a shadow', () => {
  const kinds: [string, number, Path, Path[], string[]][] = [
    ['across, of direct', 0, 'direct', ['gateway'], ['direct live', 'gateway copy']],
    // Direct is what the gateway is held against, whichever of the two the caller got.
    ['across, of the gateway', 0, 'gateway', ['direct'], ['direct copy', 'gateway live']],
    ['for the noise, of direct', 1, 'direct', ['direct'], ['direct live', 'direct copy']],
    ['for the noise, of the gateway', 1, 'gateway', ['direct', 'direct'], ['direct copy', 'direct copy']],
  ];
  test.each(kinds)('%s', (_, share, served, paths, answers) => {
    noiseShare = share;
    offer(served);
    for (let i = 0; i < paths.length; i++) {
      // One after another.
      expect(askings.length).toBe(i + 1);
      answer();
    }
    expect(askings.map(({ path }) => path)).toEqual(paths);
    compare();
    expect(compared.map(({ kind }) => kind)).toEqual([share === 0 ? 'cross' : 'noise']);
    expect(said(compared[0]!)).toEqual(answers);
    expect([notRun, runner.pending]).toEqual([[], 0]);
  });

  test('go out in the dialect of their path, with its token, marked as a copy', () => {
    build({ gateway: { url: 'http://gateway.invalid/api' } });
    offer('direct', '/integration/leads/1');
    expect([last().method, last().target]).toEqual(['GET', '/api/leads/1']);
    expect(valuesOf(last().headers, 'x-facade-shadow')).toEqual(['true']);
    expect(valuesOf(last().headers, 'authorization')).toEqual(['of gateway']);
    expect(valuesOf(last().headers, 'x-own')).toEqual(['1']);
  });

  test('ask a path whose dialect was spoken as the caller did', () => {
    noiseShare = 1;
    offer('direct', '/integration/leads/1', 'HEAD');
    expect([last().path, last().method]).toEqual(['direct', 'HEAD']);
  });

  test('are not run where the path cannot carry the question', () => {
    offer('direct', '/integration/leads/1?unheard=of');
    expect([askings, notRun, runner.pending]).toEqual([[], ['untranslatable'], 0]);
  });

  test('of noise are spread evenly over a route', () => {
    noiseShare = 0.25;
    const kinds: string[] = [];
    for (let i = 0; i < 8; i++) {
      offer();
      kinds.push(last().path);
      answer();
      compare();
    }
    const four = ['gateway', 'gateway', 'gateway', 'direct'];
    expect(kinds).toEqual([...four, ...four]);
  });
});

describe('what is too much', () => {
  test('waits: so many are under way at once, and the next begins when one has ended', () => {
    offer();
    offer();
    offer();
    expect([askings.length, runner.pending]).toEqual([2, 3]);
    askings[0]?.connects().answers(200);
    expect(askings.length).toBe(3);
  });

  test('is dropped: one more than may wait, those that are answered and not compared yet among them', () => {
    for (let i = 0; i < 5; i++) offer();
    expect([runner.captureBytes(entry()), notRun]).toEqual([0, ['dropped']]);
    offer();
    expect([runner.pending, notRun.length]).toEqual([5, 2]);
    askings[0]?.connects().answers(200);
    askings[1]?.connects().answers(200);
    // One waits, two are to be compared.
    expect([askings.length, runner.captureBytes(entry())]).toEqual([4, 0]);
    compare();
    expect(runner.captureBytes(entry())).toBe(SETTINGS.maxBodyBytes);
  });

  test('is not begun while the process has enough to do, though it waits since before', () => {
    for (let i = 0; i < 4; i++) offer();
    isUnderPressure = () => true;
    expect(runner.captureBytes(entry())).toBe(0);
    answer();
    expect([askings.length, notRun, runner.pending]).toEqual([2, ['dropped', 'dropped', 'dropped'], 2]);
  });

  test('ends in a loop: however many give up at once, they do not call each other', () => {
    runner.configure({ ...SETTINGS, maxQueue: 50_000 });
    for (let i = 0; i < 20_000; i++) offer();
    isUnderPressure = () => true;
    answer();
    expect([notRun.length, runner.pending]).toEqual([19_998, 2]);
  });
});

describe('live traffic comes first:', () => {
  const obstacles: [string, () => void, ErrorReason][] = [
    ['a breaker that is open', () => entry().state.breaker('gateway')?.open(), 'unavailable'],
    ['a bulkhead that callers fill by half', () => void snapshot.upstreams.gateway!.enter('known'), 'dropped'],
    ['a gateway that a reload took away', () => (snapshot = withoutGateway()), 'unavailable'],
  ];
  const withoutGateway = (): RuntimeSnapshot => ({
    ...snapshot,
    upstreams: { direct: snapshot.upstreams.direct, gateway: undefined },
  });

  test.each(obstacles)('%s keeps a shadow from being sent', (_, put, reason) => {
    build({ gateway: { maxInflight: 2 } });
    noiseShare = 0;
    // The first two take all places; the third finds the obstacle when its turn comes.
    for (let i = 0; i < 3; i++) offer();
    put();
    answer();
    expect([askings.length, notRun]).toEqual([2, [reason]]);
  });

  const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);
  const budgets: [string, Partial<Written>, Path, number][] = [
    ['direct’s budget, for what goes to the gateway', { direct: budgetOf(8) }, 'direct', 4],
    ['direct’s budget, once for what goes to direct', { direct: budgetOf(8) }, 'gateway', 4],
    ['the gateway’s budget', { gateway: budgetOf(4) }, 'direct', 2],
    ['both, the scarcer first', { direct: budgetOf(4), gateway: budgetOf(40) }, 'direct', 2],
  ];
  function budgetOf(requests: number): object {
    return { rateBudget: { requests, period: '1h', burst: 0 } };
  }

  test.each(budgets)('a shadow takes what is spare of %s', async (_, written, served, sent) => {
    build(written);
    for (let i = 0; i < sent + 1; i++) {
      offer(served);
      await settled();
      if (askings.length > i) answer();
      compare();
    }
    expect([askings.length, notRun]).toEqual([sent, ['rate_budget']]);
  });
});

describe('a 429', () => {
  const LIMITED = "Client error '429 Too Many Requests' for url 'https://crm.example/x'";
  /** A caller was answered so, by a path. */
  function told(served: Path, status: number, headers: string[] = [], body = ''): void {
    const capture = new ResponseBuffer(1_000);
    const raw = ['content-type', 'application/json', ...headers].map((text) => Buffer.from(text));
    capture.begin(served, status, raw, 7);
    capture.data(Buffer.from(body));
    runner.offer(askedOf('/integration/leads/1'), capture);
  }
  const isPaused = (): boolean => runner.captureBytes(entry()) === 0;

  test.each<[string, () => void, number]>([
    ['of direct, for as long as it asks', () => told('direct', 429, ['retry-after', '30']), 30_000],
    ['of the gateway', () => told('gateway', 429, ['retry-after', '30']), 30_000],
    ['without a Retry-After', () => told('direct', 429), 10_000],
    ['with a senseless one', () => told('direct', 429, ['retry-after', 'soon']), 10_000],
    ['in disguise', () => told('gateway', 500, [], JSON.stringify({ detail: LIMITED })), 10_000],
  ])('%s: its caller is not copied, nor is anybody until it is over', (_, tell, ms) => {
    runner.configure({ ...SETTINGS, maxBodyBytes: 1_000 });
    tell();
    expect([askings, notRun]).toEqual([[], ['rate_limited']]);
    offer();
    now += ms - 1;
    expect([isPaused(), askings.length, notRun]).toEqual([true, 0, Array(3).fill('rate_limited')]);
    now += 1;
    offer();
    expect([isPaused(), askings.length]).toEqual([false, 1]);
  });

  test.each([200, 404, 503])('is not %d', (status) => {
    told('direct', status);
    expect([isPaused(), askings.length, notRun]).toEqual([false, 1, []]);
  });

  test('that a shadow is answered pauses the others, those that wait among them', () => {
    for (let i = 0; i < 4; i++) offer();
    askings[0]!.connects().begins(429, ['retry-after', '5']);
    askings[0]!.ends();
    expect([askings.length, notRun]).toEqual([2, ['rate_limited', 'rate_limited']]);
    now += 5_000;
    expect(isPaused()).toBe(false);
    compare();
    expect(compared.map(({ candidate }) => candidate.status)).toEqual([429]);
  });

  test('that the first of two reads is answered spares the second', () => {
    noiseShare = 1;
    offer('gateway');
    last().connects().answers(429);
    expect([askings.length, notRun, runner.pending]).toEqual([1, ['rate_limited'], 0]);
  });

  test('that asks for less does not shorten the pause', () => {
    told('direct', 429, ['retry-after', '30']);
    now += 1_000;
    told('direct', 429, ['retry-after', '1']);
    now += 28_000;
    expect(isPaused()).toBe(true);
  });
});

describe('what an upstream may do to a read:', () => {
  const outcome = (): unknown[] => {
    compare();
    // Whoever does not answer is named: samples and fixtures show it.
    for (const { candidate } of compared) expect(candidate.path).toBe('gateway');
    return compared.map(({ candidate: { status, isComplete, failure } }) => [status, isComplete, failure]);
  };

  test('silence ends at the deadline', () => {
    offer();
    last().connects();
    now += SETTINGS.deadlineMs - 1;
    vi.advanceTimersByTime(50);
    expect([last().isAborted, outcome()]).toEqual([false, []]);
    now += 1;
    vi.advanceTimersByTime(50);
    expect([last().isAborted, outcome()]).toEqual([true, [[0, true, 'upstream_respond_timeout']]]);
  });

  const failures: [string, (asking: Asking) => void, unknown[]][] = [
    ['a refusal', (asking) => asking.fails('ECONNREFUSED'), [0, true, 'upstream_connect']],
    [
      'no connection in time',
      (asking) => asking.fails('UND_ERR_CONNECT_TIMEOUT'),
      [0, true, 'upstream_connect_timeout'],
    ],
    ['a reset', (asking) => asking.connects().fails(), [0, true, 'upstream_respond']],
    ['an error', (asking) => asking.connects().answers(500), [500, true, undefined]],
  ];
  test.each(failures)('%s is what is compared', (_, fail, expected) => {
    offer();
    fail(last());
    expect(outcome()).toEqual([expected]);
  });

  test('a reset within the answer is a failure of it', () => {
    offer();
    last().connects().begins(200);
    last().fails();
    expect(outcome()).toEqual([[200, true, 'upstream_body']]);
  });

  test('a flood is cut off at what is compared', () => {
    offer();
    last().connects().begins(200);
    last().sends('x'.repeat(SETTINGS.maxBodyBytes + 1));
    expect([last().isAborted, outcome()]).toEqual([true, [[200, false, undefined]]]);
  });
});

test('a comparison that fails is told of, and the next ones are made', () => {
  let isFirst = true;
  onCompared = () => {
    if (!isFirst) return;
    isFirst = false;
    throw new Error('invented');
  };
  offer();
  answer();
  offer();
  answer();
  compare();
  expect([compared.length, failed.map(String), runner.pending]).toEqual([2, ['Error: invented'], 0]);
});

test('an answer in several pieces is one body', () => {
  const captured = new ResponseBuffer(100);
  captured.begin('direct', 200, [], 3);
  for (const piece of ['a', 'b']) captured.data(Buffer.from(piece));
  expect(answerOf({ captured, failure: undefined })).toMatchObject({
    body: Buffer.from('ab'),
    ms: 3,
    isComplete: true,
  });
});

describe('other settings', () => {
  test('hold from the next shadow on, and connections are opened anew only for another number of them', () => {
    const close = vi.spyOn(ShadowLane.prototype, 'close');
    runner.configure({ ...SETTINGS, maxQueue: 0 });
    expect([runner.captureBytes(entry()), close.mock.calls.length]).toEqual([0, 0]);
    runner.configure({ ...SETTINGS, maxInflight: 1 });
    expect(close).toHaveBeenCalledTimes(2);
    offer();
    offer();
    expect(askings.length).toBe(1);
  });
});

describe('the end of the process', () => {
  test('drops what waits, gives up what is under way, and tells nobody', async () => {
    const destroy = vi.spyOn(ShadowLane.prototype, 'destroy');
    for (let i = 0; i < 3; i++) offer();
    last().connects();
    await runner.close();
    expect([last().isAborted, askings.length, runner.pending]).toEqual([true, 2, 0]);
    compare();
    expect([compared, notRun, destroy.mock.calls.length]).toEqual([[], [], 2]);
    offer();
    expect([runner.captureBytes(entry()), runner.pending, notRun]).toEqual([0, 0, []]);
  });

  test('a read whose budget is refused afterwards is told to nobody', async () => {
    build({ direct: { rateBudget: { requests: 10, period: '1h', burst: 0 } } });
    vi.spyOn(snapshot.upstreams.direct.rateBudget!, 'takeSpare').mockResolvedValue(false);
    offer();
    await runner.close();
    await vi.advanceTimersByTimeAsync(0);
    expect([notRun, runner.pending]).toEqual([[], 0]);
  });

  test('a read whose budget is granted afterwards is not sent', async () => {
    build({ direct: { rateBudget: { requests: 10, period: '1h', burst: 0 } } });
    offer();
    await runner.close();
    await vi.advanceTimersByTimeAsync(0);
    expect([askings, runner.pending]).toEqual([[], 0]);
  });
});

describe('the requests of a day', () => {
  test('of which more are wanted at once than are left are never passed', () => {
    runner.configure({ ...SETTINGS, maxInflight: 10, maxQueue: 10 });
    budget = 3;
    for (let i = 0; i < 6; i++) offer();
    expect(askings).toHaveLength(3);
    expect(notRun).toEqual(['day_budget', 'day_budget', 'day_budget']);
  });

  test('count each look of direct against direct', () => {
    [noiseShare, budget] = [1, 1];
    offer('gateway');
    answer();
    expect(askings).toHaveLength(1);
    expect(notRun).toEqual(['day_budget']);
  });

  test('that are spent: nothing is kept of an answer, nothing is sent, and it is said why', () => {
    budget = 0;
    expect(runner.captureBytes(entry())).toBe(0);
    offer();
    expect([askings.length, notRun]).toEqual([0, ['day_budget', 'day_budget']]);
  });
});
