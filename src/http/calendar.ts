/**
 * What time it is, and what is done every so often: one for the whole process, so that a trial of a migration can let
 * its holds, its windows and its days pass without waiting for them. Deadlines of requests are no matter of the
 * calendar: they run on the monotonic clock.
 */
export interface Calendar {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Calls until it is closed. @param ms milliseconds between two calls */
  every(ms: number, work: () => void | Promise<void>): { close(): void };
}

/** Nothing that is done by it keeps the process alive. */
export const SYSTEM_CALENDAR: Calendar = {
  now: Date.now,
  every(ms, work) {
    const timer = setInterval(() => void work(), ms).unref();
    return { close: () => clearInterval(timer) };
  },
};
