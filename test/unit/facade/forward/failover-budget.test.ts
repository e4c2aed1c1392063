import { describe, expect, test } from 'vitest';
import { FailoverBudget } from '../../../../src/facade/forward/failover-budget.ts';

/** How many failovers the budget grants at once. */
function drain(budget: FailoverBudget, now: number, most = 10_000): number {
  let granted = 0;
  while (granted < most && budget.take(now, 'known')) granted++;
  return granted;
}

function requests(budget: FailoverBudget, count: number, now: number): void {
  for (let i = 0; i < count; i++) budget.request(now);
}

describe('the failover budget', () => {
  test('grants a share of the requests of the last ten seconds', () => {
    const budget = new FailoverBudget({ budget: 0.2, minPerSecond: 0, knownShare: 0.8 });
    requests(budget, 100, 1_000);
    requests(budget, 100, 5_500);
    expect(drain(budget, 5_900)).toBe(40);
    expect(budget.take(5_900, 'known')).toBe(false);
  });

  test('grants more as more requests come, and only for those', () => {
    const budget = new FailoverBudget({ budget: 0.2, minPerSecond: 0, knownShare: 0.8 });
    requests(budget, 5, 0);
    expect(drain(budget, 0)).toBe(1);
    requests(budget, 4, 0);
    expect(drain(budget, 0)).toBe(0);
    requests(budget, 1, 0);
    expect(drain(budget, 0)).toBe(1);
  });

  test('grants quiet traffic a few a second all the same', () => {
    const budget = new FailoverBudget({ budget: 0.2, minPerSecond: 5, knownShare: 0.8 });
    expect(drain(budget, 0)).toBe(50);
  });

  test('forgets requests and failovers after ten seconds, one second at a time', () => {
    const budget = new FailoverBudget({ budget: 1, minPerSecond: 0, knownShare: 0.8 });
    requests(budget, 3, 0);
    requests(budget, 2, 1_000);
    expect(drain(budget, 9_999)).toBe(5);
    requests(budget, 1, 10_000);
    // The three of second 0 are gone and the five failovers are not: nothing is left of 2 + 1.
    expect(drain(budget, 10_000)).toBe(0);
    requests(budget, 7, 19_000);
    expect(drain(budget, 19_000)).toBe(8);
  });

  test('a pause of any length empties it', () => {
    const budget = new FailoverBudget({ budget: 1, minPerSecond: 0, knownShare: 0.8 });
    requests(budget, 50, 12_345);
    expect(drain(budget, 1_000_000_000)).toBe(0);
  });

  test('of nothing grants nothing', () => {
    const budget = new FailoverBudget({ budget: 0, minPerSecond: 0, knownShare: 0.8 });
    requests(budget, 1_000, 0);
    expect(budget.take(0, 'known')).toBe(false);
  });

  test('keeps a dead gateway from more than a fifth of the load on top', () => {
    const budget = new FailoverBudget({ budget: 0.2, minPerSecond: 0, knownShare: 0.8 });
    let granted = 0;
    for (let now = 0; now < 60_000; now += 10) {
      budget.request(now);
      if (budget.take(now, 'known')) granted++;
    }
    expect(granted / 6_000).toBeGreaterThan(0.19);
    expect(granted / 6_000).toBeLessThanOrEqual(0.2);
  });

  test('grants strangers a fifth of it, and leaves the rest to known callers', () => {
    const budget = new FailoverBudget({ budget: 0.2, minPerSecond: 0, knownShare: 0.8 });
    requests(budget, 100, 0);
    const strangers = Array.from({ length: 50 }, () => budget.take(0, 'stranger')).filter(Boolean);
    expect(strangers).toHaveLength(4);
    expect(drain(budget, 0)).toBe(16);
    // Nothing is set aside for strangers who do not come.
    requests(budget, 100, 20_000);
    expect(drain(budget, 20_000)).toBe(20);
    expect(budget.take(20_000, 'stranger')).toBe(false);
  });
});
