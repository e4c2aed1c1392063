import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CallerStanding } from '../../../src/http/standing.ts';
import { RateBudget, type RateBudgetSettings, type Waiter } from '../../../src/http/rate-budget.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const SETTINGS: RateBudgetSettings = { requests: 2, periodMs: 1_000, burst: 0, maxWaitMs: 5_000, knownShare: 0.8 };

interface Heard extends Waiter {
  readonly name: string;
  said: string | undefined;
}

/** A budget, and waiters that remember in which order they heard what. */
function setUp(settings: Partial<RateBudgetSettings> = {}, limiter?: ConstructorParameters<typeof RateBudget>[2]) {
  const budget = new RateBudget({ ...SETTINGS, ...settings }, () => Date.now(), limiter);
  const order: string[] = [];
  const hear = (heard: Heard, said: string) => {
    if (heard.said !== undefined) throw new Error(`${heard.name} heard twice: ${heard.said}, then ${said}`);
    heard.said = said;
    order.push(`${heard.name} ${said}`);
  };
  const take = (name: string, standing: CallerStanding = 'known'): Heard => {
    const heard: Heard = {
      name,
      said: undefined,
      granted: (waited) => hear(heard, `after ${Math.round(waited)}`),
      refused: (retryAfter) => hear(heard, `refused ${Math.round(retryAfter)}`),
    };
    budget.take(heard, standing);
    return heard;
  };
  return { budget, order, take };
}

/** Lets promises settle without letting time pass. */
const settle = () => vi.advanceTimersByTimeAsync(0);

describe('a rate budget', () => {
  test('grants what it has at once, and the rest in order of arrival as the periods pass', async () => {
    const { take, order } = setUp();
    for (const name of ['a', 'b', 'c', 'd', 'e']) take(name);
    await settle();
    expect(order).toEqual(['a after 0', 'b after 0']);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(order.slice(2)).toEqual(['c after 1000', 'd after 1000']);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(order.slice(4)).toEqual(['e after 2000']);
  });

  test('never grants more than its requests in a period, however many ask', async () => {
    const { take, order } = setUp({ maxWaitMs: 20_000 });
    for (let i = 0; i < 30; i++) take(String(i));
    const granted: number[] = [];
    for (let second = 0; second < 15; second++) {
      await settle();
      granted.push(order.length - granted.reduce((sum, one) => sum + one, 0));
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(granted).toEqual(Array(15).fill(2));
    expect(order.map((line) => Number.parseInt(line))).toEqual(Array.from({ length: 30 }, (_, i) => i));
  });

  test('refuses at once who would wait longer than maxWaitMs, and says when to come back', async () => {
    const { take, order } = setUp({ maxWaitMs: 1_500 });
    for (const name of ['a', 'b', 'c', 'd']) take(name);
    await settle();
    const late = take('late');
    expect(late.said).toBe('refused 2000');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(order).toEqual(['a after 0', 'b after 0', 'late refused 2000', 'c after 1000', 'd after 1000']);
  });

  test('refuses a queue that formed before the budget was known to be spent', async () => {
    const { take } = setUp({ requests: 1, maxWaitMs: 500 });
    take('first');
    await settle();
    expect(take('second').said).toBeUndefined();
    await settle();
    const third = take('third');
    await settle();
    expect(third.said).toBe('refused 1000');
  });

  test('with maxWaitMs 0 queues nobody', async () => {
    const { take, order } = setUp({ maxWaitMs: 0 });
    for (const name of ['a', 'b', 'c']) take(name);
    await settle();
    expect(order.toSorted()).toEqual(['a after 0', 'b after 0', 'c refused 1000']);
  });

  test('has a burst on top, spent at once, even by requests that come in the same moment', async () => {
    const { take, order } = setUp({ burst: 3, maxWaitMs: 0 });
    for (const name of ['a', 'b', 'c', 'd', 'e']) take(name);
    await settle();
    expect(order).toEqual(['a after 0', 'b after 0', 'c after 0', 'd after 0', 'e after 0']);
    take('f');
    await settle();
    expect(order[5]).toMatch(/^f refused/);
  });

  test('does not get the burst back with the next period: it is for peaks, not a second budget', async () => {
    const { take, order } = setUp({ burst: 3, maxWaitMs: 0 });
    for (let i = 0; i < 5; i++) take('peak');
    await vi.advanceTimersByTimeAsync(1_001);
    for (let i = 0; i < 5; i++) take('next');
    await settle();
    expect(order.filter((line) => line === 'next after 0')).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(10_000);
    for (let i = 0; i < 5; i++) take('later');
    await settle();
    expect(order.filter((line) => line === 'later after 0')).toHaveLength(5);
  });

  test('gives the place of a caller who left to the next', async () => {
    const { budget, take, order } = setUp();
    for (const name of ['a', 'b']) take(name);
    const left = take('left');
    take('c');
    take('d');
    await settle();
    budget.cancel(left, 'known');
    budget.cancel(left, 'known');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(left.said).toBeUndefined();
    expect(order.slice(2)).toEqual(['c after 1000', 'd after 1000']);
  });

  test('whose last waiter left stays usable', async () => {
    const { budget, take } = setUp({ requests: 1 });
    take('a');
    const left = take('left');
    await settle();
    budget.cancel(left, 'known');
    await vi.advanceTimersByTimeAsync(1_000);
    const next = take('next');
    await settle();
    expect(next.said).toBe('after 0');
  });
});

describe('a 429 of the upstream', () => {
  test('holds everyone back for as long as it says', async () => {
    const { budget, take, order } = setUp();
    budget.pause(3_000, 'known');
    take('a');
    await vi.advanceTimersByTimeAsync(2_999);
    expect(order).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(order).toEqual(['a after 3000']);
  });

  test('refuses those in the queue and those to come who cannot wait so long', async () => {
    const { budget, take } = setUp();
    take('a');
    take('b');
    const waiting = take('waiting');
    await settle();
    budget.pause(60_000, 'known');
    expect(waiting.said).toBe('refused 60000');
    expect(take('later').said).toBe('refused 60000');
  });

  test('counts what was waited already', async () => {
    const { budget, take } = setUp();
    for (const name of ['a', 'b']) take(name);
    const waiting = take('waiting');
    await settle();
    await vi.advanceTimersByTimeAsync(800);
    budget.pause(4_300, 'known');
    expect(waiting.said).toBe('refused 5100');
  });

  test('is not cut short by another that asks for less', async () => {
    const { budget, take, order } = setUp();
    budget.pause(3_000, 'known');
    budget.pause(10, 'known');
    take('a');
    await vi.advanceTimersByTimeAsync(2_999);
    expect(order).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(order).toHaveLength(1);
  });
});

describe('strangers', () => {
  const TEN = { requests: 10, periodMs: 60_000, maxWaitMs: 0 };
  /** How many of so many that ask now are granted. */
  const granted = async (
    take: (name: string, standing: CallerStanding) => Heard,
    count: number,
    standing: CallerStanding,
  ) => {
    const heard = Array.from({ length: count }, (_, i) => take(`${standing} ${i}`, standing));
    await settle();
    return heard.filter(({ said }) => said === 'after 0').length;
  };

  test('spend their part of a period, and known callers always have the rest of it', async () => {
    const { take } = setUp(TEN);
    for (let period = 0; period < 3; period++) {
      expect(await granted(take, 20, 'stranger')).toBe(2);
      expect(await granted(take, 20, 'known')).toBe(8);
      await vi.advanceTimersByTimeAsync(60_001);
    }
  });

  test('have nothing set aside: known callers spend all that strangers did not', async () => {
    const { take } = setUp(TEN);
    expect(await granted(take, 20, 'known')).toBe(10);
    expect(await granted(take, 20, 'stranger')).toBe(0);
  });

  test.each([1, 17, 30, 59])(
    'cannot have two parts in one period of the budget that began %d s before theirs',
    async (s) => {
      const { take } = setUp(TEN);
      expect(await granted(take, 1, 'known')).toBe(1);
      await vi.advanceTimersByTimeAsync(s * 1_000);
      expect(await granted(take, 20, 'stranger')).toBe(2);
      expect(await granted(take, 20, 'known')).toBe(7);
      await vi.advanceTimersByTimeAsync(60_001 - s * 1_000);
      expect(await granted(take, 20, 'stranger')).toBe(2);
      expect(await granted(take, 20, 'known')).toBe(8);
      await vi.advanceTimersByTimeAsync(s * 1_000);
      expect(await granted(take, 20, 'stranger')).toBe(0);
    },
  );

  test('that wait are in nobody’s way but their own', async () => {
    const { take, order } = setUp({ ...TEN, maxWaitMs: 120_000 });
    for (let i = 0; i < 6; i++) take(`s${i}`, 'stranger');
    await settle();
    for (let i = 0; i < 9; i++) take(`k${i}`);
    await settle();
    const at0 = order.filter((line) => line.endsWith('after 0'));
    expect(at0.map(([who]) => who).join('')).toBe('sskkkkkkkk');
    await vi.advanceTimersByTimeAsync(60_001);
    expect(
      order
        .slice(10)
        .map((line) => line.slice(0, 2))
        .toSorted(),
    ).toEqual(['k8', 's2', 's3']);
  });

  test('do not spend the burst', async () => {
    const { take } = setUp({ ...TEN, burst: 5 });
    expect(await granted(take, 10, 'known')).toBe(10);
    expect(await granted(take, 10, 'stranger')).toBe(0);
    expect(await granted(take, 10, 'known')).toBe(5);
  });

  test('earn a pause for themselves alone; that of a known caller is everybody’s', async () => {
    const { budget, take } = setUp(TEN);
    budget.pause(3_600_000, 'stranger');
    expect(take('stranger', 'stranger').said).toBe('refused 3600000');
    expect(await granted(take, 10, 'known')).toBe(10);
    const other = setUp(TEN);
    other.budget.pause(5_000, 'known');
    expect([other.take('stranger', 'stranger').said, other.take('known').said]).toEqual([
      'refused 5000',
      'refused 5000',
    ]);
  });

  test('that wait or are paused leave shadows alone, but for what they spent', async () => {
    const { budget, take } = setUp({ ...TEN, maxWaitMs: 120_000 });
    budget.pause(1_000, 'stranger');
    take('waiting', 'stranger');
    expect(await budget.takeSpare()).toBe(true);
  });

  test('with a budget of one, or nothing left for them, are refused at once', async () => {
    expect(setUp({ requests: 1 }).take('stranger', 'stranger').said).toBe('refused 1000');
    expect(setUp({ requests: 10, knownShare: 1 }).take('stranger', 'stranger').said).toBe('refused 1000');
    const { take } = setUp({ ...TEN, knownShare: 0 });
    expect(await granted(take, 20, 'stranger')).toBe(10);
  });

  test('that left are out of their queue', async () => {
    const { budget, take, order } = setUp({ ...TEN, maxWaitMs: 120_000 });
    const left = Array.from({ length: 3 }, (_, i) => take(`s${i}`, 'stranger'))[2]!;
    await settle();
    budget.cancel(left, 'stranger');
    await vi.advanceTimersByTimeAsync(120_000);
    expect(order).toEqual(['s0 after 0', 's1 after 0']);
  });
});

describe('the end', () => {
  test('refuses whoever waits, and leaves no timer of its own', async () => {
    const { budget, take } = setUp();
    take('a');
    take('b');
    const waiting = take('waiting');
    await settle();
    budget.close();
    expect(waiting.said).toBe('refused 1000');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('what is spare', () => {
  test('is half of the period, and comes back with the next one', async () => {
    const { budget } = setUp({ requests: 4 });
    expect([await budget.takeSpare(), await budget.takeSpare(), await budget.takeSpare()]).toEqual([true, true, false]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await budget.takeSpare()).toBe(true);
  });

  test('is nothing while live traffic used its half', async () => {
    const { budget, take } = setUp({ requests: 4 });
    take('a');
    take('b');
    await settle();
    expect(await budget.takeSpare()).toBe(false);
  });

  test('is nothing while somebody waits, or while the upstream asked for a pause', async () => {
    const { budget, take } = setUp({ requests: 1 });
    take('a');
    take('b');
    expect(await budget.takeSpare()).toBe(false);
    const paused = setUp({ requests: 10 }).budget;
    paused.pause(500, 'known');
    expect(await paused.takeSpare()).toBe(false);
  });

  test('is nothing when the limiter cannot say', async () => {
    const failing = {
      consume: () => Promise.resolve(new RateLimiterRes()),
      get: () => Promise.reject(new Error('lost')),
    };
    expect(await setUp({}, failing).budget.takeSpare()).toBe(false);
  });

  test('comes out of the same budget that live traffic has', async () => {
    const { budget, take, order } = setUp({ requests: 2, maxWaitMs: 0 });
    expect(await budget.takeSpare()).toBe(true);
    take('a');
    take('b');
    await settle();
    expect(order[0]).toBe('a after 0');
    expect(order[1]).toMatch(/^b refused/);
  });
});

describe('the limiter', () => {
  const get = () => Promise.resolve(null);

  test('that fails lets the traffic pass: a lost store is no outage', async () => {
    const { take, order } = setUp({}, { consume: () => Promise.reject(new Error('store is gone')), get });
    for (const name of ['a', 'b', 'c', 'd']) take(name);
    await settle();
    expect(order).toEqual(['a after 0', 'b after 0', 'c after 0', 'd after 0']);
  });

  test('is asked for one at a time, in order', async () => {
    let asked = 0;
    let most = 0;
    const consume = async () => {
      most = Math.max(most, ++asked);
      await Promise.resolve();
      asked--;
      return new RateLimiterRes();
    };
    const { take, order } = setUp({}, { consume, get });
    for (const name of ['a', 'b', 'c', 'd']) take(name);
    await settle();
    expect(most).toBe(1);
    expect(order.map((line) => line[0])).toEqual(['a', 'b', 'c', 'd']);
  });

  test('that names a time beyond the period is asked again after a period', async () => {
    const hours = new RateLimiterMemory({ points: 1, duration: 7_200 });
    const askedAt: number[] = [];
    const start = Date.now();
    const consume = (key: string | number) => {
      askedAt.push(Date.now() - start);
      return hours.consume(key);
    };
    const { take } = setUp({ maxWaitMs: 3_000 }, { consume, get });
    take('a');
    const waiter = take('b');
    await vi.advanceTimersByTimeAsync(2_000);
    expect(askedAt).toEqual([0, 0, 1_000, 2_000]);
    expect(waiter.said).toBeUndefined();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(waiter.said).toMatch(/^refused/);
  });
});
