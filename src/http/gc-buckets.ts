/**
 * Bounds of `nodejs_gc_duration_seconds`, in seconds. A minor collection takes about a millisecond; the bounds of prom-client leave
 * 0.1 to 1 undivided, so that one collection of 0.11 s is shown as a p99 of 0.99 s.
 */
export const GC_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
