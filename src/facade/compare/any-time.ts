import type { Interval } from './statistics.ts';

/**
 * Intervals that hold however often they are looked at (confidence sequences). Wilson's and Newcombe's hold for one look:
 * of routes exactly at 0.99, looked at after each comparison from 200 to 5,000, 13 % are called ready at some time.
 *
 * Each bound comes from a bet against a candidate value (Robbins 1970; Howard & Ramdas 2021; Waudby-Smith & Ramdas 2023):
 * if the value is true, the winnings are a martingale with mean 1, and reach 1/alpha ever with probability alpha at most
 * (Ville 1939). The value is ruled out once they do. Several bets run side by side, one for each size that a fault may
 * have; their weights are a tuning and touch no guarantee. Counts suffice: no state per comparison.
 *
 * The count must have begun at a fixed moment. docs/parity.md, "However often", tells what a window that slides does.
 */

/** Of those that are not good enough, the part that is ever called good. */
export const WRONG_YES = 0.025;
/** Of those that are good enough, the part that is ever called bad: a false alarm costs time, a false yes costs callers. */
export const WRONG_ALARM = 0.05;

/**
 * Odds of the share, as multiples of the odds that are bet against, and weights. 1.1 finds a gateway that fails a tenth
 * more often than it may, 300 one that fails always. One observation alone never wins 20.
 */
const ODDS = weighted([1.1, 1], [1.3, 4], [1.7, 4.5], [2.5, 6], [4, 8], [8, 5.5], [16, 4.5], [50, 2], [300, 1]);

/** Parts of the largest bet that cannot end below nothing. The whole one wins 20 after five failures of one side alone. */
const STAKES = weighted([1, 0.5], [0.75, 0.25], [0.4, 0.13], [0.2, 0.08], [0.1, 0.04]);

/** A share with an interval; each end is ever wrong with probability `alpha` at most. Of nothing: 0 to 1. */
export function share(count: number, of: number, alpha = WRONG_YES): Interval {
  if (of === 0) return { value: Number.NaN, low: 0, high: 1 };
  return { value: count / of, low: leastShare(count, of, alpha), high: 1 - leastShare(of - count, of, alpha) };
}

/** Is the true share above `bound`? Says yes ever with probability `alpha` at most where it is not. */
export function isShareAbove(count: number, of: number, bound: number, alpha: number): boolean {
  if (of === 0 || count / of <= bound) return false;
  return logWinningsAgainstShare(count, of, bound) >= -Math.log(alpha);
}

/** Beyond this many nobody waits. */
const MAX_COUNT = 1e9;

/** The fewest that prove a share when not one of them is against it: lower end of the interval. Infinity: none do. */
export function fewestProving(wanted: number): number {
  const proves = (n: number) => share(n, n).low >= wanted;
  let high = 1;
  while (!proves(high)) if ((high *= 2) > MAX_COUNT) return Infinity;
  for (let low = Math.floor(high / 2); high - low > 1;) {
    const middle = Math.floor((low + high) / 2);
    if (proves(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** Questions asked of both sides, by who failed alone. */
export interface PairCounts {
  readonly onlyA: number;
  readonly onlyB: number;
  readonly of: number;
}

/**
 * The share of failures of b less that of a, asked in pairs; each end is ever wrong with probability `alpha` at most.
 * Failures that both share cancel out, so a fault behind both sides does not widen the interval. Of nothing: −1 to 1.
 */
export function differenceOfPairs({ onlyA, onlyB, of }: PairCounts, alpha = WRONG_ALARM): Interval {
  if (of === 0) return { value: Number.NaN, low: -1, high: 1 };
  const high = mostDifference({ onlyA, onlyB, of }, alpha);
  // Zero has no sign for a reader.
  const low = 0 - mostDifference({ onlyA: onlyB, onlyB: onlyA, of }, alpha);
  return { value: (onlyB - onlyA) / of, low, high };
}

function leastShare(count: number, of: number, alpha: number): number {
  if (count === 0) return 0;
  const isRuledOut = (bound: number) => logWinningsAgainstShare(count, of, bound) >= -Math.log(alpha);
  return isRuledOut(0) ? bisect(0, count / of, isRuledOut) : 0;
}

/** Falls as `bound` rises, so that what rules out a bound rules out all below it. */
function logWinningsAgainstShare(count: number, of: number, bound: number): number {
  return logMixture(ODDS, ({ bet, logBet }) => count * logBet - of * Math.log1p(bound * (bet - 1)));
}

function mostDifference(pairs: PairCounts, alpha: number): number {
  const isRuledOut = (bound: number) => logWinningsAgainstDifference(pairs, bound) >= -Math.log(alpha);
  return bisect(1, (pairs.onlyB - pairs.onlyA) / pairs.of, isRuledOut);
}

/** Of bets on less than `bound`. Rises with it, so that what rules out a bound rules out all above it. */
function logWinningsAgainstDifference({ onlyA, onlyB, of }: PairCounts, bound: number): number {
  return logMixture(STAKES, ({ bet }) => {
    const perUnit = bet / (1 - bound);
    return (
      times(onlyB, Math.log1p(-bet)) +
      times(of - onlyA - onlyB, Math.log1p(perUnit * bound)) +
      times(onlyA, Math.log1p(perUnit * (1 + bound)))
    );
  });
}

/** What never happened changes nothing, not even where it would have been the end of the bet. */
const times = (count: number, log: number): number => (count === 0 ? 0 : count * log);

/** The last value that is ruled out on the way to one that is not: rounded to the careful side. */
function bisect(ruledOut: number, possible: number, isRuledOut: (value: number) => boolean): number {
  let [out, within] = [ruledOut, possible];
  for (let i = 0; i < MAX_HALVINGS && Math.abs(out - within) > PRECISION; i++) {
    const middle = (out + within) / 2;
    if (isRuledOut(middle)) out = middle;
    else within = middle;
  }
  return out;
}

/** Far below any digit that is shown. */
const PRECISION = 1e-10;
const MAX_HALVINGS = 40;

interface Bet {
  readonly bet: number;
  readonly logBet: number;
  readonly logWeight: number;
}

function weighted(...all: readonly (readonly [bet: number, weight: number])[]): readonly Bet[] {
  const total = all.reduce((sum, [, weight]) => sum + weight, 0);
  return all.map(([bet, weight]) => ({ bet, logBet: Math.log(bet), logWeight: Math.log(weight / total) }));
}

/** The logarithm of the weighted mean of what each bet came to, added up as it goes so that nothing overflows. */
function logMixture(bets: readonly Bet[], logWinnings: (bet: Bet) => number): number {
  let [most, sum] = [-Infinity, 0];
  for (const bet of bets) {
    const log = bet.logWeight + logWinnings(bet);
    if (log === -Infinity) continue;
    if (log > most) [most, sum] = [log, sum * Math.exp(most - log) + 1];
    else sum += Math.exp(log - most);
  }
  return sum === 0 ? -Infinity : most + Math.log(sum);
}
