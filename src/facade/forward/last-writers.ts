import { paramValue } from '../../http/percent.ts';
import type { Match } from '../rollout/matcher.ts';
import type { Path } from '../rollout/route.ts';
import type { Caller } from './callers.ts';
import type { PreparedRoute } from './runtime-snapshot.ts';

/**
 * The path that served the last write of each sticky value, for `pinAfterWrite`: a read that follows its own write takes
 * the path of the write, so that it finds what was written where the other path would still answer from a cache or a
 * replica. In the memory of this process, newest values first to stay.
 */
export class LastWriters {
  /** By sticky value, oldest write first. */
  readonly #writes = new Map<string, LastWrite>();

  /** @param keepMs longest `pinAfterWrite` of the table: older writes are forgotten. */
  note(value: string, path: Path, now: number, keepMs: number): void {
    this.#writes.delete(value);
    this.#writes.set(value, { path, at: now });
    for (const [oldest, { at }] of this.#writes) {
      if (this.#writes.size <= MAX_VALUES && now - at < keepMs) break;
      this.#writes.delete(oldest);
    }
  }

  /** Undefined: no write of this value within so many milliseconds. */
  pathOf(value: string, now: number, withinMs: number): Path | undefined {
    const last = this.#writes.get(value);
    return last !== undefined && now - last.at < withinMs ? last.path : undefined;
  }

  get size(): number {
    return this.#writes.size;
  }
}

interface LastWrite {
  readonly path: Path;
  /** Milliseconds, monotonic. */
  readonly at: number;
}

/** Some 15 MB. */
const MAX_VALUES = 100_000;

/** As for the buckets of the split, the value alone counts: a lead has one value on every route. A caller's id begins with a sign that no decoded path has. */
export function stickyValueOf({ route, params }: Match<PreparedRoute>, { id }: Caller): string {
  const { stickyBy } = route.model.rollout;
  if (stickyBy < 0) return `\u0000${id}`;
  return paramValue(params[stickyBy] as string);
}
