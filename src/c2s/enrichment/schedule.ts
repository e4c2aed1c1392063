/**
 * When a step that failed is tried again: soon, a few times, for what a hiccup costs; then rarely, for an outage; then
 * never, and the enrichment is a dead letter.
 */
export interface RetrySchedule {
  /** Milliseconds before the second, third, … try. Who waits for the answer waits for these. */
  readonly quick: readonly number[];
  /** Milliseconds between the later tries. */
  readonly slow: number;
  /** Milliseconds that the later tries go on. */
  readonly giveUp: number;
}

/**
 * Milliseconds until the next try, or undefined: give up. A longer wait that the other side asked for is kept.
 * @param failures in a row, 1 for the first.
 */
export function nextTry(schedule: RetrySchedule, failures: number, retryAfter = 0): number | undefined {
  const quick = schedule.quick[failures - 1];
  if (quick !== undefined) return Math.max(quick, retryAfter);
  const slowTries = failures - schedule.quick.length;
  if (slowTries * schedule.slow > schedule.giveUp) return undefined;
  return Math.max(schedule.slow, retryAfter);
}

/** The quick tries are spent: whoever waits for the answer is told that it failed, for now. */
export const isSlow = (schedule: RetrySchedule, failures: number): boolean => failures > schedule.quick.length;
