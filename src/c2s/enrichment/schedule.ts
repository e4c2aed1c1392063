/**
 * When a step that failed is tried again: soon, a few times, for what a hiccup costs; then rarely, for an outage; then
 * never, and the enrichment is a dead letter.
 */
export interface RetrySchedule {
  /** Before the second, third, … try. Who waits for the answer waits for these. */
  readonly quickMs: readonly number[];
  /** Between the later tries. */
  readonly slowMs: number;
  /** For so long the later tries go on. */
  readonly giveUpMs: number;
}

/**
 * Milliseconds until the next try, or undefined: give up. A longer wait that the other side asked for is kept.
 * @param failures in a row, 1 for the first.
 */
export function nextTry(schedule: RetrySchedule, failures: number, retryAfter = 0): number | undefined {
  const quick = schedule.quickMs[failures - 1];
  if (quick !== undefined) return Math.max(quick, retryAfter);
  const slowTries = failures - schedule.quickMs.length;
  if (slowTries * schedule.slowMs > schedule.giveUpMs) return undefined;
  return Math.max(schedule.slowMs, retryAfter);
}

/** The quick tries are spent: whoever waits for the answer is told that it failed, for now. */
export const isSlow = (schedule: RetrySchedule, failures: number): boolean => failures > schedule.quickMs.length;
