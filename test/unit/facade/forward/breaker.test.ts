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
      ...{ slowCallMs: SLOW, slowRate: 0.8, resetMs: RESET, rampStepMs: 0 },
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
      ...{ slowCallMs: SLOW, slowRate: 0.8, resetMs: RESET, rampStepMs: 0 },
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

const STEP = 2_000;

describe('the ramp of a half-open breaker', () => {
  /** Of `count` attempts that end so, how many were let through. */
  const offer = async (breaker: Breaker, count: number, judgement: Judgement = 'success'): Promise<number> => {
    let through = 0;
    for (let i = 0; i < count; i++) {
      const permit = breaker.acquire('known');
      if (permit === REFUSED) continue;
      through++;
      breaker.report(permit, judgement, 5);
      await settle();
    }
    return through;
  };

  test('lets 1, 5 and 25 % through, ten successes a step, and then everything', async () => {
    const { breaker, states, toHalfOpen, attempt } = setUp({ rampStepMs: 60_000 });
    await toHalfOpen();
    await attempt('success');
    const seen: (number | undefined)[][] = [];
    for (const attempts of [1_000, 200, 40]) seen.push([breaker.rampPercent, await offer(breaker, attempts)]);
    expect(seen).toEqual([
      [1, 10],
      [5, 10],
      [25, 10],
    ]);
    expect([breaker.state, breaker.rampPercent]).toEqual(['closed', undefined]);
    expect(await offer(breaker, 100)).toBe(100);
    expect(states).toEqual(['open', 'half-open', 'half-open', 'half-open', 'half-open', 'closed']);
  });

  test.each([0, 1, 2, 3])('one failure at step %i opens it again, for the whole reset time', async (step) => {
    const { breaker, toHalfOpen, attempt } = setUp({ rampStepMs: STEP });
    await toHalfOpen();
    if (step > 0) await attempt('success');
    await vi.advanceTimersByTimeAsync(STEP * Math.max(0, step - 1));
    expect([breaker.state, breaker.rampStep]).toEqual(['half-open', step]);
    await offer(breaker, [1, 100, 20, 4][step] as number, 'failure');
    expect([breaker.state, breaker.rampStep, Math.round(breaker.retryAfter())]).toEqual(['open', 0, RESET]);
  });

  test('a slow success fails it, as it fails a probe', async () => {
    const { breaker, toHalfOpen, attempt } = setUp({ rampStepMs: STEP });
    await toHalfOpen();
    await attempt('success');
    for (let i = 0; i < 99; i++) expect(breaker.acquire('known')).toBe(REFUSED);
    breaker.report(breaker.acquire('known'), 'success', SLOW);
    await settle();
    expect(breaker.state).toBe('open');
  });

  test('ends by time where there is no traffic: three steps after the first success', async () => {
    const { breaker, toHalfOpen, attempt } = setUp({ rampStepMs: STEP });
    await toHalfOpen();
    await attempt('success');
    const seen: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      seen.push(breaker.rampPercent);
      await vi.advanceTimersByTimeAsync(STEP);
    }
    expect([seen, breaker.state]).toEqual([[1, 5, 25], 'closed']);
  });

  test('does not end by time while what it let through hangs; the answer decides', async () => {
    const { breaker, toHalfOpen, attempt } = setUp({ rampStepMs: STEP });
    const hanging = async (): Promise<number> => {
      await toHalfOpen();
      await attempt('success');
      for (let i = 0; i < 99; i++) breaker.acquire('known');
      const permit = breaker.acquire('known');
      await vi.advanceTimersByTimeAsync(STEP * 5);
      expect([breaker.state, breaker.rampStep]).toEqual(['half-open', 1]);
      return permit;
    };
    breaker.report(await hanging(), 'neutral', 5);
    expect(breaker.rampStep).toBe(2);
    breaker.report(await hanging(), 'success', 5);
    expect(breaker.rampStep).toBe(2);
    breaker.report(await hanging(), 'failure', 5);
    await settle();
    expect(breaker.state).toBe('open');
  });

  test('a failure of an earlier step opens it at a later one', async () => {
    const { breaker, toHalfOpen, attempt } = setUp({ rampStepMs: STEP });
    await toHalfOpen();
    await attempt('success');
    for (let i = 0; i < 99; i++) breaker.acquire('known');
    const early = breaker.acquire('known');
    await offer(breaker, 1_000);
    expect(breaker.rampStep).toBe(2);
    breaker.report(early, 'failure', 5);
    await settle();
    expect(breaker.state).toBe('open');
  });

  test('the first success closes it at once where rampStep is 0', async () => {
    const { breaker, toHalfOpen, attempt } = setUp({ rampStepMs: 0 });
    await toHalfOpen();
    await attempt('success');
    expect(breaker.state).toBe('closed');
  });

  test('leaves no timer behind when it is shut down in the middle', async () => {
    const { breaker, toHalfOpen, attempt } = setUp({ rampStepMs: STEP });
    await toHalfOpen();
    await attempt('success');
    const before = vi.getTimerCount();
    breaker.shutdown();
    expect(vi.getTimerCount()).toBe(before - 1);
  });

  describe('of two processes', () => {
    const pair = () => {
      const told: string[] = [];
      const tell = (name: string, from: () => Breaker, to: () => Breaker) => (state: BreakerState, heard: boolean) => {
        if (heard) return;
        const step = from().rampStep;
        told.push(`${name} ${state} ${step}`);
        setTimeout(() => to().follow(state, step), 1);
      };
      const settings = {
        ...{ enabled: true, windowMs: 10_000 + 100 * windows++, volumeThreshold: 10, errorRate: 0.5 },
        ...{ slowCallMs: SLOW, slowRate: 0.8, resetMs: RESET, rampStepMs: STEP },
      };
      const now = () => performance.now();
      const one: Breaker = new Breaker(settings, {
        now,
        onChange: tell(
          'one',
          () => one,
          () => other,
        ),
      });
      const other: Breaker = new Breaker(settings, {
        now,
        onChange: tell(
          'other',
          () => other,
          () => one,
        ),
      });
      made.push(one, other);
      return { one, other, told };
    };
    const steps = (...breakers: Breaker[]) => breakers.map(({ state, rampStep }) => `${state} ${rampStep}`);

    test('is climbed together, and ends together', async () => {
      const { one, other } = pair();
      one.open();
      await vi.advanceTimersByTimeAsync(RESET + 1);
      expect(steps(one, other)).toEqual(['half-open 0', 'open 0']);
      one.report(one.acquire('known'), 'success', 5);
      const seen: string[][] = [];
      for (let i = 0; i < 4; i++) {
        await vi.advanceTimersByTimeAsync(1);
        seen.push(steps(one, other));
        await vi.advanceTimersByTimeAsync(STEP - 1);
      }
      const both = (state: string) => [state, state];
      expect(seen).toEqual([both('half-open 1'), both('half-open 2'), both('half-open 3'), both('closed 0')]);
    });

    test('a failure of either opens both', async () => {
      const { one, other } = pair();
      one.open();
      await vi.advanceTimersByTimeAsync(RESET + 1);
      one.report(one.acquire('known'), 'success', 5);
      await vi.advanceTimersByTimeAsync(1);
      await offer(other, 100, 'failure');
      await vi.advanceTimersByTimeAsync(1);
      expect(steps(one, other)).toEqual(['open 0', 'open 0']);
    });

    test('that are half-open in the same moment do not send each other to rest', async () => {
      const { one, other } = pair();
      one.open();
      other.open();
      await vi.advanceTimersByTimeAsync(RESET + 2);
      expect(steps(one, other)).toEqual(['half-open 0', 'half-open 0']);
    });
  });
});

describe('a breaker whose upstream has health checks', () => {
  const gated = (isOfWrites = false) => {
    const health = { isChecked: true, provenAt: -1, isProvenSince: (since: number) => health.provenAt >= since };
    const states: string[] = [];
    const breaker: Breaker = new Breaker(
      {
        ...{ enabled: true, windowMs: 10_000 + 100 * windows++, volumeThreshold: 10, errorRate: 0.5 },
        ...{ slowCallMs: SLOW, slowRate: 0.8, resetMs: RESET, rampStepMs: STEP },
      },
      {
        now: () => performance.now(),
        health,
        isOfWrites: () => isOfWrites,
        onChange: (state) => states.push(`${state} ${breaker.rampStep}`),
      },
    );
    made.push(breaker);
    const succeed = (): void => {
      health.provenAt = performance.now();
      breaker.healthChecked();
    };
    return { breaker, health, states, succeed };
  };

  test('stays open for as long as no check has succeeded since it opened', async () => {
    const { breaker, succeed } = gated();
    succeed();
    await vi.advanceTimersByTimeAsync(1);
    breaker.open();
    await vi.advanceTimersByTimeAsync(RESET * 100);
    expect([breaker.state, breaker.acquire('known'), breaker.acquire('known', true)]).toEqual([
      'open',
      REFUSED,
      REFUSED,
    ]);
    succeed();
    expect([breaker.state, breaker.rampStep]).toEqual(['half-open', 0]);
  });

  test('stays open for its reset time, however well the checks go', async () => {
    const { breaker, succeed } = gated();
    breaker.open();
    await vi.advanceTimersByTimeAsync(RESET - 1);
    succeed();
    expect(breaker.state).toBe('open');
    await vi.advanceTimersByTimeAsync(1);
    expect(breaker.state).toBe('half-open');
  });

  test('of writes alone, begins the ramp at 1 %: the checks were its probe', async () => {
    const { breaker, succeed, states } = gated(true);
    breaker.open();
    await vi.advanceTimersByTimeAsync(RESET);
    succeed();
    expect(states).toEqual(['open 0', 'half-open 1']);
    const permits = Array.from({ length: 100 }, () => breaker.acquire('known', true));
    expect(permits.filter((permit) => permit !== REFUSED)).toHaveLength(1);
  });

  test('of reads and writes: a read is the probe, and no write', async () => {
    const { breaker, succeed } = gated();
    breaker.open();
    await vi.advanceTimersByTimeAsync(RESET);
    succeed();
    expect(breaker.acquire('known', true)).toBe(REFUSED);
    const probe = breaker.acquire('known');
    expect(probe).not.toBe(REFUSED);
    breaker.report(probe, 'success', 5);
    expect(breaker.rampStep).toBe(1);
  });

  test('of reads and writes where no read comes: checks that succeed meanwhile begin the ramp', async () => {
    const { breaker, succeed } = gated();
    breaker.open();
    await vi.advanceTimersByTimeAsync(RESET);
    succeed();
    await vi.advanceTimersByTimeAsync(RESET);
    // Proven when it went half-open, and not since.
    await vi.advanceTimersByTimeAsync(1);
    succeed();
    expect([breaker.acquire('known', true), breaker.rampStep]).toEqual([REFUSED, 1]);
  });

  test('is freed when the checks are switched off', async () => {
    const { breaker, health } = gated();
    breaker.open();
    await vi.advanceTimersByTimeAsync(RESET * 2);
    health.isChecked = false;
    breaker.healthChecked();
    expect(breaker.state).toBe('half-open');
  });

  test('climbs the ramp when its upstream was unhealthy and is back, though it was closed all the time', async () => {
    const { breaker, states } = gated();
    breaker.rampUp();
    expect(states).toEqual(['half-open 1']);
    breaker.rampUp();
    expect(states).toEqual(['half-open 1']);
    await vi.advanceTimersByTimeAsync(STEP * 3);
    expect(breaker.state).toBe('closed');
  });

  test('leaves an open breaker alone when its upstream is back: its own time counts', () => {
    const { breaker } = gated();
    breaker.open();
    breaker.rampUp();
    expect(breaker.state).toBe('open');
  });

  test('of a follower leaves the probe to the one that opened first', async () => {
    const { breaker, succeed } = gated();
    breaker.follow('open');
    await vi.advanceTimersByTimeAsync(RESET * 2);
    succeed();
    expect(breaker.state).toBe('open');
    await vi.advanceTimersByTimeAsync(250);
    expect(breaker.state).toBe('half-open');
  });
});

describe('writes without health checks', () => {
  const unchecked = async (isOfWrites: boolean) => {
    const breaker = new Breaker(
      {
        ...{ enabled: true, windowMs: 10_000 + 100 * windows++, volumeThreshold: 10, errorRate: 0.5 },
        ...{ slowCallMs: SLOW, slowRate: 0.8, resetMs: RESET, rampStepMs: STEP },
      },
      { now: () => performance.now(), isOfWrites: () => isOfWrites },
    );
    made.push(breaker);
    breaker.open();
    await vi.advanceTimersByTimeAsync(RESET);
    return breaker;
  };

  test('probe a breaker of writes alone: nothing else could free it', async () => {
    const breaker = await unchecked(true);
    expect(breaker.acquire('known', true)).not.toBe(REFUSED);
    expect(breaker.acquire('known', true)).toBe(REFUSED);
  });

  test('wait where reads may come, for one reset time', async () => {
    const breaker = await unchecked(false);
    expect(breaker.acquire('known', true)).toBe(REFUSED);
    await vi.advanceTimersByTimeAsync(RESET - 1);
    expect(breaker.acquire('known', true)).toBe(REFUSED);
    await vi.advanceTimersByTimeAsync(1);
    expect(breaker.acquire('known', true)).not.toBe(REFUSED);
  });
});
