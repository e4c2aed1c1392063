import type { PathTotals } from '../../observe/recorder.ts';
import { UPSTREAM_BUCKETS } from '../../observe/metrics.ts';

/** Arithmetic on what a path did: the difference of two readings of its counters, and sums of those. */

export type PathTotalsTally = PathTotals;

/** Of both paths. */
export interface Tallies {
  readonly direct: PathTotalsTally;
  readonly gateway: PathTotalsTally;
}

const NOTHING: PathTotalsTally = { attempts: 0, failures: 0, latencies: UPSTREAM_BUCKETS.map(() => 0).concat(0) };
export const NONE: Tallies = { direct: NOTHING, gateway: NOTHING };

export const sum = (a: Tallies, b: Tallies): Tallies => combine(a, b, (x, y) => x + y);

/** What happened between two readings of one process. Counters that fell are those of a new process: all of it is new. */
export function since(before: Tallies, now: Tallies): Tallies {
  const isNew = (['direct', 'gateway'] as const).some((path) => now[path].attempts < before[path].attempts);
  return isNew ? now : combine(now, before, (x, y) => Math.max(0, x - y));
}

function combine(a: Tallies, b: Tallies, by: (x: number, y: number) => number): Tallies {
  const tally = (one: PathTotalsTally, other: PathTotalsTally): PathTotalsTally => ({
    attempts: by(one.attempts, other.attempts),
    failures: by(one.failures, other.failures),
    latencies: one.latencies.map((count, i) => by(count, other.latencies[i] ?? 0)),
  });
  return { direct: tally(a.direct, b.direct), gateway: tally(a.gateway, b.gateway) };
}
