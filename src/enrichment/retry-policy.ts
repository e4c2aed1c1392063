/**
 * When a look-up that failed for the moment is tried again. Data only: who waits, and how two instances keep one pace
 * for the Work API, is the store's. The numbers are the contract's advice for that service.
 */
export interface RetryPolicy {
  /** Milliseconds from one call to the next; the service asks for about 3 s. */
  readonly intervalMs: number;
  /** Milliseconds before the second, third, … attempt; when they are used up the step has failed. */
  readonly delaysMs: readonly number[];
}

export const WORK_API_RETRY: RetryPolicy = { intervalMs: 3_000, delaysMs: [5_000, 10_000, 20_000] };

/**
 * Milliseconds to wait after the nth failure in a row (from 1), or undefined: give up. A wait that the service itself
 * named is kept, up to the longest delay of ours: a step must not sleep for an hour inside a job; the job's own
 * retries are there for that.
 */
export function retryDelay(policy: RetryPolicy, failures: number, retryAfterMs?: number): number | undefined {
  const own = policy.delaysMs[failures - 1];
  if (own === undefined) return undefined;
  const longest = Math.max(...policy.delaysMs);
  return Math.max(own, Math.min(retryAfterMs ?? 0, longest));
}
