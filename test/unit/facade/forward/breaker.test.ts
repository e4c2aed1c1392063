import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Breaker, REFUSED, type BreakerState, type Judgement } from '../../../../src/facade/forward/breaker.ts';
import type { BreakerSettings } from '../../../../src/facade/rollout/route.ts';

/** Time is the test's. Timers that are shared between breakers go by the length of the window, so each test has its own. */
beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  for (const breaker of made.splice(0)) breaker.shutdown();
  vi.useRealTimers();
});

const made: Breaker[] = [];
let windows = 0;

const RESET = 5_000;
const SLOW = 1_000;

function setUp(settings: Partial<BreakerSettings> = {}) {
  const states: BreakerState[] = [];
  const breaker = new Breaker(
    {
      ...{ enabled: true, windowMs: 10_000 + 100 * windows++, volumeThreshold: 10, errorRate: 0.5 },
      ...{ slowCallMs: SLOW, slowRate: 0.8, resetMs: RESET },
      ...settings,
    },
    { now: () => performance.now(), onChange: (state) => states.push(state) },
  );
  made.push(breaker);
  /** One attempt that is let through and ends so. */
  const attempt = async (judgement: Judgement, duration = 5): Promise<void> => {
    const permit = breaker.acquire('known');
    expect(permit).not.toBe(REFUSED);
    breaker.report(permit, judgement, duration);
    await settle();
  };
  const attempts = async (count: number, judgement: Judgement, duration?: number): Promise<void> => {
    for (let i = 0; i < count; i++) await attempt(judgement, duration);
  };
  const toHalfOpen = async (): Promise<void> => {
    breaker.open();
    await vi.advanceTimersByTimeAsync(breaker.settings.resetMs);
    expect(breaker.state).toBe('half-open');
  };
  return { breaker, states, attempt, attempts, toHalfOpen };
}

const settle = () => vi.advanceTimersByTimeAsync(0);

describe('a closed breaker', () => {
  test('opens when exactly the error rate has failed, and not below', async () => {
    const { breaker, attempts } = setUp();
    await attempts(5, 'success');
    await attempts(4, 'failure');
    expect(breaker.state).toBe('closed');
    await attempts(1, 'failure');
    expect(breaker.state).toBe('open');
  });

  test('judges nothing below the volume threshold', async () => {
    const { breaker, attempts } = setUp({ volumeThreshold: 10 });
    await attempts(9, 'failure');
    expect(breaker.state).toBe('closed');
    await attempts(1, 'failure');
    expect(breaker.state).toBe('open');
  });

  test('with an error rate of 1 opens only when all have failed', async () => {
    const { breaker, attempts } = setUp({ errorRate: 1 });
    await attempts(1, 'success');
    await attempts(200, 'failure');
    expect(breaker.state).toBe('closed');
    const all = setUp({ errorRate: 1 });
    await all.attempts(10, 'failure');
    expect(all.breaker.state).toBe('open');
  });

  test('forgets what failed before the window', async () => {
    const { breaker, attempts } = setUp();
    await attempts(9, 'failure');
    await vi.advanceTimersByTimeAsync(breaker.settings.windowMs * 1.2);
    await attempts(9, 'failure');
    expect(breaker.state).toBe('closed');
  });

  test('opens when the slow rate is met, although all succeed; at slowCall itself a call is slow', async () => {
    const { breaker, attempts } = setUp();
    await attempts(2, 'success', SLOW - 1);
    await attempts(7, 'success', SLOW);
    expect(breaker.state).toBe('closed');
    await attempts(1, 'success', SLOW);
    expect(breaker.state).toBe('open');
  });

  test('opens on a flood that fails in the same moment', async () => {
    const { breaker } = setUp();
    const permits = Array.from({ length: 50 }, () => breaker.acquire('known'));
    for (const permit of permits) breaker.report(permit, 'failure', 5);
    await settle();
    expect(breaker.state).toBe('open');
  });
});

describe('an open breaker', () => {
  test('refuses, and says how long', async () => {
    const { breaker, attempts } = setUp();
    await attempts(10, 'failure');
    expect([breaker.acquire('known'), Math.round(breaker.retryAfter())]).toEqual([REFUSED, RESET]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(Math.round(breaker.retryAfter())).toBe(RESET - 2_000);
    expect(breaker.acquire('known')).toBe(REFUSED);
  });

  test('is half-open after the reset time, and closed by one probe that succeeds', async () => {
    const { breaker, states, attempts, attempt } = setUp();
    await attempts(10, 'failure');
    await vi.advanceTimersByTimeAsync(RESET);
    expect([breaker.state, breaker.retryAfter()]).toEqual(['half-open', 0]);
    await attempt('success');
    expect(states).toEqual(['open', 'half-open', 'closed']);
  });

  test('opens anew, for the whole reset time, when the probe fails', async () => {
    const { breaker, attempt, toHalfOpen } = setUp();
    await toHalfOpen();
    await attempt('failure');
    expect([breaker.state, Math.round(breaker.retryAfter())]).toEqual(['open', RESET]);
    await vi.advanceTimersByTimeAsync(RESET - 1);
    expect(breaker.state).toBe('open');
    await vi.advanceTimersByTimeAsync(1);
    expect(breaker.state).toBe('half-open');
  });

  test('that was opened by hand ends as any other', async () => {
    const { breaker, attempt, toHalfOpen } = setUp();
    await toHalfOpen();
    await attempt('success');
    expect(breaker.state).toBe('closed');
  });
});

describe('strangers', () => {
  /** One attempt of a stranger that is let through and ends so. */
  const strangers = async (breaker: Breaker, count: number, judgement: Judgement, duration = 5): Promise<void> => {
    for (let i = 0; i < count; i++) {
      const permit = breaker.acquire('stranger');
      expect(permit).not.toBe(REFUSED);
      breaker.report(permit, judgement, duration);
      await settle();
    }
  };

  test('open no breaker, however often they fail or are slow', async () => {
    const { breaker, states, attempts } = setUp();
    await attempts(5, 'success');
    await strangers(breaker, 200, 'failure');
    await strangers(breaker, 200, 'success', SLOW);
    expect(states).toEqual([]);
  });

  test('keep none closed, however often they succeed', async () => {
    const { breaker, attempts } = setUp();
    await strangers(breaker, 200, 'success');
    await attempts(10, 'failure');
    expect(breaker.state).toBe('open');
  });

  test('are refused by an open one, like everybody', async () => {
    const { breaker, attempts } = setUp();
    await attempts(10, 'failure');
    expect(breaker.acquire('stranger')).toBe(REFUSED);
  });

  test.each(['success', 'failure', 'neutral'] as const)(
    'are let by while it is half-open, and are not its probe: %s closes, opens and frees nothing',
    async (judgement) => {
      const { breaker, states, toHalfOpen } = setUp();
      await toHalfOpen();
      const before = [...states];
      await strangers(breaker, 3, judgement);
      const probe = breaker.acquire('known');
      expect(probe).not.toBe(REFUSED);
      await strangers(breaker, 3, judgement);
      expect(breaker.acquire('known')).toBe(REFUSED);
      expect(states).toEqual(before);
      breaker.report(probe, 'success', 5);
      await settle();
      expect(breaker.state).toBe('closed');
    },
  );
});

describe('the traps of opossum', () => {
  test('P24: half-open lets one probe through at a time, and a probe that says nothing frees the place for the next', async () => {
    const { breaker, toHalfOpen } = setUp();
    await toHalfOpen();
    const probe = breaker.acquire('known');
    expect(probe).not.toBe(REFUSED);
    expect([breaker.acquire('known'), breaker.acquire('known')]).toEqual([REFUSED, REFUSED]);
    // Every attempt ends by its own deadline, and its owner reports; a caller who left is neutral.
    breaker.report(probe, 'neutral', 60_000);
    await settle();
    expect(breaker.state).toBe('half-open');
    const next = breaker.acquire('known');
    expect(next).not.toBe(REFUSED);
    breaker.report(next, 'success', 5);
    await settle();
    expect(breaker.state).toBe('closed');
  });

  test('P24: half-open outlasts any number of probes that say nothing', async () => {
    const { breaker, attempts, attempt, toHalfOpen } = setUp();
    await toHalfOpen();
    await attempts(100, 'neutral');
    expect(breaker.state).toBe('half-open');
    await attempt('success');
    expect(breaker.state).toBe('closed');
  });

  test('P25: a late success of an attempt from before the opening does not close it', async () => {
    const { breaker, attempts } = setUp();
    const early = [breaker.acquire('known'), breaker.acquire('known')];
    await attempts(10, 'failure');
    breaker.report(early[0]!, 'success', 5);
    await settle();
    expect(breaker.state).toBe('open');
    await vi.advanceTimersByTimeAsync(RESET);
    breaker.report(early[1]!, 'success', 5);
    await settle();
    expect(breaker.state).toBe('half-open');
  });

  test('P25: it does not free the place of the probe either', async () => {
    const { breaker, toHalfOpen } = setUp();
    const early = breaker.acquire('known');
    await toHalfOpen();
    expect(breaker.acquire('known')).not.toBe(REFUSED);
    breaker.report(early, 'neutral', 5);
    expect(breaker.acquire('known')).toBe(REFUSED);
  });

  test('P25: late failures from before the closing do not open it again', async () => {
    const { breaker, attempt, toHalfOpen } = setUp({ volumeThreshold: 1 });
    const early = Array.from({ length: 20 }, () => breaker.acquire('known'));
    await toHalfOpen();
    await attempt('success');
    for (const permit of early) breaker.report(permit, 'failure', 5);
    await settle();
    expect(breaker.state).toBe('closed');
  });

  test('P26: a neutral probe (a 404, say) does not close it', async () => {
    const { breaker, attempt, toHalfOpen } = setUp();
    await toHalfOpen();
    await attempt('neutral');
    expect(breaker.state).toBe('half-open');
  });

  test('P26: neutral outcomes count nowhere: not as volume, not as success, not as slow', async () => {
    const { breaker, attempts } = setUp();
    await attempts(1_000, 'neutral', SLOW * 2);
    await attempts(9, 'failure');
    expect(breaker.state).toBe('closed');
    await attempts(1, 'failure');
    expect(breaker.state).toBe('open');
  });

  test('P27: refusals of the bulkhead, reported as neutral, never open it', async () => {
    const { breaker, attempts } = setUp();
    await attempts(500, 'neutral', 0);
    expect(breaker.state).toBe('closed');
  });

  test('P28: 20,000 failures cost less than two seconds, in a window that keeps them all', async () => {
    vi.useRealTimers();
    // One success keeps it closed, so that every failure is counted and judged.
    const { breaker } = setUp({ errorRate: 1, windowMs: 3_600_000 });
    breaker.report(breaker.acquire('known'), 'success', 5);
    // The processor's time, of which no neighbour takes any.
    const before = process.threadCpuUsage();
    for (let i = 0; i < 20_000; i++) {
      breaker.report(breaker.acquire('known'), 'failure', 5);
      if (i % 100 === 0) await Promise.resolve();
    }
    await new Promise((resolve) => setImmediate(resolve));
    const { user, system } = process.threadCpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(2_000);
    expect(breaker.state).toBe('closed');
  });

  test('P29: a thousand breakers with the same window cost one timer at most', () => {
    const before = vi.getTimerCount();
    const { breaker } = setUp();
    for (let i = 0; i < 1_000; i++) setUp({ windowMs: breaker.settings.windowMs });
    expect(vi.getTimerCount() - before).toBeLessThanOrEqual(1);
  });

  test('a slow probe does not close it: nothing has got better', async () => {
    const { breaker, attempt, toHalfOpen } = setUp();
    await toHalfOpen();
    await attempt('success', SLOW);
    expect(breaker.state).toBe('open');
  });
});

// opossum keeps its window over a closing, and `reset` may be shorter than `window`.
test('after a recovery it judges anew: what failed before the opening is not counted again', async () => {
  const { breaker, attempts, attempt } = setUp({ windowMs: 60_000 });
  await attempts(10, 'failure');
  await vi.advanceTimersByTimeAsync(RESET);
  await attempt('success');
  expect(breaker.state).toBe('closed');
  await attempts(1, 'failure');
  expect(breaker.state).toBe('closed');
});

describe('a breaker that is shut down', () => {
  test('leaves no timer behind but the shared one', async () => {
    const { breaker, attempts } = setUp();
    const shared = vi.getTimerCount();
    await attempts(10, 'failure');
    expect(vi.getTimerCount()).toBeGreaterThan(shared);
    breaker.shutdown();
    expect(vi.getTimerCount()).toBeLessThanOrEqual(shared);
  });

  test('takes reports of what was still under way, and changes no more', async () => {
    const { breaker, states } = setUp();
    const permits = Array.from({ length: 20 }, () => breaker.acquire('known'));
    breaker.shutdown();
    for (const permit of permits) breaker.report(permit, 'failure', 5);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(states).toEqual([]);
  });
});

describe('a breaker that is told what another process has learnt', () => {
  /** Two processes, told of each other's changes as over a channel. */
  const pair = () => {
    const tell = (to: () => Breaker) => (state: BreakerState, isFollowed: boolean) => {
      if (!isFollowed) setTimeout(() => to().follow(state), 1);
    };
    const settings = {
      ...{ enabled: true, windowMs: 10_000 + 100 * windows++, volumeThreshold: 10, errorRate: 0.5 },
      ...{ slowCallMs: SLOW, slowRate: 0.8, resetMs: RESET },
    };
    const now = () => performance.now();
    const one: Breaker = new Breaker(settings, { now, onChange: tell(() => other) });
    const other: Breaker = new Breaker(settings, { now, onChange: tell(() => one) });
    made.push(one, other);
    return { one, other };
  };

  test('opens with it, and leaves the probe to it', async () => {
    const { one, other } = pair();
    one.open();
    await vi.advanceTimersByTimeAsync(1);
    expect(other.state).toBe('open');
    await vi.advanceTimersByTimeAsync(RESET);
    expect([one.state, other.state]).toEqual(['half-open', 'open']);
    expect(other.acquire('known')).toBe(REFUSED);
    expect(one.acquire('known')).not.toBe(REFUSED);
  });

  test('closes when the probe of the other one succeeds', async () => {
    const { one, other } = pair();
    one.open();
    await vi.advanceTimersByTimeAsync(RESET + 1);
    one.report(one.acquire('known'), 'success', 5);
    await vi.advanceTimersByTimeAsync(1);
    expect([one.state, other.state]).toEqual(['closed', 'closed']);
    expect(other.acquire('known')).not.toBe(REFUSED);
  });

  test('stays open when the probe of the other one fails', async () => {
    const { one, other } = pair();
    one.open();
    await vi.advanceTimersByTimeAsync(RESET + 1);
    one.report(one.acquire('known'), 'failure', 5);
    await vi.advanceTimersByTimeAsync(1);
    expect([one.state, other.state]).toEqual(['open', 'open']);
  });

  test('probes by itself when nothing more is heard, and has the other one wait meanwhile', async () => {
    const { one, other } = pair();
    one.open();
    // The first has no traffic: its probe never goes out.
    await vi.advanceTimersByTimeAsync(RESET * 2.3);
    expect([one.state, other.state]).toEqual(['open', 'half-open']);
    other.report(other.acquire('known'), 'success', 5);
    await vi.advanceTimersByTimeAsync(1);
    expect([one.state, other.state]).toEqual(['closed', 'closed']);
  });

  test('does not mind what it knows already: no timer begins anew', async () => {
    const { one } = pair();
    one.open();
    await vi.advanceTimersByTimeAsync(RESET - 1);
    one.follow('open');
    await vi.advanceTimersByTimeAsync(1);
    expect(one.state).toBe('half-open');
    one.report(one.acquire('known'), 'success', 5);
    await settle();
    one.follow('half-open');
    one.follow('closed');
    expect(one.state).toBe('closed');
  });
});
