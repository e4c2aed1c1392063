import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { newcombe, upperTail, wilson } from '../../../../bench/evidence/one-look.ts';
import {
  firstYes,
  firstYesInWindow,
  firstYesOfPairs,
  onceEnough,
  quantileOf,
  shareBy,
  whileFew,
  wrongOnes,
  type Looks,
} from '../../../../bench/evidence/migrations.ts';
import { drawLooks, PICTURE } from '../../../../bench/evidence/plot.ts';
import { blamed, broken, LIMITS, notReady, ready, verdictOfPairs } from '../../../../bench/evidence/rules.ts';
import { untilBroken } from '../../../../bench/evidence/steps.ts';
import { seededRandom } from '../../../../src/c2s/sandbox/random.ts';
import {
  differenceOfPairs,
  fewestProving,
  isShareAbove,
  share,
  WRONG_ALARM,
  WRONG_YES,
} from '../../../../src/facade/compare/any-time.ts';

const MIGRATIONS = 10_000;
const LOOKS: Looks = { from: 200, to: 5_000 };
const RULES = ['anyTime', 'oneLook'] as const;

/** Five seconds of half an hour. */
const TICK_IN_HOLDS = 1 / 360;

/** Long enough for a fault of this share to be found. */
const soon = (p: number): number => Math.min(5_000, 200 + Math.ceil(60 / p));

/** Migrations in which a comparison goes wrong with the chance `p`. */
function migrations(p: number, to = LOOKS.to, count = MIGRATIONS): number[][] {
  const random = seededRandom(Math.round(p * 1e6) + to);
  return Array.from({ length: count }, () => wrongOnes(random, p, to));
}

describe('the interval of a share', () => {
  it.each([
    // Asked, mismatches, comparisons that it takes.
    [0.9, 0, 46],
    [0.99, 0, 471],
    [0.99, 1, 727],
    [0.99, 10, 2_326],
    [0.999, 0, 4_723],
    [0.9999, 0, 47_240],
  ])('reaches %d with %i mismatches at %i comparisons, and not before', (asked, mismatches, of) => {
    expect(share(of - mismatches, of).low).toBeGreaterThanOrEqual(asked);
    expect(share(of - 1 - mismatches, of - 1).low).toBeLessThan(asked);
  });

  it('is the same from both ends, holds the share, and is that of a test', () => {
    for (const [count, of] of [
      [0, 20],
      [1, 1],
      [19, 20],
      [250, 500],
      [3, 1_000_000],
      [999_000, 1_000_000],
    ] as const) {
      const { value, low, high } = share(count, of);
      const turned = share(of - count, of);
      expect(low).toBeCloseTo(1 - turned.high, 9);
      expect(high).toBeCloseTo(1 - turned.low, 9);
      expect(low).toBeLessThanOrEqual(value);
      expect(high).toBeGreaterThanOrEqual(value);
      if (low > 1e-8) expect(isShareAbove(count, of, low - 1e-9, WRONG_YES)).toBe(true);
      expect(isShareAbove(count, of, low + 1e-8, WRONG_YES)).toBe(false);
    }
  });

  it('of nothing says nothing', () => {
    expect(share(0, 0)).toEqual({ value: Number.NaN, low: 0, high: 1 });
    expect(isShareAbove(0, 0, 0, WRONG_ALARM)).toBe(false);
    expect(differenceOfPairs({ onlyA: 0, onlyB: 0, of: 0 })).toEqual({ value: Number.NaN, low: -1, high: 1 });
  });

  it('one failure proves nothing, however small the share; two in two do', () => {
    for (const bound of [0, 1e-9, 0.001, 0.005]) expect(isShareAbove(1, 1, bound, WRONG_ALARM)).toBe(false);
    expect(isShareAbove(2, 2, 0.005, 0.01)).toBe(true);
    expect(isShareAbove(1_000, 100_000, 0.01, WRONG_ALARM)).toBe(false);
    expect(isShareAbove(1_200, 100_000, 0.01, WRONG_ALARM)).toBe(true);
    expect(isShareAbove(5, 5, 1, WRONG_ALARM)).toBe(false);
  });

  it('is hardly ever left by the truth, looked at 150 times', () => {
    for (const truth of [0.001, 0.02, 0.3, 0.5, 0.98]) {
      const random = seededRandom(7);
      let left = 0;
      for (let run = 0; run < 200; run++) {
        let [count, isLeft] = [0, false];
        for (let of = 1; of <= 1_500 && !isLeft; of++) {
          if (random() < truth) count++;
          if (of % 10 !== 0) continue;
          isLeft = isShareAbove(count, of, truth, WRONG_YES) || isShareAbove(of - count, of, 1 - truth, WRONG_YES);
        }
        if (isLeft) left++;
      }
      expect(left / 200).toBeLessThanOrEqual(2 * WRONG_YES);
    }
  });
});

describe('the difference of pairs', () => {
  it('is proved by five failures of one side alone, and changes its sign with the sides', () => {
    expect(differenceOfPairs({ onlyA: 0, onlyB: 4, of: 200 }).low).toBeLessThan(0);
    expect(differenceOfPairs({ onlyA: 0, onlyB: 5, of: 200 }).low).toBeGreaterThan(0);
    for (const [onlyA, onlyB, of] of [
      [3, 20, 100],
      [0, 0, 400],
      [0, 100, 100],
      [50, 50, 100],
    ] as const) {
      const one = differenceOfPairs({ onlyA, onlyB, of });
      const other = differenceOfPairs({ onlyA: onlyB, onlyB: onlyA, of });
      expect(one.value).toBeCloseTo((onlyB - onlyA) / of, 12);
      expect(one.low).toBeLessThanOrEqual(one.value);
      expect(one.high).toBeGreaterThanOrEqual(one.value);
      expect(one.low).toBeCloseTo(-other.high, 9);
    }
  });

  it('is hardly ever left by the truth, looked at 20 times', () => {
    for (const [onlyA, onlyB] of [
      [0, 0.02],
      [0.02, 0.05],
      [0.1, 0.1],
      [0.3, 0.2],
    ] as const) {
      const random = seededRandom(11);
      let left = 0;
      for (let run = 0; run < 100; run++) {
        let [a, b] = [0, 0];
        let isLeft = false;
        for (let of = 1; of <= 1_000; of++) {
          const at = random();
          if (at < onlyA) a++;
          else if (at < onlyA + onlyB) b++;
          if (of % 50 !== 0) continue;
          const { low, high } = differenceOfPairs({ onlyA: a, onlyB: b, of });
          isLeft ||= low > onlyB - onlyA || high < onlyB - onlyA;
        }
        if (isLeft) left++;
      }
      expect(left / 100).toBeLessThanOrEqual(2 * WRONG_ALARM);
    }
  });
});

describe('the rules of one look, to compare with', () => {
  it('are those of the sources', () => {
    // Newcombe 1998 ("Two-sided confidence intervals for the single proportion"), table I, method 3.
    expect(wilson(81, 263).low).toBeCloseTo(0.2553, 4);
    expect(wilson(0, 20).high).toBeCloseTo(0.1611, 4);
    // Newcombe 1998 ("Interval estimation for the difference between independent proportions"), table II, method 10.
    expect(newcombe(wilson(48, 80), wilson(56, 70)).low).toBeCloseTo(0.0524, 4);
    expect(upperTail(1, 10, 0.005)).toBeCloseTo(1 - 0.995 ** 10, 12);
    expect(upperTail(5_000, 1_000_000, 0.005)).toBeCloseTo(0.5, 1);
  });
});

describe('the verdict, looked at after each of 5,000 comparisons, in 10,000 migrations', () => {
  const saysReady = Object.fromEntries(RULES.map((rule) => [rule, onceEnough(ready[rule](0.99), LOOKS)])) as Record<
    (typeof RULES)[number],
    ReturnType<typeof onceEnough>
  >;

  it('calls at most 2.5 % ever ready where parity is exactly what is asked, and not 13 %', () => {
    const all = migrations(0.01);
    const ever = RULES.map((rule) =>
      shareBy(
        all.map((wrong) => firstYes(wrong, LOOKS, saysReady[rule])),
        LOOKS.to,
      ),
    );
    expect(ever[0]).toBeLessThanOrEqual(WRONG_YES);
    expect(ever[1]).toBeGreaterThan(0.12);
  });

  it('asks at most 1.6 times the comparisons of a good gateway: mean, median and 95th percentile', () => {
    const all = migrations(0.001);
    const [now, before] = RULES.map((rule) => all.map((wrong) => firstYes(wrong, LOOKS, saysReady[rule])));
    const mean = (first: readonly number[] = []) => first.reduce((sum, at) => sum + at, 0) / first.length;
    expect(mean(now) / mean(before)).toBeLessThanOrEqual(1.6);
    for (const q of [0.5, 0.95])
      expect(quantileOf(now ?? [], q) / quantileOf(before ?? [], q)).toBeLessThanOrEqual(1.6);
  });

  it.each([0.012, 0.02, 0.1])('says not ready of %d mismatches no later than before', (p) => {
    const looks = { from: LOOKS.from, to: soon(p) };
    const all = migrations(p, looks.to);
    const [now, before] = RULES.map((rule) => {
      const says = whileFew(notReady[rule](0.99), looks);
      return all.map((wrong) => firstYes(wrong, looks, says));
    });
    for (const q of [0.5, 0.95]) expect(quantileOf(now ?? [], q)).toBeLessThanOrEqual(quantileOf(before ?? [], q));
  });

  it('calls at most 2.5 % ever ready where the gateway fails 1 % more often, by parity', () => {
    const says = onceEnough((failures, of) => verdictOfPairs(0, failures, 0, of, 0.99) === 'ready', LOOKS);
    const first = migrations(LIMITS.errorRateDelta).map((wrong) => firstYes(wrong, LOOKS, says));
    expect(shareBy(first, LOOKS.to)).toBeLessThanOrEqual(WRONG_YES);
  });
});

describe('a higher error rate', () => {
  const firstOf = (onlyA: number, onlyB: number, both: number, count = 2_000) => {
    const random = seededRandom(13);
    const rules = [blamed.anyTime, blamed.oneLook];
    const all = Array.from({ length: count }, () =>
      firstYesOfPairs(random, { onlyA, onlyB, both }, LOOKS, LIMITS.errorRateDelta, rules),
    );
    return RULES.map((_, i) => all.map((first) => first[i] ?? Infinity));
  };

  it.each([
    [0.01, 0.01, 0],
    [0.02, 0.02, 0],
    [0.005, 0.005, 0.05],
  ])('is ever said of one in twenty at most where both fail alike (%d and %d alone, %d together)', (a, b, both) => {
    const [now] = firstOf(a, b, both);
    expect(shareBy(now ?? [], LOOKS.to)).toBeLessThanOrEqual(WRONG_ALARM);
  });

  it.each([
    [0, 0.015, 0],
    [0, 0.02, 0],
    [0, 0.05, 0],
    [0.002, 0.022, 0.05],
    [0.002, 0.052, 0.05],
  ])('is said no later than before, where direct seldom fails alone (%d and %d alone, %d together)', (a, b, both) => {
    const [now, before] = firstOf(a, b, both);
    for (const q of [0.5, 0.95]) expect(quantileOf(now ?? [], q)).toBeLessThanOrEqual(quantileOf(before ?? [], q));
  });
});

describe('a gate that allows 0.5 % of failures, looked at after each of 10,000 attempts', () => {
  const firstOf = (p: number, to = soon(p)) =>
    RULES.map((rule) => {
      const looks: Looks = { from: 1, to };
      const says = whileFew(broken[rule](0.005), looks);
      return migrations(p, to).map((wrong) => firstYes(wrong, looks, says));
    });

  it('is ever broken in at most 2.5 % where the gateway is exactly that good', () => {
    expect(shareBy(firstOf(0.005, 10_000)[0] ?? [], 10_000)).toBeLessThanOrEqual(0.025);
  });

  it.each([3, 5, 10, 50])('breaks no later than before at %i times as many', (times) => {
    const [now, before] = firstOf(0.005 * times);
    for (const q of [0.5, 0.95]) expect(quantileOf(now ?? [], q)).toBeLessThanOrEqual(quantileOf(before ?? [], q));
  });

  it('breaks at twice as many no later than before in half of the cases, and a hundredth later in the slowest', () => {
    const [now, before] = firstOf(0.01, 10_000);
    expect(quantileOf(now ?? [], 0.5)).toBeLessThanOrEqual(quantileOf(before ?? [], 0.5));
    expect(quantileOf(now ?? [], 0.95)).toBeLessThanOrEqual(1.02 * quantileOf(before ?? [], 0.95));
  });
});

describe('a step of the autopilot, by its own window and gate, at every tick', () => {
  it('is broken as soon as before, to a tick, by failures that begin after two good holds', () => {
    const random = seededRandom(19);
    const served = { gateway: [5, 0.1], direct: [95, 0.005], goodHolds: 2 } as const;
    const steps = Array.from({ length: 11 }, () => untilBroken(random, served, 1));
    const [now, before] = RULES.map((rule) => steps.map((step) => step[rule]));
    for (const q of [0.5, 0.95]) {
      expect(quantileOf(now ?? [], q)).toBeLessThanOrEqual(quantileOf(before ?? [], q) + 1.01 * TICK_IN_HOLDS);
    }
  });

  it('is not broken by a gateway that fails as direct does', () => {
    const served = { gateway: [5, 0.005], direct: [95, 0.005], goodHolds: 0 } as const;
    expect(untilBroken(seededRandom(23), served, 2).anyTime).toBe(Infinity);
  });
});

describe('a window that slides', () => {
  it('adds some chance of a wrong yes with each time that it is filled anew, a tenth of what one look had', () => {
    const length = 5_000;
    const ever = RULES.map((rule) => {
      const random = seededRandom(17);
      const says = onceEnough(ready[rule](0.99), { from: LOOKS.from, to: length * 1.05 });
      const first = Array.from({ length: 1_000 }, () => firstYesInWindow(random, 0.01, length, 11, LOOKS.from, says));
      return shareBy(first, 11);
    });
    expect(ever[0]).toBeLessThan(0.11);
    expect(ever[1]).toBeGreaterThan(0.6);
  });

  it('is looked at as it is: forgetting a twenty-fourth at a time', () => {
    // One mismatch at once, then none: ready as soon as it is forgotten, or outweighed.
    const says = (count: number) => ({ from: count === 0 ? 200 : Infinity, to: Infinity });
    const draws = [0, 0.5];
    // The first gap is the least there is, the second ends beyond the end.
    const random = () => draws.shift() ?? 0.999_999;
    expect(firstYesInWindow(random, 1e-6, 2_400, 3, 200, says)).toBeCloseTo((100 + 2_300 + 1) / 2_400, 6);
  });
});

describe('the plot of docs/parity.md', () => {
  it('is that of the rules: npm run evidence', () => {
    expect(readFileSync(PICTURE, 'utf8')).toBe(drawLooks());
  });
});

it.each([0, 0.5, 0.9, 0.99, 0.999, 0.9999])('the fewest that prove %d prove it, and one less does not', (wanted) => {
  const fewest = fewestProving(wanted);
  expect(share(fewest, fewest).low).toBeGreaterThanOrEqual(wanted);
  if (fewest > 1) expect(share(fewest - 1, fewest - 1).low).toBeLessThan(wanted);
});

it('nothing proves that all are good', () => {
  expect(fewestProving(1)).toBe(Infinity);
});
