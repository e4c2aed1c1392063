import type { PathName, SparklineJson } from './model.ts';

interface Bar {
  readonly direct: number;
  readonly gateway: number;
  readonly failed: number;
}

/** Of each point what went well on either path, and what failed on any. */
export function barsOf({ direct, gateway }: SparklineJson): readonly Bar[] {
  const at = (path: SparklineJson[PathName], i: number) => {
    const failed = path.failedAttempts[i] ?? 0;
    return { good: Math.max(0, (path.attempts[i] ?? 0) - failed), failed };
  };
  return direct.attempts.map((_, i) => {
    const [one, other] = [at(direct, i), at(gateway, i)];
    return { direct: one.good, gateway: other.good, failed: one.failed + other.failed };
  });
}
